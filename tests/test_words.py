"""The words follow from the numbers: change the data and the words change."""

from __future__ import annotations

import doctest
import importlib
import re
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecast.effects.checks.variant import Outcome, Variant
from forecast.effects.counterfactuals import Counterfactual
from forecast.effects.event_tests import Effect, Untestable
from forecast.effects.event_tests import Tested as Together
from forecast.effects.explanations import NONE, NOWHERE, Explanation, Window
from forecast.effects.next_image import Image
from forecast.evidence.decisions import Decision
from forecast.evidence.events import Event
from forecast.evidence.statements import Statement
from forecast.experiment.findings import Findings
from forecast.experiment.reading import Reading
from forecast.experiment.series_answers import series_answer
from forecast.experiment.verdicts import ruled_out
from forecast.models.backtesting import QUANTILES, Backtest
from forecast.report.phrases import BANDS, chance, term
from forecast.report.prose import forecast as outlook
from forecast.report.prose import series_story, story, verdicts
from forecast.series.breaks import Break
from forecast.series.series import Series

T = "\u202f"
OURS = ("report.phrases", "report.prose.story", "report.prose.verdicts", "report.prose.forecast", "report.prose.captions",
        "report.prose.excess", "report.prose.series_story", "report.prose.course_story", "report.prose.lead", "report.tables", "report.page", "report.plots", "report.figures", "report.report", "report.comparison",
        "experiment.csv_tables", "support.notebook")


# -- findings made by hand --------------------------------------------------------------------------------------
def statement(name: str, day: date, low: float, publisher: str = "Watcher", **more: object) -> Statement:
    return Statement(id=name, site="port_one", measure="ships", kind="period", start=day,
                     end=(pd.Timestamp(day) + pd.offsets.MonthEnd(0)).date(), count=low, low=low, high=low,
                     publisher=publisher, url="https://example.org/" + name, **more)  # type: ignore[arg-type]


def explanation(name: str, label: str, probability: float, alike: tuple[str, ...] = (), **more: float) -> Explanation:
    first, last = ("2023-05-10", "2023-07-10") if name not in (NONE, NOWHERE) else ("", "")
    return Explanation(name, label, first, last, probability, more.get("within", probability), more.get("prior", 0.05), alike)


def effect(when: str, adjusted: float = 0.005, **more: float) -> Effect:
    values = {"ratio": 10.0, "low": 4.0, "high": 25.0, "detectable": 2.5, "p_value": adjusted} | more
    return Effect(when=when, position=5, adjusted=adjusted, probability=0.9, before=1.0, after=10.0, drift=0.1, placebo_rank=1,
                  placebos=9, **values)  # type: ignore[arg-type]


def reading(counts: tuple[float, ...] = (0, 0, 0, 0, 0, 9, 11, 10, 12, 8), log_ratio: float = 5.0,
            breaks: tuple[Break, ...] | None = None) -> Reading:
    """Monthly ships of 2023, two of them missing at the end, changing between May and June."""
    values = [*counts, np.nan, np.nan]
    made = [statement(f"s{k}", date(2023, k + 1, 1), v, "Watcher" if k % 2 else "Other") for k, v in enumerate(counts)]
    series = Series.from_values(values, start="2023-01-01", freq="MS", name="ships_seen", site="port_one", measure="ships",
                                sources=tuple([(s.id,) for s in made] + [()] * 2))
    if breaks is None:
        breaks = (Break(5, "2023-06-01", "2023-05-16", "2023-06-15", 0.2, 10.0, 0.93),) if log_ratio > 1 else ()
    gaps = np.zeros(11)
    gaps[4] = 0.9
    level = np.where(np.arange(12) < 5, 0.2, 10.0)
    rows = (explanation("visit", "A visit", 0.7), explanation("treaty", "A treaty", 0.1),
            explanation(NONE, "A change at a date outside every window", 0.15, prior=0.4),
            explanation(NOWHERE, "No change of level at all", 0.05, prior=0.5))
    return Reading(
        name="ships_seen", series=series, account=tuple(Decision(s.id, "ships_seen", "used", "a total") for s in made),
        log_ratio=log_ratio, p_value=0.01 if log_ratio > 1 else 0.4, persistent=False, number=(0.05, 0.8, 0.15), bands=np.array([level * 0.7, level, level * 1.4]),
        gaps=gaps, breaks={"regimes": breaks}, explained=(rows,),
        images=(Image("2023-05-25", 0.8, 0.4, 31, 15.0), Image("2023-05-20", 0.5, 0.25, 31, 20.0)), statements=tuple(made))


