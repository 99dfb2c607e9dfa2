"""The season of a regular grid: how many rows it has, and its factors where the counts show one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.series.series import Series

# Rows in the cycle that a grid of this kind usually has; other grids get the number of rows in a year.
SEASONS = {"D": 7, "B": 5, "W": 52, "M": 12, "BM": 12, "Q": 4, "BQ": 4, "Y": 1, "h": 24}
EVIDENT = 0.3  # share of the variation around a moving median that a season must explain before it is taken out
CYCLES = 3  # whole cycles that must have been seen
AMPLE = 5.0  # mean count below which single zeros and ones hide any season


@dataclass(frozen=True)
class Season:
    """Multiplicative factors of each phase, [period], with geometric mean one; period 1 = no season."""

    factors: np.ndarray

    def over(self, rows: np.ndarray) -> np.ndarray:
        """Factors of the rows with these indices (0 = first row of the series; beyond its end allowed)."""
        return np.asarray(self.factors[rows % len(self.factors)])


def season_length(series: Series) -> int:
    """Rows in one season of the series' grid: 7 for days, 52 for weeks, 12 for months; 1 = no season."""
    if series.freq is None:
        raise ValueError(f"series {series.name}: irregular dates: put it on a grid first, e.g. series.regular('W-MON')")
    from pandas.tseries.frequencies import to_offset

    offset = to_offset(series.freq)
    code = str(offset.rule_code).split("-")[0].removesuffix("S").removesuffix("E")
    if getattr(offset, "n", 1) == 1 and code in SEASONS:
        return SEASONS[code]
    days = float(np.median((series.end - series.start).astype(float))) if len(series) else 365.0
    return max(1, round(365.25 / days))


def slow_season(series: Series) -> float:
    """Rows in the year above a weekly season: 365.25 for days, 261 for working days, 0 where no two years were seen."""
    rows = {7: 365.25, 5: 261.0}.get(season_length(series), 0.0)
    seen = np.flatnonzero(series.observed)
    return rows if rows and seen.size and seen[-1] - seen[0] >= 2 * rows else 0.0


def evident_season(series: Series) -> Season:
    """Seasonal factors from log ratios to a centred moving median, if they explain enough; else no season.

    Medians, so that neither a break of level nor an outlier passes for a season (classical decomposition with
    medians in place of means).
    """
    none = Season(np.ones(1))
    if series.freq is None:
        return none
    period, n = season_length(series), len(series)
    value = series.point / (series.exposure if series.kind == "flow" else 1.0)
    seen = ~np.isnan(value)
    if period < 2 or seen.sum() < CYCLES * period or value[seen].mean() < AMPLE:
        return none
    log = np.log(value + 0.5)
    ratio = log - _moving_median(log, period // 2)
    phase = np.arange(n) % period
    counts = np.bincount(phase[seen], minlength=period)
    if counts.min() < CYCLES - 1:
        return none
    effect = np.array([np.nanmedian(ratio[phase == p]) for p in range(period)])
    rest = (ratio - effect[phase])[seen]
    explained = 1 - np.var(rest) * seen.sum() / max(seen.sum() - period, 1) / max(np.var(ratio[seen]), 1e-12)
    return Season(np.exp(effect - effect.mean())) if explained >= EVIDENT else none


def _moving_median(value: np.ndarray, half: int) -> np.ndarray:
    """Median of what was seen from `half` rows before to `half` rows after each row [n]; NaN where nothing was."""
    padded = np.pad(value, half, constant_values=np.nan)
    ordered = np.sort(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), axis=1)  # NaN come last
    number = (~np.isnan(ordered)).sum(axis=1)
    lower, upper = (np.take_along_axis(ordered, at[:, None], axis=1)[:, 0] for at in ((number - 1) // 2, number // 2))
    return np.asarray((lower + upper) / 2)
