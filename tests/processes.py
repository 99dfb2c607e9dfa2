"""Runs of the command in a session of their own, whose processes are counted until the last has gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.bench._panel_simulated import write

GROUP, SESSION = 2, 3  # fields of /proc/PID/stat after the name
ROOT = Path(__file__).resolve().parent.parent
LONG = ("-cn", "simulated_yard", "origins=60", "models=[count_state_space,structural]", "draws=100000", "output=out")
PANEL = ("panel", "in.csv", "out", "--only", "*", "--origins", "6", "--horizon", "8")
# what is run, and how many processes it has when it is at work
WORK: dict[str, tuple[tuple[str, ...], int]] = {
    "run": (LONG, 1), "pool": ((*LONG, "jobs=2"), 3), "sweep": ((*LONG, "-m", "seed=1,2"), 1),
    "launcher": ((*LONG, "-m", "seed=1,2", "hydra/launcher=joblib", "hydra.launcher.n_jobs=3"), 4),
    "panel": (PANEL, 1), "panel pool": ((*PANEL, "--jobs", "2"), 3), "panel dask": ((*PANEL, "--jobs", "2", "--executor", "dask"), 3),
}


def begin(words: tuple[str, ...], folder: Path) -> subprocess.Popen[bytes]:
    """The command in `folder`, where `in.csv` holds simulated counts; it takes interrupts even where we were told not to."""
    if not (folder / "in.csv").exists():
        write(folder / "in.csv", 40, 600, 0)
    return subprocess.Popen([sys.executable, "-m", "forecast", *words], cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, start_new_session=True,
                            preexec_fn=_hearing)  # noqa: PLW1509 - no thread of ours holds a lock by then


def _hearing() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def alive(number: int, of: int = SESSION) -> list[str]:
    """Processes of a session, or of a group, that are not only waiting to be buried."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            after = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(after[of]) == number and after[0] != "Z":
            found.append(path.parent.name)
    return found


def at_work(run: subprocess.Popen[bytes], number: int, patience: float = 90) -> bool:
    """Wait until a run has so many processes; False where it ends before."""
    began = time.monotonic()
    while run.poll() is None and time.monotonic() - began < patience:
        if len(alive(run.pid)) >= number:
            return True
        time.sleep(0.05)
    return False


def ended(run: subprocess.Popen[bytes], number: int, patience: float = 20) -> tuple[float, str]:
    """Send a signal to the first process alone; seconds until the last process has gone, and what was said."""
    began = time.monotonic()
    os.kill(run.pid, number)
    run.poll()
    while alive(run.pid) and time.monotonic() - began < patience:
        run.poll()
        time.sleep(0.02)
    took = time.monotonic() - began
    for pid in alive(run.pid):
        os.kill(int(pid), signal.SIGKILL)
    return took, run.communicate(timeout=20)[1].decode(errors="replace")
