"""Evidence is read once: what a run used is what it hashed, whatever happens to the files meanwhile."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from forecast import Flow, LongTable, RegimeModel, Series, Stock, load, run
from forecast.evidence import files as files_module
from forecast.evidence.files import Files, locate, read_document
from forecast.evidence.statements import read_statements
from forecast.regime_model.fit import Fit

HEAD = "id,site,measure,kind,start,end,count,qualifier,scope,publisher,same_as\n"
ROWS = ["a,port,ships,period,2024-01-01,2024-01-31,4,exact,,Watcher,", "b,port,ships,period,2024-02-01,2024-02-29,6,exact,,Watcher,",
        "c,port,ships,period,2024-03-01,2024-03-31,9,exact,,Other,"]


@pytest.fixture
def ledger(tmp_path) -> Path:
    path = tmp_path / "ships.csv"
    path.write_text(HEAD + "\n".join(ROWS) + "\n", encoding="utf-8")
    return path


def flow(ledger: Path, **settings: object) -> Flow:
    return Flow(ledgers=[str(ledger)], watching=None, site="port", scopes=[""], start="2024-01-01", **settings)  # type: ignore[arg-type]


def test_a_run_reads_each_ledger_and_fits_each_series_once(monkeypatch):
    read: Counter[str] = Counter()
    fitted: Counter[tuple[object, ...]] = Counter()
    fit = RegimeModel.fit

    def counted(place: Path) -> files_module.Document:
        read[place.name] += 1
        return read_document(place)

    def fit_counted(model: RegimeModel, series: Series, **settings: object) -> Fit:
        arrays = (series.start, series.low, series.high, series.exposure)
        fitted[series.name, model, *(array.tobytes() for array in arrays), *sorted(settings.items())] += 1
        return fit(model, series, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(files_module, "read_document", counted)
    monkeypatch.setattr(RegimeModel, "fit", fit_counted)
    findings = run(load("khasan_rajin", "models=[seasonal_naive]", "placebos=19", "draws=50", "origins=2"))
    assert read == dict.fromkeys(("port_calls.csv", "port_aggregates.csv", "watching.csv", "railcars.csv", "rail_volumes.csv", "events.csv",
                                  "claims.csv"), 1)
    assert set(findings.inputs) == {f"khasan_rajin/{name}" for name in read}
    assert set(fitted.values()) == {1}, "a series is fitted once by each model"
    assert len({key[0] for key in fitted}) >= 7


def test_the_hash_is_that_of_the_bytes_that_were_used(ledger):
    evidence = flow(ledger).read()
    assert evidence.inputs == {ledger.as_posix(): hashlib.sha256(ledger.read_bytes()).hexdigest()}
    files = Files()
    read_statements("khasan_rajin/railcars.csv", files=files)
    read_statements("khasan_rajin/port_calls.csv")
    wanted = hashlib.sha256(locate("khasan_rajin/railcars.csv").read_bytes()).hexdigest()
    assert files.inputs == {"khasan_rajin/railcars.csv": wanted}


def test_a_ledger_that_is_edited_meanwhile_changes_nothing(ledger):
    files = Files()
    before = flow(ledger).read(files)
    ledger.write_text(HEAD + ROWS[0].replace(",4,", ",40,") + "\n", encoding="utf-8")
    again = flow(ledger, approx_width=0.3).read(files)
    assert np.array_equal(before.series.low, again.series.low)
    assert before.inputs == again.inputs
    wider = dict(before.choices())["“about” taken as plus or minus 30 %"]
    assert np.array_equal(wider.series.low, before.series.low)
    assert flow(ledger).read().series.low[0] == 40


def test_a_publisher_or_a_statement_can_be_left_out(ledger):
    evidence = flow(ledger).read()
    assert evidence.publishers == ("Other", "Watcher")
    assert [s.id for s in evidence.used] == ["a", "b", "c"]
    assert evidence.without(publisher="Other").series.low.tolist() == [4, 6]
    assert np.isnan(evidence.without(statement="b").series.low[1])
    assert [s.id for s in evidence.without(statement="b").statements] == ["a", "c"]
    assert evidence.without(publisher="Watcher").without(publisher="Other") is None


def test_choices_say_what_was_chosen_otherwise_and_what_follows(ledger):
    choices = dict(flow(ledger).read().choices())
    assert choices["the series starting on 2025-01-01"] is None
    assert str(choices["the series starting on 2023-01-01"].series.start[0]) == "2023-01-01"
    assert {"inferred calls left out", "every watched day taken as fully seen", "the series starting on 2023-01-01"} <= set(choices)
    cars = Stock().read()
    assert [words for words, _ in cars.choices()] == ["“about” taken as plus or minus 30 %"]


def test_a_table_has_no_statements_to_leave_out():
    evidence = LongTable("seatbelts/drivers_killed.csv").read()
    assert evidence.statements == ()
    with pytest.raises(ValueError, match="not made of statements"):
        evidence.without(publisher="anybody")


def test_a_file_that_changes_while_it_is_streamed_is_refused(tmp_path):
    path = tmp_path / "large.csv"
    path.write_text("one")
    files = Files()
    with pytest.raises(ValueError, match="changed while it was read"), files.streamed(path):
        path.write_text("another")
