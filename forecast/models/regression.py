"""Penalised negative binomial regression: its fit, and the log evidence of its regressors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.models.history import dispersion, likeness

SEARCH = 25  # Newton steps at most; five are usual
NEAR, EXACT = 1e-3, 1e-8  # last step of a search whose dispersion is not yet final, and of one whose dispersion is


def rate(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """exp of a product of regressors and coefficients, where it is no number that a computer cannot hold."""
    return np.asarray(np.exp(np.clip(left @ right, -30, 40)))


def fit(design: np.ndarray, y: np.ndarray, share: np.ndarray, size: float, penalty: np.ndarray,
        start: np.ndarray | None = None, exact: float = EXACT) -> tuple[np.ndarray, np.ndarray]:
    """Penalised maximum likelihood of a negative binomial log-linear model by Fisher scoring.

    design [n, k], y and exposure `share` [n], `size` r in variance = mean + mean^2/r, `penalty` [k] prior precisions
    around zero, for the constant around the overall mean; the search begins at `start` [k], or at that mean, and ends
    with a step of at most `exact`.
    Returns the coefficients [k] and the Cholesky factor [k, k] of their posterior precision.
    """
    from forecast.models._numba_regression import searched

    centre = np.zeros(design.shape[1])
    centre[0] = np.log((y.sum() + 0.5) / (share.sum() + 0.5))
    beta, root = (centre if start is None else start).copy(), np.zeros((len(centre), len(centre)))
    searched(np.ascontiguousarray(design, dtype=float), np.asarray(y, dtype=float), np.asarray(share, dtype=float),
             float(size), np.asarray(penalty, dtype=float), centre, SEARCH, exact, beta, root)
    return beta, root


@dataclass(frozen=True, eq=False)
class Regression:
    """A fitted regression: coefficients [k], root [k, k] of their posterior precision, size r, and log evidence."""

    coefficients: np.ndarray
    root: np.ndarray
    size: float
    log: float

    def drawn(self, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Coefficients drawn from the normal approximation of their posterior, [draws, k]."""
        noise = np.linalg.solve(self.root.T, rng.normal(size=(len(self.coefficients), draws))).T
        return np.asarray(self.coefficients + noise)


def regression(design: np.ndarray, y: np.ndarray, share: np.ndarray, penalty: np.ndarray) -> Regression:
    """The regression with its dispersion learned by moments; arguments are those of `fit`, rows in their order.

    Squared residuals count for n rows of n less the coefficients that the counts chose (the trace of the hat matrix).
    Where neighbouring rows err alike, they tell the coefficients as much as (1 - rho) / (1 + rho) of them would.
    The log evidence of counts is Laplace's approximation, up to a constant of the counts: designs can be compared.
    """
    from scipy.special import gammaln

    beta, _ = fit(design, y, share, 1e4, penalty, None, NEAR)
    beta, _ = fit(design, y, share, dispersion(y, share * rate(design, beta)), penalty, beta, NEAR)
    beta, root = fit(design, y, share, dispersion(y, share * rate(design, beta)), penalty, beta)
    mean = share * rate(design, beta)
    size = dispersion(y, mean, _chosen(root, penalty))
    log = gammaln(y + size) - gammaln(size) - size * np.log1p(mean / size) + y * np.log(mean / (size + mean))
    away = beta.copy()
    away[0] -= np.log((y.sum() + 0.5) / (share.sum() + 0.5))
    evidence = log.sum() - 0.5 * (penalty * away**2).sum() + 0.5 * np.log(penalty).sum() - np.log(np.diag(root)).sum()
    alike = likeness((y - mean) / np.sqrt(mean + mean**2 / size))
    told = (root @ root.T - np.diag(penalty)) * (1 - alike) / (1 + alike)
    return Regression(beta, np.linalg.cholesky(told + np.diag(penalty)), size, float(evidence))


def _chosen(root: np.ndarray, penalty: np.ndarray) -> float:
    """Number of coefficients that the counts and not their prior chose, from the root [k, k] of their precision."""
    inverse = np.linalg.inv(root)
    return float(len(penalty) - (inverse**2).sum(axis=0) @ penalty)
