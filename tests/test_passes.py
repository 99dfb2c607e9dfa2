"""The passes of the regime model say what sums over every level and deviation, written out in numpy, say."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import nbinom
from scipy.stats import t as student

from forecast.regime_model.filters import backward, evidence_of, forward, paths
from forecast.regime_model.fit import RegimeModel
from forecast.regime_model.grid import deviations
from forecast.regime_model.likelihood import FLOOR, Counts, Reals, log_mass
from forecast.regime_model.posterior import sample
from forecast.regime_model.problem import discretise
from forecast.series.series import Series

MODEL = RegimeModel(spreads=(0.12, 0.4), correlations=(0.4, 0.85), dispersions=(2.0, 8.0, 40.0), levels=24)


@pytest.fixture(scope="module", params=["no break", "a break", "gaps and bounds", "irregular dates"])
def series(request):
    """Simulated weekly counts."""
    rng = np.random.default_rng(5)
    mean = np.where(np.arange(120) < 70, 12.0, 12.0 if request.param == "no break" else 22.0)
    y = rng.poisson(mean * rng.gamma(6, 1 / 6, 120)).astype(float)
    high = y.copy()
    if request.param == "gaps and bounds":
        y[[3, 4, 50, 51, 52]] = high[[3, 4, 50, 51, 52]] = np.nan
        high[10], high[90] = y[10] + 6, np.inf
    if request.param == "irregular dates":  # each length of gap has a matrix of its own
        days = np.datetime64("2022-01-03") + np.cumsum(rng.choice([7, 14, 35], 120)).astype("timedelta64[D]")
        return Series.from_counts(days, y, kind="stock")
    return Series.from_values(y, start="2022-01-03", low=y, high=high)


def filtered(problem, block, jump, b=0):
    """States [n, D, E, L] after each row, each setting's adding up to one, and log scales [n, E]; double precision."""
    table, peak, index = block.emission.table.astype(float), block.emission.peak, block.index[b]
    state, states, logs = None, [], []
    for t, row in enumerate(index):
        if state is None:
            state = np.broadcast_to(deviations(block.nodes)[1][:, None, None] * problem.prior, table.shape[1:])
        else:
            state = np.einsum("del,df->fel", state, block.moves(problem.gaps[t - 1]).astype(float))
            state = (1 - jump[t - 1]) * state + jump[t - 1] * problem.prior * state.sum(axis=-1, keepdims=True)
        state = state * table[row]
        mass = state.sum(axis=(0, 2))
        state = state / mass[:, None]
        states.append(state)
        logs.append(np.log(mass) + peak[row] + (logs[-1] if logs else 0.0))
    return np.array(states), np.array(logs)


def test_the_filter_is_that_of_the_sums_written_out(series):
    problem = discretise(MODEL, series)
    for jump in (problem.jumps(1.0), np.zeros(len(series) - 1)):
        for block in problem.blocks:
            state, log = filtered(problem, block, jump)
            found = forward(problem, block, jump, keep=[0, 60, 119], sums=True)
            assert np.allclose(found.log[:, 0], log, rtol=0, atol=2e-3)
            assert np.allclose(found.state[:, 0], state[[0, 60, 119]], atol=2e-4)
            assert np.allclose(found.sums[:, 0], state.sum(axis=-1), atol=2e-4)


def test_what_lies_ahead_and_behind_of_any_row_gives_the_same_evidence(series):
    problem = discretise(MODEL, series)
    jump, rows = problem.jumps(1.0), np.array([5, 51, 80])
    for block in problem.blocks:
        ahead, back = forward(problem, block, jump, keep=rows), backward(problem, block, jump, keep=rows + 1)
        for k, t in enumerate(rows):
            state = np.einsum("del,df->fel", ahead.state[k, 0], block.moves(problem.gaps[t]))
            state = (1 - jump[t]) * state + jump[t] * problem.prior * state.sum(axis=-1, keepdims=True)
            both = ahead.log[t, 0] + back.log[t + 1, 0] + np.log((state * back.state[k, 0]).sum(axis=(0, 2)))
            assert np.allclose(both, ahead.log[-1, 0], rtol=0, atol=2e-3)


def test_sums_backward_average_over_the_prior_of_the_level(series):
    problem = discretise(MODEL, series)
    jump = problem.jumps(1.0)
    for block in problem.blocks:
        found = backward(problem, block, jump, keep=np.arange(len(series)), sums=True)
        assert np.allclose(found.sums, found.state @ problem.prior, atol=1e-5)


def test_evidence_of_several_series_at_once_is_that_of_each(series):
    rows = np.stack([series.low, series.low[::-1]])
    high = np.stack([series.high, series.high[::-1]])
    problem = discretise(replace(MODEL, feedback=()), series, simulated=(rows, high))
    jump = problem.jumps(1.0)
    found = evidence_of(problem, jump)
    for b in range(2):
        apart = np.concatenate([filtered(problem, block, jump, b)[1][-1] for block in problem.blocks])
        assert np.allclose(found[b], apart, rtol=0, atol=2e-3)


