"""MOSUM with windows of several widths, near the ends of a series too; all series are simulated."""

from __future__ import annotations

import numpy as np
import pytest

from forecast import Series, simulate
from forecast.breaks.mosum import Mosum, levels, process


def found(y: np.ndarray, **settings: object) -> list[int]:
    return [b.position for b in Mosum(**settings).detect(Series.from_values(y))]


def test_the_evidence_is_the_gap_of_the_means_over_its_standard_error():
    y = np.random.default_rng(0).normal(size=(2, 40))
    ours = process(y, 10)
    assert ours.shape == (2, 35)
    for cut in (3, 8, 20, 31, 37):  # near an end a window is as long as the rows that are left
        start = min(max(cut - 10, 0), 20)
        gap = y[:, cut:start + 20].mean(axis=1) - y[:, start:cut].mean(axis=1)
        error = np.sqrt(1 / (cut - start) + 1 / (start + 20 - cut))
        assert ours[:, cut - 3] == pytest.approx(np.abs(gap) / error)


def test_all_widths_together_pass_their_levels_as_rarely_as_asked():
    drawn, fresh = np.random.default_rng(1).normal(size=(2, 2000, 100))
    widths = [8, 15, 25]
    passed = np.any([process(fresh, width).max(axis=1) > level
                     for width, level in zip(widths, levels(drawn, widths, 0.05), strict=True)], axis=0)
    assert 0.035 <= passed.mean() <= 0.065


@pytest.mark.parametrize("cut", [6, 74])
def test_a_change_nearer_to_an_end_than_a_window_is_found(cut):
    y = np.random.default_rng(2).normal(size=80) + 6.0 * (np.arange(80) >= cut)
    assert found(y) == [cut]


def test_a_short_spell_and_a_small_change_want_different_windows():
    spell, step = np.random.default_rng(0).normal(size=(2, 200))
    spell[50:58] += 7
    step[100:] += 1.5

    def dated(bandwidths):
        return found(spell, bandwidths=bandwidths) == [50, 58], [abs(p - 100) <= 8 for p in found(
            step, bandwidths=bandwidths)] == [True]

    assert dated([0.04]) == (True, False)
    assert dated([0.25]) == (False, True)
    assert dated([0.04, 0.25]) == (True, True)


def test_one_change_is_one_break_whatever_the_number_of_windows():
    y = np.random.default_rng(4).normal(size=150) + 5.0 * (np.arange(150) >= 70)
    assert found(y, bandwidths=[0.05, 0.1, 0.15, 0.2, 0.3]) == [70]


def test_counts_that_persist_are_seldom_called_broken():
    called = [bool(Mosum().detect(simulate(80, level=12, correlation=0.7, seed=seed))) for seed in range(60)]
    assert sum(called) <= 7  # 5 % would be three


def test_windows_that_do_not_fit_find_nothing_and_none_at_all_are_refused():
    assert found(np.array([1.0, 1, 9, 9, 9])) == []
    assert found(np.r_[np.zeros(40), 1.0]) == []
    with pytest.raises(ValueError, match="bandwidths must lie from"):
        Mosum(bandwidths=[0.1, 0])
