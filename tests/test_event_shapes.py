"""Events against trend, season and other changes; shapes, ends, controls and denominators."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecast import Series, event_effect, load
from forecast.effects.event_shapes import candidates
from forecast.effects.event_tests import event_effects


def weekly(values: np.ndarray) -> Series:
    return Series.from_values(values, start="2022-01-03", freq="W-MON", name="simulated")


def poisson(mean: np.ndarray, seed: int) -> Series:
    return weekly(np.random.default_rng(seed).poisson(mean))


def test_a_date_on_a_straight_rise_is_no_event():
    series = weekly(np.random.default_rng(3).poisson(np.linspace(5, 10, 104)))
    effect = event_effect(series, "2023-01-02")
    assert effect.p_value > 0.05
    assert effect.low < 1 < effect.high


def test_a_fall_under_growth_is_found_and_sized():
    mean = 60 * 1.35 ** (np.arange(60) / 12) * np.where(np.arange(60) >= 30, 0.6, 1.0)
    series = Series.from_values(np.random.default_rng(1).poisson(mean), start="2015-01-01", freq="MS")
    effect = event_effect(series, series.start[30])
    assert effect.significant
    assert effect.low < 0.6 < effect.high
    assert effect.before > 1.4 * effect.observed_before  # growth has lifted the level by then
    assert "trend" in effect.note


def test_two_events_in_a_row_are_told_apart():
    mean = np.full(104, 40.0)
    mean[50:], mean[54:] = 20.0, 80.0
    series = poisson(mean, 0)
    first, second = event_effect(series, [series.start[50], series.start[54]])
    assert first.low < 0.5 < first.high
    assert second.low < 4 < second.high
    assert first.ratio == pytest.approx(0.5, rel=0.25)
    assert second.ratio == pytest.approx(4, rel=0.25)


def test_a_date_beside_the_true_change_is_not_given_its_effect():
    series = poisson(np.where(np.arange(100) >= 40, 60.0, 20.0), 4)
    there, later = event_effect(series, [series.start[40], series.start[70]])
    assert there.significant
    assert there.ratio == pytest.approx(3, rel=0.2)
    assert not later.significant
    alone = event_effect(series, series.start[70])  # nobody names the other change: it is found
    assert alone.others == 1
    assert not alone.significant


def test_a_yearly_pattern_is_taken_out():
    season = 40 * np.exp(0.5 * np.sin(2 * np.pi * np.arange(120) / 52.18))
    quiet = event_effect(poisson(season, 2), "2023-03-06")
    assert quiet.season == ("year",)
    assert quiet.p_value > 0.05
    fallen = event_effect(poisson(season * np.where(np.arange(120) >= 61, 0.6, 1.0), 2), "2023-03-06")
    assert fallen.significant
    assert fallen.low < 0.6 < fallen.high


def test_an_odd_week_is_no_effect():
    counts = np.random.default_rng(5).poisson(12, 80).astype(float)
    counts[40] = 200
    effect = event_effect(weekly(counts), weekly(counts).start[38], shape="step")
    assert effect.p_value > 0.05
    assert effect.ratio == pytest.approx(1, abs=0.3)


def test_nothing_for_weeks_does_not_hide_how_far_outbreaks_scatter():
    # where most counts are nought their typical difference is, too, and every outbreak would be an event
    small = [0] * 19 + [1, 1, 2, 0, 1, 1, 2, 3, 4, 5, 5, 4, 4, 3, 3, 2, 1, 1, 0] + [0] * 32
    large = [1, 0, 0, 1, 3, 1, 2, 4, 6, 12, 8, 12, 7, 4, 5, 4, 3, 2, 1, 1, 0] + [0] * 20
    series = weekly(np.array(small + large))
    effect = event_effect(series, series.start[68])
    assert effect.p_value > 0.1
    assert effect.low < 1 < effect.high


def test_a_pulse_has_a_total_that_the_counts_bear_out():
    mean = np.full(80, 30.0)
    mean[40:46] = 75.0
    series = poisson(mean, 6)
    effect = event_effect(series, series.start[40], until=series.start[46])
    assert (effect.shape, effect.until) == ("pulse", str(series.start[46]))
    assert effect.total_low < 270 < effect.total_high
    recomputed = series.value[40:46].sum() - 6 * np.r_[series.value[:40], series.value[46:]].mean()
    assert effect.total == pytest.approx(recomputed, rel=0.15)
    assert effect.observed_after == pytest.approx(series.value[40:46].mean())
    assert effect.ratio == pytest.approx(2.5, rel=0.2)


def test_auto_finds_a_burst_that_fades():
    excess = np.where(np.arange(80) >= 40, 4 * 0.5 ** ((np.arange(80) - 40) / 4), 0.0)
    series = poisson(30 * (1 + excess), 7)
    effect = event_effect(series, series.start[40])
    assert effect.significant
    assert effect.shape == "fade"
    assert effect.ratio == pytest.approx(5, rel=0.35)


def test_a_control_that_shares_the_noise_makes_the_effect_visible():
    rng = np.random.default_rng(8)
    shared = np.exp(np.cumsum(0.15 * rng.standard_normal(100)))
    other = weekly(rng.poisson(60 * shared))
    series = weekly(rng.poisson(60 * shared * np.where(np.arange(100) >= 50, 1.4, 1.0)))
    alone, beside = event_effect(series, series.start[50]), event_effect(series, series.start[50], controls=other)
    assert beside.high / beside.low < 0.7 * alone.high / alone.low
    assert beside.significant
    assert beside.low < 1.4 < beside.high


def test_denominators_may_be_any_positive_numbers():
    people = np.linspace(200_000, 400_000, 80)
    series = poisson(people / 5000, 9)
    effect = event_effect(series, series.start[40], exposure=people)
    assert effect.ratio == pytest.approx(1, abs=0.15)
    assert effect.before == pytest.approx(people.mean() / 5000, rel=0.15)
    with pytest.raises(ValueError, match="above zero"):
        event_effect(series, series.start[40], exposure=np.r_[0.0, people[1:]])
    with pytest.raises(ValueError, match="one positive number per row"):
        event_effect(series, series.start[40], exposure=people[:5])


def test_amounts_are_tested_as_factors():
    rng = np.random.default_rng(10)
    tonnes = replace(weekly(rng.gamma(20, 50.0, 80) * np.where(np.arange(80) >= 40, 2.0, 1.0)), unit="tonnes")
    effect = event_effect(tonnes, tonnes.start[40])
    assert effect.significant
    assert effect.ratio == pytest.approx(2, rel=0.2)
    assert effect.before == pytest.approx(1000, rel=0.2)


@pytest.mark.parametrize(("options", "words"), [
    ({"shape": "cliff"}, "one of step, ramp"), ({"shape": "pulse"}, "first day without"),
    ({"shape": "step", "until": "2023-06-05"}, "has no end"), ({"until": "2021-06-05"}, "later day"),
    ({"until": "soon"}, "YYYY-MM-DD"), ({"controls": weekly(np.ones(3))}, "four are needed")])
def test_what_makes_no_sense_is_refused_with_what_to_do(options, words):
    series = poisson(np.full(80, 20.0), 0)
    with pytest.raises(ValueError, match=words):
        event_effect(series, series.start[40], **options)
    with pytest.raises(ValueError, match="its own control"):
        event_effect(series, series.start[40], controls=series)


def test_ends_belong_to_dates():
    series = poisson(np.full(80, 20.0), 0)
    tested = event_effect(series, [series.start[20], series.start[50]], until=[series.start[26], None], shape="auto")
    assert tested[0].until or tested[0].shape != "pulse"
    with pytest.raises(ValueError, match="one each"):
        event_effect(series, [series.start[20], series.start[50]], until=[series.start[26]])


def test_chances_of_the_shapes_sum_to_one():
    series = poisson(np.full(80, 20.0), 0)
    for until in (None, 60):
        shapes = candidates(series, 40, until, "auto")
        assert sum(one.chance for one in shapes) == pytest.approx(1)
        assert all(one.column[:40].max() == 0 and one.column.max() <= 1 for one in shapes)


def test_another_order_of_dates_changes_no_p_value_of_a_lone_change():
    series = poisson(np.where(np.arange(80) >= 40, 50.0, 20.0), 11)
    days = [series.start[20], series.start[40], series.start[60]]
    one, other = event_effects(series, days).effects, event_effects(series, days[::-1]).effects[::-1]
    assert [effect.significant for effect in one] == [effect.significant for effect in other] == [False, True, False]


COAL = [int(digit) for digit in ("4541043406334026335453144155345225342132211113001011003103220111010100021000110233112111124"
                                 "20001400010000010010101")]  # disasters a year from 1851 (Jarrett 1979, Biometrika 66)


def test_published_answers_lie_inside_the_interval():
    coal = Series.from_values(COAL[:112], start="1851-01-01", freq="YS")
    fallen = event_effect(coal, "1891-01-01")
    assert fallen.low < 0.29 < fallen.high < 1
    drivers, rear = (load("seatbelts").series[name].read().series for name in ("drivers", "rear_passengers"))
    law, untouched = (event_effect(series, "1983-01-31") for series in (drivers, rear))
    assert law.significant
    assert law.low < 0.77 < law.high  # Harvey & Durbin 1986
    assert not untouched.significant
