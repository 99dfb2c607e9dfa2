"""What a run concludes is decided once, in one place, from its numbers; rooms above only say it."""

from __future__ import annotations

import ast
import json
import math
import os
import re
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd
import pytest

from forecast import conclude
from forecast.effects.checks.variant import Outcome
from forecast.effects.event_tests import Untestable
from forecast.effects.explanations import NONE, NOWHERE, focal_change
from forecast.experiment import conclusions, findings_json, thresholds
from forecast.experiment.conclusions import Attribution
from forecast.experiment.findings_json import as_json
from forecast.experiment.forecast_ranking import Coverage, Ranking
from forecast.experiment.saved_findings import SavedFindings
from forecast.experiment.series_answers import Advice, Agreement, Answer, series_answer
from forecast.experiment.verdicts import RuledOut, Word, ruled_out
from forecast.report.report import markdown, page, summary, write_report
from forecast.report.tables import OUTCOMES
from forecast.series.breaks import Break
from tests.shipped import EXPERIMENTS, found
from tests.test_words import Together, effect, explanation, findings, imaged, reading, variant

ROOT = Path(__file__).resolve().parent.parent
SAYING = sorted((ROOT / "forecast" / "report").rglob("*.py"))
SAYING += [ROOT / "forecast" / "experiment" / name for name in ("rerun.py", "mlflow_runs.py", "saved_runs.py", "csv_tables.py")]


# -- decided once, and only there -----------------------------------------------------------------------------------
def test_a_run_and_all_that_is_said_of_it_conclude_once(tmp_path, monkeypatch, capsys):
    made = []
    monkeypatch.setattr("forecast.experiment.findings.conclude", lambda each: made.append(1) or conclude(each))
    its = findings()
    write_report(its, tmp_path)
    summary(its)
    markdown(its)
    page(its)
    assert made == [1]


