"""From evidence series by series to a list with few false ones: what the panel as a whole says of each series.

How large evidence grows by chance is learned from placebos, pooled over the panel: its own series, shuffled so that
no change lasts, and windows without the event. That gives p-values, the share of unchanged series (Storey 2002, JRSS B
64, 479-498) and the longest list whose expected share of false ones is within what is allowed (Benjamini & Hochberg
1995, JRSS B 57, 289-300). The list takes no account of that share: it rests on the middle of the p-values, where
shuffled series lie a little below real ones, and a list lengthened by it held 15 false ones of 100 at a nominal 10
(simulated). Bayes factors alone would not do: their prior holds small changes that no panel need have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

UNCHANGED = 0.5  # p-values above this are taken for those of unchanged series
SURE = 0.95  # confidence of what is said to be changed at least
LIKELY = 0.5  # no series is said to have changed that more probably did not


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What the panel says of each series, [n]: NaN and False where there is no evidence.

    p_value : chance of as much evidence without a change; q_value : least rate of false ones at which it is listed
    probability : that it changed, given the share of changed series in the panel
    listed : q_value is at most the rate, and probability at least `LIKELY`: the more careful of the two counts
    share : of changed series, at least so many at 95 %, as of independent series; 0 where none was tested
    expected_false : of those listed, the larger of what their p-values and their probabilities give
    """

    p_value: np.ndarray
    q_value: np.ndarray
    probability: np.ndarray
    listed: np.ndarray
    share: float
    expected_false: float


def judged(log_ratio: np.ndarray, placebos: np.ndarray, fdr: float, likely: float = LIKELY) -> Verdicts:
    """Verdicts on log Bayes factors [n] (NaN = none) by those of placebos [m], at a rate `fdr` of false ones.

    A p-value alone lists a series of three rows, which shows nothing either way, because long series without a change
    show more against one. The evidence of a window is spread over its days and those around it: its factor is far below
    its p-value's worth, and only other windows of the same series, as long, say what is much.

    likely : least probability of a change of a series that is listed; 0 for windows, which their p-values judge alone

    >>> judged(np.array([9.0, 8.0, -2.0, -1.0, np.nan]), np.linspace(-3, 3, 100), 0.1).listed.tolist()
    [True, True, False, False, False]
    """
    p = p_values(log_ratio, placebos)
    unchanged = share_unchanged(p)
    q = q_values(p)
    with np.errstate(divide="ignore"):
        odds = log_ratio + np.log(1 - unchanged) - np.log(unchanged)
    chance = 1 / (1 + np.exp(-np.clip(odds, -500, 500)))
    listed = np.asarray((np.nan_to_num(q, nan=np.inf) <= fdr) & (np.nan_to_num(chance) >= likely))
    wrong = np.sum(~np.isnan(p)) * p[listed].max() if listed.any() else 0.0
    if likely and listed.any():
        wrong = max(wrong, np.sum(1 - chance[listed]))
    return Verdicts(p, q, chance, listed, least_share(p), float(wrong))


def p_values(log_ratio: np.ndarray, placebos: np.ndarray) -> np.ndarray:
    """Share of placebos with at least this evidence, the series itself counted among them, [n]."""
    above = len(placebos) - np.searchsorted(np.sort(placebos), log_ratio - 1e-9)
    return np.where(np.isnan(log_ratio), np.nan, (1 + above) / (1 + len(placebos)))


def share_unchanged(p: np.ndarray) -> float:
    """Upper estimate of the share of unchanged series, for the odds of each; one unseen changed one is counted in."""
    n = int(np.sum(~np.isnan(p)))
    above = float(np.sum(p > UNCHANGED))
    return min((1 + above) / (max(n, 1) * (1 - UNCHANGED)), (n + 1) / (n + 2))


def least_share(p: np.ndarray) -> float:
    """Share of changed series that the panel surely holds, a lower bound of confidence `SURE`; 0 where none was tested.

    Of m unchanged series at least half have p-values above one half: m is at most what makes as few as there are
    likelier than 1 - `SURE` (the bound of Meinshausen & Rice 2006, Annals of Statistics 34, 373-393, at one p-value).
    """
    from scipy.special import bdtr

    n, above = int(np.sum(~np.isnan(p))), int(np.sum(p > UNCHANGED))
    unchanged = above - 1 + int(np.sum(bdtr(above, np.arange(above, n + 1), UNCHANGED) > 1 - SURE))
    return max(n - unchanged, 0) / max(n, 1)


def q_values(p: np.ndarray) -> np.ndarray:
    """Least rate of false ones at which each series is listed, [n]; series with the same p stand or fall together."""
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    rank = np.searchsorted(p[order], p[order], side="right")
    q = np.full(len(p), np.nan)
    rate = len(known) * p[order] / np.maximum(rank, 1)
    q[order] = np.minimum(np.minimum.accumulate(rate[::-1])[::-1], 1.0)
    return q
