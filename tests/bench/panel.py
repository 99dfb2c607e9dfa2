"""Panels of simulated ports: time, memory, what is found: `python -m tests.bench panel [--ports 2000 --days 2500]`.

The file is simulated in PortWatch's layout into a temporary folder, and goes with it. The panel runs as a command in a
process of its own. `--peers` names an interpreter with ruptures; Prophet is that of this environment: both loop over
a sample of the same series, ruptures' Pelt (l2, 3 log n, its own steps of five days, and steps of one) and Prophet with
28 days ahead. `--linear` runs a quarter and a half of the ports as well, `--dask` the same panel on a Dask cluster of
this machine.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench._panel_simulated import FIRST, Truth, counts, truth, write

NEAR = 28  # days within which a break is found
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ran:
    """A finished panel: its folder, wall and CPU seconds, and the largest resident set of one process and of all."""

    folder: Path
    wall: float
    cpu: float
    largest: float
    together: float


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["peer"]:
        return _peer(*arguments[1:])
    parser = argparse.ArgumentParser(prog="python -m tests.bench panel")
    parser.add_argument("--ports", type=int, default=2000)
    parser.add_argument("--days", type=int, default=2500)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--peers")
    parser.add_argument("--sample", type=int, default=12)
    parser.add_argument("--linear", action="store_true")
    parser.add_argument("--dask", action="store_true")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        sizes = [given.ports // 4, given.ports // 2] if given.linear else []
        for ports in (*sizes, given.ports):
            file = Path(folder, f"simulated_{ports}.csv")
            known = write(file, ports, given.days, given.seed)
            ran = run(file, Path(folder, f"out_{ports}"), known, given.jobs)
            _times(f"{ports} ports x {given.days} days, {given.jobs} processes", ran, ports)
        _found(ran.folder, known)
        if given.dask:
            dask = run(file, Path(folder, "dask"), known, given.jobs, "--executor", "dask")
            _times("the same on Dask", dask, given.ports)
            print(f"  Dask adds {1000 * (dask.cpu - ran.cpu) / given.ports:.0f} ms CPU, "
                  f"{1000 * (dask.wall - ran.wall) / given.ports:.0f} ms wall a series; equal tables: "
                  f"{all(same(ran.folder, dask.folder, name) for name in TABLES)}")
    if given.peers:
        _compare(given, ran.cpu / given.ports, ran.wall / given.ports)
    return 0


TABLES = ("series", "breaks", "effects", "forecast", "placebos")


def same(one: Path, other: Path, name: str) -> bool:
    """Whether two panels hold the same rows in one table, bit for bit."""
    import pandas as pd  # here, for an interpreter with ruptures need not have it

    return bool(pd.read_parquet(one / f"{name}.parquet").equals(pd.read_parquet(other / f"{name}.parquet")))


def words(file: Path, folder: Path, known: Truth, jobs: int, *more: str) -> list[str]:
    return [sys.executable, "-m", "forecast", "panel", str(file), str(folder), "--event", known.event, "--jobs",
            str(jobs), *more]


def run(file: Path, folder: Path, known: Truth, jobs: int, *more: str) -> Ran:
    before, began, most = _cpu(), time.perf_counter(), 0.0
    with subprocess.Popen(words(file, folder, known, jobs, *more), cwd=ROOT, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            most = max(most, _resident(process.pid))
            time.sleep(0.5)
    if process.returncode:
        raise SystemExit(f"the panel ended with {process.returncode}")
    return Ran(folder, time.perf_counter() - began, _cpu() - before,
               resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, most)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _resident(pid: int) -> float:
    """Megabytes of a process and all that it started, now (Linux); pages that they share count once for each."""
    total, queue = 0.0, [pid]
    while queue:
        one = queue.pop()
        try:
            total += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
            for task in Path(f"/proc/{one}/task").iterdir():
                queue += [int(child) for child in (task / "children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError):  # it ended while we looked
            continue
    return total


def _times(what: str, ran: Ran, ports: int) -> None:
    print(f"{what}: {ran.wall:.0f} s wall, {ran.cpu:.0f} s CPU, {ports / ran.wall:.1f} series/s, "
          f"{ran.cpu / ports:.3f} CPU s a series; peak {ran.largest:.0f} MB in one process, {ran.together:.0f} MB "
          "in all", flush=True)


def _found(folder: Path, known: Truth) -> None:
    import pandas as pd

    series, breaks, effects = (pd.read_parquet(folder / f"{name}.parquet").set_index("unique_id")
                               for name in ("series", "breaks", "effects"))
    port = series.index.str.extract(r"port(\d+)/")[0].astype(int).to_numpy()
    true = known.day[port] >= 0
    listed = series["changed"].to_numpy()
    _rates("series changed", listed, true)
    port = effects.index.str.extract(r"port(\d+)/")[0].astype(int).to_numpy()
    affected = effects["affected"].to_numpy()
    _rates("affected by the event", affected, known.at_event[port])
    inside = (known.day[port] >= known.event_day) & (known.day[port] <= known.event_day + NEAR)
    _rates("  a break in its window counted as true", affected, inside)
    mine = breaks[breaks["changed"]]
    day = known.day[mine.index.str.extract(r"port(\d+)/")[0].astype(int).to_numpy()]
    at = (pd.to_datetime(mine["at"]).to_numpy().astype("datetime64[D]") - FIRST).astype(int)
    error = np.abs(at - day)[day >= 0]
    hit = (day >= 0) & (np.abs(at - day) <= NEAR)
    truth_day = FIRST + np.maximum(day, 0)
    low, high = (pd.to_datetime(mine[edge]).to_numpy().astype("datetime64[D]") for edge in ("low", "high"))
    covers = ((low <= truth_day) & (truth_day <= high))[hit]
    print(f"breaks within {NEAR} days: precision {hit.mean():.3f}, recall {hit.sum() / (known.day >= 0).sum():.3f}; "
          f"median error {np.median(error):.0f} days; 90 % intervals of those found hold {covers.mean():.3f}; failed "
          f"series {series['failed'].notna().sum()}")


def _rates(what: str, listed: np.ndarray, true: np.ndarray) -> None:
    false, number = int((listed & ~true).sum()), max(int(listed.sum()), 1)
    rate = false / number
    print(f"{what}: {true.sum()} true, {listed.sum()} listed, false discovery rate {rate:.3f} "
          f"(+- {np.sqrt(rate * (1 - rate) / number):.3f}), recall {(listed & true).sum() / max(true.sum(), 1):.3f}")


# -- peers ------------------------------------------------------------------------------------------------------------
def _compare(given: argparse.Namespace, cpu: float, wall: float) -> None:
    said: dict[str, Any] = {}
    for python, what in ((given.peers, "pelt"), (given.peers, "pelt_daily"), (sys.executable, "prophet")):
        done = subprocess.run([python, "-W", "ignore", "-m", "tests.bench", "panel", "peer", what, str(given.ports),
                               str(given.days), str(given.seed), str(given.sample)], cwd=ROOT, capture_output=True,
                              text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"})
        if done.returncode:
            raise SystemExit(done.stderr[-500:])
        said[what] = json.loads(done.stdout.splitlines()[-1])
        print(f"{what}: {said[what]['cpu']:.3f} CPU s, {said[what]['wall']:.3f} s wall a series")
    for pelt in ("pelt", "pelt_daily"):
        both = {key: said[pelt][key] + said["prophet"][key] for key in ("cpu", "wall")}
        print(f"a loop of {pelt} and Prophet over one process: {both['wall'] / wall:.1f} times our wall time, "
              f"{both['cpu'] / cpu:.1f} times our CPU time, reading the file included in ours alone")


def _peer(what: str, ports: str, days: str, seed: str, sample: str) -> int:
    """Seconds a series of a peer, as JSON on the last line."""
    known, used = truth(int(ports), int(days), int(seed)), []
    work = _prophet if what == "prophet" else _pelt
    for port in range(int(sample)):
        y = counts(known, port, int(days), int(seed))
        began, cpu = time.perf_counter(), time.process_time() + _cpu()
        work(y, 1 if what == "pelt_daily" else 5)
        used.append((time.process_time() + _cpu() - cpu, time.perf_counter() - began))
    # the first call of Prophet loads what it needs; the middle call is what a loop pays
    print(json.dumps(dict(zip(("cpu", "wall"), np.mean(used[1:] or used, axis=0).tolist(), strict=True))))
    return 0


def _pelt(y: np.ndarray, jump: int) -> None:
    import ruptures

    y = y[~np.isnan(y)]
    noise = max(float(np.var(np.diff(y)) / 2), 1e-3)
    ruptures.Pelt(model="l2", jump=jump).fit_predict(y, pen=3 * np.log(len(y)) * noise)


def _prophet(y: np.ndarray, jump: int) -> None:
    import logging

    import pandas as pd
    import prophet

    logging.disable(logging.CRITICAL)
    made = prophet.Prophet()
    made.fit(pd.DataFrame({"ds": pd.date_range(str(FIRST), periods=len(y)), "y": y}))
    made.predict(made.make_future_dataframe(28, include_history=False))
