"""Forecasts of counts against the peers a user would pick: `python -m tests.bench forecasts --data FOLDER`.

FOLDER/counts holds long tables `unique_id, ds, y` (a gap in ds is missing). Every model is scored on the same 39
quantiles: CRPS over the seasonal scale of the history, MASE of the median, weighted quantile loss at the deciles,
coverage, and CPU seconds a series. The closed interval of whole counts covers more than it says and the open one less:
`cover80` is the closed one, `open80` leaves its ends out, and `pit80` is exact where forecasts are calibrated: the chance
that the randomised PIT lies in the central 80 % (Czado, Gneiting & Held 2009), so that a count at an end counts by the
share of its mass that the interval needs; for the peers' real numbers it is the closed one; `near80` and `far80` are its
halves over the horizon. `se80` is its standard error over groups of tasks that share no row (a series, or a stretch of
one where there are few), and so is that of each ratio to a peer. `--peers PYTHON` names an interpreter with statsforecast, prophet and statsmodels;
this very file is run by it, so that module-level imports are those that both environments have. Peers cannot take
NaN: gaps are interpolated for them, as their users do; Prophet, unobserved components and the pretrained network get
the gaps.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

LEVELS = np.arange(1, 40) / 40
COLUMNS = [f"q{level:g}" for level in LEVELS]


@dataclass(frozen=True)
class Set:
    """How one file is cut: the last `origins` origins `step` rows apart, `horizon` rows each, `season` rows a cycle."""

    file: str
    freq: str
    season: int
    horizon: int
    origins: int = 1
    step: int = 1
    hidden: float = 0.0
    last: int = 100_000  # rows that are used at most


REAL = "../real/series.csv"  # series of every frequency, told apart by a column
SETS = {
    "hospital": Set("hospital_monthly.csv", "MS", 12, 12),
    "carparts": Set("carparts_monthly.csv", "MS", 12, 12),
    "railcars": Set("cbp_railcars_monthly.csv", "MS", 12, 12, 12, 6),
    "seatbelts": Set("seatbelts_monthly.csv", "MS", 12, 12, 8, 6),
    "straits": Set("straits_daily.csv", "D", 7, 7, 8, 3),
    "portcalls": Set("portcalls_daily.csv", "D", 7, 14, 10, 30),
    "portcalls_20": Set("portcalls_daily.csv", "D", 7, 14, 10, 30, hidden=0.2),
    "portcalls_40": Set("portcalls_daily.csv", "D", 7, 14, 10, 30, hidden=0.4),
    "portcalls_60": Set("portcalls_daily.csv", "D", 7, 14, 10, 30, hidden=0.6),
    "portcalls_year_60": Set("portcalls_daily.csv", "D", 7, 14, 10, 30, hidden=0.6, last=365),
    "epidemic": Set("epidemic_weekly.csv", "W-MON", 52, 4, 20, 4),
    "surveillance": Set("surveillance_weekly.csv", "W-MON", 52, 8),
    "real_monthly": Set(REAL, "MS", 12, 12, 8, 12),
    "real_weekly": Set(REAL, "W-MON", 52, 13, 8, 13),
    "real_weekly_year": Set(REAL, "W-MON", 52, 52, 4, 26),
    "real_daily": Set(REAL, "D", 7, 28, 10, 28),
    "real_daily_180": Set(REAL, "D", 7, 180, 5, 60),
}
# Zeros that stand for no report, not for no railcar (README of the data): missing for everybody.
OMISSIONS = {"railcars": ("2013-10-01", "2017-09-01", "2018-09-01")}


@dataclass(frozen=True)
class Task:
    """One history to forecast and what came of it."""

    name: str
    freq: str
    season: int
    when: pd.DatetimeIndex
    y: np.ndarray
    future: np.ndarray
    group: str  # tasks of one group share rows or a series: coverage errors are taken over groups

    @property
    def scale(self) -> float:
        lag = self.season if len(self.y) > self.season else 1
        gaps = np.abs(self.y[lag:] - self.y[:-lag])
        return float(np.nanmean(gaps)) if np.isfinite(gaps).any() else float("nan")


def tasks(folder: Path, name: str, limit: int) -> list[Task]:
    """The tasks of a set; a series too short for one seasonless history of six rows gives none."""
    cut = SETS[name]
    table = pd.read_csv(folder / "counts" / cut.file, parse_dates=["ds"])
    table = table[table["freq"] == cut.freq] if "freq" in table else table
    rng = np.random.default_rng(1)
    found = []
    for unique, part in list(table.groupby("unique_id"))[:limit]:
        column = part.set_index("ds")["y"].astype(float)
        four = name == "epidemic" and column.index.to_series().diff().median().days == 28
        freq = "28D" if four else cut.freq
        if name == "epidemic":  # weeks counted from each new year: equidistant in rows, not quite in days
            column.index = pd.date_range(column.index[0], periods=len(column), freq=freq)
        column = column.asfreq(freq)
        column[column.index.isin(pd.to_datetime(list(OMISSIONS.get(name, ()))))] = np.nan
        y = column.to_numpy()[-cut.last:]
        shown = np.where(rng.uniform(size=len(y)) < cut.hidden, np.nan, y)
        for k in range(cut.origins):
            end = len(y) - cut.horizon - k * cut.step
            if end >= 6 and np.isfinite(shown[:end]).sum() >= 3:
                found.append(Task(f"{unique}@{k}", freq, 13 if four else cut.season, column.index[-len(y):][:end],
                                  shown[:end], y[end:end + cut.horizon],
                                  f"{unique}/{k // -(-cut.horizon // cut.step)}"))
    series = {task.name.split("@")[0] for task in found}
    return [replace(task, group=task.name.split("@")[0]) for task in found] if len(series) >= 10 else found


def packed(work: list[Task]) -> str:
    """Tasks as JSON: how they reach the process of the peers."""
    return json.dumps([{**asdict(task), "when": [str(day.date()) for day in task.when],
                        "y": [None if np.isnan(y) else y for y in task.y], "future": len(task.future)}
                       for task in work])


def unpacked(text: str) -> list[Task]:
    """Tasks of `packed`; peers get the number of rows ahead, not what happened."""
    return [Task(**{**each, "when": pd.DatetimeIndex(each["when"]), "y": np.array(each["y"], dtype=float),
                    "future": np.full(each["future"], np.nan)}) for each in json.loads(text)]


# -- ours -------------------------------------------------------------------------------------------------------------
def ours(models: list[str], work: list[Task], draws: int) -> pd.DataFrame:
    """Quantiles of our members for every task, checked to be whole and never negative."""
    from forecast import Series, predict

    frames = []
    for model in models:
        warm = Series.from_values([3, 1, 4, 1, 5, 9, 2, 6], freq=work[0].freq)
        predict(warm, model=model, horizon=1, draws=2)
        for task in work:
            series = Series.from_values(task.y, start=task.when[0], freq=task.freq)
            began = time.process_time()
            paths = predict(series, model=model, horizon=len(task.future), draws=draws)
            spent = time.process_time() - began
            if paths.dtype != np.int64 or paths.min() < 0:
                raise AssertionError(f"{model} on {task.name}: {paths.dtype}, least {paths.min()}")
            frames.append(of_paths(task, model, paths, spent))
    return pd.concat(frames, ignore_index=True)


def of_paths(task: Task, model: str, paths: np.ndarray, spent: float) -> pd.DataFrame:
    """The lines of one task of a forecaster of whole counts, with what the randomised PIT needs."""
    frame = _frame(task.name, model, np.quantile(paths, LEVELS, axis=0).T, spent)
    return frame.assign(below=(paths < task.future).mean(axis=0), upto=(paths <= task.future).mean(axis=0))


def _frame(task: str, model: str, quantiles: np.ndarray, spent: float) -> pd.DataFrame:
    frame = pd.DataFrame(quantiles, columns=COLUMNS)
    frame.insert(0, "step", np.arange(len(frame)))
    frame.insert(0, "seconds", spent)
    frame.insert(0, "model", model)
    frame.insert(0, "task", task)
    return frame


# -- peers (run by the interpreter of --peers) --------------------------------------------------------------------------
def peers(work: list[Task], which: list[str]) -> Iterator[pd.DataFrame]:
    """Quantiles of the peers for every task; the average of AutoETS and AutoTheta is the ensemble."""
    logging.disable(logging.WARNING)  # a line a fit otherwise
    known: dict[str, Callable[[Task], np.ndarray]] = {
        "AutoETS": lambda t: _nixtla(t, "AutoETS"), "AutoTheta": lambda t: _nixtla(t, "AutoTheta"),
        "AutoARIMA": lambda t: _nixtla(t, "AutoARIMA"), "SeasonalNaive": lambda t: _nixtla(t, "SeasonalNaive"),
        "Prophet": _prophet, "statsmodels ETS": _ets, "statsmodels UC": _components, "pretrained": _pretrained,
    }
    for name in which:
        known[name](work[0])  # compile and import outside the clock
        for task in work:
            began = time.process_time()
            quantiles = known[name](task)
            yield _frame(task.name, name, quantiles, time.process_time() - began)


def _filled(y: np.ndarray) -> np.ndarray:
    return pd.Series(y).interpolate(limit_direction="both").to_numpy()


def _nixtla(task: Task, name: str) -> np.ndarray:
    from statsforecast import models

    season = task.season if len(task.y) >= 2 * task.season and (task.season <= 24 or name == "SeasonalNaive") else 1
    model = getattr(models, name)(season_length=season)
    sides = [round(100 * (1 - 2 * q)) for q in LEVELS if q < 0.5]
    out = model.forecast(y=_filled(task.y), h=len(task.future), level=sides)
    columns = [out[f"lo-{s}"] for s in sides] + [out["mean"]] + [out[f"hi-{s}"] for s in sides[::-1]]
    return np.column_stack(columns)


def _prophet(task: Task) -> np.ndarray:
    from prophet import Prophet

    model = Prophet()
    model.fit(pd.DataFrame({"ds": task.when, "y": task.y}).dropna())
    coming = pd.date_range(task.when[-1], periods=len(task.future) + 1, freq=task.freq)[1:]
    draws = model.predictive_samples(pd.DataFrame({"ds": coming}))["yhat"]
    return np.quantile(draws, LEVELS, axis=1).T


def _ets(task: Task) -> np.ndarray:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    season = task.season if len(task.y) >= 2 * task.season and 1 < task.season <= 24 else None
    model = ETSModel(_filled(task.y), error="add", trend="add", damped_trend=True,
                     seasonal="add" if season else None, seasonal_periods=season)
    paths = model.fit(disp=False).simulate(len(task.future), anchor="end", repetitions=500, rng=0)
    return np.quantile(np.asarray(paths).reshape(len(task.future), -1), LEVELS, axis=1).T


def _components(task: Task) -> np.ndarray:
    from statistics import NormalDist

    from statsmodels.tsa.statespace.structural import UnobservedComponents

    season = task.season if len(task.y) >= 2 * task.season and 1 < task.season <= 24 else None
    result = UnobservedComponents(task.y, level="local level", seasonal=season).fit(disp=False)
    coming = result.get_forecast(len(task.future))
    z = np.array([NormalDist().inv_cdf(q) for q in LEVELS])
    return np.asarray(coming.predicted_mean)[:, None] + np.asarray(coming.se_mean)[:, None] * z


def _pretrained(task: Task) -> np.ndarray:
    """Fracast-0, a pretrained network of 85,001 weights that its package holds; it takes gaps, and eight rows at least.

    Its deciles are drawn through to the other levels on the scale of normal scores.
    """
    from statistics import NormalDist

    model = _loaded()
    y = task.y if np.isfinite(task.y).sum() >= 8 else _filled(np.concatenate([np.full(8, np.nan), task.y]))
    deciles = np.sort(np.asarray(model.forecast(y, horizon=len(task.future)), dtype=float), axis=1)
    at, wanted = (np.array([NormalDist().inv_cdf(level) for level in levels]) for levels in (model.quantiles, LEVELS))
    inside = np.stack([np.interp(wanted, at, row) for row in deciles])
    low, high = ((deciles[:, i] - deciles[:, j]) / (at[i] - at[j]) for i, j in ((1, 0), (-1, -2)))
    beyond = np.minimum(wanted - at[0], 0) * low[:, None] + np.maximum(wanted - at[-1], 0) * high[:, None]
    return np.asarray(inside + beyond)


@cache
def _loaded() -> Any:
    from fracast import FracastModel

    return FracastModel.from_pretrained()


def ask_peers(python: str, work: list[Task], which: list[str]) -> pd.DataFrame:
    """The peers' quantiles, from a process of their own interpreter; with both, ETS + Theta is their mean."""
    done = subprocess.run([python, "-W", "ignore", __file__, "--as-peer", "--which", *which], check=True,
                          input=packed(work), stdout=subprocess.PIPE, text=True)
    theirs = pd.read_csv(io.StringIO(done.stdout))
    both = [theirs[theirs["model"] == peer].reset_index(drop=True) for peer in ("AutoETS", "AutoTheta")]
    if all(len(frame) for frame in both):
        mix = both[0].copy()
        mix[COLUMNS] = (both[0][COLUMNS] + both[1][COLUMNS]) / 2
        mix["seconds"], mix["model"] = both[0]["seconds"] + both[1]["seconds"], "ETS + Theta"
        theirs = pd.concat([theirs, mix], ignore_index=True)
    return theirs