def after_the_event() -> Counterfactual:
    """Eight months after an event, one of them not observed."""
    when = np.arange("2023-06", "2024-02", dtype="datetime64[M]").astype("datetime64[D]")
    observed = np.array([9, 11, 10, 12, 8, np.nan, 14, 9.0])
    middle = np.full(8, 2.0)
    more = np.nancumsum(observed - middle)
    wide = 1.5 * np.sqrt(np.arange(1, 9))
    return Counterfactual(when, observed, middle - 2, middle, middle + 3, more - wide, more, more + wide, (0.6, 1.25, 2.0))


def findings(main: Reading | None = None, **changes: object) -> Findings:
    """Findings whose numbers nobody computed."""
    events = (Event("visit", "A visit", date(2023, 5, 10), date(2023, 5, 11), url="https://example.org/visit"),
              Event("treaty", "A treaty", date(2023, 9, 1), date(2023, 9, 1)))
    windows = (Window(events[0], date(2023, 5, 10), date(2023, 7, 10)), Window(events[1], date(2023, 9, 1), date(2023, 10, 31)))
    quantiles = {f"q{q:g}": [4.0 * (1 + q)] * 3 for q in QUANTILES}
    when = pd.date_range("2024-01-01", periods=3, freq="MS")
    forecast = pd.concat([pd.DataFrame({"model": m, "when": when, "mean": 6.0, **quantiles}) for m in ("mean", "ets")],
                         ignore_index=True)
    totals = pd.DataFrame({"model": ["mean", "ets"], "mean": [18.0, 20.0],
                           **{f"q{q:g}": [12 * (1 + q), 13 * (1 + q)] for q in QUANTILES}})
    table = pd.DataFrame([{"model": m, "series": "ships_seen", "cutoff": when[0], "step": k + 1, "when": when[0],
                           "observed": 5.0, "mean": 6.0, "crps": 1.0, "log_score": 2.0, "pit": (k + 0.5) / 24}
                          for m in ("mean", "ets") for k in range(24)])
    scores = pd.DataFrame({"model": ["mean", "ets"], "crps": [1.0, 1.5], "log_score": [2.0, 2.2], "mase": [0.8, 0.9],
                           "coverage_80": [0.75, 0.5], "coverage_95": [1.0, 0.9], "sharpness_80": [3.0, 3.0],
                           "pit_mean": [0.5, 0.6], "dm_statistic": [-2.5, np.nan], "dm_p": [0.02, np.nan],
                           "mcs_p": [1.0, 0.4]})
    main = main or reading()
    made = Findings(
        name="tiny", title="Ships at a port", question="Did it change?", primary="ships_seen", forecast_on="ships_seen",
        simulated=False, readings={"ships_seen": main}, windows=windows,
        tested=Together((effect("2023-05-10"), effect("2023-09-01", 0.4, ratio=1.1, low=0.8, high=1.5)), 0.005), untested={},
        forecast=forecast, totals=totals, backtest=Backtest(table, scores, "ets", 3, (8, 9)), frozen="0123456789abcdef",
        versions={"numpy": "2.4"}, settings={"seed": 1, "draws": 100, "placebos": 199}, sensitivity=())
    return replace(made, **changes)  # type: ignore[arg-type]


def changed(main: Reading) -> str:
    return series_story.change(main, series_answer(main))


def next_image(main: Reading) -> str:
    return outlook.next_image(main, series_answer(main))


def said_of(event: str, made: Findings) -> tuple[str, str]:
    """The verdict on an event as it is written, and why."""
    verdict = made.conclusions.verdict(event)
    return verdicts.word(verdict), verdicts.why(made, verdict)


