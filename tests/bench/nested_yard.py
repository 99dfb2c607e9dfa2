"""Bench: what counts of parts, of wholes and of periods add to counts of a whole yard, on simulated yards.

python -m tests.bench nested_yard [--number 200]: sixty image dates in two and a half years, a yard of 8 cars (negative binomial,
size 4) whose level triples on a random day or not at all. On one date in four the whole yard is counted, on one in two a
part of it, else the crossing that holds it; one publisher bounds its images of the first months by the most it saw. The same
statements are read with all bounds, and with counts of the whole yard alone.
"""

from __future__ import annotations

import argparse
from datetime import date, timedelta

import numpy as np

from forecast import NestedStock, Series, detect
from forecast.evidence.decisions import NothingUsedError
from forecast.evidence.statements import Statement

FIRST, DAYS, IMAGES = date(2021, 1, 1), 900, 60
LEVEL, TRIPLED, SIZE = 8.0, 3.0, 4.0
AREAS = {"hall": "yard", "yard": "crossing", "abroad": "crossing"}


def statement(name: str, site: str, first: int, last: int, low: float, high: float, kind: str = "snapshot",
              measure: str = "railcars") -> Statement:
    return Statement(id=name, site=site, measure=measure, kind=kind, start=FIRST + timedelta(first),  # type: ignore[arg-type]
                     end=FIRST + timedelta(last), count=None, low=low, high=high, scope="yard", publisher="P",
                     qualifier="at_most" if kind == "period" and measure == "railcars" else "exact")


def simulated(seed: int, changed: bool) -> tuple[list[Statement], int]:
    """Statements on a simulated yard, and the day on which its level tripled (900: never)."""
    rng = np.random.default_rng(seed)
    days = np.sort(rng.choice(DAYS, IMAGES, replace=False))
    at = int(rng.integers(300, 700)) if changed else DAYS
    level = np.where(days < at, LEVEL, LEVEL * TRIPLED)
    cars = rng.poisson(rng.gamma(SIZE, level / SIZE))
    kinds = rng.choice(["yard", "hall", "crossing"], IMAGES, p=[0.25, 0.5, 0.25])
    made = []
    for k, (day, count, kind) in enumerate(zip(days.tolist(), cars.tolist(), kinds, strict=True)):
        seen = {"yard": count, "hall": rng.binomial(count, 0.5), "crossing": count + rng.poisson(LEVEL)}[kind]
        made.append(statement(f"s{k:02d}", kind, day, day, seen, seen))
    early = cars[days < 150]
    if len(early):
        most = float(early.max())
        made.append(statement("most", "yard", 0, 149, 0, most, "period"))
        made.append(statement("looked", "yard", 0, 149, len(early), np.inf, "period", "images_looked_at"))
    return made, at


def read(statements: list[Statement], whole: bool) -> Series | None:
    source = NestedStock(site="yard", areas=AREAS)
    kept = [s for s in statements if s.site == "yard" and s.kind == "snapshot"] if whole else statements
    try:
        return source.of(kept).series
    except NothingUsedError:
        return None


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench nested_yard")
    parser.add_argument("--number", type=int, default=200)
    number = parser.parse_args(arguments).number
    print(f"{number} simulated yards a row, x{TRIPLED:g} on a random day or never")
    for name, whole in (("all bounds", False), ("whole-yard counts alone", True)):
        false, found, covers = [], [], []
        for seed in range(number):
            quiet, (told, at) = simulated(seed, False)[0], simulated(seed, True)
            series = read(quiet, whole)
            false.append(series is not None and bool(detect(series, "regimes")))
            series = read(told, whole)
            breaks = detect(series, "regimes") if series is not None else ()
            found.append(bool(breaks))
            if breaks:
                main_break = max(breaks, key=lambda b: abs(np.log(max(b.ratio, 1e-9))))
                day = np.datetime64(FIRST + timedelta(at))
                covers.append(np.datetime64(main_break.low) <= day <= np.datetime64(main_break.high))
        print(f"{name:<26} null {np.mean(false):.3f}  found {np.mean(found):.3f}  90 % dates cover "
              f"{np.mean(covers) if covers else np.nan:.3f}", flush=True)
