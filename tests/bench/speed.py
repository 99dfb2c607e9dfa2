"""Speed of break detection beside peers, same work and same answer in one run: `python -m tests.bench speed`.

`--peers` names an interpreter with ruptures and skchange, which runs this very file; Rscript with strucchange is used
where it is installed. Times are the best of several calls in one thread, compilation left out; only ratios travel.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
LENGTHS = (300, 1000, 3000)
LONG = 100_000


def best(call: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Seconds of the fastest of several calls, and the answer."""
    times, answer = [], None
    for _ in range(repeats):
        started = time.perf_counter()
        answer = call()
        times.append(time.perf_counter() - started)
    return min(times), answer


def regression_series(n: int) -> tuple[Array, Array]:
    """y [n] with a break at 40 %, and two regressors [n, 2]."""
    rng = np.random.default_rng(n)
    return rng.normal(size=n) + (np.arange(n) >= 2 * n // 5), rng.normal(size=(n, 2))


def long_series(n: int, kind: str) -> Array:
    """Nine breaks in n rows of normal, Poisson or negative binomial (size 5) values."""
    rng = np.random.default_rng(n)
    mean = np.repeat(rng.uniform(2, 20, 10), n // 10)
    if kind == "normal":
        return rng.normal(mean)
    return (rng.poisson(mean) if kind == "poisson" else rng.negative_binomial(5, 5 / (5 + mean))).astype(float)


def peers() -> dict[str, Any]:
    """Seconds and answers of ruptures and skchange."""
    import ruptures
    from skchange.detectors import FPOP, PELT
    from skchange.interval_scorers import PoissonCost

    warnings.simplefilter("ignore")
    y, counts, penalty = long_series(LONG, "normal"), long_series(LONG, "poisson"), 3 * math.log(LONG)
    out: dict[str, Any] = {}
    fpop = FPOP(penalty=penalty).fit(y[:, None])
    fpop.predict(y[:500, None])
    out["skchange FPOP, normal"] = best(lambda: fpop.predict(y[:, None]).tolist(), 7)
    pelt = PELT(PoissonCost(), penalty=penalty).fit(counts[:, None])
    pelt.predict(counts[:500, None])
    out["skchange PELT, poisson"] = best(lambda: pelt.predict(counts[:, None]).tolist(), 1)
    short = long_series(10_000, "normal")
    kernel = ruptures.KernelCPD(kernel="linear", min_size=1)
    out["ruptures KernelCPD, normal, n = 10,000"] = best(
        lambda: kernel.fit(short).predict(pen=3 * math.log(len(short)))[:-1], 3)
    return out


def strucchange(n: int, regressors: bool) -> tuple[float, Any] | None:
    """Seconds, then dates, RSS and BIC for the number of breaks that BIC takes, from R; None without R."""
    if shutil.which("Rscript") is None:
        return None
    y, X = regression_series(n)
    script = (
        "suppressMessages(library(strucchange)); d <- read.table('stdin'); started <- proc.time()[3];"
        f"b <- breakpoints(V1 ~ {'V2 + V3' if regressors else '1'}, data = d);"
        "used <- proc.time()[3] - started; f <- breakpoints(b);"
        "cat(sprintf('%.9g', c(used, f$RSS, AIC(f, k = log(nrow(d))), f$breakpoints)))"
    )
    text = "\n".join(" ".join(repr(float(v)) for v in row) for row in np.column_stack([y, X]))
    done = subprocess.run(["Rscript", "-e", script], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    used, rss, bic, *cuts = (float(v) for v in done.stdout.split())
    return used, (rss, bic, [int(c) for c in cuts if not math.isnan(c)])


def bai_perron_rows() -> None:
    """Exact least squares against R's strucchange."""
    from forecast import Series
    from forecast.breaks.bai_perron import BaiPerron

    y, _ = regression_series(1000)
    BaiPerron().detect(Series.from_values(y))  # from here on short series use the compiled loop too
    for n, regressors in (*((n, False) for n in LENGTHS), (1000, True)):
        y, X = regression_series(n)
        detector = BaiPerron(regressors=X if regressors else None)
        series = Series.from_values(y, start="1900-01-01", freq="D")
        values, design = detector.design(series)
        detector.detect(series)
        ours, fit = best(lambda d=detector, v=values, x=design: d.partitions(v.y, x), 50)  # type: ignore[misc]
        whole, _ = best(lambda d=detector, s=series: d.detect(s), 5)  # type: ignore[misc]
        theirs = strucchange(n, regressors)
        label = f"Bai-Perron, n = {n}{', 2 regressors' if regressors else ''}"
        if theirs is None:
            print(f"{label:40s} {ours * 1e3:9.2f} ms; R's strucchange is not installed")
            continue
        m = int(np.argmin(fit.bic))
        rss, bic, cuts = theirs[1]
        same = list(fit.cuts[m]) == cuts and math.isclose(fit.rss[m], rss, rel_tol=1e-7)
        same = same and math.isclose(fit.bic[m], bic, rel_tol=1e-7)
        print(f"{label:40s} {ours * 1e3:9.2f} ms, detect {whole * 1e3:7.2f} ms; strucchange {theirs[0]:7.2f} s: "
              f"x {theirs[0] / ours:7.0f}; same dates, RSS, BIC: {same}")


def partitioning_rows(theirs: dict[str, Any]) -> None:
    """Optimal partitioning against functional pruning and PELT elsewhere."""
    from forecast.breaks.optimal_partitioning import Partitioning

    for n in (10_000, LONG, 1_000_000):
        for kind in ("normal", "poisson", "negative_binomial"):
            partitioning = Partitioning.of(long_series(n, kind), kind, 1)
            penalty = 3 * math.log(n)
            partitioning.solve(penalty)
            ours, cuts = best(lambda p=partitioning, v=penalty: p.solve(v), 7 if n <= LONG else 2)  # type: ignore[misc]
            line = f"{kind + f', n = {n:,}':40s} {ours * 1e3:9.2f} ms, {len(cuts)} breaks"
            for name, (seconds, answer) in theirs.items():
                if kind in name and ((n == LONG and "n =" not in name) or f"n = {n:,}" in name):
                    line += f"; {name} {seconds * 1e3:.1f} ms: x {seconds / ours:.1f}, same breaks: {answer == cuts}"
            print(line)


def main(arguments: list[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="speed")
    parser.add_argument("--peers", help="interpreter with ruptures and skchange")
    parser.add_argument("--as-peer", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.as_peer:
        print(json.dumps(peers(), default=int))
        return 0
    theirs: dict[str, Any] = {}
    if chosen.peers:
        done = subprocess.run([chosen.peers, __file__, "--as-peer"], check=True, capture_output=True, text=True,
                              env={**os.environ, "OMP_NUM_THREADS": "1"})
        theirs = json.loads(done.stdout)
    bai_perron_rows()
    partitioning_rows(theirs)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
