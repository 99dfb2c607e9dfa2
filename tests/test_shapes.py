"""Which shape a change has: odd rows, steps, slopes, spells, seasons; whether there is one at all (simulated series)."""

from __future__ import annotations

import numpy as np
import pytest

from forecast import RegimeModel, Series, detect
from forecast.regime_model.change_test import SIZE
from forecast.regime_model.changes import breaks_of_paths, happenings
from forecast.regime_model.filters import evidence_of
from forecast.regime_model.harmonics import fit_harmonics
from forecast.regime_model.odd_rows import Odd, unreported_zeros
from forecast.regime_model.problem import discretise, pooled
from forecast.regime_model.shapes import ALL, PULSES, STEPS, ShapePaths, Shapes, modes_of, shape_evidence, shape_paths

SMALL = RegimeModel(spreads=(0.3,), correlations=(0.6,), dispersions=(2.0, 10.0), levels=12, nodes=5, feedback=())


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def weekly(y: object) -> Series:
    return Series.from_values(y, start="2022-01-03", freq="W-MON")


def test_one_odd_week_is_named_and_changes_nothing():
    y = rng(1).poisson(12, 80)
    y[40] = 120
    fit = RegimeModel().fit(weekly(y))
    assert fit.odd_rows == (40,)
    assert fit.breaks == ()
    assert fit.p_value > SIZE
    assert fit.changed < 0.5
    level = np.exp(np.median(fit.paths.level, axis=0))
    assert np.all((level > 9) & (level < 15))


def test_a_false_zero_and_a_high_last_row_are_odd_rows():
    y = rng(2).poisson(50, 60)
    y[20], y[-1] = 0, 250
    fit = RegimeModel().fit(weekly(y))
    assert fit.odd_rows == (20, 59)
    assert fit.breaks == ()


def test_four_high_rows_at_the_end_are_a_change():
    y = rng(3).poisson(20, 60)
    y[-4:] = rng(4).poisson(60, 4)
    change, = detect(weekly(y))
    assert change.shape == "step"
    assert change.position == 56


@pytest.mark.parametrize(("first", "last", "rows"), [(20, 80, 60), (20, 80, 104), (40, 800, 60), (100, 20, 60)])
def test_a_steep_line_is_gradual_however_short_and_never_too_persistent(first, last, rows):
    draw = rng(rows + last)
    fits = [RegimeModel().fit(weekly(draw.negative_binomial(10, 10 / (10 + np.geomspace(first, last, rows)))))
            for _ in range(4)]
    told = [[each.shape for each in fit.breaks] for fit in fits]
    assert sum(each == ["gradual"] for each in told) >= 3
    assert not any("step" in each for each in told)


def test_a_step_that_may_as_well_be_gradual_claims_no_day():
    draw = rng(12)
    for _ in range(6):
        fit = RegimeModel().fit(weekly(draw.negative_binomial(10, 10 / (10 + np.linspace(20, 40, 104)))))
        alone = np.diff(fit.happenings.first) == 1
        kind = fit.happenings.kind[fit.happenings.first[:-1][alone]]
        step, slope = np.sum(kind == b"S"), np.sum(kind == b"G")
        for each in fit.breaks if len(fit.breaks) == 1 else ():
            assert each.shape != "step" or step >= 2 * slope
            if each.shape == "gradual":  # the days at which it may begin and end hold its own
                assert each.low <= each.at <= each.high
                assert each.until_low <= each.until <= each.until_high


def test_a_clear_step_keeps_its_name_and_day():
    draw, named, held = rng(13), 0, 0
    for k in range(8):
        y = draw.negative_binomial(10, 10 / (10 + np.where(np.arange(80) < 40, 12, 36)))
        series = weekly(y)
        steps = [each for each in RegimeModel().fit(series, seed=k).breaks if each.shape == "step"]
        named += len(steps) == 1
        held += any(each.low <= str(series.start[40]) <= each.high for each in steps)
    assert named >= 7
    assert held >= 6  # 90 % intervals


def test_a_bayes_factor_bounds_the_p_value():
    """Markov's inequality: without a change a factor of K comes once in K times at most."""
    y = rng(14).poisson(np.where(np.arange(80) < 40, 10, 60))
    fit = RegimeModel().fit(weekly(y))
    assert fit.p_value == pytest.approx(np.exp(-fit.log_ratio))
    assert fit.test.placebos == 0
    small = RegimeModel().fit(weekly(rng(15).poisson(np.where(np.arange(80) < 40, 10, 13))))
    assert small.p_value <= np.exp(-max(small.log_ratio, 0.0)) + 1e-12
    assert small.test.placebos > 0


def test_a_line_is_one_gradual_change():
    change, = detect(weekly(rng(0).poisson(np.linspace(20, 80, 104))))
    assert change.shape == "gradual"
    assert change.before < 35
    assert change.after > 65
    assert change.until_low <= change.until <= change.until_high


