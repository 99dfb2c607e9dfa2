"""Memory and time of reading a large PortWatch file: `python -m tests.bench feeds [--megabytes 300]`.

The file is simulated into a temporary folder and goes with it. Each way of reading runs in a process of its own; its
peak memory is that process's maximum resident set.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.feeds.simulated import PORTWATCH

WAYS = {
    "imports alone": "import pandas, forecast.evidence.feeds.gather",
    "check": "from forecast.cli.main import command; import os, sys; sys.stdout = open(os.devnull, 'w'); command(['check', FILE])",
    "feed_series, one measure": "from forecast.evidence.feeds.layouts import feed_series; n = sum(1 for _ in feed_series(FILE, only='*/portcalls'))",
    "feed_series, all measures": "from forecast.evidence.feeds.layouts import feed_series; n = sum(1 for _ in feed_series(FILE))",
    "one port of an experiment": "from forecast import LongTable; LongTable(FILE, 'port7/portcalls', freq='D').read()",
    "pandas.read_csv, whole": "import pandas; frame = pandas.read_csv(FILE)",
}
MEASURED = """
import resource, sys, time
FILE, began = {file!r}, time.perf_counter()
{code}
used = resource.getrusage(resource.RUSAGE_SELF)
print(f"{{time.perf_counter() - began:.1f}} {{used.ru_utime + used.ru_stime:.1f}} {{used.ru_maxrss / 1024:.0f}}", file=sys.stderr)
"""


def write_portwatch(path: Path, megabytes: float, by_day: bool = True, seed: int = 1) -> int:
    """Write a simulated file of about that size, sorted by day (as exported) or by port; the number of rows."""
    rng = np.random.default_rng(seed)
    days = np.arange("2019-01-01", "2025-11-06", dtype="datetime64[D]")
    rows = int(megabytes * 1e6 / 240)
    ports = max(rows // len(days), 1)
    levels = rng.gamma(0.8, 2.0, size=(ports, 5))
    shifts = rng.integers(0, len(days), ports)
    number = 0
    with path.open("w", encoding="utf-8") as file:
        file.write(PORTWATCH + "\n")
        pairs = ((d, p) for d in range(len(days)) for p in range(ports)) if by_day else (
            (d, p) for p in range(ports) for d in range(len(days)))
        for d, p in pairs:
            calls = rng.poisson(levels[p] * (1.6 if d >= shifts[p] else 1.0)).tolist()
            cargo, total = sum(calls[:4]), sum(calls)
            tonnes = ",".join(f"{1000.25 * n:.4f}" for n in [*calls, cargo, total] * 2)
            year, month, day = str(days[d]).split("-")
            number += 1
            file.write(f"{days[d]} 00:00:00+00:00,{year},{int(month)},{int(day)},port{p},Simulated Port {p},Nowhere Land,"
                       f"XXX,{','.join(map(str, calls))},{cargo},{total},{tonnes},{number}\n")
    return number


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench feeds")
    parser.add_argument("--megabytes", type=float, default=300)
    parser.add_argument("--by-port", action="store_true", help="sorted by port instead of by day")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "simulated_portwatch.csv")
        rows = write_portwatch(path, given.megabytes, by_day=not given.by_port)
        print(f"{path.stat().st_size / 1e6:.0f} MB, {rows} rows, simulated")
        print(f"{'way of reading':<28} {'seconds':>8} {'CPU s':>8} {'peak MB':>8}")
        for way, code in WAYS.items():
            done = subprocess.run([sys.executable, "-c", MEASURED.format(file=str(path), code=code)],
                                  capture_output=True, text=True, check=False)
            said = done.stderr.split()[-3:] if done.returncode == 0 else ["failed", "", done.stderr[-200:]]
            print(f"{way:<28} {said[0]:>8} {said[1]:>8} {said[2]:>8}", flush=True)
    return 0