def variant(check: str, name: str, leader: str = "visit", share: float = 0.7, outcome: Outcome = Outcome.STANDS,
            factor: float | None = None) -> Variant:
    return Variant(check, name, outcome, 0.98, leader, share, factor)


def imaged(preference: float, main: Reading | None = None, **changes: object) -> Findings:
    """Findings whose counts come from images, with what preference for busy rows would feign the change."""
    return findings(main, sensitivity=(variant("base", "base"), variant(
        "image_selection", "busy rows imaged more often", outcome=Outcome.MEASURED, factor=preference)), **changes)


# -- numbers ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", OURS)
def test_the_examples_in_the_docstrings_run(name):
    module = importlib.import_module(f"forecast.{name}")
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(("probability", "word"), [
    (0.0, "almost no chance"), (0.049, "very unlikely"), (0.044, "almost no chance"), (0.05, "very unlikely"),
    (0.194, "very unlikely"), (0.2, "unlikely"), (0.444, "unlikely"), (0.45, "roughly even chance"), (0.55, "likely"),
    (0.794, "likely"), (0.8, "very likely"), (0.95, "almost certain"), (1.0, "almost certain")])
def test_terms_follow_the_bands_of_icd_203(probability, word):
    assert term(probability) == word


def test_the_term_always_agrees_with_the_percent_printed_beside_it():
    for p in np.linspace(0.011, 0.989, 979):
        word, shown = re.fullmatch(rf"(.+) \((\d+){T}%\)", chance(p)).groups()
        lower = {name: least for least, name in BANDS}[word]
        upper = next((least for least, _ in BANDS if least > lower), 101)
        assert lower <= int(shown) < upper


# -- golden prose -----------------------------------------------------------------------------------------------
def test_golden_answer():
    assert story.answer(findings()) == [
        f"“A visit” fits a rise in ships seen at Port One between 16 May and 15 June 2023: likely (70{T}%). “A treaty” does not "
        "fit the change. The mean rose from none to 10 a month.",
        "Counted: none in the five months to May 2023; 50 ships in the five months to October 2023."]


def test_golden_evidence_and_events():
    assert story.evidence(findings()) == [
        f"Without a change, the same series would look as if it had one with a chance of p = 0.010; with even odds "
        f"beforehand, a change is >99{T}% probable. It is dated between 16 May and 15 June 2023 (93{T}% probable).",
        "Confidence in the evidence is moderate: 10 observed months rest on 10 statements by two publishers and all are exact "
        "counts."]
    assert story.events(findings()) == (
        f"Of two dated events that compete, the window of “A visit” (10 May to 10 July 2023) fits the date of the change best: likely "
        f"(70{T}%). Against it stands “A treaty” (10{T}%).")
    assert story.order(findings()) == (
        "In this series the first ships were seen by 30 June 2023 (Watcher), before “A treaty” (1 September 2023). That speaks "
        "against that date as the start; it says nothing of cause.")


def test_golden_limits():
    assert story.limits(findings()) == [
        "Nothing is known of two months out of 12, 1 November to 31 December 2023; a change within it has no day.",
        "The counts cover less than a year and a half: what comes back every year cannot be told from a change.",
        "A change of less than 2.5-fold, up or down, would have been missed more than once in five times, at every date tested."]


def test_counts_of_a_year_and_a_half_or_without_a_change_do_not_own_to_a_season():
    counts = (0, 0, 0, 0, 0, 9, 11, 10, 12, 8)
    assert any("every year" in line for line in story.limits(findings(reading(counts))))
    assert not any("every year" in line for line in story.limits(findings(reading(counts, log_ratio=0.0))))
    short = reading(counts)
    long = Series.from_values(np.r_[np.zeros(8), counts], start="2022-07-01", freq="MS", name="ships_seen")
    assert not findings(replace(short, series=long)).conclusions.main.no_year


def test_a_season_that_was_taken_out_is_said():
    made = findings(replace(reading(), season=("week", "year")))
    assert "What the counts repeat every week and every year was taken out before their level was looked at." in story.evidence(made)[0]
    assert not any("taken out" in line for line in story.evidence(findings()))


