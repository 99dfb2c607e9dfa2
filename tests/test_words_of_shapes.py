"""A change that is no step is told as what it is: from when until when, from what level to what, in sums that add up."""

from __future__ import annotations

from dataclasses import replace

from forecast.experiment.course import rows_of_change
from forecast.experiment.findings import Findings
from forecast.experiment.reading import Reading
from forecast.report.prose import course_story, series_story
from forecast.report.prose.lead import lead
from forecast.series.breaks import Break
from tests.test_words import T, findings, reading

RISING = (10, 12, 14, 16, 18, 20, 22, 24, 26, 28)
SLOPE = Break(1, "2023-02-01", "2023-01-16", "2023-03-15", 10.0, 28.0, 0.9, shape="gradual", until="2023-10-01",
              until_low="2023-08-01", until_high="2023-10-01")
SPELL = Break(3, "2023-04-01", "2023-03-16", "2023-04-15", 10.0, 30.0, 0.9, shape="temporary", until="2023-06-01",
              until_low="2023-06-01", until_high="2023-07-01", total=40.0, total_low=20.0, total_high=60.0)


def without_events(main: Reading) -> Findings:
    return findings(replace(main, explained=(main.explained[0][2:],)), windows=(), tested=None)


def test_a_slope_is_led_with_its_levels_and_its_whole_span():
    told = without_events(reading(counts=RISING, breaks=(SLOPE,)))
    assert lead(told)[0].startswith(
        f"Ships seen at Port One almost certainly (>99{T}%) rose gradually from about 10 to 28 a month from about February to "
        "October 2023")


def test_the_halves_of_a_slope_add_up():
    main = reading(counts=RISING, breaks=(SLOPE,))
    answer = findings(main).conclusions.main
    assert [(each.row, each.after) for each in answer.course if each.observed] == [(0, 12)]
    assert course_story.story(main, answer) == (
        "Counted: gradually up: 14 ships a month on average in the first five months, 24 in the five months after them, to "
        "October 2023.")
    assert course_story.gist(main, answer) == "gradually up from about 10 to about 28 a month"


def test_the_evidence_says_when_a_slope_begins_and_when_it_is_over():
    main = reading(counts=RISING, breaks=(SLOPE,))
    said = series_story.dated(main, findings(main).conclusions.main)
    assert (f"It is gradual, begins between 16 January and 15 March 2023 and is over between 1 August and 1 October 2023 "
            f"(90{T}% probable).") in said


def test_a_spell_is_told_with_its_end():
    main = reading(counts=(10, 11, 9, 30, 31, 10, 9, 11, 10, 10), breaks=(SPELL,))
    told = without_events(main)
    assert "rose for a while" in lead(told)[0]
    assert "from about April to June 2023" in lead(told)[0]
    assert "It begins between 16 March and 15 April 2023 and is over between 1 June and 1 July 2023" in series_story.dated(
        main, told.conclusions.main)


def test_a_spell_within_one_month_is_told_with_that_month_once():
    main = reading(counts=(10, 11, 9, 30, 31, 10, 9, 11, 10, 10), breaks=(replace(SPELL, until="2023-04-20"),))
    assert "in April 2023" in lead(without_events(main))[0]
    assert "to April" not in lead(without_events(main))[0]


def test_a_slope_inside_a_series_keeps_the_rows_around_it():
    inside = replace(SLOPE, position=4, until="2023-08-01")
    series = reading(counts=RISING, breaks=(inside,)).series
    assert rows_of_change(series, inside) == (4, 7)
    assert rows_of_change(series, replace(inside, shape="step", until="")) == (4, 12)
