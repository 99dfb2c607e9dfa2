"""`forecast check FILE`: what would be read of a file, row by row where something is wrong."""

from __future__ import annotations

import argparse
import json
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.cli.errors import said
from forecast.cli.kept import kept, rejected
from forecast.cli.parser import Parser
from forecast.cli.table_options import add_table_options, table_options
from forecast.evidence.feeds.layouts import detected
from forecast.evidence.feeds.reading import Batch, Feed, RowFault
from forecast.evidence.feeds.source import Source
from forecast.evidence.tables.options import Options
from forecast.series.grids import grid_of
from forecast.support.untrusted import HIDDEN, trusted

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 20
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ALIKE = 5  # cells of a column with one fault that are told one by one


def command(words: Sequence[str]) -> int:
    """Print what would be read of a file, row by row where something is wrong; exit code 2 if there are faults.

    With --keep-good OUT.csv the good rows go there as a long table, the bad ones with their reasons to
    OUT.rejected.csv, and the exit code is 0. With --json the same as one object: series, notes, faults.
    """
    parser = Parser("check", "What would be read of a file, row by row where something is wrong.",
                    ("forecast check FILE", "forecast check FILE --date Datum --value Anzahl --dayfirst true",
                     "forecast check FILE --keep-good good.csv"))
    parser.add_argument("file", nargs="*", metavar="FILE", help="a table, or a file of a layout of forecast feeds")
    parser.add_argument("--keep-good", metavar="OUT.csv", help="write the good rows there, the others beside it")
    parser.add_argument("--json", action="store_true", help="print series, notes and faults as JSON")
    parser.offer_trust("read layouts")
    add_table_options(parser)
    given = parser.read(words)
    if len(given.file) != 1:
        raise ValueError(f"check takes one file, got {' '.join(given.file) or 'none'}: forecast check --help shows how")
    with trusted(given.trust):
        return _check(given)


