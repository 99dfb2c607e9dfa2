"""The series of a panel's file, one after the other by name, and the list of rows that were refused."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fnmatch import translate
from pathlib import Path
from typing import Any

from forecast.evidence.cells import no_formula
from forecast.evidence.feeds.gather import gathered
from forecast.evidence.feeds.layouts import detected
from forecast.evidence.feeds.reading import Batch
from forecast.evidence.table import series_of
from forecast.evidence.tables.options import GUESS
from forecast.panel.settings import Settings
from forecast.series.calendar import on_grid
from forecast.series.series import Series
from forecast.support.atomic_files import replaced

ALL_SHIPS = {"portwatch": "*/portcalls", "chokepoints": "*/n_total"}  # of feeds that count each kind of ship too
REJECTED = "rejected.csv"
REASONS = ("row", "column", "got", "do", "text")


@dataclass(frozen=True)
class Input:
    """What a file holds: the names of its series in order, how to have each, and what was decided while reading."""

    feed: str
    names: tuple[str, ...]
    series: Callable[[str], Series]
    faults: int
    notes: dict[str, int]


def read_input(path: Path, settings: Settings, folder: Path) -> Input:
    """Read the file once; bad rows go to `rejected.csv` in `folder` where the settings keep the good ones.

    Raises StatementError listing every bad row otherwise; ValueError for a file that is no feed, or without series, or
    with rows that overlap.
    """
    told = replace(settings.table, kind=settings.kind)
    source, feed = detected(path, told)
    only = settings.only or ALL_SHIPS.get(feed.name, "*")
    faulty, notes, list_of = 0, Counter[str](), folder / REJECTED
    with replaced(list_of) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(REASONS)

        def noted(source: Any) -> Iterator[Batch]:
            nonlocal faulty
            for batch in feed.read(source):
                notes.update(batch.notes)
                faulty += len({fault.row for fault in batch.faults})
                for fault in batch.faults:
                    text = fault.text.encode("utf-8", errors="backslashreplace").decode()
                    cells = (fault.column, fault.got, fault.do, text)
                    writer.writerow([fault.row, *map(no_formula, cells)])
                yield batch

        made = gathered(replace(feed, read=noted), source, re.compile(translate(only)), settings.keep_good, True)
    if not faulty:
        list_of.unlink()
    pattern = re.compile(translate(only))
    names = tuple(name for name in sorted(made.codes) if pattern.match(name))
    if not names:
        raise ValueError(f"{source.name}: none of its series fits --only {only!r}: forecast check FILE lists them")
    for name in names if made.uneven else ():  # rows that contradict each other are told before the work begins
        series_of(made, name, told)
    said = told.freq not in (GUESS, None)
    return Input(feed.name, names, lambda name: on_grid(series_of(made, name, told), told.freq) if said
                 else series_of(made, name, told), faulty, dict(notes))
