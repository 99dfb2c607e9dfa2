"""Sentences on how much a change brought follow from the numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecast.effects.explanations import Together as SharedChange
from forecast.report.phrases import figure
from forecast.report.prose import excess as amounts
from tests.test_words import T, after_the_event, findings, reading


def test_what_the_change_brought_is_said_with_its_interval():
    since = after_the_event()
    said = amounts.brought(findings(counterfactual=since))
    assert said == (f"From 1 June 2023 on, over seven observed months, there were about {figure(since.total[1])} more ships than "
                    f"the level before would have brought (95{T}% interval {figure(since.total[0])} to {figure(since.total[2])}). "
                    f"That is 25{T}% more (40{T}% fewer to 100{T}% more).")
    fewer = replace(since, **{f"cumulative_{end}": -getattr(since, f"cumulative_{other}")
                              for end, other in (("low", "high"), ("middle", "middle"), ("high", "low"))})
    assert "fewer ships" in amounts.brought(findings(counterfactual=fewer))
    vague = replace(since, cumulative_low=np.full(8, -12.0), cumulative_middle=np.full(8, -5.0), cumulative_high=np.full(8, 3.0))
    assert f"about 5 fewer ships than the level before would have brought (95{T}% interval 12 fewer to 3 more)" in (
        amounts.brought(findings(counterfactual=vague)))


@pytest.mark.parametrize(("ratio", "said"), [
    ((1.2, 1.45, 1.7), f"That is 45{T}% more (20{T}% to 70{T}%)."),
    ((0.5, 0.8, 0.9), f"That is 20{T}% fewer (10{T}% to 50{T}%)."),
    ((4.0, 12.0, 50.0), "That is about 12 times as many (4 to 50)."),
    ((4.0, 12.0, np.inf), "That is at least 4 times as many."),
    ((4.0, np.inf, np.inf), "That is at least 4 times as many."),
    ((np.inf, np.inf, np.inf), ""),
    ((0.0, 0.0, 0.0), "")])
def test_the_same_is_said_as_a_percent_or_a_multiple(ratio, said):
    told = amounts.brought(findings(counterfactual=replace(after_the_event(), ratio=ratio)))
    assert told.partition("). ")[2] == said or (not said and told.endswith(")."))


def test_no_change_is_brought_without_one():
    assert amounts.brought(findings()) == ""


def test_a_stock_is_averaged_and_several_changes_are_not_summed_up():
    main = reading()
    stock = replace(main, series=replace(main.series, kind="stock"))
    since = after_the_event()
    assert f"about {figure(since.total[1] / 7)} more ships at a time on average" in amounts.brought(
        findings(stock, counterfactual=since))
    twice = replace(main, breaks={"regimes": main.breaks["regimes"] * 2})
    assert amounts.brought(findings(twice, counterfactual=since)) == ""


def test_series_that_share_a_cause_speak_together():
    shared = SharedChange(("ships_seen", "rail_cars"), float(np.log(40)), (float(np.log(30)), float(np.log(1.7))),
                          reading().explained[0])
    assert amounts.together(findings(together=shared)) == (
        "If ships seen and rail cars are taken to share one change, their counts are 40 times as likely with it as without (each "
        f"by itself: 30 and 1.7 times); the shared change then fits “A visit” (70{T}%) and “A treaty” (10{T}%).")
