"""The peer that most analysts would take: a step in a negative binomial regression (statsmodels)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np


def step_p_value(y: np.ndarray, position: int, beside: Sequence[np.ndarray] = (), robust: bool = True) -> float:
    """p-value of a step at a row of counts y [n] (NaN: missing), with further columns [n] beside it.

    The size of the negative binomial is that of the moments of a Poisson regression; robust : HAC errors of four lags.
    """
    import statsmodels.api as sm

    seen = ~np.isnan(y)
    design = np.column_stack([np.ones(len(y)), np.arange(len(y)) >= position, *beside])[seen].astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the peer's own steps on the way
        mean = sm.GLM(y[seen], design, family=sm.families.Poisson()).fit().fittedvalues
        free = max(len(design) - design.shape[1], 1)
        alpha = max(float(np.sum(((y[seen] - mean) ** 2 - mean) / mean**2)) / free, 1e-4)
        how = {"cov_type": "HAC", "cov_kwds": {"maxlags": 4}} if robust else {}
        fit = sm.GLM(y[seen], design, family=sm.families.NegativeBinomial(alpha=alpha)).fit(**how)
    return float(fit.pvalues[1])