def test_a_change_is_told_by_its_shape():
    step = Break(5, "2023-06-01", "2023-05-16", "2023-06-15", 2.0, 10.0, 0.93)
    rise = replace(step, shape="gradual", until="2023-09-01", until_low="2023-08-01", until_high="2023-10-01")
    burst = replace(rise, shape="temporary", total=23.7, total_low=12.0, total_high=31.0)
    said = [series_story.size(reading((2, 1, 3, 2, 2, 9, 11, 10, 12, 8), breaks=(b,)), b) for b in (step, rise, burst)]
    assert said == ["from about 2 to about 10 ships a month",
                    "gradually from about 2 to about 10 ships a month, until 1 September 2023",
                    "for a while from about 2 to about 10 ships a month, until 1 September 2023: about 24 more in all"]


def test_without_a_break_the_answer_says_that_the_series_cannot_date_one():
    said = story.answer(findings(reading(log_ratio=0.5)))
    assert said[0] == (
        "The 10 months of ships seen at Port One date no change by themselves. So they cannot tell which of two events fits.")
    assert story.evidence(findings(reading(log_ratio=0.5)))[0].startswith(
        f"With even odds beforehand, it is likely (62{T}%) that the level of ships seen at Port One changed at all. Without a change")
    assert story.events(findings(reading(log_ratio=0.5))).startswith(
        f"Nor can they choose among two events: the fullest window, of “A visit”, holds 70{T}%")
    assert "fits a" not in " ".join(said)


def test_moving_the_break_moves_the_words():
    b = Break(8, "2023-09-01", "2023-08-16", "2024-01-15", 10.0, 2.0, 0.61)
    said = changed(reading(breaks=(b,)))
    assert f"between 16 August 2023 and 15 January 2024 (61{T}% probable): from about 10 to about 2 ships" in said


def test_several_changes_are_all_named():
    first, second = (Break(k, f"2023-0{k}-01", f"2023-0{k}-01", f"2023-0{k}-20", 1.0, 5.0 * k, 0.8) for k in (3, 7))
    assert "Two changes stand out" in changed(reading(breaks=(first, second)))


def test_an_event_alone_is_no_crowd():
    main = reading()
    rows = tuple(e for e in main.explained[0] if e.name != "treaty")
    assert story.events(findings(replace(main, explained=(rows,)))).startswith(
        f"The window of the one event that competes, “A visit” (10 May to 10 July 2023), fits the date of the change: likely (70{T}%).")


def test_other_events_come_first_when_they_hold_more():
    main = reading()
    rows = tuple(replace(e, probability=p, within=p) for e, p in zip(main.explained[0], (0.05, 0.1, 0.8, 0.05), strict=True))
    said = story.events(findings(replace(main, explained=(rows,))))
    assert said.startswith(f"Neither of the two events that compete fits the date of the change best: it is very likely (80{T}%) that the "
                           "change lies outside every window")


def test_what_was_seen_first_is_said_of_later_events_only():
    events = findings().windows
    late = replace(events[1], event=replace(events[1].event, start=date(2023, 6, 1), end=date(2023, 6, 1)), first=date(2023, 6, 1))
    assert "treaty" in story.order(findings())
    assert story.order(findings(windows=(events[0], late))) == ""
    assert story.order(findings(reading(counts=(3, 2, 4, 3, 2, 9, 11, 10, 12, 8)))) == ""


def test_simulated_data_are_said_to_be_simulated_in_the_first_words():
    said = story.answer(findings(simulated=True))
    assert said[0].startswith("These data are simulated: a program made all 12 months.")
    assert not any("Confidence in the evidence" in line for line in story.evidence(findings(simulated=True)))


def test_confidence_never_shares_a_sentence_with_a_probability():
    for line in (*story.answer(findings()), *story.evidence(findings())):
        for sentence in re.split(r"(?<=[.]) ", line):
            assert not ("Confidence" in sentence and ("%" in sentence or any(word in sentence for _, word in BANDS)))


@pytest.mark.parametrize(("observed", "grade"), [(10, "moderate"), (6, "low")])
def test_few_rows_lower_the_confidence(observed, grade):
    assert series_answer(reading(counts=(0, 0, 0, 0, 0, 9, 11, 10, 12, 8)[:observed])).grade.grade == grade