def _check(given: argparse.Namespace) -> int:
    told = table_options(given, "check")
    try:
        source, feed, tally = _read(given.file[0], told, given.keep_good)
    except (ValueError, OSError) as error:
        if not given.json:
            raise
        print(json.dumps({"series": {}, "notes": [], "faults": [said(error)]}, ensure_ascii=False, indent=1))
        return 2
    if given.json:
        print(json.dumps(tally.plain(), ensure_ascii=False, indent=1))
    else:
        page = "\n".join(_page(source, feed, tally, given.keep_good, told))
        print(HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", page))  # a name of a file may hold a terminal's codes
    return 2 if tally.faulty and not given.keep_good else 0


def _read(path: str, told: Options, out: str | None) -> tuple[Source, Feed, Tally]:
    """The file, its layout, and what it holds; good rows go to `out`, if it is named."""
    source, feed = detected(path, told)
    if out and feed.kind == "watch":
        raise ValueError(f"{source.name}: days imaged are no counts and make no long table: leave out --keep-good")
    tally = Tally(feed, told)
    with kept(out, feed) as keep:
        for batch in feed.read(source):
            tally.add(batch)
            keep(batch)
    return source, feed, tally


# -- what is counted while reading ------------------------------------------------------------------------------------
@dataclass
class Tally:
    """What a file holds, counted batch by batch."""

    feed: Feed
    told: Options
    rows: int = 0
    counted: int = 0
    faulty: int = 0
    first: date | None = None
    last: date | None = None
    # name -> rows, counted, first, last, sum of low ends
    series: dict[str, tuple[int, int, date | None, date | None, float]] = field(default_factory=dict)
    months: Counter[tuple[int, int]] = field(default_factory=Counter)
    alike: dict[tuple[str, str], list[RowFault]] = field(default_factory=dict)  # column, do -> the first few
    many: Counter[tuple[str, str]] = field(default_factory=Counter)
    kinds: dict[str, str] = field(default_factory=dict)
    days: dict[str, list[np.ndarray]] = field(default_factory=dict)  # of series whose kind nobody says
    notes: Counter[str] = field(default_factory=Counter)

    def add(self, batch: Batch) -> None:
        table = batch.table
        self.notes.update(batch.notes)
        self.faulty += len({fault.row for fault in batch.faults})
        for fault in sorted(batch.faults, key=lambda fault: fault.row):
            self.many[fault.column, fault.do] += 1
            first = self.alike.setdefault((fault.column, fault.do), [])
            if len(first) < SHOWN:
                first.append(fault)
        self.rows += len(table)
        counted = table[table["y_low"].notna() & table["ds"].notna()]
        self.counted += len(counted)
        months, numbers = np.unique(counted["ds"].to_numpy(dtype="datetime64[M]").astype(int), return_counts=True)
        for month, number in zip(months.tolist(), numbers.tolist(), strict=True):
            self.months[1970 + month // 12, month % 12 + 1] += number
        groups = table.groupby("unique_id", observed=True)
        days, low = groups["ds"], groups["y_low"]
        for name, rows, counted_, first, last, total in zip(
                groups.size().index, groups.size(), low.count(), _plain(days.min()), _plain(days.max()), low.sum(),
                strict=True):
            old = self.series.get(str(name), (0, 0, None, None, 0.0))
            self.series[str(name)] = (old[0] + int(rows), old[1] + int(counted_), _least(old[2], first),
                                      _most(old[3], last), old[4] + float(total))
        said = table.loc[table["kind"] != "", ["unique_id", "kind"]].drop_duplicates()
        self.kinds.update(zip(said["unique_id"].astype(str), said["kind"].astype(str), strict=True))
        if self.feed.kind == "count":
            own = table.loc[table["kind"] == "", ["unique_id", "ds"]].dropna()
            for name, dated in own.groupby("unique_id", observed=True):
                self.days.setdefault(str(name), []).append(dated["ds"].to_numpy(dtype="datetime64[D]"))
        for first, last in [] if table["ds"].isna().all() else [(table["ds"].min(), table["ds"].max())]:
            self.first, self.last = _least(self.first, first.date()), _most(self.last, last.date())


    def kind(self, name: str) -> str:
        """What a series is: as the file says, as was said, else by its dates: irregular ones are images of a stock."""
        own = self.kinds.get(name) or self.feed.kind
        if own != "count" or self.told.kind:
            return "flow" if own == "call" else self.told.kind or own
        days = self.days.get(name)
        return "stock" if days and grid_of(np.concatenate(days)) is None else "flow"

    def plain(self) -> dict[str, Any]:
        """Series, notes and faults as plain data."""
        series = {name: {"rows": rows, "first": None if first is None else str(first),
                         "last": None if last is None else str(last), "sum": total, "kind": self.kind(name)}
                  for name, (rows, _, first, last, total) in sorted(self.series.items())}
        return {"series": series, "notes": list(_notes(self)), "faults": list(_faults(self))}


def _notes(tally: Tally) -> Iterator[str]:
    yield from (note + f": {number} rows" * bool(number) for note, number in sorted(tally.notes.items()))


def _faults(tally: Tally) -> Iterator[str]:
    """What is wrong, row by row; a fault that many cells of a column share is one line."""
    lines: list[tuple[int, str]] = []
    for (column, do), first in tally.alike.items():
        many = tally.many[column, do]
        if many > ALIKE:
            rows = ", ".join(str(fault.row) for fault in first[:3])
            where = f"column {column}" if column else "lines"
            lines.append((first[0].row, f"{where}: {many} cells (rows {rows} ...), such as {first[0].got}: {do}"))
            continue
        for fault in first:
            where = f"row {fault.row}{', ' + fault.column if fault.column else ''}"
            lines.append((fault.row, f"{where}: got {fault.got}: {fault.do}"))
    yield from (line for _, line in sorted(lines))


def _plain(days: pd.Series) -> list[date | None]:
    return [None if day is None else day.date() for day in days.astype(object).where(days.notna(), None)]


def _least(one: date | None, other: date | None) -> date | None:
    return one if other is None else other if one is None else min(one, other)


def _most(one: date | None, other: date | None) -> date | None:
    return one if other is None else other if one is None else max(one, other)


# -- the page ---------------------------------------------------------------------------------------------------------
def _page(source: Source, feed: Feed, tally: Tally, out: str | None, told: Options) -> Iterator[str]:
    yield f"{source.name}: {feed.name}, {feed.what}"
    yield (f"rows {tally.rows}, counted {tally.counted}, rows with faults {tally.faulty}, series {len(tally.series)}, "
           f"dates {_day(tally.first)} to {_day(tally.last)}")
    yield ""
    yield f"{'series':<40} {'rows':>7} {'counted':>8}  {'first':<10}  {'last':<10}  {'sum':>9}"
    for name, (rows, counted, first, last, total) in sorted(tally.series.items())[:SHOWN]:
        yield f"{name[:40]:<40} {rows:>7} {counted:>8}  {_day(first):<10}  {_day(last):<10}  {total:>9.10g}"
    yield from _more(len(tally.series) - SHOWN, "series")
    if tally.months:
        yield ""
        yield "counted rows a month"
        yield from _density(tally)
    if tally.notes:
        yield ""
        yield "decided"
        yield from (f"  {note}" for note in _notes(tally))
    if tally.many:
        yield ""
        yield "faults"
        lines = list(_faults(tally))
        yield from (f"  {line}" for line in lines[:SHOWN])
        yield from _more(len(lines) - SHOWN, "lines of faults")
    yield ""
    yield _advice(source, feed, tally, out, told)


def _density(tally: Tally) -> Iterator[str]:
    years = range(min(tally.months)[0], max(tally.months)[0] + 1)
    width = max(5, max(len(str(n)) for n in tally.months.values()) + 1)
    yield "     " + "".join(f"{month:>{width}}" for month in MONTHS)
    shown = [year for year in years if any((year, month) in tally.months for month in range(1, 13))]
    for year in shown:
        yield f"{year:<5}" + "".join(f"{tally.months.get((year, month), '.'):>{width}}" for month in range(1, 13))


def _advice(source: Source, feed: Feed, tally: Tally, out: str | None, told: Options) -> str:
    if out:
        return (f"Good rows: {out}. Bad rows with their reasons: {rejected(out)}." if tally.faulty else
                f"All rows: {out}; none was bad.")
    if tally.faulty:
        return (f"Refused for {tally.faulty} rows with faults: mend them, or keep the others with "
                f"forecast check {shlex.quote(str(source.place))} --keep-good OUT.csv")
    if feed.kind in ("place", "watch"):
        return f"Read it in a notebook: forecast.evidence.feeds.layouts.read_feed({str(source.place)!r}).table"
    said_of = "".join(f", {name}: {json.dumps(value, ensure_ascii=False)}" for name, value in told.said.items())
    name = min(tally.series, default="NAME")
    return (f"An experiment of it: forecast init {shlex.quote(str(source.place))}. Or in one: "
            f"_target_: forecast.Table, path: {source.place}, unique_id: {name}{said_of}")


def _more(number: int, what: str) -> list[str]:
    return [f"  and {number} more {what}"] if number > 0 else []


def _day(when: date | None) -> str:
    return "-" if when is None else str(when)
