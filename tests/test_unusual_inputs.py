"""What seldom happens: an event beyond the data, bounds the wrong way round, a folder for a file, a part without a whole."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecast import run
from forecast.breaks.mosum import Mosum
from forecast.effects.event_tests import Untestable
from forecast.evidence.long_table import LongTable
from forecast.evidence.statements import StatementError, read_statements
from forecast.evidence.stock import Stock
from forecast.experiment.config import load
from forecast.experiment.rerun import rerun
from forecast.experiment.series_answers import series_answer
from forecast.models.windows import Windows
from forecast.panel.settings import Settings
from forecast.regime_model.likelihood import Reals
from forecast.report.event_table import event_table
from forecast.report.prose.series_story import confidence
from forecast.series.breaks import Break
from forecast.support.untrusted import RefusedError, check_text, read_settings

HEAD = "id,site,measure,kind,start,end,count,scope,publisher"
MINE = """\
defaults: [base, {/detectors: [regimes]}, {/models: [mean]}, _self_]
title: Mine
question: Which?
primary: cars
series: {cars: {_target_: forecast.LongTable, path: FOLDER/counts.csv, measure: cars, freq: W-MON}}
ledger: FOLDER/events.csv
events: {visit: , far: }
simulated: true
"""


def mine(tmp_path, values, events, more=""):
    days = pd.date_range("2022-01-03", periods=len(values), freq="7D").strftime("%Y-%m-%d")
    rows = [f"n,{day},{'' if np.isnan(y) else int(y)}" for day, y in zip(days, values, strict=True)]
    (tmp_path / "counts.csv").write_text("\n".join(["unique_id,ds,y", *rows]) + "\n", encoding="utf-8")
    (tmp_path / "events.csv").write_text("name,label,start,publisher\n" + events, encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(MINE.replace("FOLDER", str(tmp_path)) + more, encoding="utf-8")
    return load("mine", config_dir=str(tmp_path))


def test_an_event_beyond_the_data_is_listed_with_why_it_was_not_tested(tmp_path):
    counts = np.random.default_rng(1).poisson(8, 40).astype(float)
    findings = run(mine(tmp_path, counts, "visit,The visit,2022-06-01,diary\nfar,The far one,2031-01-01,diary\n"))
    assert list(findings.untested) == ["far"]
    assert findings.untested["far"] is Untestable.TOO_FEW_COUNTS
    assert "“The far one” cannot be tested: fewer than two observed weeks lie on one side of it." in [f"“{row[0]}” {row[1]}: {row[-1]}." for row in event_table(findings).rows]
    assert list(findings.effects) == ["visit"]


@pytest.mark.parametrize(("row", "said"), [
    ("n,2024-01-01,,7,3", "row 2, y_low: got '7': it lies above 3"), ("n,2024-01-01,9,1,3", "row 2, y: got '9': it lies outside"),
])
def test_bounds_of_a_long_table_that_contradict_each_other_are_named(tmp_path, row, said):
    path = tmp_path / "long.csv"
    path.write_text(f"unique_id,ds,y,y_low,y_high\n{row}\n", encoding="utf-8")
    with pytest.raises(StatementError, match=said):
        LongTable(str(path)).read()


def test_a_ledger_that_is_none_is_said_to_be(tmp_path):
    blank = tmp_path / "blank.csv"
    blank.write_text(" , \n,,\n", encoding="utf-8")
    with pytest.raises(StatementError, match="cells that are all empty"):
        read_statements(blank)
    with pytest.raises(ValueError, match="no file or folder"):
        read_statements(tmp_path / "none.csv")


def test_a_kind_of_car_without_a_total_of_its_image_is_left_out(tmp_path):
    path = tmp_path / "cars.csv"
    path.write_text(f"{HEAD},car_type\na,x,railcars,snapshot,2024-01-01,,5,yard,A,all\n"
                    "b,x,railcars,snapshot,2024-02-01,,3,yard,A,tank\n", encoding="utf-8")
    evidence = Stock(ledgers=[str(path)], sites=["x"]).read()
    series, account = evidence.series, evidence.decisions
    assert series.value.tolist() == [5]
    assert {d.statement_id: d.reason for d in account if d.outcome == "left out"} == {"b": "tank: a part of an image without a total"}


def test_settings_that_hold_nothing_or_too_much_are_refused(tmp_path):
    with pytest.raises(ValueError, match="got no lengths"):
        Windows(lengths=())
    with pytest.raises(ValueError, match="got no bandwidths"):
        Mosum(bandwidths=())
    with pytest.raises(RefusedError, match="is no file"):
        read_settings(tmp_path)
    with pytest.raises(RefusedError, match="longer than 256 KiB"):
        check_text("a: " + "x" * 300_000, "mine.yaml")
    assert Settings().windows() == ()


def test_a_rise_from_nothing_is_endless_and_reals_are_drawn_around_their_level():
    rise = Break(position=3, at="2024-01-01", low="2023-12-01", high="2024-01-01", before=0.0, after=4.0, probability=0.9)
    assert rise.ratio == float("inf")
    drawn = Reals().draw(np.zeros((2000, 1)), np.ones(1), np.full((2000, 1), 0.5), np.random.default_rng(0))
    assert abs(np.median(drawn)) < 0.05


def test_a_run_that_was_never_made_cannot_be_repeated(tmp_path):
    with pytest.raises(ValueError, match=r"findings\.json"):
        rerun(tmp_path)


def test_many_publishers_and_exact_counts_give_high_confidence(tmp_path):
    rows = [f"m{i},x,ships,period,{m:%Y-%m-%d},{m + pd.offsets.MonthEnd(0):%Y-%m-%d},{3 + i % 4},port,{'ABC'[i % 3]}"
            for i, m in enumerate(pd.date_range("2020-01-01", periods=36, freq="MS"))]
    (tmp_path / "ships.csv").write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
    text = MINE.replace("forecast.LongTable, path: FOLDER/counts.csv, measure: cars, freq: W-MON",
                        "forecast.Flow, ledgers: [FOLDER/ships.csv], measure: ships, site: x, watching: null, scopes: [port], start: '2020-01-01'")
    (tmp_path / "mine.yaml").write_text(text.replace("FOLDER", str(tmp_path)).partition("ledger:")[0], encoding="utf-8")
    reading = run(load("mine", config_dir=str(tmp_path))).main
    answer = series_answer(reading)
    assert answer.grade.grade == "high"
    assert "three publishers" in confidence(reading, answer)