def test_one_publisher_lowers_the_confidence():
    main = reading()
    alone = replace(main, statements=tuple(replace(s, publisher="Only") for s in main.statements))
    said = series_story.confidence(alone, series_answer(alone))
    assert "is low" in said
    assert "by one publisher" in said


# -- other series -----------------------------------------------------------------------------------------------
def test_series_that_share_statements_are_checks_and_not_evidence():
    other = replace(reading(), name="calls")
    said = " ".join(story.agreement(findings(readings={"ships_seen": reading(), "calls": other})))
    assert said == "10 of the 10 statements behind calls also stand behind ships seen: calls is a check, no evidence of its own."


def test_series_that_cannot_date_a_change_are_said_to():
    other = replace(reading(log_ratio=0.2), name="railcars")
    assert story.agreement(findings(readings={"ships_seen": reading(), "railcars": other})) == [
        "Railcars (10 months) cannot date a change by themselves."]


# -- verdicts ---------------------------------------------------------------------------------------------------
def test_verdicts_follow_from_the_window_and_the_test():
    visit, treaty = findings().conclusions.verdicts
    assert (verdicts.word(visit), verdicts.word(treaty)) == ("supported", "not supported")
    assert verdicts.ruled_out(treaty.ruled_out) == f"a rise above 50{T}% and a fall of more than 20{T}% at that date are ruled out (95{T}%)"


def test_a_rival_window_makes_an_event_inseparable():
    main = reading()
    rows = tuple(replace(e, probability=p, within=p) for e, p in zip(main.explained[0], (0.6, 0.25, 0.1, 0.05), strict=True))
    made = findings(replace(main, explained=(rows,)))
    assert said_of("visit", made) == ("not separable", "from “A treaty”")


def test_events_that_share_their_days_are_alike():
    main = reading()
    rows = (replace(main.explained[0][0], alike=("treaty",)), *main.explained[0][1:])
    made = findings(replace(main, explained=(rows,)))
    assert said_of("visit", made)[0] == "not separable"
    assert "“A treaty” and “A visit” cannot be told apart: their windows hold the same days." in story.limits(made)


def test_a_test_that_fails_is_not_supported_whatever_the_window_holds():
    tested = Together((effect("2023-05-10", 0.2), effect("2023-09-01", 0.4)), 0.2)
    assert said_of("visit", findings(tested=tested))[1] == "no step shows at its date"


def test_a_step_at_an_event_that_is_not_supported_is_that_of_the_change():
    tested = Together((effect("2023-05-10"), effect("2023-09-01")), 0.005)
    assert said_of("treaty", findings(tested=tested)) == (
        "not supported", "the step is the rise of 16 May to 15 June 2023, which lies in its window only in part")
    visit, treaty, *rest = reading().explained[0]
    apart = replace(reading(), explained=((visit, replace(treaty, within=0.01), *rest),))
    assert said_of("treaty", findings(apart, tested=tested))[1].endswith("15 June 2023, which lies outside its window")


def test_what_cannot_be_tested_says_why():
    made = findings(tested=Together((effect("2023-05-10"),), 0.005), untested={"treaty": Untestable.TOO_FEW_COUNTS})
    assert said_of("treaty", made) == ("cannot be tested", "fewer than two observed months lie on one side of it")


def test_persistent_counts_take_the_force_out_of_not_supported():
    assert verdicts.persistence(findings()) == ""
    tested = Together((effect("2023-05-10", detectable=9.0), effect("2023-09-01", 0.4)), 0.005)
    assert verdicts.persistence(findings(tested=tested)).startswith(
        "At “A visit” there are too few or too persistent counts to date a change of less than 9-fold: for a smaller")


@pytest.mark.parametrize(("low", "high", "said"), [
    (0.71, 1.02, f"a rise above 2{T}% and a fall of more than 29{T}% at that date are ruled out (95{T}%)"),
    (0.2, 0.9, f"any rise at that date is ruled out (95{T}%)"), (0.1, 12.0, "")])
def test_what_an_interval_rules_out(low, high, said):
    assert verdicts.ruled_out(ruled_out(effect("2023-05-10", low=low, high=high))) == said
