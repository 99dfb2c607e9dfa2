"""Whole experiments: the same answer for the same seed, and an answer that follows the evidence when it changes."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from forecast import Experiment, Stock, detect, load, run, write_report
from forecast.evidence.simulated import SimulatedYard
from forecast.report.report import markdown
from forecast.support.registry import folder


@pytest.fixture(scope="module")
def khasan():
    return run(replace(load("khasan_rajin"), models={}))


def first_paragraph(findings) -> str:
    return next(line for line in markdown(findings).splitlines() if line.startswith("It is") or "cannot date" in line
                or "certain" in line)


def test_the_main_answer_follows_from_its_own_table(khasan):
    table = khasan.main.explained[0]
    assert sum(row.probability for row in table) == pytest.approx(1)
    best = max((row for row in table if row.first), key=lambda row: row.probability)
    assert best.label in markdown(khasan).split("\n\n")[2] or best.label in markdown(khasan)
    assert best.name == "shoigu_visit"


def test_counts_of_whole_yards_alone_cannot_date_a_change():
    assert len(Stock().read().series) == 5
    assert detect(Stock().read().series, "regimes") == ()


def test_contradictions_are_told_before_anything_else_of_the_series(khasan):
    assert len(khasan.readings["railcars"].contradictions) == 2
    told = markdown(khasan).split("## Rail, and the other series")[1].split("\n\n")[1:3]
    assert all("exclude each other" in line for line in told)


def test_the_claims_that_the_article_makes_get_their_answers_by_name(khasan):
    words = {claim.name: claim.word for claim in khasan.conclusions.claims}
    assert len(words) >= 9
    assert words["first_ships_since_2018"] == "assumed"  # the zeros are those of that very report
    assert words["depots_in_may"] == "cannot_be_tested"
    assert words["more_cars_after_july_visit"] == "cannot_be_tested"  # CSIS and KBS exclude each other
    assert words["rfa_empty_yard"] == "assumed"


def test_own_break_dates_are_no_evidence(khasan):
    assert "pause_february_2024" in khasan.untested
    assert all(row.name != "pause_february_2024" for row in khasan.main.explained[0])


def test_every_statement_has_one_outcome_and_a_reason(khasan):
    for reading in khasan.readings.values():
        ids = [decision.statement_id for decision in reading.account]
        assert len(ids) == len(set(ids))
        assert all(decision.reason and decision.outcome in {"used", "merged", "left out"} for decision in reading.account)


def evidence_without(tmp_path: Path, drop) -> Experiment:
    """khasan_rajin on a copy of its ledgers from which the rows that `drop` names are taken."""
    source = folder("experiments") / "khasan_rajin"
    ledgers = tmp_path / "ledgers"
    shutil.copytree(source, ledgers)
    for name in ("port_aggregates.csv", "port_calls.csv"):
        with (ledgers / name).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        with (ledgers / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(row for row in rows if not drop(row))
    experiment = replace(load("khasan_rajin"), models={})
    flow = replace(experiment.series["container_ships"], ledgers=[str(ledgers / "port_calls.csv"),
                                                                   str(ledgers / "port_aggregates.csv")])
    return replace(experiment, series={"container_ships": flow}, forecast_on="", together=(), claims="")


def within(findings, name: str) -> float:
    return next(row.within for row in findings.main.explained[0] if row.name == name)


def test_without_the_september_statements_the_summit_of_that_month_loses(khasan, tmp_path):
    poorer = run(evidence_without(tmp_path, lambda row: row["start"] <= "2023-09-30" <= row["end"]
                                  or row["end"][:7] == "2023-09"))
    # two ships are more than came before and fewer than came after: they put the change inside September
    assert within(poorer, "kim_in_russia") < within(khasan, "kim_in_russia") - 0.05
    odds = [within(each, "kim_in_russia") / within(each, "shoigu_visit") for each in (poorer, khasan)]
    assert odds[0] < odds[1] / 1.25


def test_without_any_ship_before_october_the_july_visit_loses(khasan, tmp_path):
    def early(row):
        return row["publisher"] == "VOA Korean" and row["count"] != "0" and row["start"] < "2023-10-01"

    poorer = run(evidence_without(tmp_path, early))
    assert within(poorer, "shoigu_visit") < within(khasan, "shoigu_visit")
    assert first_paragraph(poorer) != first_paragraph(khasan)


def quick(**changes) -> Experiment:
    experiment = load("simulated_yard", "horizon=3", "origins=2", "draws=50")
    return replace(experiment, **changes)


def test_one_seed_gives_the_same_bytes_whatever_the_number_of_workers(tmp_path):
    written = []
    for name, jobs in (("one", 1), ("again", 1), ("two", 2)):
        write_report(run(quick(jobs=jobs)), tmp_path / name)
        written.append((tmp_path / name / "findings.json").read_bytes())
    assert written[0] == written[1] == written[2]
    write_report(run(quick(seed=5)), tmp_path / "other")
    assert (tmp_path / "other" / "findings.json").read_bytes() != written[0]


def test_other_data_give_other_words():
    calm = run(quick(series={"yard": SimulatedYard(breaks={}, missing=0.1)}, primary="yard", models={}))
    busy = run(quick(series={"yard": SimulatedYard(breaks={70: 4.0}, missing=0.1)}, primary="yard", models={}))
    assert not calm.main.conclusive
    assert busy.main.conclusive
    assert "speak against a change" in markdown(calm)
    assert "almost certainly (>99\u202f%) rose from about" in first_paragraph(busy)
    assert "imulated" in markdown(calm)


def test_progress_is_told_and_ends():
    told = []
    run(quick(models={}), progress=lambda done, total, what: told.append((done, total)))
    assert told[-1][0] == told[-1][1]


@pytest.mark.parametrize(("changes", "said"), [
    ({"primary": "railcar"}, "did you mean"), ({"forecast_on": "x"}, "none of the series"), ({"horizon": 0}, "horizon"),
    ({"events": {"a": None}, "ledger": ""}, "ledger"), ({"placebos": 5}, "placebos")])
def test_a_wrong_setting_is_refused_by_name(changes, said):
    with pytest.raises(ValueError, match=said):
        quick(**changes)


def test_forecasts_are_whole_counts(khasan):
    findings = run(quick())
    assert (findings.forecast[[c for c in findings.forecast if c.startswith("q")]] >= 0).all(axis=None)
    assert np.isfinite(findings.forecast["mean"]).all()
    assert findings.backtest is not None
