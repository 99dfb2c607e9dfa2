"""Scores agree with scoringrules, with sums done by hand, and with what a score must do."""

from __future__ import annotations

import numpy as np
import pytest
import scoringrules
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forecast.models import scores

COUNTS = st.integers(0, 40)
PATHS = arrays(float, st.tuples(st.integers(2, 30), st.integers(1, 4)), elements=COUNTS.map(float))


def draws(seed: int = 0, n: int = 50, h: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.poisson(7, (n, h)).astype(float), rng.poisson(7, h).astype(float)


def test_crps_by_hand() -> None:
    # mean |x - 2| = (1 + 2)/2; mean |x - x'| = 3/2, half of it 3/4
    assert scores.crps(np.array([1.0, 4.0]), 2.0) == pytest.approx(1.5 - 0.75)


@pytest.mark.parametrize(("fair", "estimator"), [(False, "nrg"), (True, "fair")])
def test_crps_is_that_of_scoringrules(fair: bool, estimator: str) -> None:
    paths, seen = draws()
    theirs = scoringrules.crps_ensemble(seen, paths.T, estimator=estimator)
    np.testing.assert_allclose(scores.crps(paths, seen, fair=fair), theirs)


def test_interval_scores_are_those_of_scoringrules() -> None:
    paths, seen = draws()
    low, high = np.quantile(paths, [0.1, 0.9], axis=0)
    np.testing.assert_allclose(scores.interval_score(low, high, seen, 0.2),
                               scoringrules.interval_score(seen, low, high, 0.2))
    alphas = (0.2, 0.5)
    lows, highs = (np.quantile(paths, [q(a) for a in alphas], axis=0).T
                   for q in (lambda a: a / 2, lambda a: 1 - a / 2))
    theirs = scoringrules.weighted_interval_score(seen, np.median(paths, axis=0), lows, highs, np.array(alphas))
    np.testing.assert_allclose(scores.wis(paths, seen, alphas), theirs)


def test_pinball_by_hand_and_by_scoringrules() -> None:
    assert scores.pinball(3.0, 5.0, 0.9) == pytest.approx(1.8)
    assert scores.pinball(5.0, 3.0, 0.9) == pytest.approx(0.2)
    assert scores.pinball(3.0, 5.0, 0.9) == pytest.approx(scoringrules.quantile_score(5.0, 3.0, 0.9))


def test_weighted_quantile_loss_by_hand() -> None:
    paths = np.tile(np.array([[1.0, 3.0]]), (5, 1))  # every quantile is 1 and 3; off by 1 and 1 of 2 + 2
    assert scores.weighted_quantile_loss(paths, np.array([2.0, 2.0])) == pytest.approx(2 * 2 * 0.5 / 4)
    with pytest.raises(ValueError, match="add up to zero"):
        scores.weighted_quantile_loss(paths, np.zeros(2))


def test_mase_by_hand() -> None:
    history = np.array([1.0, 2.0, 4.0, np.nan, 5.0, 6.0])  # seasonal changes of two rows: 3, 1
    assert scores.mase_scale(history, 2) == pytest.approx(2.0)
    assert scores.mase(np.array([5.0, 5.0]), np.array([8.0, np.nan]), history, 2) == pytest.approx(1.5)
    assert np.isnan(scores.mase_scale(np.full(9, 4.0), 2))


def test_brier_refuses_what_is_no_probability() -> None:
    assert scores.brier(0.25, True) == pytest.approx(0.5625)
    with pytest.raises(ValueError, match="lie in"):
        scores.brier(1.2, True)


def test_log_score_of_many_poisson_draws_is_near_the_exact_one() -> None:
    rng = np.random.default_rng(3)
    paths = rng.poisson(6.0, (20_000, 1))
    for y in (3, 6, 11):
        exact = 6.0 - y * np.log(6.0) + np.log(float(np.prod(np.arange(1, y + 1))))
        assert scores.log_score(paths, np.array([float(y)]))[0] == pytest.approx(exact, abs=0.08)


@given(arrays(float, st.integers(2, 25), elements=COUNTS.map(float)), st.sampled_from([1.0, 8.0]))
@settings(max_examples=40, deadline=None)
def test_log_score_is_one_probability_over_the_whole_counts(x: np.ndarray, factor: float) -> None:
    y = np.arange(0.0, 60.0 * 40 * factor)
    mass = np.exp(-scores.log_score(np.tile(factor * x[:, None], (1, len(y))), y)).sum()
    assert mass == pytest.approx(1.0, abs=1e-6)


@given(PATHS, st.integers(0, 40))
@settings(max_examples=60, deadline=None)
def test_scores_are_never_negative_and_do_not_care_for_order(paths: np.ndarray, y: int) -> None:
    seen = np.full(paths.shape[1], float(y))
    for score in (scores.crps, scores.log_score, scores.wis):
        value = score(paths, seen)
        assert np.all(value >= -1e-12)
        np.testing.assert_allclose(value, score(paths[::-1], seen), atol=1e-9)


@given(PATHS, st.integers(0, 40), st.integers(1, 9))
@settings(max_examples=40, deadline=None)
def test_crps_scales_with_the_counts_and_ignores_a_shift(paths: np.ndarray, y: int, factor: int) -> None:
    seen = np.full(paths.shape[1], float(y))
    np.testing.assert_allclose(scores.crps(factor * paths + 5, factor * seen + 5), factor * scores.crps(paths, seen),
                               atol=1e-9)


def test_the_true_law_beats_a_shifted_one() -> None:
    rng = np.random.default_rng(1)
    seen = rng.poisson(8, 400).astype(float)
    good, bad = rng.poisson(8, (300, 400)), rng.poisson(11, (300, 400))
    for score in (scores.crps, scores.log_score, scores.wis):
        assert score(good, seen).mean() < score(bad, seen).mean()


def test_calibrated_counts_have_a_uniform_pit_and_honest_coverage() -> None:
    rng = np.random.default_rng(2)
    level = rng.gamma(4, 1, 4000)
    paths, seen = rng.poisson(level, (400, 4000)), rng.poisson(level).astype(float)
    edges = np.histogram(scores.pit(paths, seen, rng), bins=10, range=(0, 1))[0] / 4000
    assert np.all(np.abs(edges - 0.1) < 0.02)
    assert scores.coverage(paths, seen, 0.8) >= 0.8
    assert np.all(scores.sharpness(paths, 0.95) >= scores.sharpness(paths, 0.8))


def test_missing_observations_have_no_score() -> None:
    paths, seen = draws()
    seen[1] = np.nan
    for value in (scores.crps(paths, seen), scores.log_score(paths, seen), scores.wis(paths, seen),
                  scores.pit(paths, seen, np.random.default_rng(0))):
        assert np.isnan(value).tolist() == [False, True, False, False]
    assert 0 <= scores.coverage(paths, seen) <= 1


def test_shapes_that_do_not_fit_are_named() -> None:
    with pytest.raises(ValueError, match=r"paths have shape \(50, 4\), observed \(3,\)"):
        scores.crps(draws()[0], np.zeros(3))
    with pytest.raises(ValueError, match="at least 2 draws"):
        scores.crps(np.zeros((1, 2)), np.zeros(2), fair=True)


@pytest.mark.parametrize("horizon", [1, 3])
def test_diebold_mariano_is_that_of_statsmodels(horizon: int) -> None:
    from statsmodels.tsa.stattools import diebold_mariano_test

    rng = np.random.default_rng(5)
    a, b = rng.gamma(2, 1, 40), rng.gamma(2.4, 1, 40)
    theirs = diebold_mariano_test(np.zeros(40), a, b, criterion=lambda y, f: f, lags=horizon - 1, harvey_adj=True,
                                  horizon=horizon)
    np.testing.assert_allclose(scores.diebold_mariano(a, b, horizon), (theirs.statistic, theirs.pvalue))


def test_diebold_mariano_of_the_same_losses_is_one_and_of_two_rows_unknown() -> None:
    loss = np.arange(10.0)
    assert scores.diebold_mariano(loss, loss) == (0.0, 1.0)
    assert scores.diebold_mariano(loss + 1, loss)[1] == 0.0
    assert np.isnan(scores.diebold_mariano(loss[:2], loss[:2] * 2)[1])


def test_the_confidence_set_keeps_the_best_and_drops_the_bad() -> None:
    rng = np.random.default_rng(6)
    base = rng.gamma(2, 1, 120)
    losses = {"good": base, "twin": base + rng.normal(0, 0.05, 120), "bad": base + 1 + rng.normal(0, 0.3, 120)}
    p = scores.confidence_set(losses, np.random.default_rng(0))
    assert p["bad"] < 0.05 < p["twin"]
    assert max(p.values()) == 1.0


def test_break_scores_by_hand() -> None:
    people = [[10, 50], [12]]
    # found 0, 11: both match; recall (2/3 + 2/2)/2
    assert scores.break_f1(people, [11]) == pytest.approx(2 * (5 / 6) / (1 + 5 / 6))
    assert scores.break_f1([[10]], [10]) == 1.0
    # one found break serves one annotated break only
    assert scores.break_f1([[10, 12]], [11]) == pytest.approx(2 * (2 / 3) / (1 + 2 / 3))
    # segments 40 | 60 against 50 | 50: .4 * 40/50 + .6 * 50/60
    assert scores.covering([[40]], [50], 100) == pytest.approx(0.4 * 0.8 + 0.6 * 50 / 60)


@given(st.lists(st.integers(1, 99), max_size=6, unique=True), st.lists(st.integers(1, 99), max_size=6, unique=True))
@settings(max_examples=60, deadline=None)
def test_break_scores_lie_in_one_and_are_one_for_the_annotators_own(a: list[int], found: list[int]) -> None:
    assert 0 < scores.break_f1([a], found) <= 1
    assert 0 < scores.covering([a], found, 100) <= 1 + 1e-12
    assert scores.break_f1([a], a) == pytest.approx(1.0)
    assert scores.covering([a], a, 100) == pytest.approx(1.0)


def test_levels_are_the_nine_deciles():
    assert scores.LEVELS == (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


# -- what a changed operator had survived ---------------------------------------------------------------------------
def test_the_pit_of_an_observation_that_all_draws_equal_is_uniform_to_both_ends() -> None:
    value = scores.pit(np.full((1, 4000), 3.0), np.full(4000, 3.0), np.random.default_rng(0))
    assert value.mean() == pytest.approx(0.5, abs=0.02)
    assert value.min() < 0.01
    assert value.max() > 0.99


def test_the_log_score_smooths_by_the_narrower_of_the_two_spreads() -> None:
    paths = np.concatenate([np.linspace(50, 90, 99), [300.0]])[:, None]  # one draw far off widens only the deviation
    quarter = np.quantile(paths, [0.25, 0.75])
    width = 0.9 * np.ptp(quarter) / 1.34 * 100**-0.2
    scale = width * np.sqrt(3) / np.pi
    mass = (1 / (1 + np.exp(-(70.5 - paths) / scale)) - 1 / (1 + np.exp(-(69.5 - paths) / scale))).sum()
    p = 1 / (paths.mean() + 2)
    assert scores.log_score(paths, np.array([70.0]))[0] == pytest.approx(-np.log((mass + p * (1 - p) ** 70) / 101))


def test_the_weighted_quantile_loss_by_hand() -> None:
    paths = np.array([[0.0, 10.0], [4.0, 10.0]])  # medians 2 and 10; twice the pinball loss at .5 is the distance
    assert scores.weighted_quantile_loss(paths, np.array([3.0, 5.0]), levels=(0.5,)) == pytest.approx((1 + 5) / 8)
    assert scores.weighted_quantile_loss(paths, np.array([3.0, np.nan]), levels=(0.5,)) == pytest.approx(1 / 3)


def test_coverage_counts_neither_what_lies_below_nor_what_lies_above() -> None:
    paths = np.tile(np.arange(11.0)[:, None], 5)
    assert scores.coverage(paths, np.array([0.0, 1.0, 5.0, 9.0, 10.0]), 0.8) == pytest.approx(3 / 5)


def test_sharpness_is_the_width_of_the_central_interval_of_eighty_percent_unless_another_is_named() -> None:
    paths = np.arange(101.0)[:, None]
    assert scores.sharpness(paths)[0] == pytest.approx(80)
    assert scores.sharpness(paths, 0.5)[0] == pytest.approx(50)


def test_the_test_of_equal_losses_takes_one_lag_less_than_the_horizon_also_where_rows_are_few() -> None:
    d = np.array([3.0, 1.0, -2.0, 4.0, 2.0, 5.0, 1.0, 3.0])
    c, n, lags = d - d.mean(), 8, 4
    variance = (c @ c + 2 * sum((1 - k / (lags + 1)) * (c[k:] @ c[:-k]) for k in range(1, lags + 1))) / n
    h = lags + 1
    wanted = d.mean() / np.sqrt(variance / n) * np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)
    assert scores.diebold_mariano(d, np.zeros(8), horizon=5)[0] == pytest.approx(wanted)


def test_a_confidence_set_needs_five_blocks_and_a_level_between_nought_and_one() -> None:
    rng = np.random.default_rng(0)
    losses = {"good": rng.normal(0, 0.01, 10), "bad": rng.normal(5, 0.01, 10)}
    assert scores.confidence_set(losses, rng, block=2)["bad"] < 0.05  # five blocks of two are enough
    assert set(scores.confidence_set({k: v[:9] for k, v in losses.items()}, rng, block=2).values()) == {1.0}
    assert set(scores.confidence_set(losses, rng, level=1.0).values()) == {1.0}


def test_a_member_that_is_noisier_is_not_thrown_out_for_a_mean_within_its_noise() -> None:
    rng = np.random.default_rng(1)
    found = scores.confidence_set({"calm": rng.normal(10, 1, 60), "noisy": rng.normal(11, 40, 60)}, rng)
    assert found["noisy"] > 0.1


def test_a_confidence_set_gives_a_member_one_standard_error_worse_the_chance_of_that() -> None:
    rng = np.random.default_rng(4)
    noise = rng.normal(size=400)
    noise = (noise - noise.mean()) / noise.std()
    worse = noise + 1 / np.sqrt(400)  # its mean loss lies one standard error above
    found = scores.confidence_set({"even": np.zeros(400), "worse": worse}, rng, block=1, resamples=4000)
    assert found["worse"] == pytest.approx(0.317, abs=0.04)  # two-sided, beyond one standard deviation


def test_losses_that_differ_by_a_constant_leave_no_doubt_whichever_is_the_smaller() -> None:
    five = np.full(5, 5.0)
    assert scores.diebold_mariano(five - 2, five) == (-np.inf, 0.0)
    assert scores.diebold_mariano(five + 2, five) == (np.inf, 0.0)


def test_three_pairs_are_enough_to_test_and_two_are_not() -> None:
    assert np.isfinite(scores.diebold_mariano(np.array([1.0, 2.0, 4.0]), np.zeros(3))[0])
    assert np.isnan(scores.diebold_mariano(np.array([1.0, 2.0]), np.zeros(2))[0])


def test_the_lags_are_counted_to_the_horizon_for_even_horizons_too() -> None:
    d = np.array([3.0, 1.0, -2.0, 4.0, 2.0, 5.0, 1.0, 3.0, 0.0, 2.0])
    c, n, lags = d - d.mean(), 10, 3
    variance = (c @ c + 2 * sum((1 - k / (lags + 1)) * (c[k:] @ c[:-k]) for k in range(1, lags + 1))) / n
    h = lags + 1
    wanted = d.mean() / np.sqrt(variance / n) * np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)
    assert scores.diebold_mariano(d, np.zeros(n), horizon=4)[0] == pytest.approx(wanted)


def test_half_of_the_paths_lie_in_the_interval_of_one_half() -> None:
    paths = np.arange(101.0)[:, None].repeat(6, axis=1)
    assert scores.coverage(paths, np.array([20.0, 24.0, 26.0, 74.0, 76.0, 80.0]), 0.5) == pytest.approx(2 / 6)


def test_the_weighted_interval_score_takes_the_eleven_intervals_of_the_hubs() -> None:
    rng = np.random.default_rng(5)
    paths, seen = rng.poisson(9, (500, 3)), np.array([2.0, 9.0, 30.0])
    hubs = [0.02, 0.05, *(k / 10 for k in range(1, 10))]
    np.testing.assert_allclose(scores.wis(paths, seen), scores.wis(paths, seen, hubs))


def test_a_count_beyond_all_draws_costs_what_the_one_geometric_draw_gives_it() -> None:
    p = 1 / (5 + 2)  # draws that are all five
    assert scores.log_score(np.full((9, 1), 5), np.array([8.0]))[0] == pytest.approx(-np.log(p * (1 - p) ** 8 / 10))
