"""Paths: sample paths of the coming rows as an array that knows which rows these are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.series.series import Series
from forecast.support.results import Shown

if TYPE_CHECKING:
    import pandas as pd

LEVELS = (80.0, 95.0)  # central intervals of a table, percent


class Paths(Shown, np.ndarray):
    """Sample paths, int64 (floats of an amount) [draws, horizon], of the rows after the last one of `series`.

    Everything that takes an array takes it; what is computed of it is a plain array. `when` holds the starts of the
    coming rows, `frame()` their means and quantiles, `plot()` draws them after what was observed.
    """

    series: Series | None

    @classmethod
    def of(cls, paths: np.ndarray, series: Series) -> Paths:
        """The same numbers, with the series that they follow."""
        made = np.asarray(paths).view(cls)
        made.series = series
        return made

    def __array_finalize__(self, other: Any) -> None:
        self.series = None  # a part, or what was computed, is no forecast of all rows

    def __array_wrap__(self, array: np.ndarray, context: Any = None, return_scalar: bool = False) -> Any:
        return array[()] if return_scalar else np.asarray(array)

    def __reduce__(self) -> Any:
        return (np.array, (np.asarray(self),)) if self.series is None else (Paths.of, (np.asarray(self), self.series))

    def __repr__(self) -> str:
        if self.series is None:
            return repr(np.asarray(self))
        draws, horizon = self.shape
        return f"Paths({draws} draws of {horizon} rows of {self.series.name}, {self.when[0]} to {self.when[-1]})"

    __str__ = __repr__

    @property
    def known(self) -> Series:
        """The series that the paths follow; ValueError for a part of them."""
        if self.series is None:
            raise ValueError("paths: a part of a forecast, or what was computed of it, has no dates: use what predict "
                             "returned")
        return self.series

    @property
    def when(self) -> np.ndarray:
        """Start of each coming row, datetime64[D] [horizon]."""
        return self.known.coming(self.shape[1])

    def heading(self) -> str:
        return f"{self.known.name}: the next {self.shape[1]} rows, {self.shape[0]} draws"

    def frame(self, level: Sequence[float] = LEVELS) -> pd.DataFrame:
        """One line a coming row: unique_id, ds, mean, median, lo-80, hi-80, lo-95, hi-95, as `forecast_frame` has them.

        level : central intervals in percent
        """
        import pandas as pd

        plain = np.asarray(self)
        return pd.DataFrame({"unique_id": self.known.name, "ds": self.when.astype("datetime64[s]"),
                             "mean": plain.mean(axis=0), "median": np.median(plain, axis=0), **intervals(plain, level)})


def intervals(paths: np.ndarray, level: Sequence[float]) -> dict[str, np.ndarray]:
    """Ends [horizon] of central intervals, in percent, by the names of their columns: lo-80, hi-80."""
    ends: dict[str, np.ndarray] = {}
    for each in level:
        low, high = np.quantile(paths, [0.5 - each / 200, 0.5 + each / 200], axis=0)
        ends |= {f"lo-{each:g}": low, f"hi-{each:g}": high}
    return ends
