"""The compiled passes of a panel say what the plain ones of the regime model say."""

import numpy as np
import pytest

from forecast.panel.one import MODEL
from forecast.panel.passes import CompiledCounts, evidence_of, sample
from forecast.posterior import sample as plain_sample
from forecast.regimes import forward, pose
from forecast.series import Series


@pytest.fixture(scope="module", params=["no break", "a break", "gaps and bounds"])
def series(request):
    """Simulated weekly counts."""
    rng = np.random.default_rng(5)
    mean = np.where(np.arange(120) < 70, 12.0, 12.0 if request.param == "no break" else 22.0)
    y = rng.poisson(mean * rng.gamma(6, 1 / 6, 120)).astype(float)
    high = y.copy()
    if request.param == "gaps and bounds":
        y[[3, 4, 50, 51, 52]] = high[[3, 4, 50, 51, 52]] = np.nan
        high[10], high[90] = y[10] + 6, np.inf
    return Series.from_values(y, start="2022-01-03", low=y, high=high)


def _plain_evidence(problem, jump):
    return np.concatenate([forward(problem, block, jump).log[-1].transpose(1, 0, 2).reshape(block.index.shape[1], -1)
                           for block in problem.blocks], axis=1)


def test_evidence_of_every_setting_is_that_of_the_plain_filter(series):
    posed, compiled = pose(MODEL, series), pose(MODEL, series, counts=CompiledCounts())
    for jump in (posed.jumps(1.0), np.zeros(len(series) - 1)):
        assert np.allclose(evidence_of(compiled, jump), _plain_evidence(posed, jump), rtol=0, atol=2e-3)


def test_evidence_of_several_series_at_once_is_that_of_each(series):
    rows = np.stack([series.low, series.low[::-1]])
    high = np.stack([series.high, series.high[::-1]])
    problem = pose(MODEL, series, simulated=(rows, high), counts=CompiledCounts())
    assert np.allclose(evidence_of(problem, problem.jumps(1.0)), _plain_evidence(problem, problem.jumps(1.0)), atol=2e-3)


def test_paths_have_the_breaks_and_levels_of_the_plain_sampler(series):
    draws = 4000
    mine = sample(pose(MODEL, series, counts=CompiledCounts()), draws, np.random.default_rng(1))
    plain = plain_sample(pose(MODEL, series), draws, np.random.default_rng(2))
    assert mine.log_ratio == pytest.approx(plain.log_ratio, abs=2e-3)
    for one, other in ((mine.jumps, plain.jumps), (mine.level, plain.level)):
        a, b = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
        noise = np.sqrt((a.var(axis=0) + b.var(axis=0)) / draws) + 1 / draws
        assert np.abs(a.mean(axis=0) - b.mean(axis=0)).max() < 5 * noise.max()
        assert np.mean(np.abs(a.mean(axis=0) - b.mean(axis=0)) / noise) < 2.5  # neighbouring rows move together
    assert np.allclose(np.bincount(mine.number, minlength=4)[:4] / draws,
                       np.bincount(plain.number, minlength=4)[:4] / draws, atol=0.04)


def test_the_same_seed_draws_the_same_paths(series):
    problem = pose(MODEL, series, counts=CompiledCounts())
    one, other = (sample(problem, 50, np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(one.jumps, other.jumps)
    assert np.array_equal(one.level, other.level)


def test_a_level_only_moves_where_a_path_jumps(series):
    found = sample(pose(MODEL, series, counts=CompiledCounts()), 200, np.random.default_rng(3))
    moved = np.diff(found.level, axis=1) != 0
    assert not (moved & ~found.jumps).any()
