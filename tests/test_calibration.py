"""Tails learned from past errors: monotone, shrunk without evidence, and never from beyond the origin."""

from __future__ import annotations

from dataclasses import dataclass, field
from unittest.mock import patch

import numpy as np
import pytest

from forecast import Series, predict
from forecast.models import gaussian
from forecast.models import recalibrated as module
from forecast.models.calibration import USUAL, Tails, learned, stretched, widening
from forecast.models.kernel import Kernel
from forecast.models.recalibrated import Recalibrated
from forecast.models.structural import Structural

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("tails", [Tails(1.0, 0.2), Tails(1.0, 0.03), Tails(0.7, 0.1), Tails(1.5, 0.0)])
def test_the_map_keeps_the_order_of_the_paths_and_the_median(tails: Tails) -> None:
    paths = RNG.poisson([3.0, 40.0, 5000.0], size=(801, 3)).astype(float)
    found = stretched(paths, tails)
    for before, after in zip(paths.T, found.T, strict=True):
        order = np.argsort(before, kind="stable")
        assert np.all(np.diff(after[order]) >= -1e-9)
        assert np.median(after) == pytest.approx(np.median(before))


def test_tails_leave_the_80_percent_interval_and_widen_the_95() -> None:
    paths = RNG.normal(1e6, 300, size=(40_000, 1))
    before, after = (np.quantile(each, [0.025, 0.1, 0.9, 0.975]) for each in (paths, stretched(paths, Tails(1, 0.09))))
    assert after[2] - after[1] == pytest.approx(before[2] - before[1], rel=0.01)
    assert (after[3] - after[0]) / (before[3] - before[0]) == pytest.approx(1.198, abs=0.01)


def test_no_factor_changes_nothing() -> None:
    paths = RNG.poisson(7, size=(50, 4)).astype(float)
    np.testing.assert_allclose(stretched(paths, Tails(1.0, 0.0)), paths, atol=1e-9)


def test_the_fewer_errors_a_history_holds_the_wider_is_a_forecast() -> None:
    long, short, least = widening(10_000, 12), widening(24, 12), widening(1, 12)
    assert np.all(np.diff(short) > 0)
    assert long.max() < 1.001 < short.min()
    # tables of Student's t: 1.440 at six degrees of freedom, which 24 rows have 12 ahead, 1.886 at two, the fewest
    assert short[-1] == pytest.approx(1.440 / 1.2816, abs=0.001)
    assert least[1:] == pytest.approx(np.full(11, 1.886 / 1.2816), abs=0.001)
    paths = RNG.normal(1e6, 300, size=(2_000, 12))
    spread = np.std(stretched(paths, Tails(1.0, 0.0), short), axis=0) / np.std(paths, axis=0)
    assert spread == pytest.approx(short, abs=0.002)


def test_few_errors_leave_what_is_usual_and_many_decide() -> None:
    none = learned(np.empty((0, 6)), np.empty(0))
    assert none.scale == pytest.approx(1, abs=0.05)
    assert none.tail == pytest.approx(USUAL, abs=0.02)
    gauss, heavy, age = RNG.normal(size=(400, 1)), RNG.standard_t(3, size=(400, 1)) / 1.3, np.arange(400)
    assert learned(gauss, age).tail < 0.04 < none.tail < learned(heavy, age).tail
    assert 1.25 < learned(1.5 * gauss, age, memory=1e6).scale < 1.7
    assert learned(1.5 * np.array([[-1.0], [0.5], [1.1]]), np.arange(3)).scale == pytest.approx(1.0, abs=0.1)


def test_late_errors_tell_about_the_scale_and_early_ones_do_not() -> None:
    errors, age = np.concatenate([np.full((8, 3), 3.0), np.full((60, 3), 0.7)]), np.arange(68)
    assert learned(errors, age).scale > 1.1
    assert learned(errors[::-1], age).scale < 1.0


def test_structural_errors_are_those_of_a_forecast_from_each_origin() -> None:
    """One setting on the square root: the dense conditional formula from the rows before the origin alone."""
    y = RNG.poisson(60, 30).astype(float)
    when = np.flatnonzero(RNG.uniform(size=30) < 0.8).astype(float)
    seen, table = y[when.astype(int)] + 0.5, np.array([[0, 0.05, 0.0, 0.0, 0.0, 0.0]])
    with patch.object(gaussian, "POWERS", (0.5,)):
        observed = gaussian.Observed.of(np.where(np.isin(np.arange(30), when), y, np.nan), 30, 1)
        found = gaussian.fit(observed, np.zeros(0), kernel=Kernel(30.0), table=table, prior=1.0, origins=np.array([12]),
                             steps=3)
    z = 2 * (np.sqrt(seen) - 1)
    unit = z.std()
    z = (z - z.mean()) / unit
    k = 100 + 0.05 * np.minimum(when[:, None], when) + np.eye(len(when))
    scale = unit**-2 + z[:12] @ np.linalg.solve(k[:12, :12], z[:12]) / 2  # one observation of Poisson noise before
    gain = np.linalg.solve(k[:12, :12], k[:12, 12:15])
    error = z[12:15] - gain.T @ z[:12]
    spread = np.sqrt(np.diag(k[12:15, 12:15] - gain.T @ k[:12, 12:15]) * scale / 7)
    from scipy.special import ndtri, stdtr

    np.testing.assert_allclose(found.past[0], ndtri(stdtr(14, error / spread)), atol=1e-6)


def test_tails_of_a_wild_history_are_wider_than_those_of_a_calm_one() -> None:
    calm = RNG.poisson(400, 240).astype(float)
    wild = calm.copy()
    wild[7::12] *= 0.7
    wild = wild[RNG.permutation(240)]
    paths = [Structural().paths(Series.from_values(np.round(y), freq="D"), 1, 4000, np.random.default_rng(0))
             for y in (calm, wild)]
    ratio = [np.ptp(np.quantile(p, [0.005, 0.995])) / np.ptp(np.quantile(p, [0.1, 0.9])) for p in paths]
    assert ratio[1] > ratio[0] * 1.1


@dataclass
class Spy:
    """Remembers the rows it was shown."""

    shown: list[np.ndarray] = field(default_factory=list)

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        self.shown.append(series.value)
        return np.zeros((draws, horizon), dtype=np.int64)


def test_recalibration_shows_the_member_only_rows_before_each_inner_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy()
    monkeypatch.setattr(module, "make", lambda _group, _name: spy)
    y = np.arange(30.0)
    Recalibrated(member="mean", origins=4, ahead=3, every=5).paths(Series.from_values(y), 2, 10, np.random.default_rng(0))
    assert [len(rows) for rows in spy.shown] == [29, 24, 19, 14, 30]
    for rows in spy.shown:
        np.testing.assert_array_equal(rows, y[:len(rows)])


def test_a_member_that_is_too_sure_is_widened() -> None:
    level = 200 * np.exp(np.cumsum(RNG.normal(0, 0.25, 90)))  # wanders; a regression on a constant does not
    series = Series.from_values(RNG.poisson(level))
    own, mended = (np.quantile(predict(series, model=name, horizon=6, draws=800), [0.025, 0.975], axis=0)
                   for name in ("negative_binomial", "recalibrated"))
    assert np.mean(np.ptp(mended, axis=0) / np.ptp(own, axis=0)) > 1.1
