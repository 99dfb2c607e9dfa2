"""Events: honest p-values, explanations that sum to one, and the image that narrows a date."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from forecast import Event, RegimeModel, Series, event_effect, explain, simulate
from forecast.breaks.regimes import Regimes
from forecast.effects.change_days import break_days, change_days, gap_probability
from forecast.effects.event_model import event_model
from forecast.effects.event_tests import _step_down, event_effects, position_of
from forecast.effects.explanations import NONE, NOWHERE, Window, explain_change, explain_together
from forecast.effects.next_image import image_worth
from forecast.regime_model.placebos import as_seen


def at(series: Series, row: int) -> str:
    return str(series.start[row])


def test_a_real_step_is_found_and_sized():
    series = simulate(90, level=12, breaks={45: 2.5}, spread=0.2, seed=1)
    effect = event_effect(series, at(series, 45))
    assert effect.p_value <= 0.01
    assert effect.low < 2.5 < effect.high
    assert effect.probability > 0.95
    assert effect.position == 45


@pytest.mark.parametrize("level", [2, 30, 1_000, 30_000, 1_000_000])
def test_factors_of_an_effect_are_sums_over_settings_that_any_size_of_counts_can_hold(level):
    """Against sums of decimal numbers; with large counts the settings lie e^1000 and more apart."""
    rng = np.random.default_rng(0)
    mean = level * np.where(np.arange(120) >= 60, 0.5, 1.0) * np.exp(0.02 * rng.standard_normal(120))
    model = event_model(Series.from_values(rng.poisson(mean), start="2010-01-01", freq="MS"))
    steps = np.stack([(np.arange(120) >= row).astype(float) for row in (40, 60, 80)], axis=1)
    work = model.working()
    found = model.estimate(work, steps)
    none = sum(Decimal(float(each)).exp() for each in found.none[0].ravel())
    right = [float((sum(Decimal(float(each)).exp() for each in some.ravel()) / none).ln()) for some in found.joint[0]]
    assert found.log_ratio[0] == pytest.approx(right, abs=1e-6)
    assert model.log_ratios(work, steps)[0] == pytest.approx(right, abs=1e-6)


def test_large_counts_are_tested_as_others_are():
    rng = np.random.default_rng(1)
    quiet = 30_000 * np.exp(0.05 * rng.standard_normal(96))
    still = Series.from_values(np.rint(quiet), start="2014-01-01", freq="MS")
    fallen = Series.from_values(np.rint(np.where(np.arange(96) >= 48, 0.8, 1.0) * quiet), start="2014-01-01", freq="MS")
    assert event_effect(still, at(still, 48)).p_value > 0.05
    found = event_effect(fallen, at(fallen, 48))
    assert found.p_value <= 0.01
    assert found.low < 0.8 < found.high < 1


def test_an_effect_is_the_same_for_the_same_seed_and_differs_in_noise_only():
    series = simulate(60, seed=2)
    assert event_effect(series, at(series, 30), seed=4) == event_effect(series, at(series, 30), seed=4)
    other = event_effect(series, at(series, 30), seed=5)
    assert other.ratio == event_effect(series, at(series, 30), seed=4).ratio


def test_p_values_on_quiet_autocorrelated_series_are_not_small_too_often():
    rejections = sum(
        event_effect(simulate(60, level=15, dispersion=3, spread=0.4, correlation=0.6, seed=1000 + i), "2022-09-05",
                     placebos=39, seed=i).p_value <= 0.05 for i in range(40))
    assert rejections <= 6  # P(more than 6 | 5 %) is 0.3 %


def test_adjusted_p_values_are_never_below_raw_ones():
    series = simulate(80, breaks={40: 3.0}, seed=6)
    tested = event_effects(series, [at(series, row) for row in (20, 40, 60)])
    for effect in tested.effects:
        assert effect.adjusted >= effect.p_value
    best = min(tested.effects, key=lambda effect: effect.placebo_rank)
    assert best.position == 40
    assert tested.anywhere <= 0.05


def test_step_down_on_a_case_worked_by_hand():
    null = np.array([[1.0, 0.0], [0.0, 3.0], [0.5, 0.5], [0.2, 0.1]])
    # strongest first: max over both beats 2.0 once of 4; then the second alone beats 0.4 twice
    np.testing.assert_allclose(_step_down(np.array([2.0, 0.4]), null), [2 / 5, 3 / 5])


def test_step_down_never_gives_a_weaker_date_a_smaller_p_value_than_a_stronger_one():
    null = np.array([[3.0, 0.0], [2.5, 0.0], [0.0, 0.0], [0.0, 0.0]])
    # the maximum beats 2.0 twice of 4; the second date alone beats 1.9 never, but may not pass before the first
    np.testing.assert_allclose(_step_down(np.array([2.0, 1.9]), null), [3 / 5, 3 / 5])


@pytest.mark.parametrize("level", [4, 40])
def test_what_is_detectable_is_a_rise_that_stands_so_far_above_the_noise(level):
    series = simulate(60, level=level, spread=0.1, dispersion=50, seed=4)
    found = event_effect(series, at(series, 30), placebos=19)
    # of a normal estimate, 1.96 errors to be told from none and 0.84 more to be so four times in five; the interval is 3.92 wide
    assert np.log(found.detectable) == pytest.approx(2.80 / 3.92 * np.log(found.high / found.low), rel=0.15)


def test_more_counts_show_smaller_changes():
    few, many = (event_effect(series, at(series, 30), placebos=19).detectable for series in (
        simulate(60, level=level, spread=0.1, dispersion=50, seed=4) for level in (4, 40)))
    assert 1 < many < few


def test_a_change_that_several_series_share_lies_on_its_own_day():
    several = [replace(Series.from_values(np.r_[np.full(30, low), np.full(30, high)], start="2023-01-01", freq="D"), name=name)
               for name, low, high in (("one", 6.0, 60.0), ("two", 50.0, 9.0))]
    day = date.fromisoformat(at(several[0], 30))
    near = [Window(Event(name, name, when, when), when, when) for name, when in (
        ("before", day - timedelta(days=1)), ("itself", day), ("after", day + timedelta(days=1)))]
    held = {row.name: row.within for row in explain_together(several, near).table}
    assert held["itself"] > 0.98
    alone = {row.name: row.within for row in explain_change(several[0], Regimes().posterior(several[0]), near)}
    assert max(alone, key=alone.get) == max(held, key=held.get) == "itself"


def test_an_event_outside_the_data_is_refused_with_the_dates():
    series = simulate(30, seed=0)
    with pytest.raises(ValueError, match="leaves 30 observed rows before and 0 after"):
        event_effect(series, "2030-01-01")
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        event_effect(series, "soon")
    with pytest.raises(ValueError, match="at least one"):
        event_effects(series, [])
    with pytest.raises(ValueError, match="placebos"):
        event_effect(series, at(series, 10), placebos=5)


def test_a_date_inside_a_row_belongs_to_the_half_it_lies_in():
    series = Series.from_values([1] * 12, start="2023-01-01", freq="MS")
    assert position_of(series, "2023-06-10") == 5
    assert position_of(series, "2023-06-20") == 6


def test_placebos_are_seen_as_the_data_were():
    series = Series.from_values([4, np.nan, 6, 8], low=[np.nan, np.nan, 6, 4], high=[np.nan, np.nan, np.inf, 12])
    low, high = as_seen(series, np.full((2, 4), 10.0))
    assert np.isnan(low[:, 1]).all()
    assert (low[:, 0] == high[:, 0]).all()
    assert np.isinf(high[:, 2]).all()
    assert ((low[:, 3] < 10) & (high[:, 3] > 10)).all()


def windows(series: Series, *rows: int) -> list[Window]:
    made = []
    for number, row in enumerate(rows):
        day = date.fromisoformat(at(series, row))
        made.append(Window(Event(f"event_{number}", f"Event {number}", day, day), day, day + timedelta(days=30)))
    return made


def test_explanations_sum_to_one_and_the_true_event_leads():
    series = simulate(100, level=10, breaks={50: 3.0}, spread=0.2, seed=11)
    posterior = Regimes().posterior(series)
    table = explain_change(series, posterior, windows(series, 20, 49, 80), near=49)
    assert sum(row.probability for row in table) == pytest.approx(1)
    assert max(table, key=lambda row: row.probability).name == "event_1"
    assert {row.name for row in table[-2:]} == {NONE, NOWHERE}


def test_a_break_at_an_unlisted_date_is_none_of_these():
    series = simulate(100, level=10, breaks={50: 3.0}, spread=0.2, seed=11)
    table = explain_change(series, Regimes().posterior(series), windows(series, 10, 85))
    assert max(table, key=lambda row: row.probability).name == NONE


def test_events_with_one_window_cannot_be_told_apart():
    series = simulate(100, level=10, breaks={50: 3.0}, spread=0.2, seed=11)
    table = explain_change(series, Regimes().posterior(series), windows(series, 49, 49))
    assert table[0].alike == ("event_1",)
    assert table[0].probability == pytest.approx(table[1].probability)


def test_an_analysts_own_break_date_does_not_compete():
    series = simulate(60, breaks={30: 3.0}, seed=1)
    day = date.fromisoformat(at(series, 30))
    own = Window(Event("own", "Own date", day, day, outside=False), day, day)
    assert [row.name for row in explain_change(series, Regimes().posterior(series), [own])] == [NONE, NOWHERE]


def test_days_of_a_gap_share_its_probability():
    series = Series.from_counts(["2023-01-01", "2023-01-11", "2023-01-12"], [1, 1, 9])
    days = break_days(series, np.array([0.6, 0.4]))
    assert days.sum() == pytest.approx(1)
    assert days[1:11] == pytest.approx(np.full(10, 0.06))
    assert days[11] == pytest.approx(0.4)


def tenfold_tenfold(freq: str, start: str, at: int = 24, part: float = 0.0) -> Series:
    """Simulated counts of 10 and from row `at` on of 1,000, of which the row before has this part."""
    rng = np.random.default_rng(1)
    mean = np.where(np.arange(48) >= at, 1000.0, 10.0)
    mean[at - 1] += part * 990
    return Series.from_values(rng.poisson(mean), start=start, freq=freq, name="simulated")


@pytest.mark.parametrize(("freq", "start"), [("MS", "2020-01-01"), ("W-MON", "2020-01-06"), ("QS", "2012-01-01")])
def test_a_change_at_the_start_of_a_row_is_that_of_the_event_on_its_day(freq, start):
    series = tenfold_tenfold(freq, start)
    gate = series.start[24]
    assert explain(series, {"gate": gate})[0].probability >= 0.95
    older = explain(series, {"gate": gate, "older": gate - np.timedelta64(42, "D")})
    assert older[0].probability > 2 * older[1].probability
    assert older[0].within == pytest.approx(older[1].within, abs=0.03)  # the counts themselves do not tell them apart


def test_an_older_event_does_not_win_by_its_window():
    series = Series.from_values(np.r_[np.random.default_rng(1).poisson(10, 24), np.random.default_rng(2).poisson(1000, 24)],
                                start="2020-01-01", freq="MS")
    assert explain(series, {"gate": "2022-01-01"})[0].probability >= 0.95
    two = {"gate": "2022-01-01", "older": "2021-11-20"}
    assert explain(series, two)[0].probability > 0.75
    even = explain(series, two, mean_delay_days=float("inf"))
    assert even[0].probability == pytest.approx(even[1].probability, abs=0.03)
    longest = explain(series, {"gate": "2022-01-01", "older": "2021-01-01"}, delay_days=400)
    assert longest[0].probability > 0.8


@pytest.mark.parametrize("part", [0.2, 0.5, 0.8])
def test_a_row_that_has_a_part_of_the_new_level_holds_the_change_at_that_part(part):
    series = tenfold_tenfold("MS", "2020-01-01", part=part)
    # a few paths say it, those whose counts depend on no count before: which are drawn is chance, so a mean over draws
    days = np.mean([change_days(series, RegimeModel().fit(series, seed=seed).posterior) for seed in range(6)], axis=0)
    assert days.sum() == pytest.approx(1)
    likeliest = series.start[0] + int(days.argmax())
    true = series.end[23] - np.timedelta64(round(31 * part), "D")
    assert abs((likeliest - true).astype(int)) <= 3
    near = slice(max(days.argmax() - 6, 0), days.argmax() + 7)
    assert days[near].sum() > 0.6


def test_between_images_every_day_is_alike():
    series = Series.from_counts(["2023-01-05", "2023-02-02", "2023-03-01", "2023-04-05", "2023-07-01", "2023-08-02",
                                 "2023-09-06", "2023-10-04"], [4, 6, 5, 5, 31, 28, 33, 30])
    posterior = Regimes().posterior(series)
    np.testing.assert_allclose(change_days(series, posterior), break_days(series, gap_probability(posterior)))


def test_delays_fall_with_time_to_the_end_of_the_window():
    event = Event("visit", "A visit", date(2023, 7, 25), date(2023, 7, 27))
    start = np.datetime64("2023-07-01")
    own = Window.of(event, 60).density(start, 120)
    assert own[:24].sum() == own[87:].sum() == 0
    assert own[24:87].mean() == pytest.approx(1)
    assert own[24] == own[26]
    assert own[26] / own[86] == pytest.approx(np.exp(2))
    assert own[26] / own[56] == pytest.approx(np.e)
    np.testing.assert_allclose(Window.of(event, 60, 0, np.inf).density(start, 120)[24:87], 1)
    assert Window.of(event, 0).density(start, 120)[24:27].tolist() == [1, 1, 1]


def test_a_mean_delay_that_is_no_time_is_refused():
    series = tenfold_tenfold("MS", "2020-01-01")
    for wrong in (0, -3, float("nan"), "20"):
        with pytest.raises(ValueError, match="mean_delay_days must be a number of days above 0, got"):
            explain(series, {"gate": "2022-01-01"}, mean_delay_days=wrong)


def test_where_the_change_lies_sums_to_one():
    posterior = Regimes().posterior(simulate(60, breaks={30: 3.0}, seed=1))
    assert gap_probability(posterior).sum() == pytest.approx(1)
    assert gap_probability(posterior, near=29).argmax() in (28, 29, 30)


def test_the_best_image_bisects_a_flat_gap():
    rng = np.random.default_rng(0)
    daily = np.zeros(31)
    daily[1:] = 1 / 30
    images = image_worth(daily, np.datetime64("2023-01-01"), rng.poisson(2, 4000), rng.poisson(40, 4000))[0]
    assert images[0].day in {"2023-01-15", "2023-01-16", "2023-01-17"}
    assert images[0].narrowing == pytest.approx(1, abs=0.05)  # a clear answer to an even question is one bit
    assert images[0].days_then < images[0].days_now


def test_an_image_of_the_day_of_the_change_shows_the_new_level():
    rng = np.random.default_rng(0)
    daily = np.array([0.0, 0.5, 0.5, 0.0])  # the change lies on one of two days: an image of the first of them settles it
    images, worth = image_worth(daily, np.datetime64("2023-01-01"), rng.poisson(2, 4000), rng.poisson(60, 4000))
    assert images[0].day == "2023-01-02"
    assert images[0].narrowing == pytest.approx(1, abs=0.01)
    assert images[0].days_then == pytest.approx(1, abs=0.01)
    assert dict(zip(worth.days.astype(str), worth.bits, strict=True))["2023-01-03"] == pytest.approx(0, abs=0.01)


def test_a_cloudy_day_is_worth_less():
    rng = np.random.default_rng(0)
    daily = np.zeros(31)
    daily[1:] = 1 / 30
    clear = np.ones(31)
    clear[13:19] = 0.1
    images = image_worth(daily, np.datetime64("2023-01-01"), rng.poisson(2, 4000), rng.poisson(40, 4000), clear=clear)[0]
    assert images[0].day not in {f"2023-01-{day}" for day in range(14, 20)}