@pytest.mark.parametrize("level", [100, 1_000, 10_000, 100_000])
def test_steady_growth_is_gradual_at_any_size(level):
    y = rng(0).poisson(level * np.exp(0.01 * np.arange(120)))
    found = detect(Series.from_values(y, start="2012-01-01", freq="MS"))
    assert [each.shape for each in found] == ["gradual"]
    assert found[0].ratio == pytest.approx(np.exp(1.19), rel=0.25)


def test_growth_is_told_a_year():
    y = rng(0).poisson(1_000 * np.exp(0.01 * np.arange(120)))
    trend = RegimeModel().fit(Series.from_values(y, start="2012-01-01", freq="MS")).trend
    assert trend is not None
    assert trend.low < np.exp(0.12) < trend.high


def test_the_unit_decides_nothing():
    y = rng(0).normal(1000, 50, 60)
    y[30:] *= 1.2
    fits = [RegimeModel().fit(weekly(np.round(y * unit))) for unit in (1, 10, 100, 3000)]
    assert [[(each.shape, each.position) for each in fit.breaks] for fit in fits] == [[("step", 30)]] * 4
    assert np.ptp([fit.log_ratio for fit in fits]) < 1


def test_a_hundredfold_step_of_months_lies_on_its_month():
    y = np.r_[rng(1).poisson(10, 24), rng(2).poisson(1000, 24)]
    change, = detect(Series.from_values(y, start="2020-01-01", freq="MS"))
    assert change.position == 24
    assert change.probability >= 0.95


def test_two_steps_close_together_keep_their_sizes():
    mean = np.full(80, 10.0)
    mean[50:], mean[54:] = 5, 20
    one, two = detect(weekly(rng(0).poisson(mean)))
    assert one.shape == two.shape == "step"
    assert one.ratio == pytest.approx(0.5, rel=0.4)
    assert two.ratio == pytest.approx(4, rel=0.4)


def test_reports_that_are_missing_are_said_and_change_nothing():
    draw = rng(9)
    series = weekly(draw.poisson(20, 100) * (draw.random(100) > 0.1))
    fit = RegimeModel().fit(series)
    assert fit.breaks == ()
    assert set(fit.unreported_zeros) == set(np.flatnonzero(series.low == 0))


def test_zeros_of_sparse_counts_are_counts():
    assert not len(unreported_zeros(weekly(rng(1).poisson(1.5, 80))))
    assert not len(unreported_zeros(weekly([20, 0, 21, 19, 22, 18, 20, 21, 19, 20])))  # one alone is an odd row


@pytest.mark.parametrize(("seed", "fading"), [(0, False), (0, True)])
def test_up_and_back_is_one_temporary_change_with_a_total(seed, fading):
    t = np.arange(80)
    excess = np.where(t >= 40, 4 * 0.5 ** ((t - 40) / 4), 0.0) if fading else np.where((t >= 40) & (t < 46), -0.6, 0.0)
    change, = detect(weekly(rng(seed).poisson(20 * (1 + excess))))
    assert change.shape == "temporary"
    assert change.position == 40
    assert change.total_low <= 20 * excess.sum() <= change.total_high
    assert change.low <= change.at <= change.high < change.until_low <= change.until <= change.until_high


@pytest.mark.parametrize("factor", [1.0, 0.6])
def test_a_year_is_taken_out_and_a_change_beside_it_is_found(factor):
    t = np.arange(104)
    mean = 40 * np.exp(0.5 * np.sin(2 * np.pi * t / 52.18)) * np.where(t >= 60, factor, 1.0)
    fit = RegimeModel().fit(weekly(rng(4).poisson(mean)))
    assert fit.season.names == ("year",)
    assert fit.season.swing("year") == pytest.approx(np.exp(1.0), rel=0.3)
    assert [abs(each.position - 60) <= 3 for each in fit.breaks] == ([True] if factor < 1 else [])


def test_several_steps_are_no_season():
    y = np.random.default_rng(1).poisson(np.repeat([10, 40, 120], [24, 24, 12]))
    fit = RegimeModel().fit(Series.from_values(y, start="2019-01-01", freq="MS"))
    assert fit.season is None
    assert [(each.shape, each.position) for each in fit.breaks] == [("step", 24), ("step", 48)]


def test_neither_a_step_nor_a_line_nor_noise_is_a_season():
    for mean in (np.where(np.arange(104) >= 50, 60.0, 30.0), np.linspace(20, 80, 104), np.full(104, 30.0)):
        assert fit_harmonics(weekly(rng(5).poisson(mean)))[0].names == ()


