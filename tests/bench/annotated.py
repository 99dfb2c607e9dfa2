"""Breaks on annotated series: `python -m tests.bench annotated --data FOLDER [--peers PYTHON]`.

FOLDER/tcpd holds JSON series and `annotations.json` of the Turing Change Point Dataset (arXiv 2003.06222); series are
z-scored, 0 is a change of every set, matches lie within 5 rows. `--peers` names an interpreter with ruptures and
skchange, which runs this very file. `--plateau` varies every setting of the default, one at a time, `--noise` counts
false alarms on simulated series without a break, `--simulated` scores series like the annotated ones with known truth.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Finder = Callable[[Array], Iterable[int]]


# -- finders ----------------------------------------------------------------------------------------------------------
def own(y: Array, detector: str = "segments", **settings: Any) -> list[int]:
    """Positions by a detector of ours."""
    from forecast import Series
    from forecast.support.registry import make

    return [b.position for b in make("detectors", detector, **settings).detect(Series.from_values(y))]


def filled(y: Array) -> Array:
    """Peers cannot take NaN: gaps are interpolated for them, as their users do."""
    rows, seen = np.arange(len(y)), ~np.isnan(y)
    return np.interp(rows, rows[seen], y[seen])


def peers() -> dict[str, Finder]:
    """What a user would pick instead, with default settings."""
    import ruptures
    from skchange.detectors import PELT
    from skchange.interval_scorers import LinearTrendCost

    return {
        "skchange linear trend": lambda y: PELT(LinearTrendCost()).fit(filled(y)[:, None]).predict(filled(y)[:, None]),
        "ruptures Binseg": lambda y: ruptures.Binseg(model="l2").fit(filled(y)).predict(pen=3 * np.log(len(y)))[:-1],
        "ruptures Pelt": lambda y: ruptures.Pelt(model="l2").fit(filled(y)).predict(pen=2 * np.log(len(y)))[:-1],
    }


# -- tables -----------------------------------------------------------------------------------------------------------
def read(folder: Path) -> dict[str, tuple[Array, list[list[int]]]]:
    """Series by name: z-scored values and the annotators' cuts."""
    notes = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    out = {}
    for path in sorted(folder.glob("*.json")):
        if path.stem in notes:
            raw = json.loads(path.read_text(encoding="utf-8"))["series"][0]["raw"]
            y = np.array([np.nan if v is None else v for v in raw], dtype=float)
            out[path.stem] = ((y - np.nanmean(y)) / np.nanstd(y), [list(a) for a in notes[path.stem].values()])
    return out


def scores(data: dict[str, Any], found: dict[str, list[int]]) -> Array:
    """F1 and covering [series, 2]."""
    return np.array([scored(a, found[k], len(y)) for k, (y, a) in data.items()])


def scored(annotations: list[list[int]], found: list[int], n: int) -> tuple[float, float]:
    """F1 and covering of one series of n rows."""
    from forecast.models.scores import break_f1, covering  # not there in the interpreter of the peers

    return break_f1(annotations, found), covering(annotations, found, n)


