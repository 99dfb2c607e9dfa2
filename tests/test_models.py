"""Every forecaster of conf/models keeps the contract; a new one is found here by its file alone."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from forecast import Series, predict
from forecast.models.auto import Auto
from forecast.models.combination import Combination, averaged, pooled
from forecast.models.count_state_space import CountStateSpace, _gamma
from forecast.models.forecaster import Forecaster
from forecast.models.history import dispersion, negative_binomial, season_length, whole
from forecast.models.mean import Mean
from forecast.models.negative_binomial import NegativeBinomial
from forecast.models.prophet import Prophet
from forecast.models.regression import fit, regression
from forecast.models.sarimax import Sarimax
from forecast.models.structural import Structural
from forecast.models.windows import Windows
from forecast.support.registry import folder, make, names

NAMES = names("models")
FAST = [name for name in NAMES if name != "combination"]  # runs the others many times over


def series(values: Any, freq: str = "MS", **settings: Any) -> Series:
    first = pd.tseries.frequencies.to_offset(freq).rollforward("2021-01-03")
    return Series.from_values(values, start=first, freq=freq, **settings)


def poisson(n: int, level: float = 9.0, seed: int = 0, hidden: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y = rng.poisson(level * (1 + 0.3 * np.sin(2 * np.pi * np.arange(n) / 12)), n).astype(float)
    y[rng.uniform(size=n) < hidden] = np.nan
    y[-1] = level
    return y


CASES = {
    "18 months with gaps": series(poisson(18, hidden=0.3)),
    "60 % hidden": series(poisson(60, hidden=0.6)),
    "days": series(poisson(70), freq="D"),
    "years": series(poisson(8), freq="YS"),
    "all zeros": series(np.zeros(20)),
    "constant": series(np.full(30, 7.0)),
    "one observation": series([5.0]),
    "one of many": series([np.nan] * 10 + [5.0] + [np.nan] * 4),
    "two observations": series([3.0, 4.0]),
    "one spike": series([0.0] * 15 + [100.0] + [0.0] * 10),
    "huge": series(1e9 + poisson(40, 1e5)),
    "steep": series(np.round(np.exp(np.arange(30) * 0.6))),
    "bounds": series(poisson(24), low=[4] * 6 + [np.nan] * 18, high=[12] * 3 + [np.inf] * 3 + [np.nan] * 18),
    "partly watched": series(poisson(24), exposure=[0.5, 1.0] * 12),
    "a stock": series(poisson(24), kind="stock"),
}


def run(name: str, given: Series, horizon: int = 4, draws: int = 80, seed: int = 1) -> np.ndarray:
    model: Forecaster = make("models", name)
    return model.paths(given, horizon, draws, np.random.default_rng(seed))


@pytest.mark.parametrize("name", NAMES)
def test_the_file_holds_one_entry_of_its_own_name(name: str) -> None:
    recipe = yaml.safe_load((folder("conf") / "models" / f"{name}.yaml").read_text(encoding="utf-8"))
    assert list(recipe) == [name]
    assert recipe[name]["_target_"].startswith("forecast.models.")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", NAMES)
def test_paths_are_whole_never_negative_and_seeded(name: str, case: str) -> None:
    given = CASES[case]
    before = {field.name: np.copy(getattr(given, field.name)) for field in fields(given)}
    paths = run(name, given)
    assert paths.shape == (80, 4)
    assert paths.dtype == np.int64
    assert paths.min() >= 0
    np.testing.assert_array_equal(paths, run(name, given))
    for field, value in before.items():
        np.testing.assert_array_equal(getattr(given, field), value)


@pytest.mark.parametrize("name", NAMES)
def test_one_row_and_one_draw(name: str) -> None:
    assert run(name, CASES["days"], horizon=1, draws=1).shape == (1, 1)


@pytest.mark.parametrize("name", NAMES)
def test_a_horizon_of_several_seasons(name: str) -> None:
    rng = np.random.default_rng(1)
    daily = Series.from_values(rng.poisson(5 + 3 * (np.arange(70) % 7 == 2)), start="2023-01-02", freq="D")
    paths = predict(daily, name, horizon=25, draws=30)
    assert paths.shape == (30, 25)
    assert 2 < paths.mean() < 12


@pytest.mark.parametrize("name", NAMES)
def test_other_seeds_give_other_paths_and_the_global_generator_stays(name: str) -> None:
    np.random.seed(3)  # noqa: NPY002
    first = np.random.get_state()[1].copy()  # noqa: NPY002
    assert not np.array_equal(run(name, CASES["days"], seed=1), run(name, CASES["days"], seed=2))
    np.testing.assert_array_equal(np.random.get_state()[1], first)  # noqa: NPY002


@pytest.mark.parametrize("name", [name for name in FAST if name != "prophet"])
def test_paths_do_not_depend_on_the_date(name: str) -> None:
    y = poisson(40, hidden=0.2)
    early, late = (Series.from_values(y, start=start, freq="W-MON") for start in ("2001-01-01", "2023-01-02"))
    np.testing.assert_array_equal(run(name, early), run(name, late))


@pytest.mark.parametrize("name", FAST)
def test_rows_before_the_first_observation_change_little(name: str) -> None:
    y = poisson(36)
    a, b = run(name, series(y), draws=800), run(name, series(np.concatenate([[np.nan] * 12, y])), draws=800)
    assert np.median(a) == pytest.approx(np.median(b), abs=2)


@pytest.mark.parametrize("name", NAMES)
def test_a_steady_level_is_found(name: str) -> None:
    paths = run(name, series(np.random.default_rng(4).poisson(50, 60)), horizon=6, draws=400)
    assert np.median(paths) == pytest.approx(50, abs=5)
    low, high = np.quantile(paths, [0.1, 0.9])
    assert 10 <= high - low <= 45  # Poisson noise alone is 18 wide


@pytest.mark.parametrize("name", ["structural", "ets", "unobserved", "sarimax", "negative_binomial", "prophet",
                                  "seasonal_naive"])
def test_a_season_is_found_across_gaps(name: str) -> None:
    rng = np.random.default_rng(5)
    level = 100 * (1 + 0.6 * np.sin(2 * np.pi * np.arange(84) / 12))
    y = rng.poisson(level).astype(float)
    y[rng.uniform(size=84) < 0.25] = np.nan
    middle = np.median(run(name, series(y[:72]), horizon=12, draws=300), axis=0)
    assert np.corrcoef(middle, level[72:])[0, 1] > 0.8


@pytest.mark.parametrize("name", [name for name in FAST if name not in {"windows", "seasonal_naive"}])
def test_half_watched_rows_count_double(name: str) -> None:
    rng = np.random.default_rng(6)
    share = np.where(np.arange(60) % 2, 0.5, 1.0)
    y = rng.binomial(rng.poisson(60, 60), share)
    paths = run(name, series(y, freq="W-MON", exposure=share), draws=400)
    assert np.median(paths) == pytest.approx(60, abs=7)


def test_predict_refuses_what_is_no_count() -> None:
    with pytest.raises(ValueError, match="whole counts"):
        predict(series([1.5, 2.0]))
    with pytest.raises(ValueError, match="did you mean 'structural'"):
        predict(series([1.0, 2.0]), model="structurel")


@pytest.mark.parametrize(("freq", "rows"), [("D", 7), ("B", 5), ("W-MON", 52), ("MS", 12), ("ME", 12), ("QS", 4),
                                            ("YS", 1), ("28D", 13), ("2W-SUN", 26)])
def test_the_grid_tells_the_season(freq: str, rows: int) -> None:
    assert season_length(series(np.ones(4), freq=freq)) == rows


def test_auto_looks_at_the_size_of_the_counts_only() -> None:
    assert Auto().members(series([0, 0, 1, np.nan, 2, 0])) == ("windows", "count_state_space")
    assert Auto().members(series([5, 9, np.nan, 4])) == ("structural",)


@pytest.mark.parametrize(("values", "freq", "heard"), [
    (poisson(36), "MS", True), (poisson(20), "MS", False), (poisson(120), "W-MON", True), (poisson(300), "D", False),
    (poisson(36, level=0.8), "MS", False)])
def test_auto_hears_the_regression_where_two_years_were_seen(values: np.ndarray, freq: str, heard: bool) -> None:
    given = series(values, freq=freq)
    with_it, alone = (Auto(share=share).paths(given, 3, 200, np.random.default_rng(1)) for share in (0.25, 0.0))
    assert np.array_equal(with_it, alone) is not heard
    with pytest.raises(ValueError, match=r"share must lie from 0 to 1, got 1\.5"):
        Auto(share=1.5)


def test_averaging_gives_quantiles_between_both_and_keeps_each_paths_rank() -> None:
    rng = np.random.default_rng(2)
    slow = rng.poisson(40, (900, 1)) + np.array([0, 100])
    other = rng.poisson(400, (900, 2))
    mixed = averaged(slow, other, 0.25, rng)
    for level in (0.1, 0.5, 0.9):
        expected = 0.75 * np.quantile(slow, level, axis=0) + 0.25 * np.quantile(other, level, axis=0)
        np.testing.assert_allclose(np.quantile(mixed, level, axis=0), expected, atol=1.5)
    assert np.corrcoef(mixed[:, 0], mixed[:, 1])[0, 1] > 0.97  # as alike as the paths that came first
    assert np.array_equal(averaged(slow, other, 0.0, rng), slow)
    halves = averaged(np.zeros((4000, 1), int), np.ones((500, 1), int), 0.5, rng)  # not all to the even count
    assert halves.mean() == pytest.approx(0.5, abs=0.04)


def test_the_pool_takes_its_shares_and_leaves_out_members_without_weight() -> None:
    given = series(np.full(20, 6.0))
    paths = pooled(given, {"windows": 1.0, "no_such_member": 0.0}, 3, 50, np.random.default_rng(0))
    assert np.all(paths == 6)


def test_combination_prefers_the_member_that_fits() -> None:
    year = series(np.random.default_rng(0).poisson(100 * (1 + 0.8 * np.sin(2 * np.pi * np.arange(60) / 12))))
    for score in ("crps", "log_score"):
        weights = Combination(members=("windows", "structural"), score=score).weights(year, 3, np.random.default_rng(0))
        assert weights["structural"] > 0.6
        assert sum(weights.values()) == pytest.approx(1)


@pytest.mark.parametrize("make_wrong", [
    lambda: Combination(score="rmse"), lambda: Combination(members=()), lambda: Windows(lengths=(0,)),
    lambda: NegativeBinomial(trend=-1), lambda: Sarimax(order=(1, 1)), lambda: Prophet(changepoint_scale=0),
    lambda: Structural(memories=(0.0,)),
    lambda: Prophet(changepoints=["2021-02-01"], detector="auto"),
])
def test_a_wrong_setting_says_what_it_got(make_wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"got|not both"):
        make_wrong()


def test_negative_binomial_regression_is_that_of_statsmodels() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(7)
    x = np.column_stack([np.ones(120), rng.normal(size=(120, 2))])
    share = rng.uniform(0.4, 1, 120)
    y = negative_binomial(share * np.exp(x @ [2.0, 0.4, -0.3]), 4.0, rng).astype(float)
    theirs = sm.GLM(y, x, family=sm.families.NegativeBinomial(alpha=1 / 4), offset=np.log(share)).fit()
    beta, root = fit(x, y, share, 4.0, np.full(3, 1e-9))
    np.testing.assert_allclose(beta, theirs.params, atol=1e-6)
    np.testing.assert_allclose(np.linalg.inv(root @ root.T), theirs.cov_params(), rtol=1e-4)


def test_a_regression_knows_less_where_it_fitted_much_and_where_rows_err_alike() -> None:
    rng = np.random.default_rng(5)
    wide = np.column_stack([np.ones(40), rng.normal(size=(40, 12))])
    sizes = [regression(wide, negative_binomial(np.full(40, 30.0), 4.0, rng).astype(float), np.ones(40),
                        np.full(13, 0.5)).size for _ in range(60)]
    assert np.median(sizes) == pytest.approx(4.0, abs=1.0)  # 7.8 if 13 coefficients were no part of the 40 rows
    apart = negative_binomial(np.full(400, 30.0), 4.0, rng).astype(float)
    alike = np.repeat(apart[:100], 4)  # correlation of neighbours .75: a seventh of the rows' information
    one, other = (regression(np.ones((400, 1)), y, np.ones(400), np.array([1e-6])) for y in (apart, alike))
    assert float(one.root[0, 0] / other.root[0, 0]) == pytest.approx(np.sqrt(7), rel=0.2)


def test_structural_weights_agree_with_the_dense_formula() -> None:
    """One setting, square root alone: predictive mean by the textbook formula of a Gaussian process."""
    from forecast.models.gaussian import Observed
    from forecast.models.gaussian import fit as fitted
    from forecast.models.kernel import Kernel

    y = poisson(30, 60.0, hidden=0.2)
    when = np.flatnonzero(~np.isnan(y)).astype(float)
    coming = 30.0 + np.arange(3)
    table = np.array([[0, 0.05, 0.4, 0.0, 0.0, 0.0]])
    found = fitted(Observed.of(y, 30, 12), coming, kernel=Kernel(30.0, 12, memories=(24.0,)), table=table, prior=1.0)
    z = 2 * (np.sqrt(y[~np.isnan(y)] + 0.5) - 1)
    z = (z - z.mean()) / z.std()
    rows = np.concatenate([when, coming])
    k = (100 + 0.05 * np.minimum(rows[:, None], rows)
         + 0.4 * ((np.abs(rows[:, None] - rows) % 12 == 0) - 1 / 12))
    n = len(when)
    gain = np.linalg.solve(k[:n, :n] + np.eye(n), k[:n, n:])
    np.testing.assert_allclose(found.mean[0, :, 1], gain.T @ z, atol=1e-8)
    left = k[n:, n:] + np.eye(3) - gain.T @ k[:n, n:]
    np.testing.assert_allclose(found.root[0] @ found.root[0].T, left, atol=1e-7)
    assert found.weight.sum() == pytest.approx(1)


@pytest.mark.parametrize(("level", "step", "covariance"), [
    (1, 0.3, lambda apart, least, gone: 3.0 * np.exp(-apart / 6)),
    (3, 0.01, lambda apart, least, gone: 64.0 * (least / 4 + gone[:, None] + gone - 1 - np.exp(-apart / 8)))])
def test_structural_forecasts_are_those_of_the_dense_formula(level: int, step: float, covariance: Any) -> None:
    """A year, a slope, a step and a level that returns, or whose slope does, against the covariances themselves."""
    from forecast.models.gaussian import Observed
    from forecast.models.gaussian import fit as fitted
    from forecast.models.kernel import Kernel

    y = poisson(90, 60.0, hidden=0.2)
    when, coming = np.flatnonzero(~np.isnan(y)).astype(float), 90.0 + np.arange(4)
    kernel = Kernel(90.0, year=52.18, memories=(6.0, 24.0), steps=(70,), drift=8.0)
    table = np.array([[level, step, 0.0, 0.2, 1.5, 10.0]])
    found = fitted(Observed.of(y, 90, 4), coming, kernel=kernel, table=table, prior=1.0)
    z = 2 * (np.sqrt(y[~np.isnan(y)] + 0.5) - 1)
    z = (z - z.mean()) / z.std()
    rows, n = np.concatenate([when, coming]), len(when)
    apart, least = np.abs(rows[:, None] - rows), np.minimum(rows[:, None], rows)
    grown = np.where(rows < 90, rows, 89 + 22.5 * -np.expm1(-(rows - 89) / 22.5)) / 45 - 1
    year = -2 * np.sin(np.pi * apart / 52.18) ** 2
    k = (100 + 0.2 * np.outer(grown, grown) + 10 * np.outer(rows >= 70, rows >= 70) + step * covariance(
        apart, least, np.exp(-rows / 8)) + 1.5 * (0.7 * np.exp(year) + 0.3 * np.exp(year / 0.16)))
    gain = np.linalg.solve(k[:n, :n] + np.eye(n), k[:n, n:])
    np.testing.assert_allclose(found.mean[0, :, 1], gain.T @ z, atol=0.05)  # the finest waves of the year are left out
    left = k[n:, n:] + np.eye(4) - gain.T @ k[:n, n:]
    np.testing.assert_allclose(found.root[0] @ found.root[0].T, left, atol=0.02)


@pytest.mark.parametrize(("model", "expected"), [(Mean(), 80), (Mean(detector="bai_perron"), 80),
                                                 (NegativeBinomial(trend=0, detector="bai_perron"), 80)])
def test_the_mean_is_that_since_the_last_break(model: Forecaster, expected: int) -> None:
    y = np.random.default_rng(8).poisson(np.where(np.arange(50) < 35, 20, 80))
    assert np.median(model.paths(series(y), 3, 400, np.random.default_rng(0))) == pytest.approx(expected, abs=9)


def test_structural_follows_a_jump_more_than_a_calm_history() -> None:
    y = np.random.default_rng(8).poisson(np.where(np.arange(50) < 35, 20, 80))
    assert np.median(Structural().paths(series(y), 3, 400, np.random.default_rng(0))) > 60


def test_older_rows_enter_structural_as_means() -> None:
    from forecast.models.gaussian import Observed

    y = np.array([np.nan, 1, 3, 5, 7, np.nan, 9, 11])
    found = Observed.of(y, 3, 2)
    np.testing.assert_allclose(found.when, [1, 2.5, 4, 6, 7])
    np.testing.assert_allclose(found.width, [1, 2, 1, 1, 1])
    np.testing.assert_allclose(found.z[:, 2], [0.5, 3.5, 6.5, 8.5, 10.5])  # y - 1 + 1/2 on the plain scale


@pytest.mark.parametrize(("freq", "rows", "year"), [("D", 560, 365.25), ("W-MON", 80, 52.18)])
def test_structural_knows_a_year_from_one_and_a_half_cycles(freq: str, rows: int, year: float) -> None:
    mean = 40 * np.exp(0.8 * np.sin(2 * np.pi * np.arange(rows + round(year / 2)) / year))
    given = series(np.random.default_rng(3).poisson(mean[:rows]), freq=freq)
    middle = np.median(Structural().paths(given, round(year / 2), 200, np.random.default_rng(0)), axis=0)
    assert np.corrcoef(middle, mean[rows:])[0, 1] > 0.9


def test_structural_does_not_pull_a_tenfold_rise_back() -> None:
    mean = 20 * 10 ** (np.arange(84) / 72)
    given = series(np.random.default_rng(5).poisson(mean[:72]), freq="MS")
    middle = np.median(Structural().paths(given, 12, 400, np.random.default_rng(0)), axis=0)
    assert mean[71] < middle[-1] < 1.3 * mean[-1]


def test_structural_told_a_step_starts_from_the_level_after_it() -> None:
    from forecast.models.steps import Steps

    y = np.random.default_rng(8).poisson(np.where(np.arange(60) < 55, 10, 40))
    told, untold = (np.median(Structural().paths(series(y), 4, 400, np.random.default_rng(0), steps=steps))
                    for steps in (Steps(((55,),)), Steps()))
    assert told == pytest.approx(y[55:].mean(), abs=4)  # 47: all that five rows tell of the level
    assert told > untold


def test_count_state_space_widens_with_dispersion() -> None:
    rng = np.random.default_rng(9)
    calm, wild = rng.poisson(6, 80), negative_binomial(np.full(80, 6.0), 0.7, rng)
    widths = [np.ptp(np.quantile(CountStateSpace().paths(series(y), 4, 600, np.random.default_rng(0)), [0.1, 0.9]))
              for y in (calm, wild)]
    assert widths[0] < widths[1]


@pytest.mark.parametrize("shape", [0.05, 0.5, 2.0, 40.0])
def test_ranked_gammas_have_the_mean_and_spread_of_gammas(shape: float) -> None:
    rng = np.random.default_rng(10)
    x = _gamma(np.full(200_000, shape), rng.normal(size=200_000), rng.uniform(size=200_000))
    assert x.mean() == pytest.approx(shape, rel=0.05)
    assert x.var() == pytest.approx(shape, rel=0.1)


def test_prophet_takes_breaks_and_known_days() -> None:
    given = replace(CASES["days"])
    model = Prophet(changepoints=["2021-02-01", "1999-01-01"], holidays={"visit": ["2021-02-10", "2021-03-15"]})
    assert model.paths(given, 4, 20, np.random.default_rng(0)).shape == (20, 4)


def test_counts_from_draws() -> None:
    assert whole(np.array([-1.0, 0.4, 2.6, np.inf, np.nan])).tolist() == [0, 0, 3, 2**53, 0]
    rng = np.random.default_rng(0)
    y = negative_binomial(np.full(40_000, 5.0), 2.0, rng)
    assert y.mean() == pytest.approx(5, rel=0.03)
    assert y.var() == pytest.approx(5 + 25 / 2, rel=0.06)
    assert dispersion(y.astype(float), 5.0) == pytest.approx(2.0, rel=0.1)
    assert negative_binomial(np.array([1e14]), np.inf, rng)[0] == 10**14
