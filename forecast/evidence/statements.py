"""Statements: one row of a ledger is one claim by one publisher, checked all at once, never silently mended.

The columns are those of `Statement`; any other column is kept under its name in `details`. The end date is
the last day of the period.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from forecast.evidence.cells import Cells, Fault, StatementError, rows_of
from forecast.evidence.files import Files, locate
from forecast.support.registry import suggest

__all__ = ["Fault", "Statement", "StatementError", "Watching", "read_statements", "read_watching"]

KINDS = ("snapshot", "period", "sighting")
QUALIFIERS = ("exact", "approx", "at_least", "at_most")
CERTAINTIES = ("seen", "derived", "inferred_by_source", "possible_only")
STRENGTHS = ("same_call", "possible_dup")
NEEDED = ("id", "site", "measure", "kind", "start", "end", "count", "publisher")
KNOWN = (*NEEDED, "low", "high", "unit", "qualifier", "scope", "certainty", "via", "published", "url",
         "same_as", "note")
OTHER_LEDGERS = ("claims.csv", "events.csv", "watching.csv")  # kinds of ledger with readers of their own


@dataclass(frozen=True)
class Statement:
    """One claim by one publisher.

    kind : "snapshot" (a stock at one instant between `start` and `end`), "period" (a flow over those days) or
        "sighting" (one dated call; a range when the day is not known)
    start, end : first and last day; a period may lack `start` ("to date") or both (undated)
    count, low, high : as printed (may be None); the bounds that follow, `high` = inf for at_least
    scope : what part of the site was counted (yard, train, partial, nk_pier, port ...)
    certainty : seen, derived (a sum no source prints), inferred_by_source or possible_only
    same_as : (id, strength) of statements about the same thing; strength is same_call or possible_dup
    details : any other column of the ledger, by its name (vessel, terminal, cargo, car_type ...)

    >>> day = date(2023, 10, 5)
    >>> four = Statement("a", "yard", "railcars", "snapshot", day, day, 4, low=4, high=math.inf, qualifier="at_least")
    >>> four.low, four.high
    (4, inf)
    """

    id: str
    site: str
    measure: str
    kind: Literal["snapshot", "period", "sighting"]
    start: date | None
    end: date | None
    count: float | None
    low: float
    high: float
    qualifier: str = "exact"
    scope: str = ""
    certainty: str = "seen"
    publisher: str = ""
    via: str = ""
    published: str = ""
    url: str = ""
    unit: str = ""
    same_as: tuple[tuple[str, str], ...] = ()
    note: str = ""
    details: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Watching:
    """Days on which somebody looked at a site; `share` of them usable, None where the source does not say."""

    id: str
    site: str
    start: date
    end: date
    share: float | None
    publisher: str
    scope: str = "port"
    url: str = ""
    note: str = ""


def read_statements(path: str | Path | Sequence[str | Path],
                    approx_width: float = 0.15, files: Files | None = None) -> tuple[Statement, ...]:
    """Statements of one ledger, of several, or of every ledger in a folder, in file order.

    `path` is looked for among the experiments that ship, then as given. `approx_width` is the relative
    half-width that "approx" stands for: approx 73 with 0.15 is 62 to 84 (rounded outward). `files` are those of a run,
    which reads each once.
    Raises StatementError listing every problem of every row at once.

    >>> cars = read_statements("khasan_rajin/railcars.csv")
    >>> [(s.low, s.high) for s in cars if s.id == "cars-2023-10-05-csis-tmg"]
    [(62.0, 84.0)]
    """
    if not 0 <= approx_width < 1:
        raise ValueError(f"approx_width must lie in [0, 1), got {approx_width}: 0.15 means 15 % either way")
    paths = tuple(map(str, [path] if isinstance(path, str | Path) else path))
    known = files or Files()
    return known.once(("statements", paths, approx_width), lambda: _read(paths, approx_width, known))


def _read(paths: Sequence[str], approx_width: float, files: Files) -> tuple[Statement, ...]:
    faults: list[Fault] = []
    statements = [row for path in paths for file in _ledgers(path) for row in rows_of(
        files.document(file), NEEDED, KNOWN, lambda c: _statement(c, approx_width), faults)]
    faults += _clashes(statements)
    if faults:
        raise StatementError(faults)
    return tuple(statement for _, _, statement in statements)


def read_watching(path: str | Path, files: Files | None = None) -> tuple[Watching, ...]:
    """Watching periods: columns id, site, start, end, usable_days or cloudy_days, publisher, scope, url.

    Raises StatementError listing every problem at once.

    >>> [w.share for w in read_watching("khasan_rajin/watching.csv") if w.id == "watch-csis"]
    [0.5561224489795918]
    """
    known = files or Files()
    return known.once(("watching", str(path)), lambda: _read_watching(path, known))


def _read_watching(path: str | Path, files: Files) -> tuple[Watching, ...]:
    faults: list[Fault] = []
    needed = ("id", "site", "start", "end", "usable_days", "cloudy_days", "publisher")
    watches = rows_of(files.document(path), needed, (*needed, "scope", "url", "note"), _watch, faults)
    if faults:
        raise StatementError(faults)
    return tuple(watch for _, _, watch in watches)


def _ledgers(path: str) -> list[str]:
    """The ledger itself, or those that lie in a folder, as `locate` finds them."""
    place = locate(path)
    if place.is_file():
        return [path]
    found = [f"{path}/{p.name}" for p in sorted(place.glob("*.csv")) if p.name not in OTHER_LEDGERS]
    if not found:
        raise ValueError(f"folder {place.name!r} holds no ledger: put at least one CSV of statements into it")
    return found


def _statement(cells: Cells, approx_width: float) -> Statement | None:
    kind = cells.choice("kind", KINDS)
    start, end = cells.day("start", needed=kind != "period"), cells.day("end")
    end = start if end is None and kind != "period" else end
    if start and end and end < start:
        cells.wrong("end", str(end), f"it lies before the start {start}: swap them or mend one")
    qualifier = cells.choice("qualifier", QUALIFIERS, "exact")
    count = cells.number("count")
    low, high = _bounds(cells, count, qualifier, approx_width)
    if kind == "sighting" and (low, high) != (1.0, 1.0) and not cells.faults:
        cells.wrong("count", cells.text("count") or f"{low:g} to {high:g}",
                    "a sighting is one dated call: write 1; several, or none, are a period")
    links = tuple(_link(cells, word) for word in cells.text("same_as").split())
    details = {c: v for c, v in cells.cells.items() if c and c not in KNOWN and v}
    return Statement(
        id=cells.text("id", needed=True), site=cells.text("site", needed=True),
        measure=cells.text("measure", needed=True), kind=kind,  # type: ignore[arg-type]
        start=start, end=end, count=count, low=low, high=high, qualifier=qualifier, scope=cells.text("scope"),
        certainty=cells.choice("certainty", CERTAINTIES, "seen"),
        publisher=cells.text("publisher", needed=True), via=cells.text("via"),
        published=cells.text("published"), url=cells.text("url"), unit=cells.text("unit"),
        same_as=links, note=cells.text("note"), details=MappingProxyType(details))


def _bounds(cells: Cells, count: float | None, qualifier: str, approx_width: float) -> tuple[float, float]:
    low, high = cells.number("low"), cells.number("high")
    if count is None and low is None and high is None and not cells.faults:
        cells.wrong("count", "nothing", "write the count, or low and high; what nobody counted needs no row")
    middle = 0.0 if count is None else count
    implied = {"exact": (middle, middle), "at_least": (middle, math.inf), "at_most": (0.0, middle),
               "approx": (math.floor(middle * (1 - approx_width)), math.ceil(middle * (1 + approx_width)))}
    below, above = implied.get(qualifier, (middle, middle)) if count is not None else (0.0, math.inf)
    low, high = float(below if low is None else low), float(above if high is None else high)
    if low > high:
        cells.wrong("low", low, f"it lies above high {high:g}: swap them or mend one")
    elif count is not None and not low <= count <= high:
        cells.wrong("count", count, f"it lies outside low {low:g} to high {high:g}: mend one of the three")
    return low, high


def _link(cells: Cells, word: str) -> tuple[str, str]:
    target, _, strength = word.rpartition(":")
    if not target or strength not in STRENGTHS:
        cells.wrong("same_as", word, f"write id:strength, blanks between; {suggest(strength, STRENGTHS)}")
    return target, strength


def _watch(cells: Cells) -> Watching | None:
    start, end = cells.day("start", needed=True), cells.day("end", needed=True)
    usable, cloudy = cells.number("usable_days"), cells.number("cloudy_days")
    if start is None or end is None:
        return None
    days = (end - start).days + 1
    if days < 1:
        cells.wrong("end", str(end), f"it lies before the start {start}: swap them or mend one")
        return None
    if usable is None and cloudy is not None:
        usable = days - cloudy
    if usable is not None and not 0 < usable <= days:
        cells.wrong("usable_days", usable, f"the period has {days} days: write a number from 1 to {days}")
    share = None if usable is None else usable / days
    return Watching(id=cells.text("id", needed=True), site=cells.text("site", needed=True), start=start, end=end,
                 share=share, publisher=cells.text("publisher", needed=True), scope=cells.text("scope"),
                 url=cells.text("url"), note=cells.text("note"))


def _clashes(statements: Sequence[tuple[str, int, Statement]]) -> list[Fault]:
    """Ids that stand twice, and links that lead nowhere."""
    seen: dict[str, tuple[str, int]] = {}
    faults = []
    for file, row, s in statements:
        if s.id in seen:
            first = "row {1} of {0}".format(*seen[s.id])
            faults.append(Fault(file, row, "id", repr(s.id), f"{first} has it too: give each row its own"))
        seen.setdefault(s.id, (file, row))
    for file, row, s in statements:
        for target, _ in s.same_as:
            if target not in seen or target == s.id:
                near = difflib.get_close_matches(target, [i for i in seen if i != s.id], n=1)
                faults.append(Fault(file, row, "same_as", repr(target), "name the id of another row"
                                      + (f" (did you mean {near[0]!r}?)" if near else "")))
    return faults