def main(arguments: list[str]) -> int:
    """Print the tables; 0 when the default meets both bars."""
    parser = argparse.ArgumentParser(prog="annotated")
    parser.add_argument("--data", type=Path, help="folder that holds tcpd/")
    parser.add_argument("--peers", help="interpreter with ruptures and skchange")
    parser.add_argument("--detector", default="segments")
    parser.add_argument("--plateau", action="store_true")
    parser.add_argument("--noise", action="store_true")
    parser.add_argument("--simulated", action="store_true")
    parser.add_argument("--as-peer", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.as_peer:
        warnings.simplefilter("ignore")
        series = read(chosen.data / "tcpd")
        print(json.dumps({name: {k: [int(c) for c in find(y)] for k, (y, _) in series.items()}
                          for name, find in peers().items()}))
        return 0
    passed = table(chosen) if chosen.data else True
    if chosen.noise:
        noise_table(chosen.detector)
    if chosen.simulated:
        simulated_table(chosen.detector)
    return 0 if passed else 1


def table(chosen: argparse.Namespace) -> bool:
    """The annotated series: each, the means of the core, and differences to every peer; True when both bars are met."""
    data = read(chosen.data / "tcpd")
    found = {k: own(y, chosen.detector) for k, (y, _) in data.items()}
    ours = scores(data, found)
    core = np.array([not k.startswith("quality_control") for k in data])
    for (name, cuts), (a, b) in zip(found.items(), ours, strict=True):
        print(f"{name:24s} {a:.3f} {b:.3f}  {cuts}")
    n = core.sum()
    mean, error = ours[core].mean(axis=0), ours[core].std(axis=0, ddof=1) / np.sqrt(n)
    print(f"{chosen.detector}, core of {n}: F1 {mean[0]:.3f} +- {error[0]:.3f} (bar 0.80), "
          f"covering {mean[1]:.3f} +- {error[1]:.3f} (bar 0.72)")
    nothing = scores(data, {k: [] for k in data})[core]
    print(f"{'no change at all':24s} {nothing.mean(axis=0).round(3)}")
    if chosen.peers:
        command = [chosen.peers, __file__, "--as-peer", "--data", str(chosen.data)]
        others = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for name, cuts in others.items():
            theirs = scores(data, cuts)[core]
            gap = ours[core] - theirs
            error = gap.std(axis=0, ddof=1) / np.sqrt(n)
            print(f"{name:24s} {theirs.mean(axis=0).round(3)}  ours less theirs: F1 {gap[:, 0].mean():+.3f} +- "
                  f"{error[0]:.3f}, covering {gap[:, 1].mean():+.3f} +- {error[1]:.3f}")
    if chosen.plateau:
        plateau({k: v for k, v in data.items() if not k.startswith("quality_control")})
    return bool(mean[0] >= 0.80 and mean[1] >= 0.72)


def plateau(data: dict[str, tuple[Array, list[list[int]]]]) -> None:
    """One setting varied at a time, and every series left out once: is the default tuned on one of them?"""
    variants: list[dict[str, Any]] = [{}]
    variants += [{"share": s} for s in (0.03, 0.04, 0.06, 0.07, 0.1, 0.15)] + [{"rows": r} for r in (5, 6, 10, 12)]
    variants += [{"floor": f} for f in (1e-4, 2e-4, 3e-4, 7e-4, 1e-3, 1.5e-3, 2e-3)] + [{"season": False}]
    for variant in variants:
        result = scores(data, {k: own(y, **variant) for k, (y, _) in data.items()})
        print(f"{variant or 'default'!s:24s} F1 {result[:, 0].mean():.3f} covering {result[:, 1].mean():.3f}")
        if not variant:
            total = result.sum(axis=0)
            out = (total - result) / (len(result) - 1)
            print(f"{'one series left out':24s} F1 {out[:, 0].min():.3f} to {out[:, 0].max():.3f}, "
                  f"covering {out[:, 1].min():.3f} to {out[:, 1].max():.3f}")
    rng = np.random.default_rng(0)
    for sd in (0.02, 0.05):
        result = scores(data, {k: own(y + rng.normal(scale=sd, size=len(y))) for k, (y, _) in data.items()})
        print(f"noise of {sd} sd added      F1 {result[:, 0].mean():.3f} covering {result[:, 1].mean():.3f}")


# -- simulated series -------------------------------------------------------------------------------------------------
def autoregression(rng: np.random.Generator, n: int, phi: float) -> Array:
    """AR(1) [n] with unit variance."""
    e = rng.normal(size=n + 50)
    for t in range(1, n + 50):
        e[t] += phi * e[t - 1]
    return e[50:] * np.sqrt(1 - phi**2)


NULLS: dict[str, Callable[[np.random.Generator, int], Array]] = {
    "white": lambda r, n: r.normal(size=n),
    "AR .5": lambda r, n: autoregression(r, n, 0.5),
    "AR .7": lambda r, n: autoregression(r, n, 0.7),
    "AR .9": lambda r, n: autoregression(r, n, 0.9),
    "walk": lambda r, n: np.cumsum(r.normal(size=n)),
    "trend": lambda r, n: np.arange(n) * 5 / n + r.normal(size=n),
    "season": lambda r, n: 3 * np.sin(np.arange(n) * np.pi / 6) + r.normal(size=n),
    "trend, AR .8": lambda r, n: np.arange(n) * 5 / n + autoregression(r, n, 0.8),
    "t3 (outliers)": lambda r, n: r.standard_t(3, size=n),
    "exponential": lambda r, n: r.exponential(size=n),
}


def noise_table(detector: str, draws: int = 100) -> None:
    """Share of series without a break in which any is found."""
    lengths = (30, 50, 100, 250, 500)
    print("false alarms, n =      ", *(f"{n:6d}" for n in lengths))
    for name, make in NULLS.items():
        shares = [np.mean([len(own(make(np.random.default_rng([n, s]), n), detector)) > 0 for s in range(draws)])
                  for n in lengths]
        print(f"{name:24s}", *(f"{s:6.2f}" for s in shares))


def steps(rng: np.random.Generator, n: int, number: int, low: float, high: float) -> tuple[list[int], Array]:
    """Levels [n] with `number` jumps of size low..high, a twelfth of n (24 rows at least) apart."""
    least = max(24, n // 12)
    while True:
        cuts = np.sort(rng.integers(least, n - least, number))
        if np.all(np.diff([0, *cuts, n]) >= least):
            break
    level = np.zeros(n)
    for cut in cuts:
        level[cut:] += rng.choice([-1, 1]) * rng.uniform(low, high)
    return [int(c) for c in cuts], level


def draw(kind: str, rng: np.random.Generator) -> tuple[list[int], Array]:
    """A series of one kind with its true cuts."""
    n = int(rng.integers(100, 600))
    cuts, level = steps(rng, n, int(rng.integers(0, 3)), 3, 6)
    pattern = rng.normal(size=12)[np.arange(n) % 12]
    spikes = rng.choice([-9.0, 9.0], size=n) * (rng.random(n) < 0.02)
    slopes = np.cumsum(level) / n
    noise = rng.normal(size=n)
    made = {
        "levels": level + noise, "levels, outliers": level + noise + spikes, "levels, season": level + noise + 3 * pattern,
        "levels, AR .7": level + autoregression(rng, n, 0.7), "levels, walk": 3 * level + np.cumsum(noise) / 2,
        "slopes": slopes + 0.1 * noise, "slopes, season": slopes + 0.1 * noise + 0.4 * pattern,
    }
    return cuts, made[kind]


def simulated_table(detector: str, draws: int = 40) -> None:
    """F1 and covering against the known truth."""
    kinds = ("levels", "levels, outliers", "levels, season", "levels, AR .7", "levels, walk", "slopes", "slopes, season")
    for kind in kinds:
        got = []
        for seed in range(draws):
            cuts, y = draw(kind, np.random.default_rng([seed, len(kind)]))
            found = own((y - y.mean()) / y.std(), detector)
            got.append(scored([cuts], found, len(y)))
        a, b = np.mean(got, axis=0)
        print(f"{kind:24s} F1 {a:.3f} covering {b:.3f}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
