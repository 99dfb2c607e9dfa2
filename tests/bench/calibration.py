"""Bench: sizes, power, coverage and false alarms again, as the table of `tests/bench/README.md` (simulated series).

python -m tests.bench calibration [--number 1000] [--jobs 2] [--write]

`--write` puts the table between the markers in tests/bench/README.md; without it the table is printed alone. The columns are
designs A, C, D and E of `tests/bench/designs.py`; peers' figures are those of `known_dates.PEERS`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from tests.bench.designs import EVENT, latent
from tests.bench.known_dates import PEERS, known_noise, several, test
from tests.bench.unknown_dates import look

README = Path(__file__).resolve().parent / "README.md"
OPEN, CLOSE = "<!-- calibration: written by a bench -->\n", "<!-- end of calibration -->"
DESIGNS = {"A": "overdispersed", "C": "independent", "D": "drifting", "E": "sparse"}
SHOWN = {"NB GLM with a step, HAC": "for comparison: NB regression with HAC errors, nothing happened",
         "CausalImpact's model (bsts)": "CausalImpact's model, nothing happened"}
STEP = 1.6
# what the product promises: row -> design -> least and most per cent
BARS = {"nothing happened, known date": {"A": (3, 7), "C": (3, 7), "D": (0, 10), "E": (3, 7)},
        "nothing happened, any date": {"A": (0, 5), "C": (0, 5), "D": (0, 10), "E": (0, 5)}}


def shares(design: str, number: int, seed: int, jobs: int) -> dict[str, float]:
    """Row of the table -> per cent, for one design."""
    run = Parallel(n_jobs=jobs)
    null, step = latent(design, number, 1.0, seed), latent(design, number, STEP, seed + 1)
    calm = np.array(run(delayed(test)(series, k, 1.0) for k, series in enumerate(null)), dtype=float)
    found = np.array(run(delayed(test)(series, k, STEP) for k, series in enumerate(step)), dtype=float)
    alarms = np.array(run(delayed(look)(series, "auto", None) for series in null), dtype=float)
    shifted = np.array(run(delayed(look)(series, "auto", EVENT) for series in latent(design, number, 2.5, seed + 1)), dtype=float)
    ten = run(delayed(several)(series, k) for k, series in enumerate(latent(design, number, 1.0, seed + 2)))
    dated = shifted[shifted[:, 0] > 0]
    return {
        "nothing happened, known date": 100 * calm[:, 0].mean(),
        "nothing happened, any of ten dates": 100 * float(np.mean(ten)),
        "nothing happened, any date": 100 * (alarms[:, 0] > 0).mean(),
        "+60 % at a known date: found": 100 * found[:, 0].mean(),
        "95 % interval of the ratio covers": 100 * found[:, 1].mean(),
        "+150 % at an unknown date: found": 100 * (shifted[:, 0] > 0).mean(),
        "interval of its date covers": 100 * dated[:, 2].mean() if len(dated) else float("nan"),
    }


def table(by_design: dict[str, dict[str, float]], number: int) -> str:
    """The table as Markdown, with the number of series and what that leaves uncertain."""
    lines = ["| | " + " | ".join(f"{name} {design}" for design, name in DESIGNS.items() if design in by_design) + " |",
             "|---" * (len(by_design) + 1) + "|"]
    for row in next(iter(by_design.values())):
        lines.append(f"| {row} | " + " | ".join(f"{figures[row]:.1f} %" for figures in by_design.values()) + " |")
    for place, words in enumerate(("a level", "any straight line")):
        most = (f"{100 * known_noise(design, STEP)[place]:.0f} %" for design in by_design)
        lines.append(f"| +60 %: a test that knows the noise would find, against {words} | " + " | ".join(most) + " |")
    for peer, words in SHOWN.items():
        lines.append(f"| {words} | " + " | ".join(f"{PEERS[peer][design][0]} %" for design in by_design) + " |")
    error = 100 * np.sqrt(0.05 * 0.95 / number)
    return "\n".join(lines) + f"\n\n{number} series a cell: a share of 5 % is known to {error:.1f} points (one standard error).\n"


def missed(by_design: dict[str, dict[str, float]], number: int) -> list[str]:
    """The promises that the figures break by more than two standard errors."""
    slack = 200 * np.sqrt(0.05 * 0.95 / number)
    return [f"{row}, {design}: {by_design[design][row]:.1f} %, promised {least} to {most}"
            for row, bars in BARS.items() for design, (least, most) in bars.items()
            if design in by_design and not least - slack <= by_design[design][row] <= most + slack]


def written(text: str, made: str) -> str:
    """The README with the table between its markers.

    Raises ValueError when the markers are not there.
    """
    if text.count(OPEN) != 1 or text.count(CLOSE) != 1:
        raise ValueError(f"README.md lacks the markers {OPEN.strip()} and {CLOSE}: put them around the table")
    return text.split(OPEN, maxsplit=1)[0] + OPEN + made + CLOSE + text.split(CLOSE)[1]


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench calibration")
    parser.add_argument("--number", type=int, default=1000)
    parser.add_argument("--designs", default="".join(DESIGNS))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    chosen = parser.parse_args(arguments)
    by_design = {}
    for design in DESIGNS:
        if design in chosen.designs:
            by_design[design] = shares(design, chosen.number, chosen.seed, chosen.jobs)
            print(design, by_design[design], file=sys.stderr, flush=True)  # an hour's work, as it comes
    made = table(by_design, chosen.number)
    print(made)
    if chosen.write:
        README.write_text(written(README.read_text(encoding="utf-8"), made), encoding="utf-8")
    if broken := missed(by_design, chosen.number):
        sys.exit("\n".join(broken))
