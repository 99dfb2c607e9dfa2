"""Series as members take them: amounts in whole small units, irregular images on a grid that is named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from forecast.regime_model.amounts import is_amount
from forecast.series.series import COUNT, Series

UNITS = 1e5  # small units in the middle positive amount: the noise of whole counts is then a third of a per cent
GRIDS = {4.0: "D", 18.0: "W-MON", 62.0: "MS", 200.0: "QS"}  # middle gap in days up to which a grid has such rows


def on_grid(series: Series) -> Series:
    """An irregular stock on a grid with rows about as long as its middle gap; any other series as it is.

    Rows in which nothing was seen are missing, those seen several times hold the mean within its bounds. A flow of
    irregular rows is left as it is: how long its coming rows last would be a guess.
    """
    if series.freq is not None or series.kind != "stock" or series.observed.sum() < 2:
        return series
    gap = float(np.median(np.diff(series.days[series.observed])))
    return series.regular(next((freq for most, freq in GRIDS.items() if gap <= most), "YS"))


def in_units(series: Series, before: int | None = None) -> tuple[Series, float]:
    """An amount (tonnes) in whole small units, and how much one is; counts as they are, in units of one.

    before : rows that tell how small the units are, the first so many of which hold something; None takes all
    """
    if not is_amount(series):
        return series, 1.0
    middle = np.where(series.observed & (series.middle > 0), series.middle, np.nan)
    told = next((rows for rows in (middle[:before], middle) if np.isfinite(rows).any()), None)
    unit = 1.0 if told is None else float(np.nanmedian(told)) / UNITS
    return replace(series, low=np.rint(series.low / unit), high=np.rint(series.high / unit), unit=COUNT), unit
