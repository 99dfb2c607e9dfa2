"""`forecast check FILE`: what would be read of a file, row by row where something is wrong."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from forecast.cli.parser import Parser
from forecast.evidence.cells import no_formula
from forecast.evidence.feeds.layouts import detected
from forecast.evidence.feeds.reading import COLUMNS, TEXTS, Batch, Feed, RowFault
from forecast.evidence.feeds.source import Source
from forecast.support.atomic_files import link_in, replaced
from forecast.support.untrusted import HIDDEN

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 20
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
REASONS = ("row", "column", "got", "do", "text")


def command(words: Sequence[str]) -> int:
    """Print what would be read of a file, row by row where something is wrong; exit code 2 if there are faults.

    With --keep-good OUT.csv the good rows go there as a long table, the bad ones with their reasons to
    OUT.rejected.csv, and the exit code is 0.
    """
    parser = Parser("check", "What would be read of a file, row by row where something is wrong.",
                    ("forecast check FILE", "forecast check FILE --keep-good good.csv"))
    parser.add_argument("file", nargs="*", metavar="FILE", help="a file of any layout: forecast feeds lists them")
    parser.add_argument("--keep-good", metavar="OUT.csv", help="write the good rows there, the others beside it")
    given = parser.read(words)
    if len(given.file) != 1:
        raise ValueError(f"check takes one file, got {' '.join(given.file) or 'none'}: forecast check --help shows how")
    source, feed = detected(given.file[0])
    if given.keep_good and feed.kind == "watch":
        raise ValueError(f"{source.name}: days imaged are no counts and make no long table: leave out --keep-good")
    tally = Tally()
    with _kept(given.keep_good, source) as keep:
        for batch in feed.read(source):
            tally.add(batch)
            keep(batch)
    page = "\n".join(_page(source, feed, tally, given.keep_good))
    print(HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", page))  # a name of a file may hold a terminal's codes
    return 2 if tally.faulty and not given.keep_good else 0


# -- what is counted while reading ------------------------------------------------------------------------------------
@dataclass
class Tally:
    """What a file holds, counted batch by batch."""

    rows: int = 0
    counted: int = 0
    faulty: int = 0
    first: date | None = None
    last: date | None = None
    # name -> rows, counted, first, last, sum of low ends
    series: dict[str, tuple[int, int, date | None, date | None, float]] = field(default_factory=dict)
    months: Counter[tuple[int, int]] = field(default_factory=Counter)
    faults: list[RowFault] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)

    def add(self, batch: Batch) -> None:
        table, shown = batch.table, SHOWN - len(self.faults)
        self.notes.update(batch.notes)
        self.faulty += len({fault.row for fault in batch.faults})
        self.faults += sorted(batch.faults, key=lambda fault: fault.row)[:max(shown, 0)]
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
        for first, last in [] if table["ds"].isna().all() else [(table["ds"].min(), table["ds"].max())]:
            self.first, self.last = _least(self.first, first.date()), _most(self.last, last.date())


def _plain(days: pd.Series) -> list[date | None]:
    return [None if day is None else day.date() for day in days.astype(object).where(days.notna(), None)]


def _least(one: date | None, other: date | None) -> date | None:
    return one if other is None else other if one is None else min(one, other)


def _most(one: date | None, other: date | None) -> date | None:
    return one if other is None else other if one is None else max(one, other)


# -- the page ---------------------------------------------------------------------------------------------------------
def _page(source: Source, feed: Feed, tally: Tally, out: str | None) -> Iterator[str]:
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
        yield from (f"  {note}" + f": {number} rows" * bool(number) for note, number in sorted(tally.notes.items()))
    if tally.faults:
        yield ""
        yield "faults"
        yield from (f"  row {fault.row}{', ' + fault.column if fault.column else ''}: got {fault.got}: {fault.do}"
                    for fault in tally.faults)
        yield from _more(tally.faulty - len({fault.row for fault in tally.faults}), "rows with faults")
    yield ""
    yield _advice(source, feed, tally, out)


def _density(tally: Tally) -> Iterator[str]:
    years = range(min(tally.months)[0], max(tally.months)[0] + 1)
    width = max(5, max(len(str(n)) for n in tally.months.values()) + 1)
    yield "     " + "".join(f"{month:>{width}}" for month in MONTHS)
    shown = [year for year in years if any((year, month) in tally.months for month in range(1, 13))]
    for year in shown:
        yield f"{year:<5}" + "".join(f"{tally.months.get((year, month), '.'):>{width}}" for month in range(1, 13))


def _advice(source: Source, feed: Feed, tally: Tally, out: str | None) -> str:
    if out:
        return (f"Good rows: {out}. Bad rows with their reasons: {_rejected(out)}." if tally.faulty else
                f"All rows: {out}; none was bad.")
    if tally.faulty:
        return (f"Refused for {tally.faulty} rows with faults: mend them, or keep the others with "
                f"forecast check {source.path} --keep-good OUT.csv")
    if feed.kind in ("place", "watch"):
        return f"Read it in a notebook: forecast.evidence.feeds.layouts.read_feed({str(source.path)!r}).table"
    name = min(tally.series, default="NAME")
    freq = "null" if feed.kind in ("stock", "count") else "D"
    return ("In an experiment: _target_: forecast.evidence.long_table.LongTable, "
            f"path: {source.path}, unique_id: {name}, freq: {freq}")


def _more(number: int, what: str) -> list[str]:
    return [f"  and {number} more {what}"] if number > 0 else []


def _day(when: date | None) -> str:
    return "-" if when is None else str(when)


# -- the files --------------------------------------------------------------------------------------------------------
def _rejected(out: str) -> Path:
    path = Path(out)
    return path.with_name(f"{path.stem}.rejected.csv")


@contextmanager
def _kept(out: str | None, source: Source) -> Iterator[Any]:
    """What puts a batch into both files; nothing without `out`. Files of a broken reading do not stay."""
    if out is None:
        yield lambda batch: None
        return
    good, bad = Path(out), _rejected(out)
    for path in (good, bad):
        if os.path.lexists(path) or link_in(path.parent):
            raise ValueError(f"{path} exists: name a new file after --keep-good" if os.path.lexists(path) else
                             f"{path}: {link_in(path.parent)} is a link: name the folder itself after --keep-good")
    with (replaced(good) as new, replaced(bad) as refused, new.open("w", encoding="utf-8", newline="") as rows,
          refused.open("w", encoding="utf-8", newline="") as reasons):
        writer = csv.writer(reasons, lineterminator="\n")
        writer.writerow(REASONS)
        yield lambda batch: _write(batch, rows, writer)
    if bad.read_text(encoding="utf-8") == ",".join(REASONS) + "\n":
        bad.unlink()


def _write(batch: Batch, rows: IO[str], reasons: Any) -> None:
    """Append a batch; sites without a date are no rows of a long table."""
    table = batch.table[batch.table["ds"].notna()]
    columns = [column for column in COLUMNS if column != "row"]
    made = table[columns].assign(**{name: table[name].dt.strftime("%Y-%m-%d") for name in ("ds", "end")})
    made = made.assign(**{name: made[name].astype("str").map(no_formula) for name in TEXTS})
    # an open bound is written as a blank: a lower bound alone means "at least"
    made["y_high"] = made["y_high"].where(made["y_high"] != float("inf"))
    made.to_csv(rows, index=False, header=rows.tell() == 0, lineterminator="\n", columns=columns)
    for fault in batch.faults:
        text = fault.text.encode("utf-8", errors="backslashreplace").decode()
        reasons.writerow([fault.row, no_formula(fault.column), no_formula(fault.got), fault.do, no_formula(text)])
