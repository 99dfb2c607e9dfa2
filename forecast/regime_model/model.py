"""The count regime model: level segments, autocorrelation, overdispersion, bounds, exposure and irregular gaps at once.

    y_t ~ NB(mean = scale_t * exp(m_t + s x_t), size = r)
    m_t : piecewise constant; in a gap of length D it jumps with probability 1 - exp(-hazard D) to a draw from the
          level prior (Student t_3 around the log of the overall mean)
    any real numbers instead of counts: y_t = m_t + s x_t + Student noise, everything in units of the scatter from row
          to row, without season and exposure
    x_t : stationary AR(1) in continuous time, unit variance, correlation exp(-D / tau)
or, instead of the deviation s x_t, dependence on the last count (see `forecast.regime_model.last_count`)

The state (m, x) lives on a grid; s, tau, r and the feedback are integrated over a small grid with equal prior weights;
hazard 0 is the model without breaks. Forward and backward passes give the evidence of every model and the posterior of
the break date exactly, up to the grid (Kitagawa 1987, JASA 82, 1032-1041; Chib 1998, J. Econometrics 86, 221-241;
Fearnhead 2006, Statistics and Computing 16, 203-213).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from forecast.support.registry import check_fields
from forecast.support.validation import check_number, check_share, check_whole

MOST_LEVELS, MOST_NODES, MOST_SETTINGS = 400, 100, 20  # the memory of a pass grows with their product, its time faster


@dataclass(frozen=True)
class Settings:
    """Priors and grid sizes of the count regime model; every default is a choice that can be overridden.

    spreads : marginal standard deviations s of the log intensity around its level (0 is always added: no deviation)
    correlations : autocorrelation of the deviation over the median gap between rows
    feedback : shares phi of the last count that the next one keeps, over the median gap, where the intensity does not
        deviate by itself; together they weigh as much as one spread; () for none
    dispersions : sizes r of the negative binomial (small = overdispersed, large = near Poisson); where counts scatter
        by less than a third of their level from row to row, spreads shrink and dispersions grow with that scatter
    odd : chance that a row is odd, and says nothing of its level (see `forecast.regime_model.odd_rows`)
    level_spread : scale of the level prior, log units
    breaks : expected number of breaks over the whole series, a priori
    levels, nodes : grid points of the level and of the deviation, at least; more levels (up to three times as many)
        where the data tell them apart finely, more nodes for persistent deviations
    """

    spreads: tuple[float, ...] = (0.2, 0.45, 0.9)
    correlations: tuple[float, ...] = (0.4, 0.75, 0.93)
    feedback: tuple[float, ...] = (0.2, 0.4, 0.6, 0.8)
    dispersions: tuple[float, ...] = (1.0, 2.5, 6.0, 15.0, 60.0)
    odd: float = 0.01
    level_spread: float = 1.2
    breaks: float = 1.0
    levels: int = 40
    nodes: int = 9

    def __post_init__(self) -> None:
        for name in ("spreads", "correlations", "dispersions"):
            number = len(getattr(self, name))
            if not 0 < number <= MOST_SETTINGS:
                raise ValueError(f"regimes: {name} must hold 1 to {MOST_SETTINGS} numbers, got {number}")
        check_number(self, 0.001, 10, "spreads")
        check_number(self, 0, 0.999, "correlations")
        check_share(self, "feedback")
        check_number(self, 0.01, 1e6, "dispersions")
        check_number(self, 0, 0.2, "odd")
        check_number(self, 0.001, 100, "level_spread")
        check_number(self, 1e-6, 1e6, "breaks")
        check_whole(self, 2, MOST_LEVELS, "levels")
        check_whole(self, 3, MOST_NODES, "nodes")

    @classmethod
    def of(cls, given: Any) -> Self:
        """The model itself, or one from its settings as a YAML has them; ValueError for anything else."""
        if isinstance(given, cls):
            return given
        known = [f.name for f in fields(cls)]
        if not isinstance(given, Mapping) or not set(given) <= set(known):
            raise ValueError(f"regimes: model takes settings ({', '.join(known)}), got {given!r}")
        check_fields(given, cls)
        made: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
        return cls(**made)
