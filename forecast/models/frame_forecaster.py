"""A forecaster of long tables with the two steps of scikit-learn and Nixtla: `fit(frame)`, then `predict(horizon)`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import pandas as pd

from forecast.models.forecaster import Forecaster
from forecast.models.frame import forecast_frame
from forecast.series.values import Kind
from forecast.support.parameters import Tunable


@dataclass(frozen=True)
class FrameForecaster(Tunable):
    """One model for every series of a long table; all work is done by `predict`, since no model keeps a state.

    model : a name of conf/models or an object with paths(); freq, kind, draws, seed : as in `forecast_frame`

    >>> table = pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2024-01-01", periods=9, freq="MS"), "y": range(9)})
    >>> FrameForecaster("mean").fit(table).predict(2, level=80).columns.tolist()
    ['unique_id', 'ds', 'mean', 'median', 'lo-80', 'hi-80']
    """

    model: str | Forecaster = "auto"
    freq: str | None = None
    kind: Kind = "flow"
    draws: int = 1000
    seed: int = 0

    def fit(self, frame: pd.DataFrame, y: None = None) -> Self:
        """Keep a table with columns unique_id, ds, y; `y` stands for scikit-learn's pipelines alone."""
        object.__setattr__(self, "frame_", frame)  # the underscore is scikit-learn's mark of what fit leaves behind
        return self

    def predict(self, horizon: int, level: float | Sequence[float] = (80, 95),
                known: pd.DataFrame | None = None) -> pd.DataFrame:
        """One line per series and coming row, see `forecast_frame`; ValueError before `fit`."""
        frame = getattr(self, "frame_", None)
        if frame is None:
            raise ValueError("FrameForecaster: no table yet: call fit(frame) first")
        return forecast_frame(frame, horizon, self.model, level, freq=self.freq, kind=self.kind, draws=self.draws,
                              seed=self.seed, known=known)

    def __sklearn_clone__(self) -> Self:
        """The same settings, without a table."""
        return type(self)(**self.get_params(deep=False))
