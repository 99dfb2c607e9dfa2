"""Scores of forecasts on the bench's quantiles, and how far one forecaster lies below or above the others."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from tests.bench.forecasts import COLUMNS, LEVELS, Task

WIDTHS = {80: 3, 95: 0}  # central intervals in percent, by the number of the level of their lower end
MIDDLE = 19  # number of the level of the median


def scored(table: pd.DataFrame, work: list[Task]) -> pd.DataFrame:
    """One line per model and task: scaled CRPS, MASE, quantile loss, coverage, seconds; tasks without a scale are none.

    cover, open, pit : share inside the closed and the open interval and by randomised PIT; near, far : the last of these
        in the first half of the horizon and in the second
    """
    by = {task.name: task for task in work if np.isfinite(task.scale) and task.scale > 0}
    table = table.assign(**{name: np.nan for name in ("below", "upto") if name not in table})
    lines = []
    for (model, name), rows in table.groupby(["model", "task"], sort=False):
        task = by.get(str(name))
        if task is None or not np.isfinite(task.future).any():
            continue
        q, y, pit = rows[COLUMNS].to_numpy(), task.future, rows[["below", "upto"]].to_numpy()
        known, half = np.isfinite(y), np.arange(len(y)) < len(y) // 2
        pinball = 2 * np.maximum(LEVELS * (y[:, None] - q), (LEVELS - 1) * (y[:, None] - q))[known]
        line = {"model": model, "task": name, "group": task.group, "crps": pinball.mean() / task.scale,
                "mase": np.abs(y - q[:, MIDDLE])[known].mean() / task.scale, "total": y[known].sum(),
                "loss": pinball[:, 3:36:4].mean(axis=1).sum(), "seconds": rows["seconds"].iloc[0]}
        for width, k in WIDTHS.items():
            closed = (q[:, k] <= y) & (y <= q[:, 38 - k])
            inside = _pit_inside(pit, LEVELS[k], closed)
            line |= {f"cover{width}": closed[known].mean(), f"open{width}": ((q[:, k] < y) & (y < q[:, 38 - k]))[known].mean(),
                     f"pit{width}": inside[known].mean(), f"near{width}": _mean(inside[known & half]),
                     f"far{width}": _mean(inside[known & ~half])}
        lines.append(line)
    return pd.DataFrame(lines)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else np.nan


def summed(each: pd.DataFrame) -> pd.DataFrame:
    """One line per model of the lines of `scored`, with standard errors of coverage over groups of tasks."""
    told = [f"{kind}{width}" for width in WIDTHS for kind in ("cover", "open", "pit", "near", "far")]
    lines = []
    for model, part in each.groupby("model", sort=False):
        groups = part.groupby("group")[[f"pit{width}" for width in WIDTHS]].mean()
        error = groups.std() / np.sqrt(len(groups))
        lines.append({"model": model, **part[["crps", "mase"]].mean(), "wql": part["loss"].sum() / part["total"].sum(),
                      **part[told].mean(), **{f"se{width}": error[f"pit{width}"] for width in WIDTHS},
                      "seconds": part["seconds"].mean(), "tasks": len(part)})
    return pd.DataFrame(lines)


def against(each: pd.DataFrame, model: str, peers: Iterable[str]) -> pd.DataFrame:
    """Ratios of a model's mean scores and seconds to those of each peer, one line a peer.

    Beside those of the scores stand their standard errors, of the paired differences over groups of tasks. A peer that
    lies below the model by less than one of them cannot be told from it.
    """
    mine, lines = each[each["model"] == model].set_index("task"), []
    for peer in peers:
        theirs = each[each["model"] == peer].set_index("task").reindex(mine.index)
        line: dict[str, object] = {"peer": peer}
        for score in ("crps", "mase"):
            apart = (mine[score] - theirs[score]).groupby(mine["group"]).mean()
            level = theirs[score].mean()
            line |= {score: mine[score].mean() / level, f"se of {score}": apart.std() / np.sqrt(len(apart)) / level}
        line["seconds"] = mine["seconds"].mean() / theirs["seconds"].mean()
        lines.append(line)
    return pd.DataFrame(lines)


def _pit_inside(pit: np.ndarray, tail: float, closed: np.ndarray) -> np.ndarray:
    """Chance [n] that the randomised PIT lies between `tail` and 1 - tail, from P(Y < y), P(Y <= y) [n, 2] of draws.

    `closed`, whether the closed interval holds the count, where these are not known (real-valued forecasts), and where
    no draw equals the count.
    """
    low, high = pit.T
    share = (np.clip(high, tail, 1 - tail) - np.clip(low, tail, 1 - tail)) / np.where(high > low, high - low, 1)
    inside = np.where(high > low, share, (low >= tail) & (low <= 1 - tail))
    return np.where(np.isnan(low), closed, inside)