def test_paths_have_the_breaks_and_levels_of_the_smoother(series):
    problem = discretise(MODEL, series)
    jump, draws = problem.jumps(1.0), 4000
    block = problem.blocks[1].only(np.array([1]))
    rows = np.arange(len(series))
    ahead, back = (each(problem, block, jump, keep=rows) for each in (forward, backward))
    here = ahead.state[:, 0, :, 0].astype(float)  # [n, D, L]
    later = back.state[:, 0, :, 0].astype(float)
    broke = np.empty(len(series) - 1)
    smooth = np.empty((len(series), len(problem.levels)))
    smooth[-1] = here[-1].sum(axis=0)
    for t in range(len(series) - 1):
        move = block.moves(problem.gaps[t])
        on = move.T @ here[t]
        stay = ((1 - jump[t]) * on * later[t + 1]).sum()
        fresh = (jump[t] * on.sum(axis=1, keepdims=True) * problem.prior * later[t + 1]).sum()
        broke[t] = fresh / (stay + fresh)
        renewed = (1 - jump[t]) * later[t + 1] + jump[t] * (later[t + 1] @ problem.prior)[:, None]
        smooth[t] = (here[t] * (move @ renewed)).sum(axis=0)
        smooth[t] /= smooth[t].sum()
    jumped, level = paths(problem, block, jump, np.zeros(draws, int), np.random.default_rng(1))
    assert np.abs(jumped.mean(axis=0) - broke).max() < 5 * np.sqrt(0.25 / draws)
    mean = smooth @ problem.levels
    spread = np.sqrt(smooth @ problem.levels**2 - mean**2)
    assert (np.abs(problem.levels[level].mean(axis=0) - mean) < 5 * spread / np.sqrt(draws) + 1e-6).all()


def test_settings_drawn_few_at_a_time_are_those_drawn_at_once(series, monkeypatch):
    problem = discretise(MODEL, series)
    jump, setting = problem.jumps(1.0), np.repeat(np.arange(6), 800)
    whole = paths(problem, problem.blocks[1], jump, setting, np.random.default_rng(1))
    monkeypatch.setattr("forecast.regime_model.filters.MOST_BYTES", 1)
    apart = paths(problem, problem.blocks[1], jump, setting, np.random.default_rng(1))
    for e in range(6):
        mine = setting == e
        for one, other in zip(whole, apart, strict=True):
            a, b = one[mine].mean(axis=0), other[mine].mean(axis=0)
            assert np.abs(a - b).max() < 6 * np.sqrt(2 * max(one[mine].var(axis=0).max(), 1e-3) / 800)


def test_the_same_seed_draws_the_same_paths(series):
    problem = discretise(MODEL, series)
    one, other = (sample(problem, 50, np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(one.jumps, other.jumps)
    assert np.array_equal(one.level, other.level)


def test_a_level_only_moves_where_a_path_jumps(series):
    found = sample(discretise(MODEL, series), 200, np.random.default_rng(3))
    moved = np.diff(found.level, axis=1) != 0
    assert not (moved & ~found.jumps).any()


def test_one_row_alone_has_its_evidence_and_paths():
    problem = discretise(MODEL, Series.from_values([4.0], start="2022-01-03"))
    found = sample(problem, 20, np.random.default_rng(0))
    assert found.jumps.shape == (20, 0)
    assert np.isfinite(found.level).all()


def test_counts_of_several_scales_have_the_likelihood_of_the_negative_binomial():
    rows = np.array([[3, 3, 1.0], [3, 3, 0.5], [0, 0, 0.25], [np.nan, np.nan, 1.0], [7, 7, 0.5], [2, 5, 0.5], [4, np.inf, 1.0]])
    levels, spread, noise, nodes = np.log([2.0, 5.0, 9.0, 20.0]), np.array([0.0, 0.4]), np.array([2.5, 8.0]), 3
    found = Counts().emission(rows, levels, spread, noise, nodes)
    for u, (low, high, scale) in enumerate(rows):
        if np.isnan(low):
            np.testing.assert_array_equal(found.table[u], 1)
            continue
        for d, x in enumerate(deviations(nodes)[0]):
            for e in range(2):
                success = noise[e] / (noise[e] + scale * np.exp(levels + x * spread[e]))
                wanted = nbinom.logpmf(low, noise[e], success) if low == high else np.log(
                    nbinom.cdf(high, noise[e], success) - nbinom.cdf(low - 1, noise[e], success))
                np.testing.assert_allclose(found.peak[u, e] + np.log(found.table[u, d, e]), wanted, atol=2e-3)


@pytest.mark.parametrize(("low", "high"), [(0, 0), (0, 3), (4, np.inf), (20, 35), (450, np.inf), (300, 1200)])
def test_the_chance_of_a_count_within_bounds_is_that_of_its_distribution(low, high):
    mean = np.exp(np.arange(-6, 12, 0.25))
    for size in (0.7, 2.5, 60.0, 6e4):
        success = size / (size + mean)
        right = nbinom.logsf(low - 1, size, success) if np.isinf(high) else np.log(np.maximum(np.where(
            nbinom.cdf(low, size, success) > 0.5,
            nbinom.sf(low - 1, size, success) - nbinom.sf(high, size, success),
            nbinom.cdf(high, size, success) - nbinom.cdf(low - 1, size, success)), 1e-300))
        near = right > -40  # further out scipy itself loses digits
        assert np.allclose(log_mass(low, high, success, size)[near], right[near], rtol=0, atol=1e-6)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3.0, 3.0), (2.0, 40.0)])
def test_the_chance_of_a_real_within_bounds_is_that_of_its_distribution(low, high):
    level = np.array([-300.0, -40, -5, -1, 0, 0.5, 3, 12, 60, 4000])
    rows, spread, noise = np.array([[low, high, 1.0]]), np.array([0.0]), np.array([0.7])
    made = Reals().emission(rows, level, spread, noise, 1)
    near, far = (low - level) / 0.7, (high - level) / 0.7
    right = np.log(np.where(near > 0, student.sf(near, 6) - student.sf(far, 6), student.cdf(far, 6) - student.cdf(near, 6)))
    assert made.peak[0, 0] == pytest.approx(right.max())
    assert np.allclose(np.log(made.table[0, 0, 0]), np.maximum(right - right.max(), FLOOR), atol=1e-4)
