"""Forecasts soon after a break: `python -m tests.bench around_breaks --data FOLDER --peers PYTHON`.

Every origin lies one to twelve rows after a dated change, so that a model must notice it from few rows. The dates of
the observed series are those of known events, never found in the counts: the first months of COVID-19 and the
closure of two bridges for freight trains in December 2023 (US customs figures), the grounded ship in Suez and its
refloating in March 2021, the invasion of 24 February 2022 (Bosporus). Simulated series have a step of known size at
a known row; they need no --data. Scores and peers are those of the bench `forecasts`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tests.bench.designs import EVENT, lagged, latent
from tests.bench.forecasts import OMISSIONS, SETS, Task, compared, options

AFTER = range(1, 13)  # rows seen since the break
BREAKS = {
    "railcars": {"": ("2020-04-01", "2023-12-01")},
    "straits": {"suez": ("2021-03-26", "2021-03-31"), "bosporus": ("2022-02-24",)},
}
SIMULATED = {"simulated x2.5": ("A", 2.5), "simulated x0.4": ("A", 0.4), "simulated x1.6": ("C", 1.6)}
HALVED = {"simulated lagged": "phi .4"}
NUMBER, HORIZON = 10, 6  # simulated series a set, and rows ahead in them


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


def simulated(name: str) -> list[Task]:
    """Tasks of simulated series with a step at a known row; weekly rows without a season."""
    if name in HALVED:
        place, many = 60, lagged(HALVED[name], NUMBER, seed=5, at=60)
    else:
        design, factor = SIMULATED[name]
        place, many = EVENT, latent(design, NUMBER, factor, seed=5)
    found = []
    for number, series in enumerate(many):
        column = pd.Series(series.value, index=pd.DatetimeIndex(series.start))
        found += [_task(f"{name} {number}@{place + k}", "W-MON", 1, column, place + k, HORIZON) for k in AFTER[::2]]
    return found


def _task(name: str, freq: str, season: int, column: pd.Series, end: int, horizon: int) -> Task:
    y = column.to_numpy()
    return Task(name, freq, season, pd.DatetimeIndex(column.index[:end]), y[:end], y[end:end + horizon],
                name.split("@", maxsplit=1)[0])


def main(arguments: list[str]) -> int:
    """Print one table per set; 0 when every one was made."""
    parser = options("around_breaks", [*BREAKS, *SIMULATED, *HALVED])
    parser.set_defaults(which=["AutoETS", "Prophet", "statsmodels UC"])
    chosen = parser.parse_args(arguments)
    for name in chosen.set:
        if name not in BREAKS:
            compared(name, simulated(name), chosen)
        elif chosen.data is None:
            parser.error("name the folder that holds counts/ with --data")
        else:
            compared(name, observed(chosen.data, name), chosen)
    return 0
