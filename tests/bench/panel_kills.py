"""kill -9 at random moments: `python -m tests.bench panel_kills [--kills 10]`, of the process and of Dask workers.

The panel of a simulated file is killed and started again until it was killed that often, then left to finish; then the
same with one worker after the other of a Dask cluster on this machine. Both must hold what an undisturbed run holds,
row by row, and no series twice in the manifest.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path

from tests.bench._panel_simulated import Truth, write
from tests.bench.panel import ROOT, TABLES, run, same, words


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench panel_kills")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--ports", type=int, default=40)
    parser.add_argument("--days", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    rng = random.Random(given.seed)  # noqa: S311 - no secret
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "simulated.csv")
        known = write(file, given.ports, given.days, given.seed)
        calm = run(file, Path(folder, "calm"), known, 1)
        ports = given.ports
        for what, kill in (("process", partial(kill_process, wall=calm.wall)), ("Dask workers", kill_workers)):
            done = 0
            while done < given.kills:
                output = Path(folder, f"{what[:4]}_{done}")
                here = kill(file, output, known, given.kills - done, rng)
                if here:
                    _said(what, here, calm.folder, output, ports)
                done += here
                shutil.rmtree(output)
    return 0


def kill_process(file: Path, folder: Path, known: Truth, kills: int, rng: random.Random, *, wall: float) -> int:
    """Kill the panel at most `kills` times, unless it finishes before; the number of kills."""
    for done in range(kills):
        process = subprocess.Popen(words(file, folder, known, 1), cwd=ROOT, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            process.wait(rng.uniform(0.2, 0.9) * wall)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            continue
        return done
    run(file, folder, known, 1)
    return kills


def kill_workers(file: Path, folder: Path, known: Truth, kills: int, rng: random.Random) -> int:
    """Kill one of two workers now and then while the panel runs on their cluster; the number of kills."""
    import distributed

    done = 0
    with (distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
          distributed.Client(cluster) as client,
          subprocess.Popen([*words(file, folder, known, 1), "--executor", cluster.scheduler_address], cwd=ROOT,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process):
        while process.poll() is None:
            time.sleep(rng.uniform(1, 4))
            pids = list(client.run(_pid).values()) if done < kills and (folder / "manifest.jsonl").is_file() else []
            if pids and process.poll() is None:
                subprocess.run(["kill", "-9", str(rng.choice(pids))], check=False)
                done += 1
    if process.returncode:  # the scheduler gave one chunk up after four deaths: go on as a user would
        run(file, folder, known, 1)
    return done


def _pid() -> int:
    import os

    return os.getpid()


def _said(what: str, kills: int, calm: Path, folder: Path, ports: int) -> None:
    lines = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()][1:]
    names = [name for line in lines for name in line["series"]]
    print(f"{what} killed {kills} times: tables equal row by row: {all(same(calm, folder, name) for name in TABLES)}; "
          f"{len(names)} series finished once each: {len(set(names)) == len(names) == ports}", flush=True)
