"""Generated inputs against what must be true of them: `python -m tests.fuzz [--number 100000] [--only NAME]`.

The suite runs the same checks briefly (`tests/test_fuzz.py`); feeds have theirs in `tests/test_feeds_hostile.py`.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from forecast.config import _forced
from forecast.events import read_events
from forecast.kernels import level_partitions
from forecast.ledgers import StatementError
from forecast.reconcile import Flow
from forecast.refusals import check_override, check_text, may_name
from forecast.series import Series
from forecast.statements import Statement, read_statements, read_watching

Data = st.DataObject
PLACE = Path(tempfile.mkdtemp())
TEXT = st.text(max_size=12) | st.sampled_from(["", "2023-01-01", "2023-02-30", "44927", "12", "1e309", "-0", "=1", '"', "period", "exact", "at_least", "a:same_call", "١٢"])
PIECES = st.sampled_from(["a", "_target_", "hydra", "forecast.models.ets.Ets", "os.system", "forecast.bootstrap.Path", "${oc.env:X}", "${a}", "defaults", "../x",
                          "[", "]", "{", "}", ": ", ", ", "\n", "- ", "  ", "&a ", "*a", "!!python/name:os ", "'", '"', "#", "\t", "1", "~", "=", "+", "@", ".", "|", "\0"])


def readers_of_ledgers(data: Data) -> None:
    """Whatever a file holds, it is read or refused with all its faults; what is read keeps its bounds in order."""
    for read, head in ((read_statements, "id,site,measure,kind,start,end,count,low,high,qualifier,publisher,same_as"),
                       (read_events, "name,label,start,publisher,end,precision,outside"),
                       (read_watching, "id,site,start,end,usable_days,cloudy_days,publisher")):
        rows = data.draw(st.lists(st.lists(TEXT, min_size=1, max_size=13), max_size=3))
        text = head + "\n" + "\n".join(",".join(row) for row in rows)
        raw = text.encode("utf-8", "replace") if data.draw(st.booleans()) else data.draw(st.binary(max_size=80))
        (PLACE / "ledger.csv").write_bytes(raw)
        try:
            found = read(PLACE / "ledger.csv")
        except StatementError as error:
            assert error.problems  # noqa: PT017 - any input may be refused
        else:
            assert all(s.low <= s.high for s in found if isinstance(s, Statement))


def checks_of_configs(data: Data) -> None:
    """A text is refused, or names nothing but what a config may name."""
    text = "".join(data.draw(st.lists(PIECES, max_size=14)))
    try:
        queue = [check_text(text, "x")]
    except ValueError as error:
        assert "x" in str(error)  # noqa: PT017 - any input may be refused
        return
    while queue:
        node = queue.pop()
        if isinstance(node, dict):
            assert "hydra" not in node
            assert may_name(node.get("_target_", "forecast.models.ets.Ets"))
            queue += [*node, *node.values()]
        elif isinstance(node, list):
            queue += node
        elif isinstance(node, str):
            assert "${oc." not in node


def overrides_of_the_command(data: Data) -> None:
    """An override is refused in a sentence, or asks for nothing of Hydra's own and no resolver."""
    text = "".join(data.draw(st.lists(PIECES, max_size=8)))
    try:
        check_override(text)
        _forced([text])
    except ValueError as error:
        assert str(error)  # noqa: PT017 - any input may be refused
        return
    assert "${oc." not in text
    assert not text.lstrip("+~").startswith(("hydra.callbacks", "hydra.searchpath"))


def bounds_of_the_reconciler(data: Data) -> None:
    """Bounds hold the truth the statements were made from, in whatever order they come, and parts add up."""
    seed = data.draw(st.integers(0, 2**32))
    rng = random.Random(seed)  # noqa: S311 - nothing secret
    first, n = date(2023, 1, 1), 120
    truth = [rng.choice((0, 0, 0, 1, 2)) for _ in range(n)]

    def said(k: int, a: int, b: int, spare: int, opened: bool) -> Statement:
        total = sum(truth[a:b])
        return Statement(id=f"s{k}", site="rajin", measure="ships", kind="period", start=first + timedelta(a), end=first + timedelta(b - 1), count=None,
                         low=max(0.0, total - spare), high=np.inf if opened else float(total + spare), scope="port", publisher="P")

    made = [said(0, 0, n, 0, False)]
    for k in range(1, rng.randint(1, 6)):
        a, b = sorted(rng.sample(range(n + 1), 2))
        made.append(said(k, a, b, rng.choice((0, 0, 1, 3)), rng.random() < 0.2))
    source = Flow(ledgers=["none"], watching=None, scopes=["port"], start=None)
    series, account = source.of(made)
    assert all(decision.outcome != "left out" for decision in account)  # statements that are true never conflict
    where = [(int((start - np.datetime64(first)).astype(int)), int((end - np.datetime64(first)).astype(int))) for start, end in zip(series.start, series.end, strict=True)]
    months = np.array([sum(truth[max(a, 0):b]) for a, b in where])
    assert (series.low <= months).all()
    assert (months <= series.high).all()
    rng.shuffle(made)
    again, _ = source.of(made)
    assert np.array_equal(series.low, again.low)
    assert np.array_equal(series.high, again.high)
    a, c, b = sorted(rng.sample(range(n + 1), 3))
    parts, _ = source.of([said(0, 0, n, 0, False), said(1, a, c, 0, False), said(2, c, b, 0, False)])
    with_whole, _ = source.of([said(0, 0, n, 0, False), said(1, a, c, 0, False), said(2, c, b, 0, False), said(3, a, b, 0, False)])
    assert np.array_equal(parts.low, with_whole.low)
    assert np.array_equal(parts.high, with_whole.high)


