"""Series that share the noise of another but not its event, and denominators, as columns and scales of its rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from forecast.series.series import Series, check_series


def controls_of(series: Series, controls: Any) -> tuple[np.ndarray, ...]:
    """Logs of control series on the rows of a series, [n] each, of mean zero; rows without a control say nothing of it.

    Raises ValueError where a control shares fewer than four rows with the series, TypeError for what is no series.
    """
    if controls is None:
        return ()
    several = list(controls) if isinstance(controls, list | tuple) else [controls]
    return tuple(_column(series, control) for control in several)


def _column(series: Series, control: Series) -> np.ndarray:
    check_series(control, "event_effect: controls")
    if control is series:
        raise ValueError(f"event_effect: {series.name} is its own control: give series that the event did not touch")
    row = {day: k for k, day in enumerate(control.start.tolist())}
    at = np.array([row.get(day, -1) for day in series.start.tolist()])
    scale = control.exposure if control.kind == "flow" and control.is_count else np.ones(len(control))
    logs = np.log(np.maximum(control.middle, 0) + 0.5) - np.log(np.where(control.observed, scale, 1.0))
    if not control.is_count and np.any(control.low[control.observed] < 0):
        logs = (control.middle - np.nanmean(control.middle)) / max(float(np.nanstd(control.middle)), 1e-12)
    column = np.where(at >= 0, logs[at], np.nan)
    shared = ~np.isnan(column) & series.observed
    if shared.sum() < 4:
        raise ValueError(f"event_effect: control {control.name} shares {int(shared.sum())} observed rows with "
                         f"{series.name}: four are needed; put both on one grid (series.regular)")
    return np.asarray(np.where(np.isnan(column), 0.0, column - np.nanmean(column[shared])))


def denominators_of(series: Series, exposure: Any) -> np.ndarray | None:
    """Positive denominators of the rows [n], divided by their mean; None where none are given.

    Raises ValueError for another number of them, and where a row that was seen has none above zero.
    """
    if exposure is None:
        return None
    try:
        given = np.asarray(exposure, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"event_effect: exposure: not all are numbers ({error}): give one per row") from error
    if given.shape != (len(series),):
        raise ValueError(f"event_effect: exposure has shape {given.shape}, {series.name} has {len(series)} rows: give "
                         "one positive number per row")
    seen = given[series.observed]
    if not np.all(np.isfinite(seen) & (seen > 0)):
        raise ValueError(f"event_effect: exposure must be above zero where {series.name} was observed, got "
                         f"{float(np.min(np.nan_to_num(seen, nan=0.0))):g}")
    return np.asarray(np.where(series.observed, given / seen.mean(), 1.0))
