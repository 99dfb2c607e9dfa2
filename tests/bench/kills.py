"""Bench: runs killed at random moments, and two runs into one folder; nothing may be lost (a simulated yard).

python -m tests.bench kills [--number 30] [--folder FOLDER] [--seed 1]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from forecast.support.atomic_files import MARK

ROOT = Path(__file__).resolve().parents[2]
RUN = ("-m", "forecast", "-cn", "simulated_yard", "origins=2", "draws=200", "placebos=19", "models=[mean,windows]")
PARTS = ("report.html", "findings.json", "config.yaml", "forecast.log", "series.csv", "forecast.csv", "backtest.csv", "figures")


def _interruptible() -> None:
    """What a shell starts in the background without job control inherits a deaf ear for interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def begin(folder: Path, seed: int, *more: str) -> subprocess.Popen[bytes]:
    """A run into `folder`, in a process group of its own, that takes an interrupt even where we were told to ignore it."""
    return subprocess.Popen([sys.executable, *RUN, f"seed={seed}", f"output={folder}", *more], cwd=folder.parent,
                            env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, start_new_session=True,
                            preexec_fn=_interruptible)  # noqa: PLW1509 - no thread of ours holds a lock by then


def whole(folder: Path) -> int | None:
    """The seed of the one run that all parts of a report come from; None if they do not, or parts are missing."""
    if any(not (folder / part).exists() for part in PARTS):
        return None
    seed = int(json.loads((folder / "findings.json").read_text(encoding="utf-8"))["settings"]["seed"])
    told = (folder / "report.html").read_text(encoding="utf-8"), (folder / "config.yaml").read_text(encoding="utf-8")
    return seed if f"seed {seed}," in told[0] and f"\nseed: {seed}\n" in told[1] else None


def leftovers(folder: Path) -> list[str]:
    """Unfinished folders that killed runs left behind."""
    return [path.name for path in folder.glob(f"{MARK}*")] if folder.is_dir() else []


def kill(folder: Path, seed: int, after: float, *more: str) -> int:
    """Run and kill the whole group after so many seconds; its exit code."""
    run = begin(folder, seed, *more)
    try:
        run.wait(after)
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
    run.communicate()
    return run.returncode


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench kills")
    parser.add_argument("--number", type=int, default=30)
    parser.add_argument("--folder")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    rng = random.Random(chosen.seed)  # noqa: S311 - moments of kills are no secret
    place = Path(chosen.folder or tempfile.mkdtemp())
    folder = place / "run"
    start = time.monotonic()
    if kill(folder, 1, 600) or whole(folder) != 1:
        sys.exit("the first run made no whole report")
    takes, standing = time.monotonic() - start, 1
    done = kept = torn = 0
    for number in range(2, chosen.number + 2):
        # half of the kills fall into the last fifth, where files are written
        after = takes * (rng.uniform(0.1, 1.0) if number % 2 else rng.uniform(0.8, 1.1))
        code = kill(folder, number, after)
        now = whole(folder)
        done += code == 0
        kept += code != 0 and now == standing
        torn += now not in (standing, number)
        print(f"killed after {after:5.2f} s: exit {code}, the report is that of seed {now}, left {leftovers(folder)}", flush=True)
        standing = now or standing
    if kill(folder, 0, 600):
        sys.exit("the last run failed")
    print(f"{chosen.number} kills: {done} runs had ended, {kept} left the earlier report whole, {torn} were caught while "
          f"moving; after the next run: whole {whole(folder) == 0}, left behind {leftovers(folder)}")
    two = [begin(folder, seed) for seed in (100, 200)]
    codes = [run.wait(600) for run in two]
    for run in two:
        run.communicate()
    print(f"two at once: exit {codes}, the report is that of seed {whole(folder)}, left behind {leftovers(folder)}")
