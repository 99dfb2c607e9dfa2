"""Lists of a panel: few false ones among those that are said to have changed, or to have been affected."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.panel.discoveries import judged, p_values, q_values
from forecast.panel.placebos import other_windows


def test_p_values_count_the_series_itself_among_its_placebos():
    placebos = np.array([-2.0, -1.0, 0.0, 1.0])
    assert p_values(np.array([2.0, 0.0, -3.0, np.nan]), placebos)[:3].tolist() == [0.2, 0.6, 1.0]
    assert np.isnan(p_values(np.array([np.nan]), placebos)[0])


def test_the_longest_list_within_the_allowed_rate_is_taken():
    # ten series, all counted as unchanged: q = 10 p / rank, made monotone from behind
    p = np.array([0.001, 0.6, 0.02, 0.03, 0.9, 0.2, 0.03, np.nan])
    q = q_values(p)
    assert q[[0, 2, 3, 6]] == pytest.approx([0.007, 0.0525, 0.0525, 0.0525])  # 7 * 0.03 / 4, for the tie and before it
    assert q[5] == pytest.approx(7 * 0.2 / 5)
    assert np.isnan(q[7])


def test_the_share_is_learned_and_the_rate_holds():
    rng = np.random.default_rng(0)
    n, share = 20_000, 0.2
    true = rng.random(n) < share
    # log ratios of two normal laws nine apart in variance units: as Bayes factors they are what they say
    ratio = np.where(true, rng.normal(4.5, 3, n), rng.normal(-4.5, 3, n))
    found = judged(ratio, rng.normal(-4.5, 3, 2000), 0.1)
    assert 0.15 < found.share < share  # a lower bound, from one p-value
    assert (found.listed & ~true).sum() / found.listed.sum() == pytest.approx(0.1, abs=0.03)
    assert found.expected_false == pytest.approx((found.listed & ~true).sum(), rel=0.3)
    assert np.all(np.diff(found.probability[np.argsort(ratio)]) >= 0)


def test_what_more_probably_did_not_change_is_not_listed_however_small_its_p_value():
    # long series without a change show evidence against one; a series of three rows shows none, a window that a change
    # only touches shows a little: both are rare among such placebos
    rng = np.random.default_rng(0)
    found = judged(np.r_[np.full(20, 8.0), 0.02, rng.normal(-2, 0.5, 100)], rng.normal(-2, 0.5, 1000), 0.1)
    assert found.q_value[20] < 0.1
    assert found.probability[20] < 0.5
    assert found.listed.tolist() == [True] * 20 + [False] * 101


def test_a_window_is_judged_by_other_windows_whatever_its_factor():
    # the date of a change is spread over the days around it: its window has a factor below one more often than above
    rng = np.random.default_rng(0)
    log_ratio, others = np.r_[np.full(20, 1.5), rng.normal(-2, 0.5, 380)], rng.normal(-2, 0.5, 1000)
    assert judged(log_ratio, others, 0.1, likely=0.0).listed[:20].all()
    assert not judged(log_ratio, others, 0.1).listed[:20].any()


def test_the_list_owns_to_as_many_wrong_ones_as_its_own_probabilities_say():
    rng = np.random.default_rng(0)
    found = judged(np.r_[np.full(20, 8.0), np.full(5, 1.9), rng.normal(-2, 0.5, 100)], rng.normal(-2, 0.5, 1000), 0.1)
    assert found.listed.sum() == 25
    assert found.expected_false == pytest.approx((1 - found.probability[found.listed]).sum())
    assert found.expected_false > 1


def test_a_panel_without_evidence_lists_nothing():
    assert not judged(np.full(200, -2.0), np.full(1000, -2.0), 0.1).listed.any()
    assert not judged(np.full(3, np.nan), np.array([]), 0.1).listed.any()
    assert not judged(np.array([]), np.array([]), 0.1).listed.any()


def test_the_placebo_windows_lie_off_the_event_and_inside_what_was_observed():
    gaps, allowed = np.zeros(100, dtype=bool), np.zeros(100, dtype=bool)
    gaps[40:45], allowed[3:97] = True, True
    masks = other_windows(gaps, allowed)
    assert len(masks) == 20
    assert all(mask.sum() == 5 for mask in masks)
    assert not any(mask[35:50].any() for mask in masks)
    assert not any(mask[:3].any() or mask[97:].any() for mask in masks)