@pytest.mark.parametrize("path", SAYING, ids=lambda path: path.stem)
def test_whoever_says_it_decides_nothing(path):
    """No threshold is imported there, and no p-value, probability, share or Bayes factor is compared with anything."""
    decided = re.compile(r"\b(p_value|adjusted|probability|within|share|prior|drift|detectable|anywhere|dm_p|bayes_factor|log_ratio|"
                         r"needed|coverage_80)\b")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {name for name in vars(thresholds) if name.isupper()} | {"LEVEL", "WORTH", "DRIFTS", "PERSISTENT"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert "thresholds" not in str(node.module), ast.unparse(node)
            assert not names & {alias.name for alias in node.names}, ast.unparse(node)
        if isinstance(node, ast.Compare) and not all(isinstance(op, ast.Is | ast.IsNot | ast.In | ast.NotIn) for op in node.ops):
            said = ast.unparse(node)
            if path.name == "phrases.py":  # the scale that numbers are written on: "<1 %", "likely"
                continue
            assert not decided.search(said), f"{path.name}: {said}"


@pytest.mark.parametrize("path", [p for p in SAYING if "experiment" not in p.parts], ids=lambda path: path.stem)
def test_no_sentence_is_taken_apart_again(path):
    """Sentences are compared with nothing: what they say stands in the conclusions as an enumeration."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Compare):
            for each in (node.left, *node.comparators):
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    assert " " not in each.value or each.value in OUTCOMES, f"{path.name}: {ast.unparse(node)}"


def test_every_threshold_says_where_it_comes_from():
    lines = Path(thresholds.__file__).read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if re.match(r"[A-Z_, ]+ = ", line):
            above = next(part for part in reversed(lines[:number]) if part.startswith("#"))
            assert "  # " in line or above.startswith("# "), line
    used = {node.id for path in (ROOT / "forecast" / "experiment").glob("*.py") for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    assert {name for name in vars(thresholds) if name.isupper()} <= used


# -- which change is meant ------------------------------------------------------------------------------------------
def table(**held: float):
    rows = tuple(explanation(name, name, p) for name, p in held.items())
    return (*rows, explanation(NONE, "none", 0.1), explanation(NOWHERE, "no change", 0.05))


def dated(*probabilities: float) -> list[Break]:
    return [Break(3 * k + 3, f"2023-0{k + 2}-01", f"2023-0{k + 2}-01", f"2023-0{k + 2}-20", 1.0, 2.0, p)
            for k, p in enumerate(probabilities)]


def test_the_change_that_an_event_fits_best_is_meant_and_without_events_the_surest():
    assert focal_change(dated(0.9, 0.5), [table(visit=0.1), table(visit=0.6)]) == 1
    assert focal_change(dated(0.5, 0.9), [table(visit=0.3), table(visit=0.3)]) == 0
    assert focal_change(dated(0.5, 0.9), [table(), table()]) == 1
    assert focal_change([], [table(visit=0.3)]) == 0
    assert focal_change([], []) == 0


def test_everything_that_speaks_of_one_change_speaks_of_the_same():
    breaks = tuple(dated(0.9, 0.7))
    main = replace(reading(breaks=breaks), explained=(table(visit=0.1, treaty=0.0), table(visit=0.2, treaty=0.5)))
    its = findings(main)
    told = its.conclusions
    assert (told.focal.number, told.focal.of, told.focal.at) == (1, 2, breaks[1].at)
    assert told.main.focal == 1
    assert told.main.explained == (1, 0)
    assert (told.explained.leader, told.explained.attribution) == ("treaty", Attribution.FITS)
    assert its.main.table == main.explained[1]


# -- verdicts -------------------------------------------------------------------------------------------------------
def judged(within: float, rival: float = 0.05, adjusted: float = 0.005, alike: tuple[str, ...] = (), changes: int = 1):
    rows = (explanation("visit", "A visit", within, alike), explanation("treaty", "A treaty", rival),
            explanation(NONE, "none", 0.05), explanation(NOWHERE, "no change", 0.05))
    breaks = tuple(dated(*[0.9] * changes))
    main = replace(reading(breaks=breaks), explained=(rows,) * changes)
    tested = Together((effect("2023-05-10", adjusted), effect("2023-09-01", 0.4)), 0.005)
    return findings(main, tested=tested).conclusions.verdict("visit")


@pytest.mark.parametrize(("within", "rival", "adjusted", "word"), [
    (0.56, 0.05, 0.005, Word.SUPPORTED), (0.54, 0.05, 0.005, Word.NOT_SUPPORTED),
    (0.56, 0.19, 0.005, Word.NOT_SEPARABLE), (0.58, 0.19, 0.005, Word.SUPPORTED),  # a third of it, and less than a third
    (0.56, 0.05, 0.05, Word.SUPPORTED), (0.56, 0.05, 0.051, Word.NOT_SUPPORTED),
    (0.20, 0.30, 0.005, Word.NOT_SEPARABLE), (0.19, 0.30, 0.005, Word.NOT_SUPPORTED)])
def test_an_event_is_supported_by_its_window_its_test_and_the_absence_of_rivals(within, rival, adjusted, word):
    verdict = judged(within, rival, adjusted)
    assert verdict.word is word
    assert (verdict.share, verdict.adjusted, verdict.significant) == (within, adjusted, adjusted <= 0.05)
    assert verdict.rivals == (("treaty",) if 3 * rival >= within else ())


def test_events_on_the_same_days_are_not_told_apart_however_little_they_hold():
    assert judged(0.08, 0.06, alike=("treaty",)).word is Word.NOT_SEPARABLE
    assert judged(0.04, 0.04, alike=("treaty",)).word is Word.NOT_SUPPORTED


def test_a_weak_test_supports_no_event_however_many_changes_there_are():
    for changes in (1, 2):
        verdict = judged(0.7, adjusted=0.6, changes=changes)
        assert (verdict.word, verdict.significant) == (Word.NOT_SUPPORTED, False)
        assert judged(0.7, changes=changes).word is Word.SUPPORTED


@pytest.mark.parametrize(("low", "high", "rise", "fall"), [
    (0.71, 1.02, 0.02, 0.29), (1.5, 2.5, 1.5, 0.0), (0.4, 0.9, 0.0, 0.6), (0.2, 3.1, None, None), (1 / 3, 3.0, 2.0, 2 / 3)])
def test_what_an_interval_rules_out_is_a_bound_of_use(low, high, rise, fall):
    told = ruled_out(effect("2023-05-10", low=low, high=high))
    assert told == (None if rise is None else RuledOut(pytest.approx(rise), pytest.approx(fall)))


def test_what_was_not_tested_keeps_its_reason():
    verdict = findings(tested=Together((effect("2023-05-10"),), 0.005), untested={"treaty": Untestable.READ_FROM_COUNTS}).conclusions.verdict("treaty")
    assert (verdict.word, verdict.reason, verdict.adjusted) == (Word.CANNOT_BE_TESTED, Untestable.READ_FROM_COUNTS, None)


def test_an_event_that_began_after_the_first_count_is_named():
    assert findings().conclusions.later == ("treaty",)
    assert findings(reading(counts=(3, 2, 4, 3, 2, 9, 11, 10, 12, 8))).conclusions.later == ()


@pytest.mark.parametrize(("visit", "outside", "log_ratio", "attribution"), [
    (0.45, 0.2, 5.0, Attribution.FITS), (0.44, 0.2, 5.0, Attribution.LEADS), (0.44, 0.5, 5.0, Attribution.OUTSIDE),
    (0.45, 0.2, 0.5, Attribution.UNDATED)])
def test_an_event_fits_leads_or_does_neither(visit, outside, log_ratio, attribution):
    rows = (explanation("visit", "A visit", visit), explanation("treaty", "A treaty", 0.04),
            explanation(NONE, "none", outside), explanation(NOWHERE, "no change", 0.05))
    told = findings(replace(reading(log_ratio=log_ratio), explained=(rows,))).conclusions.explained
    assert (told.attribution, told.leader, told.against) == (attribution, "visit", ())


# -- each series ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("p_value", "persistent", "log_ratio", "answer"), [
    (0.05, False, 0.3, Answer.CHANGED), (0.055, False, 3.0, Answer.CANNOT_DATE), (0.01, True, 3.0, Answer.PERSISTENT),
    (0.05, False, -0.1, Answer.DIVIDED), (0.001, False, -3.0, Answer.DIVIDED),
    (0.4, False, -math.log(2.9), Answer.CANNOT_DATE), (0.4, False, -math.log(3.01), Answer.UNCHANGED)])
def test_a_series_changed_did_not_or_cannot_tell(p_value, persistent, log_ratio, answer):
    told = replace(reading(log_ratio=log_ratio), p_value=p_value, persistent=persistent)
    assert series_answer(told).answer is answer


def test_another_series_overlaps_lies_elsewhere_or_is_silent():
    main = reading()
    far = reading(breaks=(Break(8, "2023-09-01", "2023-08-20", "2023-09-05", 1.0, 5.0, 0.9),))
    others = {"near": main, "far": far, "none": reading(log_ratio=0.2), "against": reading(log_ratio=-3.0)}
    its = findings(readings={"ships_seen": main, **{name: replace(r, name=name) for name, r in others.items()}})
    told = {name: its.conclusions.series[name].beside for name in others}
    assert {name: each.agreement for name, each in told.items()} == {
        "near": Agreement.OVERLAPS, "far": Agreement.ELSEWHERE, "none": Agreement.CANNOT_DATE, "against": Agreement.UNCHANGED}
    assert (told["near"].common, told["near"].statements, told["near"].check) == (10, 10, True)
    assert its.conclusions.main.beside is None


def test_a_change_that_rests_on_its_last_rows_is_not_said_to_last():
    for position, lasting in ((9, False), (8, False), (7, True)):
        b = Break(position, "2023-08-01", "2023-07-16", "2023-08-15", 5.0, 20.0, 0.9)
        assert series_answer(reading(breaks=(b,))).lasting is lasting


@pytest.mark.parametrize(("now", "then", "log_ratio", "advice"), [
    (30, 29.6, 5.0, Advice.NOTHING), (30, 28.0, 5.0, Advice.LITTLE), (30, 28.0, 0.5, Advice.UNDATED), (30, 26.9, 5.0, Advice.NARROWS)])
def test_the_best_image_is_worth_what_it_shortens(now, then, log_ratio, advice):
    main = reading(log_ratio=log_ratio)
    best = replace(main.images[0], days_now=now, days_then=then)
    told = series_answer(replace(main, images=(best,))).image
    assert (told.advice, told.gain) == (advice, pytest.approx(1 - then / now))


# -- what turns it --------------------------------------------------------------------------------------------------
def test_what_turns_the_conclusion_is_told_by_outcome_and_name():
    made = findings(sensitivity=(
        variant("base", "base"), variant("publisher_left_out", "P", "", 0.4, Outcome.NOTHING_CONCLUSIVE),
        variant("prior_changed", "wider", share=0.6), variant("delay_changed", "90 days", "treaty", 0.5, Outcome.ANOTHER_LEADS)))
    told = made.conclusions.robustness
    assert (told.variants, told.standing, told.comparable) == (3, 1, True)
    assert [(v.check, v.outcome) for v in told.turned] == [
        ("publisher_left_out", Outcome.NOTHING_CONCLUSIVE), ("delay_changed", Outcome.ANOTHER_LEADS)]
    assert (told.low, told.high) == (0.6, 0.7)


def test_a_measure_is_no_variant_and_speaks_of_one_change_alone():
    told = imaged(12.0).conclusions.robustness
    assert (told.variants, told.standing, told.preference) == (0, 0, 12.0)
    assert imaged(1.0).conclusions.robustness.preference is None
    two = reading(breaks=tuple(dated(0.9, 0.8)))
    assert imaged(12.0, two).conclusions.robustness.preference is None


# -- forecasts ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("dm", "rows", "ranking"), [
    ([(-2.5, 0.05)], 24, Ranking.BEATEN), ([(-2.5, 0.051)], 24, Ranking.UNBEATEN), ([(2.5, 0.01)], 24, Ranking.UNBEATEN),
    ([(math.nan, math.nan)], 24, Ranking.OVERLAPPING), ([(-2.5, 0.01)], 19, Ranking.TOO_FEW)])
def test_a_member_beats_the_baseline_by_its_test_and_enough_counts(dm, rows, ranking):
    made = findings()
    (statistic, p), = dm
    scores = made.backtest.scores.assign(dm_statistic=[statistic, math.nan], dm_p=[p, math.nan])
    few = made.backtest.table.groupby("model").head(rows)
    told = replace(made, backtest=replace(made.backtest, scores=scores, table=few)).conclusions.forecast
    assert told.ranking is ranking
    assert told.tellable is (rows >= 20)
    assert told.scored == rows


@pytest.mark.parametrize(("share", "coverage"), [(0.56, Coverage.HELD), (0.54, Coverage.NARROW), (1.0, Coverage.HELD)])
def test_a_coverage_is_wrong_when_it_is_three_standard_errors_off(share, coverage):
    made = findings()
    scores = made.backtest.scores.assign(coverage_80=[share, 0.8])
    assert replace(made, backtest=replace(made.backtest, scores=scores)).conclusions.forecast.coverage is coverage


# -- saved ----------------------------------------------------------------------------------------------------------
def test_what_was_concluded_is_saved_and_read_again_as_it_was():
    its = findings(sensitivity=imaged(12.0).sensitivity)
    text = as_json(its, "seed: 1")
    back = SavedFindings.from_json(text)
    assert back.to_json() == text
    told = its.conclusions
    assert back.conclusions.verdicts[0] == told.verdicts[0]
    assert back.conclusions.explained == told.explained
    assert back.conclusions.robustness == told.robustness
    assert back.conclusions.main.answer is Answer.CHANGED
    assert back.conclusions.claims == ()
    saved = json.loads(text)["conclusions"]
    assert saved["verdicts"][0]["word"] == "supported"
    assert saved["series"]["ships_seen"]["grade"]["grade"] == "moderate"


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_what_a_shipped_run_saves_is_what_the_model_holds(name):
    text = as_json(found(name), "horizon: 6\nseed: 1")
    back = SavedFindings.from_json(text)
    assert back.to_json() == text
    assert [v.word for v in back.conclusions.verdicts] == [v.word for v in found(name).conclusions.verdicts]


def test_a_run_that_only_writes_does_not_pay_for_the_model_of_what_is_read():
    code = "import sys, forecast.experiment.experiment, forecast.report.report; print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.stdout == "False\n"


def test_conclusions_hold_words_of_ours_and_no_sentences():
    def walk(value):
        if isinstance(value, dict):
            return [text for each in value.values() for text in walk(each)]
        if isinstance(value, list | tuple):
            return [text for each in value for text in walk(each)]
        return [str(value)] if isinstance(value, str) else []

    assert not [text for text in walk(asdict(findings().conclusions)) if len(text.split()) > 3]


def test_a_report_of_an_earlier_release_without_conclusions_is_still_read():
    data = json.loads(as_json(findings()))
    del data["conclusions"]
    assert SavedFindings.from_json(json.dumps(data)).conclusions is None


def test_infinite_and_unknown_numbers_are_absent():
    made = findings(reading(breaks=(Break(5, "2023-06-01", "2023-05-16", "2023-06-15", 0.0, math.inf, math.nan),)))
    saved = SavedFindings.from_json(as_json(made)).readings["ships_seen"].breaks["regimes"][0]
    assert (saved.after, saved.probability) == (None, None)


def test_the_model_names_every_part_that_is_written():
    written = set(findings_json._parts(findings())) | {"config"}
    assert written == set(SavedFindings.model_fields)
    assert isinstance(conclusions.Conclusions, type)
    assert len(pd.DataFrame(SavedFindings.from_json(as_json(findings())).forecast)) == 6
