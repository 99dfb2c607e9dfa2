"""From evidence series by series to a list with few false ones: what the panel as a whole says of each series.

Two groups (Efron 2008, Statistical Science 23, 1-22): a share of the series changed, the others did not. The share is
learned from all Bayes factors together; then each series has its probability, and the longest list is taken in which
the mean probability of being false stays within what is allowed (Newton et al. 2004, Biostatistics 5, 155-176;
Mueller et al. 2004, JASA 99, 990-1001).
"""

from __future__ import annotations

import numpy as np

STEPS = 500
FEW = 1.0  # pseudo-series on either side, so that no panel learns a share of exactly nothing or of all


def learned_share(log_ratio: np.ndarray) -> float:
    """Share of changed series that makes these log Bayes factors [n] likeliest, by EM; one half for none at all.

    >>> round(learned_share(np.array([9.0] * 30 + [-4.0] * 70)), 2)
    0.3
    """
    share = 0.5
    for _ in range(STEPS):
        new = (FEW / 2 + probabilities(log_ratio, share).sum()) / (FEW + len(log_ratio))
        if abs(new - share) < 1e-9:
            break
        share = float(new)
    return share


def probabilities(log_ratio: np.ndarray, share: float) -> np.ndarray:
    """Posterior probability of each series [n], given the share of changed ones."""
    odds = log_ratio + np.log(share) - np.log1p(-share)
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -500, 500))))


def discovered(probability: np.ndarray, fdr: float) -> np.ndarray:
    """Mask [n] of the longest list, surest first, whose expected share of false ones is at most `fdr`.

    Ties stand or fall together; NaN is never on the list.

    >>> discovered(np.array([0.99, 0.2, 0.95, 0.85, 0.6]), 0.1).tolist()
    [True, False, True, True, False]
    """
    wrong = np.where(np.isnan(probability), np.inf, 1 - probability)
    ordered = np.sort(wrong)
    running = np.cumsum(ordered) / np.arange(1, len(wrong) + 1)
    within = np.flatnonzero(running <= fdr)
    if not len(within):
        return np.zeros(len(wrong), dtype=bool)
    last = int(within[-1])
    edge = ordered[last]
    if last + 1 < len(ordered) and ordered[last + 1] == edge:  # the list would cut through a tie
        return np.asarray(wrong < edge)
    return np.asarray(wrong <= edge)
