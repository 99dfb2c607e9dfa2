"""What a caller gives for a series, as arrays: days, numbers, bounds, exposure; anything else is refused in words."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
import pandas as pd

from forecast.series.objects import described, library_of

Kind = Literal["stock", "flow"]
NO_NUMBERS = (complex, np.complexfloating, bytes, date, np.datetime64, np.timedelta64, timedelta)
LARGEST = 1e15  # of a count, or a value


def numbers_of(values: Any, what: str) -> np.ndarray:
    _check_column(values, what)
    try:
        listed = [np.nan if v is None or v is pd.NA else v for v in values]
        if (wrong := next((v for v in listed if isinstance(v, NO_NUMBERS)), None)) is not None:
            raise TypeError(f"{wrong!r} is a {type(wrong).__name__}")
        array = np.array(listed, dtype=float)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{what}: not all are numbers ({error}): use NaN for what was not observed") from error
    if array.ndim != 1:
        raise ValueError(f"{what}: got {array.ndim} dimensions: give one number per row")
    if np.any(large := np.isfinite(array) & (np.abs(array) > LARGEST)):
        row = int(np.flatnonzero(large)[0])
        raise ValueError(f"{what}: row {row} is {array[row]:g}: beyond {LARGEST:g} whole numbers are not told apart: "
                         "count in a larger unit")
    if np.any(np.isinf(array)):
        raise ValueError(f"{what}: row {int(np.flatnonzero(np.isinf(array))[0])} is infinite: "
                         "use low and high for an open bound")
    return array


def _check_column(values: Any, what: str) -> None:
    """Raise ValueError for what is no column of numbers, though it might be read as one."""
    if isinstance(values, str):
        raise ValueError(f"{what}: got the text {values[:50]!r}: give one number per row")
    if isinstance(values, bytes | bytearray | memoryview | Mapping | Set) or library_of(values) == "xarray":
        what_else = "its to_series()" if library_of(values) == "xarray" else "a list or an array in order of time"
        raise ValueError(f"{what}: got {described(values)}, which is no list of numbers: give {what_else}")
    if isinstance(values, pd.DataFrame) or (library_of(values), type(values).__name__) == ("polars", "DataFrame"):
        raise ValueError(f"{what}: got {described(values)}: give one column, or use Series.from_pandas")
    kind = getattr(getattr(values, "dtype", None), "kind", "")
    if kind in "cMm" and kind:
        raise ValueError(f"{what}: got {values.dtype} values, which are no counts: give real numbers")


def bounds_of(exact: np.ndarray, low: Any, high: Any) -> tuple[np.ndarray, np.ndarray]:
    def bound(given: Any, side: str) -> np.ndarray:
        if given is None:
            return exact.copy()
        try:
            array = np.array([np.nan if v is None or v is pd.NA else v for v in given], dtype=float)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{side}: not all are numbers ({error}): use NaN where no bound is known") from error
        if array.ndim != 1 or np.any(np.isfinite(array) & (np.abs(array) > LARGEST)) or np.any(
                np.isinf(array) if side == "low" else np.isneginf(array)):
            raise ValueError(f"{side}: give one number per row, none beyond {LARGEST:g}; infinity is no low bound")
        if len(array) != len(exact):
            raise ValueError(f"{side} has {len(array)} rows, there are {len(exact)} counts: give one per row")
        return np.where(np.isnan(array), exact, array)

    low_, high_ = bound(low, "low"), bound(high, "high")
    # a row with one bound alone: at least (open above) or at most (from zero)
    return (np.where(np.isnan(low_) & ~np.isnan(high_), 0.0, low_),
            np.where(np.isnan(high_) & ~np.isnan(low_), np.inf, high_))


def exposure_of(given: Any, low: np.ndarray, kind: Kind) -> np.ndarray:
    if given is None:
        return np.ones(len(low))
    try:
        spread = np.broadcast_to(np.asarray(given, dtype=float), low.shape)
    except (TypeError, ValueError) as error:
        raise ValueError(f"exposure: give one share, or one for each of {len(low)} rows ({error})") from error
    array = numbers_of(spread, "exposure")
    if kind == "stock" and np.any(array != 1):
        raise ValueError("exposure belongs to a flow; a stock is there whole on each image: leave it out")
    return np.where(np.isnan(array) & np.isnan(low), 1.0, array)