# -- tables ----------------------------------------------------------------------------------------------------------
def options(name: str, sets: Iterable[str]) -> argparse.ArgumentParser:
    """The options that benches of forecasts share."""
    parser = argparse.ArgumentParser(prog=f"python -m tests.bench {name}")
    parser.add_argument("--data", type=Path, help="folder that holds counts/")
    parser.add_argument("--peers", help="interpreter with statsforecast, prophet and statsmodels")
    parser.add_argument("--set", nargs="*", default=list(sets), choices=list(sets))
    parser.add_argument("--models", nargs="*", default=["auto"], help="names of conf/models")
    parser.add_argument("--which", nargs="*", default=["AutoETS", "AutoTheta", "SeasonalNaive", "statsmodels UC"],
                        help="peers to run; AutoARIMA, Prophet and 'statsmodels ETS' take minutes; 'pretrained' needs "
                        "the package fracast")
    parser.add_argument("--limit", type=int, default=100_000, help="series a set at most")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--as-peer", action="store_true", help=argparse.SUPPRESS)
    return parser


def compared(name: str, work: list[Task], chosen: argparse.Namespace, limit: pd.DataFrame | None = None) -> None:
    """Print the table of one set: our models, the peers if an interpreter is named, and our ratios to each of them.

    `limit`: lines of forecasters that know what nobody can, shown below the peers and not counted among them.
    """
    from tests.bench._forecast_scores import against, scored, summed  # not for the peers' interpreter

    tables = [ours(chosen.models, work, chosen.draws)]
    if chosen.peers:
        tables.append(ask_peers(chosen.peers, work, chosen.which))
    rivals = [] if len(tables) == 1 else list(dict.fromkeys(tables[1]["model"]))
    each = scored(pd.concat([*tables, *([] if limit is None else [limit])], ignore_index=True), work)
    print(f"\n{name}: {each['task'].nunique()} tasks")
    print(summed(each).round(4).to_string(index=False))
    if rivals:
        print(f"{chosen.models[0]} over each peer, with paired standard errors:")
        print(against(each, chosen.models[0], rivals).round(3).to_string(index=False), flush=True)


def main(arguments: list[str]) -> int:
    """Print one table per set; 0 when every one was made."""
    parser = options("forecasts", SETS)
    chosen = parser.parse_args(arguments)
    if chosen.as_peer:
        pd.concat(peers(unpacked(sys.stdin.read()), chosen.which), ignore_index=True).to_csv(sys.stdout, index=False)
        return 0
    if chosen.data is None:
        parser.error("name the folder that holds counts/ with --data")
    for name in chosen.set:
        compared(name, tasks(chosen.data, name, chosen.limit), chosen)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
