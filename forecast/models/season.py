"""Week and year in a history: which of them it shows, with how many harmonics, and their waves over the coming rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from forecast.models.history import exposure
from forecast.models.regression import regression
from forecast.regime_model.harmonics import CYCLES, LEAST, PERIODS, Harmonics, days_of, fit_harmonics, waves_of
from forecast.series.season import evident_season
from forecast.series.series import Series

MOST_ROWS = 400  # rows that tell the week; the year of more rows is read from sums of seven
FEWEST, MOST_DAYS = 30, 31  # observed rows, and days of a row at most, from which small counts can show a year
FEW_PAIRS = 12  # pairs of rows a year apart, below which their likeness says nothing
MOST_PAIRS, SIZE = 2, 0.7  # harmonics of such a year, and prior standard deviation of each coefficient


def calendar_season(series: Series) -> Harmonics:
    """Harmonics of the week and the year that the counts of a regular series show, from one and a half cycles on.

    See `forecast.regime_model.harmonics`: a change of level beside them does not pass for a season. Counts too few for
    their logs show a year by a regression.
    """
    if len(series) <= MOST_ROWS or row_days(series) != 1:
        found = fit_harmonics(series)[0]
        return found if found.names else _sparse_year(series)
    recent = series.rows(slice(len(series) - MOST_ROWS, len(series)))
    days = fit_harmonics(recent)[0]
    sums = replace(series, kind="flow").regular("7D")
    year = fit_harmonics(sums)[0]
    year = year if year.names else _sparse_year(sums)
    parts = [(name, c) for found, name in ((days, "week"), (year, "year"))
             for each, c in zip(found.names, found.coefficients, strict=True) if each == name]
    return Harmonics(tuple(name for name, _ in parts), tuple(c for _, c in parts), days.cost + year.cost)


def _sparse_year(series: Series) -> Harmonics:
    """Harmonics of the year of counts that are mostly small, by the evidence of a negative binomial regression."""
    seen = series.observed
    days = days_of(series)[seen]
    if seen.sum() < FEWEST or series.middle[seen].mean() >= LEAST or days[-1] - days[0] < CYCLES * PERIODS["year"] \
            or row_days(series) > MOST_DAYS:
        return Harmonics()
    y, share = np.rint(series.middle[seen]), exposure(series)[seen]
    best, chosen = -np.inf, np.zeros(0)
    for pairs in range(MOST_PAIRS + 1):
        design = np.column_stack([np.ones(len(y)), waves_of("year", days, pairs)])
        penalty = np.append(0.5, np.full(2 * pairs, SIZE**-2))
        found = regression(design, y, share, penalty)
        if found.log > best:
            best, chosen = found.log, found.coefficients[1:]
    return Harmonics(("year",), (chosen,)) if len(chosen) else Harmonics()


def seems_yearly(series: Series) -> bool:
    """Whether counts a year apart are alike, as they are where there is a year or a change; cheaper than a fit."""
    lag = round(PERIODS["year"] / row_days(series))
    logs = np.log(series.middle + 0.5)
    both = np.isfinite(logs[lag:]) & np.isfinite(logs[:-lag]) if 0 < lag < len(logs) else np.zeros(0, dtype=bool)
    if both.sum() < FEW_PAIRS or not np.ptp(logs[lag:][both]) or not np.ptp(logs[:-lag][both]):
        return both.size > 0
    return bool(np.corrcoef(logs[lag:][both], logs[:-lag][both])[0, 1] > both.sum() ** -0.5)


def row_days(series: Series) -> float:
    """Days that a row lasts, in the middle of all rows."""
    return float(np.median((series.end - series.start).astype(float)))


def pairs_of(season: Harmonics, name: str) -> int:
    """Number of harmonics of a period, 0 where it does not show."""
    return len(season.coefficients[season.names.index(name)]) // 2 if name in season.names else 0


def waves(series: Series, horizon: int, name: str, pairs: int) -> np.ndarray:
    """Sines and cosines [n + horizon, 2 pairs] of a period of the calendar over the rows seen and the coming ones."""
    days = np.concatenate([series.start, series.coming(horizon)]).astype("datetime64[D]").astype(float)
    return waves_of(name, days, pairs)


def factors(series: Series, horizon: int) -> np.ndarray:
    """Multiplicative factors of the season in the rows seen and the coming ones, [n + horizon]; ones without a season.

    Harmonics of the calendar where the counts show them, else the phases of a short cycle that are evident.
    """
    season = calendar_season(series)
    if not season.names:
        return evident_season(series).over(np.arange(len(series) + horizon))
    logs = [waves(series, horizon, name, pairs_of(season, name)) @ c
            for name, c in zip(season.names, season.coefficients, strict=True)]
    return np.asarray(np.exp(np.sum(logs, axis=0)))
