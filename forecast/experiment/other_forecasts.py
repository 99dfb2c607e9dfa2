"""What comes next for the series beside the one whose forecast is tried on past dates: one answer each, or why none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from forecast.experiment.thresholds import VAGUE
from forecast.models.forecaster import Forecaster, predict
from forecast.series.days import DAY
from forecast.series.series import Series

PREFERRED = "auto"  # the member that learned from past rows which others to trust


@dataclass(frozen=True)
class OtherForecast:
    """The horizon of one more series.

    member : whose forecast it is; first, last : its days, those of the coming rows (of irregular images, of a grid)
    low, middle, high : 10, 50 and 90 % quantiles of the sum over the horizon (flow), or of its last row (stock)
    reason : why nothing is forecast; then all else is empty
    """

    series: str
    member: str = ""
    first: date | None = None
    last: date | None = None
    low: float = 0.0
    middle: float = 0.0
    high: float = 0.0
    reason: str = ""

    @property
    def vague(self) -> bool:
        """Whether the interval is so wide that it tells hardly anything."""
        return self.high > VAGUE * max(self.low, 1.0)


def other_forecasts(several: Sequence[Series], models: Mapping[str, Forecaster], horizon: int, draws: int,
                    seed: int) -> tuple[OtherForecast, ...]:
    """One answer a series; () without models."""
    if not models:
        return ()
    member = PREFERRED if PREFERRED in models else next(iter(models))
    return tuple(_ahead(series, member, models[member], horizon, draws, seed) for series in several)


def _ahead(series: Series, member: str, model: Forecaster, horizon: int, draws: int, seed: int) -> OtherForecast:
    try:
        paths = predict(series, model, horizon, draws, seed)
    except ValueError as error:  # which says what stands against a forecast
        return OtherForecast(series.name, reason=str(error).removeprefix(f"series {series.name}: "))
    ahead = paths.known.coming(horizon + 1)
    numbers = np.asarray(paths)
    low, middle, high = np.quantile(numbers.sum(axis=1) if series.kind == "flow" else numbers[:, -1], (0.1, 0.5, 0.9))
    return OtherForecast(series.name, member, ahead[0].item(), (ahead[-1] - DAY).item(), float(low), float(middle),
                         float(high))
