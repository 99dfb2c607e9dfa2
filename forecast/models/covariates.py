"""Covariates known ahead: holidays, tides, sailing lists, image days; aligned to a series and its horizon."""

from __future__ import annotations

from datetime import date
from inspect import signature
from typing import Any

import numpy as np
import pandas as pd

from forecast.evidence.cells import LARGEST, NUMBER, Cells, Fault, StatementError, rows_of
from forecast.evidence.files import Files
from forecast.series.series import Series
from forecast.support.registry import make, names


def read_known(path: str, files: Files | None = None) -> pd.DataFrame:
    """Covariates of a CSV: a column `ds` with the start of each row (YYYY-MM-DD), and a column of numbers for each.

    The dates become the index. Raises StatementError for every cell that is blank or no number, and for a table
    without a covariate.
    """
    faults: list[Fault] = []
    file = (files or Files()).document(path)
    rows = rows_of(file, ("ds",), ("ds",), _row, faults)
    if not faults and not (rows and rows[0][2][1]):
        faults.append(Fault(file.name, 0, "", "no covariate", "write a column of numbers beside ds, a line a row"))
    if faults:
        raise StatementError(faults)
    index = pd.DatetimeIndex([day for _, _, (day, _) in rows])
    return pd.DataFrame([values for _, _, (_, values) in rows], index=index)


def _row(cells: Cells) -> tuple[date | None, dict[str, float]]:
    day = cells.day("ds", needed=True)
    return day, {column: _number(cells, column) for column in cells.cells if column and column != "ds"}


def _number(cells: Cells, column: str) -> float:
    cell = cells.text(column, needed=True)
    if NUMBER.fullmatch(cell) and abs(float(cell)) <= LARGEST:
        return float(cell)
    if cell:
        cells.wrong(column, cell, "write a plain number such as 0 or -1.5; code categories as columns of 0 and 1")
    return float("nan")


def takes_known(model: Any) -> bool:
    """Whether a member takes covariates known ahead."""
    return "known" in signature(model.paths).parameters


def paths_told(model: Any, series: Series, known: pd.DataFrame, horizon: int, draws: int,
               rng: np.random.Generator) -> np.ndarray:
    """Paths [draws, horizon] of any member from any origin: it is told what it takes and can have learned of."""
    rows = pd.DatetimeIndex(series.start[series.observed]).as_unit("s")
    past = known[pd.DatetimeIndex(known.index).as_unit("s").isin(rows)]
    varied = [name for name in known.columns if past[name].min() != past[name].max()]
    if not takes_known(model) or not varied:
        plain: np.ndarray = model.paths(series, horizon, draws, rng)
        return plain
    return paths_given(model, series, known[varied], horizon, draws, rng)


def paths_given(model: Any, series: Series, known: pd.DataFrame, horizon: int, draws: int,
                rng: np.random.Generator) -> np.ndarray:
    """Paths of a model that takes covariates, int64 [draws, horizon]; ValueError where it takes none."""
    if not takes_known(model):
        raise ValueError(f"{type(model).__name__} takes no covariates known ahead: choose one of {', '.join(able())}, "
                         "or leave `known` out")
    paths: np.ndarray = model.paths(series, horizon, draws, rng, known=aligned(known, series, horizon))
    return paths


def able() -> list[str]:
    """Names of the members that take covariates known ahead."""
    return [name for name in names("models") if takes_known(make("models", name))]


def aligned(known: pd.DataFrame, series: Series, horizon: int) -> np.ndarray:
    """Columns at the rows of the series and of the horizon [n + horizon, k], in units of their spread in the history.

    The index of `known` holds the start of each row; other dates are left out. A column that never varied before the
    end tells a model nothing and is refused, like a gap and whatever is no number.
    """
    coming = pd.date_range(series.start[-1], periods=horizon + 1, freq=series.freq)[1:]
    rows = pd.DatetimeIndex(np.concatenate([series.start, coming.to_numpy().astype("datetime64[D]")])).as_unit("s")
    index = pd.DatetimeIndex(known.index).as_unit("s")
    if index.has_duplicates:
        raise ValueError(f"known: {index[index.duplicated()][0].date()} stands twice: one line a row")
    lacking = rows.difference(index)
    if len(lacking):
        raise ValueError(f"known: no line for {lacking[0].date()} (rows without one: {len(lacking)}): covariates must "
                         f"be given for every row from {rows[0].date()} to {rows[-1].date()}")
    try:
        table = known.set_axis(index).loc[rows].to_numpy(dtype=float)
    except (ValueError, TypeError) as error:
        raise ValueError(f"known: not all are numbers ({error}): code categories as columns of 0 and 1") from error
    past = table[:len(series)][series.observed]
    for k, name in enumerate(known.columns):
        if not np.isfinite(table[:, k]).all():
            at = rows[int(np.flatnonzero(~np.isfinite(table[:, k]))[0])]
            raise ValueError(f"known: {name!r} is not finite on {at.date()}: fill it or drop the column")
        if np.ptp(past[:, k]) == 0:
            raise ValueError(f"known: {name!r} never varies while the series is observed: nothing can be learned of it")
    return np.asarray((table - past.mean(axis=0)) / past.std(axis=0))