def constructors_of_series(data: Data) -> None:
    """A series keeps every count it is given, on its days and on any coarser grid, or says what is wrong."""
    values = data.draw(st.lists(st.none() | st.integers(0, 10**6) | st.floats(allow_nan=True) | st.text(max_size=2), max_size=12))
    freq = data.draw(st.sampled_from(["D", "W-MON", "MS", "h", "", "2D"]))
    try:
        made = Series.from_values(values, start=data.draw(st.sampled_from(["2023-01-02", "2024-02-29", "x", ""])), freq=freq)
    except ValueError as error:
        assert ":" in str(error)  # noqa: PT017 - any input may be refused
    else:
        assert len(made) == len(values)
    days = data.draw(st.lists(st.dates(date(2019, 1, 1), date(2026, 12, 31)), min_size=1, max_size=10, unique=True))
    counts = data.draw(st.lists(st.integers(0, 1000), min_size=len(days), max_size=len(days)))
    series = Series.from_counts(days, counts)
    for grid in ("D", "W-MON", "MS", "QS"):
        regular = series.regular(grid)
        assert np.nansum(regular.low) == sum(counts)
        assert np.isnan(regular.low[~regular.observed]).all()
        assert (regular.exposure[regular.observed] > 0).all()


def kernels_against_slow_search(data: Data) -> None:
    """The fast partition has the least squares that trying every cut finds."""
    y = np.array(data.draw(st.lists(st.integers(-50, 50), min_size=6, max_size=12)), dtype=float)
    h, m = data.draw(st.integers(1, 3)), 2
    n = len(y)

    def rss(a: int, b: int) -> float:
        return float(((y[a:b] - y[a:b].mean()) ** 2).sum())

    ends = np.arange(n + 1)
    sums, squares = np.concatenate([[0.0], np.cumsum(y)]), np.concatenate([[0.0], np.cumsum(y * y)])
    inverse = np.concatenate([[0.0], 1 / ends[1:]])
    cost, _ = level_partitions(sums, squares, inverse, h, m)
    slow = min((rss(0, a) + rss(a, n) for a in range(h, n - h + 1)), default=np.inf)
    fast = np.asarray(cost)[1, n] if np.asarray(cost).shape[0] > 1 else np.inf
    assert np.isclose(fast, slow, atol=1e-6) or not np.isfinite(slow)


CHECKS: dict[str, Callable[[Data], None]] = {check.__name__: check for check in (
    readers_of_ledgers, checks_of_configs, overrides_of_the_command, bounds_of_the_reconciler, constructors_of_series, kernels_against_slow_search)}
SHARE = {"bounds_of_the_reconciler": 0.1, "constructors_of_series": 0.1, "kernels_against_slow_search": 0.2,
         "readers_of_ledgers": 0.1}  # the slow ones have fewer inputs


def run(name: str, examples: int, *, same: bool = False) -> None:
    """Run one check on so many generated inputs, none of which may take longer than five seconds."""
    @settings(max_examples=examples, deadline=timedelta(seconds=5), database=None, derandomize=same, suppress_health_check=list(HealthCheck),
              phases=(Phase.generate, Phase.shrink))
    @given(st.data())
    def checked(data: Data) -> None:
        CHECKS[name](data)

    checked()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--number", type=int, default=100_000)
    parser.add_argument("--only", choices=list(CHECKS))
    chosen = parser.parse_args()
    names = [chosen.only] if chosen.only else list(CHECKS)
    shares = {name: SHARE.get(name, 1.0) for name in names}
    total = 0
    for name in names:
        examples = max(1, round(chosen.number * shares[name] / sum(shares.values())))
        began = time.monotonic()
        run(name, examples)
        total += examples
        print(f"{name:<28} {examples:>8,} inputs, {time.monotonic() - began:6.0f} s", flush=True)
    print(f"{total:,} inputs: nothing broke")


if __name__ == "__main__":
    main()
