"""The course of a series: stretches that add up, and rows that rest on one statement or one total."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from forecast.evidence.flow import Flow
from forecast.experiment.course import Known, course, spans, total_of
from forecast.experiment.series_answers import series_answer
from forecast.report.prose import course_story
from forecast.series.breaks import Break
from tests.test_words import reading, statement


@pytest.fixture(scope="module")
def ships():
    """The ships of the main job as one publisher counts them, with the change that stands there."""
    evidence = Flow(publishers=["VOA Korean"]).read()
    change = Break(19, "2023-08-01", "2023-05-16", "2023-10-16", 0.1, 4.8, 0.95)
    n = len(evidence.series)
    return replace(reading(), name="ships", series=evidence.series, account=evidence.decisions, statements=evidence.statements,
                   breaks={"regimes": (change,)}, bands=np.ones((3, n)), gaps=np.zeros(n - 1), totals=evidence.totals,
                   assumed=evidence.assumed, number=(0.02, 0.23, 0.75))


def test_the_story_of_the_ships_is_none_a_peak_and_then_about_one_a_month(ships):
    told = course(ships, split=True)
    assert [(s.known, s.observed) for s in told] == [
        (Known.NONE, 19), (Known.COUNTED, 7), (Known.COUNTED, 7), (Known.TOTAL, 6)]
    assert [(s.low, s.high) for s in told[:3]] == [(0, 0), (35, 44), (8, 9)]
    assert told[0].alone_by == "Reuters"
    assert str(ships.series.start[told[1].peak]) == "2023-10-01"
    assert course_story.title(ships, series_answer(ships)) == (
        "Ships at Rajin appear in August 2023: 5 to 6 a month until February 2024, then about 1 until September 2024")


def test_other_counts_make_another_story(ships):
    s = ships.series
    flat = np.where(np.arange(len(s)) >= 19, 4.0, 0.0)
    calm = replace(ships, series=replace(s, low=flat, high=flat), totals=None)
    told = course(calm, split=True)
    assert [(each.low, each.high) for each in told] == [(0, 0), (80, 80)]
    assert course_story.title(calm, series_answer(calm)).endswith("appear in August 2023: 4 a month")
    nothing = replace(calm, breaks={})
    assert len(course(nothing, split=False)) == 2, "the first count above zero is told even where no change is"


def test_one_sentence_on_many_months_is_one_span_and_a_total_is_one(ships):
    alone, together, last = spans(ships)
    assert (alone.rows, alone.high, alone.total, alone.publishers) == (19, 0, False, ("Reuters",))
    assert (together.low, together.high, together.total) == (8, 16, True)
    assert (last.row, last.after, last.total) == (33, 39, True)
    assert last.high < ships.series.high[33:].sum() / 4
    low, high = total_of(ships, 19, 39)
    assert (low, high) == (52, 72)  # about 62, as the publisher states


def test_stretches_add_up_to_the_whole_however_they_are_cut():
    main = reading((2, 3, 2, 3, 2, 9, 11, 10, 12, 8))
    for split in (False, True):
        told = course(main, split=split)
        assert sum(s.low for s in told) == 62
        assert [s.row for s in told] == sorted({s.row for s in told})
        assert told[-1].after == len(main.series)
        assert sum(s.observed for s in told) == 10


def test_a_stock_is_told_by_its_mean_and_rows_of_one_statement_need_not_be_neighbours():
    main = reading((2, 3, 2, 3, 2, 9, 11, 10, 12, 8))
    ids = ("wide",)
    sources = tuple(ids if k % 2 == 0 and k < 8 else row for k, row in enumerate(main.series.sources))
    stock = replace(main, series=replace(main.series, kind="stock", sources=sources),
                    statements=(*main.statements, statement("wide", date(2023, 1, 1), 0, "Far")))
    assert [(s.low, s.high) for s in course(stock, split=False)] == [(2.4, 2.4), (10, 10)]
    (span,) = spans(stock)
    assert (span.rows, span.row, span.after, span.publishers) == (4, 0, 7, ("Far",))


def test_counts_that_do_not_fall_into_two_means_are_not_cut():
    rng = np.random.default_rng(3)
    for seed in range(5):
        counts = tuple(float(x) for x in np.r_[np.zeros(5), rng.poisson(6, 5) + seed])
        assert len(course(reading(counts), split=True)) == 2


def test_watching_effort_that_nobody_states_is_known_to_be_assumed(ships):
    assert ships.assumed.sum() == 38
    assert not ships.assumed[ships.series.start == np.datetime64("2023-09-01")].any(), "there it is stated"
    assert Flow(publishers=["VOA Korean"], exposure="full").read().assumed is None
