"""Forecasts soon after a break: `python -m tests.bench around_breaks --data FOLDER --peers PYTHON`.

Every origin lies one to twelve rows after a dated change, so that a model must notice it from few rows. The dates of
the observed series are those of known events, never found in the counts: the first months of COVID-19 and the
closure of two bridges for freight trains in December 2023 (US customs figures), the grounded ship in Suez and its
refloating in March 2021, the invasion of 24 February 2022 (Bosporus). Simulated series have a step of known size at
a known row; they need no --data. Scores and peers are those of the bench `forecasts`.

Beside the simulated sets stands what the generator itself would cover (`_generator`), which knows all but the date, and
the same series before their break: a chance of a break four times the true one buys coverage after it with
intervals too wide before it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tests.bench._generator import Generator
from tests.bench.designs import EVENT, LATENT, lagged, latent
from tests.bench.forecasts import OMISSIONS, SETS, Task, compared, of_paths, options

AFTER = range(1, 13)  # rows seen since the break
BREAKS = {
    "railcars": {"": ("2020-04-01", "2023-12-01")},
    "straits": {"suez": ("2021-03-26", "2021-03-31"), "bosporus": ("2022-02-24",)},
}
SIMULATED = {"simulated x2.5": ("A", 2.5), "simulated x0.4": ("A", 0.4), "simulated x1.6": ("C", 1.6),
             "simulated lagged": ("phi .4", 0.5)}
BEFORE = range(-24, -6, 3)  # origins whose horizon ends before the break
NUMBER, HORIZON = 30, 6  # simulated series a set, and rows ahead in them
HAZARDS = {"generator, 1 break in 80": 1 / 80, "generator, 1 in 20": 1 / 20}


def observed(folder: Path, name: str) -> list[Task]:
    """Tasks of the observed series of one set, every origin within twelve rows of one of its dated changes."""
    cut, found = SETS[name], []
    table = pd.read_csv(folder / "counts" / cut.file, parse_dates=["ds"])
    for unique, part in table.groupby("unique_id"):
        column = part.set_index("ds")["y"].astype(float).asfreq(cut.freq)
        column[column.index.isin(pd.to_datetime(list(OMISSIONS.get(name, ()))))] = np.nan
        dates = next(dates for start, dates in BREAKS[name].items() if str(unique).startswith(start))
        places = [int(column.index.searchsorted(pd.Timestamp(date))) for date in dates]
        for end in sorted({place + k for place in places for k in AFTER}):
            if end + cut.horizon <= len(column):
                found.append(_task(f"{unique}@{end}", cut.freq, cut.season, column, end, cut.horizon))
    return found


def simulated(name: str, origins: range) -> list[Task]:
    """Tasks of simulated series with a step at a known row, from origins so many rows after it; weeks without a season."""
    design, factor = SIMULATED[name]
    place = EVENT if design in LATENT else 60
    many = latent(design, NUMBER, factor, seed=5) if design in LATENT else lagged(design, NUMBER, seed=5, at=place)
    found = []
    for number, series in enumerate(many):
        column = pd.Series(series.value, index=pd.DatetimeIndex(series.start))
        found += [_task(f"{name} {number}@{place + k}", "W-MON", 1, column, place + k, HORIZON) for k in origins]
    return found


def limit(name: str, work: list[Task], draws: int) -> pd.DataFrame:
    """What the generator forecasts, under the true chance of a break and under one that is too high."""
    rng = np.random.default_rng(0)
    return pd.concat([of_paths(task, model, Generator(*SIMULATED[name], hazard).paths(task.y, HORIZON, draws, rng), 0.0)
                      for model, hazard in HAZARDS.items() for task in work], ignore_index=True)


def _task(name: str, freq: str, season: int, column: pd.Series, end: int, horizon: int) -> Task:
    y = column.to_numpy()
    return Task(name, freq, season, pd.DatetimeIndex(column.index[:end]), y[:end], y[end:end + horizon],
                name.split("@", maxsplit=1)[0])


def main(arguments: list[str]) -> int:
    """Print one table per set; 0 when every one was made."""
    parser = options("around_breaks", [*BREAKS, *SIMULATED])
    parser.set_defaults(which=["AutoETS", "Prophet", "statsmodels UC"])
    chosen = parser.parse_args(arguments)
    for name in chosen.set:
        if name not in BREAKS:
            for words, origins in (("", AFTER[::2]), (", before its break", BEFORE)):
                work = simulated(name, origins)
                compared(name + words, work, chosen, limit(name, work, chosen.draws))
        elif chosen.data is None:
            parser.error("name the folder that holds counts/ with --data")
        else:
            compared(name, observed(chosen.data, name), chosen)
    return 0