def test_days_have_a_week_and_a_year():
    t = np.arange(730)
    mean = 40 * np.exp(0.4 * np.sin(2 * np.pi * t / 365.25) + 0.4 * np.sin(2 * np.pi * t / 7))
    series = Series.from_values(rng(6).poisson(mean), start="2020-01-01", freq="D")
    season = fit_harmonics(series)[0]
    assert season.names == ("week", "year")
    assert np.corrcoef(np.log(season.over(series)), np.log(mean))[0, 1] > 0.97


def test_the_fit_tells_the_probability_of_a_change_when_none_is_found():
    fit = RegimeModel().fit(weekly(rng(3).poisson(10, 80)))
    assert fit.breaks == ()
    assert 0 < fit.changed < 0.5
    assert fit.p_value > SIZE
    assert fit.trend is None


def test_counts_that_wander_are_too_persistent_to_date_a_change():
    draw = rng(11)
    walk = np.cumsum(0.5 * draw.standard_normal(80))
    fit = RegimeModel().fit(weekly(draw.poisson(20 * np.exp(walk - walk.mean()))))
    assert fit.persistent
    assert fit.breaks == ()


def test_without_shapes_the_evidence_is_that_of_a_constant_level():
    problem = discretise(SMALL, weekly(rng(1).poisson(9, 25)))
    still = shape_evidence(problem, modes_of(problem, Shapes(0, 0, 0, 0, slopes=(), effects=())))
    assert still == pytest.approx(evidence_of(problem, np.zeros(24)), abs=1e-3)


def test_steps_alone_have_the_evidence_of_the_step_filter():
    problem = discretise(SMALL, weekly(np.r_[rng(1).poisson(9, 12), rng(2).poisson(30, 13)]))
    assert shape_evidence(problem, modes_of(problem, STEPS)) == pytest.approx(
        evidence_of(problem, problem.jumps(1.0)), abs=1e-3)


def test_the_compiled_comparison_is_that_of_the_filter():
    from forecast.regime_model.change_test import STATISTIC, STATISTIC_TILT, change_ratios, tilted
    from forecast.regime_model.harmonics import Harmonics

    series = weekly(np.r_[rng(1).poisson(9, 20), rng(2).poisson(18, 20)])
    problem = discretise(STATISTIC, series, fine=False)
    weight = problem.weight * tilted(problem, STATISTIC_TILT)
    told = pooled(shape_evidence(problem, modes_of(problem, PULSES)), weight) - pooled(
        evidence_of(problem, np.zeros(39)), weight)
    ratio = change_ratios(series, Harmonics(), series.low[None], series.high[None])
    # the filter lets an effect fade as well, which changes little
    assert ratio == pytest.approx(told, abs=0.15)


def test_paths_have_the_likeliest_level_and_fill_rows_nobody_saw():
    y = np.r_[rng(1).poisson(10, 30), rng(2).poisson(40, 30)].astype(float)
    y[10:20] = np.nan
    problem = discretise(SMALL, weekly(y))
    thin, _ = problem.observed_rows()
    paths = shape_paths(problem, ALL, shape_evidence(thin, modes_of(thin))[0], 300, rng(0))
    level = np.exp(np.median(paths.level, axis=0))
    assert level.shape == (60,)
    assert np.all(level[:28] < 16)
    assert np.all(level[32:] > 28)
    assert paths.stepped.shape == (300, 59)
    assert paths.stepped[:, 28:31].any(axis=1).mean() > 0.8


def test_a_change_that_some_paths_have_elsewhere_shifts_no_other():
    series = weekly(np.r_[np.full(20, 8), np.full(10, 30), np.full(10, 90)])
    problem = discretise(SMALL, series)
    steps = [(19, 29)] * 6 + [(2, 19)] * 4  # by rank alone, the first change would lie in gap 2 or 19
    base = np.array([np.repeat(np.log([8, 30, 90]), np.diff([0, a + 1, b + 1, 40])) for a, b in steps])
    stepped = np.zeros((10, 39), bool)
    for path, gaps in enumerate(steps):
        stepped[path, list(gaps)] = True
    none = np.zeros((10, 40))
    paths = ShapePaths(none, none, base, stepped, none, np.zeros(10, int))
    first, second = breaks_of_paths(series, problem, paths, happenings(paths, 0.1))
    assert (first.position, first.probability) == (20, 1.0)
    assert first.low == str(series.centre[19])
    assert (second.position, second.probability) == (30, 0.6)


def test_an_odd_row_costs_a_fixed_amount():
    rows = np.array([[5.0, 5.0], [np.nan, np.nan], [4.0, np.inf], [0.0, 0.0]])
    odd = Odd(0.01, 0.05)
    assert odd.wide(rows) == pytest.approx([0.01 / 60, 0, 0.005, 0.01 / 10 + 0.05])
    assert odd.usual(rows) == pytest.approx([0.99, 1, 0.99, 0.94])
