"""Amounts (tonnes, barrels): positive reals that grow by factors, and may be nothing at all.

They are read as log(1 + amount / c), where c is a tenth of the median of what was positive: nearly a log where there is
something, and zero where there is nothing (a started log, Tukey 1977, Exploratory Data Analysis, chapter 3).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from forecast.series.series import COUNT, Series

PART = 0.1  # of the median positive amount: below it amounts count as hardly more than none


def is_amount(series: Series) -> bool:
    """Whether a series counts no separate things, but measures what cannot be negative."""
    return series.unit != COUNT and bool(np.all(series.low[series.observed] >= 0))


def offset_of(series: Series) -> float:
    """The offset c of an amount; 1 where nothing positive was seen."""
    middle = series.middle[series.observed]
    return float(PART * np.median(middle[middle > 0])) if np.any(middle > 0) else 1.0


def logs_of(series: Series, offset: float) -> Series:
    """The series as log(1 + amount / offset), bounds alike."""
    return replace(series, low=np.log1p(series.low / offset), high=np.log1p(series.high / offset))
