"""Bench: SIGTERM and SIGKILL at random moments of a run, a pool, a sweep and panels; no process stays, nothing is lost.

python -m tests.bench ends [--number 30] [--seed 1]     so many kills by each signal, over all kinds of work

Only the first process is told. Every kind works into one folder of its own again and again: what a killed one left must
be whole or absent, and at the end a panel must hold what an undisturbed one holds, byte by byte.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import tempfile
import time
from pathlib import Path

from forecast.support.atomic_files import MARK
from tests.bench._panel_simulated import write
from tests.bench.kills import RUN, whole
from tests.processes import at_work, begin, ended

SOON = 2.0  # seconds
SMALL = (*RUN[2:], "output=out")
PANELS = ("panel", "in.csv", "out", "--horizon", "8")
# kind of work -> words, processes when at work, seconds within which to kill it
KINDS: dict[str, tuple[tuple[str, ...], int, float]] = {
    "run": (SMALL, 1, 6.0), "pool": ((*SMALL, "jobs=2"), 1, 8.0), "sweep": ((*SMALL, "-m", "seed=1,2"), 1, 10.0),
    "launcher": ((*SMALL, "-m", "seed=1,2", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2"), 1, 10.0),
    "panel": (PANELS, 1, 8.0), "panel pool": ((*PANELS, "--jobs", "2"), 1, 8.0),
    "panel dask": ((*PANELS, "--jobs", "2", "--executor", "dask"), 1, 12.0),
}

def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench ends")
    parser.add_argument("--number", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    rng = random.Random(chosen.seed)  # noqa: S311 - moments of kills are no secret
    bad = 0
    with tempfile.TemporaryDirectory() as scratch:
        calm = _folder(Path(scratch, "calm"))
        if begin(PANELS, calm).wait(600):
            raise SystemExit("the undisturbed panel failed")
        for number in (signal.SIGTERM, signal.SIGKILL):
            late, worst = 0, 0.0
            for k in range(chosen.number):
                kind = list(KINDS)[k % len(KINDS)]
                took, sound = _killed(kind, _folder(Path(scratch, kind.replace(" ", "_"))), number, rng, calm)
                late, worst, bad = late + (took > SOON), max(worst, took), bad + (not sound)
                print(f"{number.name} {kind}: all gone after {took:.2f} s, {'sound' if sound else 'NOT SOUND'}", flush=True)
            print(f"{chosen.number} kills by {number.name}: {late} left a process after {SOON:g} s, the slowest was gone after {worst:.2f} s", flush=True)
            bad += late
        for kind in (kind for kind in KINDS if "panel" in kind):
            folder = Path(scratch, kind.replace(" ", "_"))
            done = folder.exists() and begin(KINDS[kind][0], folder).wait(600) == 0
            same = done and all((folder / "out" / path.name).read_bytes() == path.read_bytes() for path in (calm / "out").glob("*.parquet"))
            bad += not same
            print(f"{kind}: taken to its end, its tables are those of an undisturbed one: {same}", flush=True)
    print("all sound" if not bad else f"{bad} FAULTS")


def _folder(place: Path) -> Path:
    place.mkdir(exist_ok=True)
    if not (place / "in.csv").exists():
        write(place / "in.csv", 12, 400, 0)
    return place


def _killed(kind: str, folder: Path, number: signal.Signals, rng: random.Random, calm: Path) -> tuple[float, bool]:
    """Seconds until the last process has gone, and whether what is left is whole or absent."""
    words, processes, within = KINDS[kind]
    if "panel" in kind and (folder / "out" / "summary.json").exists():
        shutil.rmtree(folder / "out")  # it was finished: begin again
    run = begin(words, folder)
    at_work(run, processes)
    time.sleep(rng.uniform(0.2, within))
    took, _ = ended(run, number)
    if "panel" in kind:
        return took, not (folder / "out" / "summary.json").exists() or (folder / "out" / "series.parquet").exists()
    reports = [path.parent for path in folder.glob("out/**/findings.json") if not any(part.startswith(MARK) for part in path.parts)]
    half = number == signal.SIGKILL and any(folder.glob(f"out/**/{MARK}*/.ready"))  # caught while moving: the next run finishes it
    return took, half or all(whole(path) is not None for path in reports)
