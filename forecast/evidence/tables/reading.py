"""A file as counts by series and day: sheets, headings, columns and rows put together, in the rows of a reading."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from forecast.evidence.feeds.reading import BATCH, Batch, Tray
from forecast.evidence.feeds.source import Source
from forecast.evidence.tables.columns import Columns
from forecast.evidence.tables.date_columns import dates_of
from forecast.evidence.tables.header import Table, is_time, table_in
from forecast.evidence.tables.numbers import Marks
from forecast.evidence.tables.options import GUESS, Options
from forecast.evidence.tables.repeats import one_a_day
from forecast.evidence.tables.roles import roles_of
from forecast.evidence.tables.rows import Entry, entries
from forecast.evidence.tables.sheets import sheets
from forecast.evidence.tables.words import COUNTED, CUMULATIVE, DATES, GENERIC, HIGHS, KINDS, LOWS, heading
from forecast.series.grids import grid_of

READ_OFF = "counts that are not whole: bounds are the whole numbers around each, as of points read off a chart"
MEASURED = "numbers that are not whole kept as they are"

MOST_DOUBTFUL = 3  # series that a note names
FEWEST_STEPS, LEAST_RISES = 19, 5  # a count of chance does not keep from falling that long


def read(source: Source, told: Options) -> Iterator[Batch]:
    """The rows of a table, in batches; ValueError for what holds no table or can be read in two ways."""
    tray = Tray(source)
    marks = Marks(missing=frozenset(told.missing))
    found: list[tuple[Columns, list[Entry]]] = []
    listed = sheets(source, told.sheet, tray)
    tables = [(sheet, table_in(sheet, told.skip_rows, tray, marks.is_missing)) for sheet in listed]
    several = sum(table is not None for _, table in tables) > 1
    for sheet, table in tables:
        name = sheet.name
        if table is None:
            if name and any(any(cell is not None for cell in row) for _, row in sheet.rows):
                tray.notes[f"sheet {name!r} has no column of dates: not read"] += 0
            continue
        columns = _columns(table, told, source.name, tray)
        made = _entries(columns, tray, marks.is_missing)
        if made is None:
            if not several:
                raise ValueError(_no_dates(source.name, table))
            tray.notes[f"sheet {name!r} has no column of dates: not read"] += 0
            continue
        found.append((columns, made))
    if not found and tray.faults:
        yield tray.batch()
        return
    if not found:
        raise ValueError(
            f"{source.name}: no table with dates and counts: say date=COLUMN, value=COLUMN, or skip_rows=N"
        )
    counts = _with_sheets(found, tray)
    curve = not found[0][0].table.headed and READ_OFF in tray.notes
    whole = not any(note in tray.notes for note in (READ_OFF, MEASURED))
    counts = one_a_day(
        counts, replace(told, kind="stock") if curve and not told.kind else told, source.name, tray, whole
    )
    counts = _single(counts, told, found, source.name, tray)
    yield from _batches(counts, found, told, tray)


def _no_dates(file: str, table: Table) -> str:
    return (
        f"{file}: no column of dates, got {', '.join(map(repr, table.names[:12]))}: say date=COLUMN (numbers "
        "are dates only under a heading such as date or year, or where date= says so)"
    )


def _columns(table: Table, told: Options, file: str, tray: Tray) -> Columns:
    """The cells by column; a row of another length is a fault, unless it is a line of words below the table."""
    width = len(table.names)
    kept = []
    last = max((i for i, (_, row) in enumerate(table.rows) if len(row) >= width), default=-1)
    for i, (number, row) in enumerate(table.rows):
        beyond = any(cell is not None for cell in row[width:])
        short = table.ragged and len(row) < width
        if short and (i > last or sum(cell is not None for cell in row) <= 1) and not beyond:
            tray.notes[f"line {number} left aside: {', '.join(str(c) for c in row if c is not None)[:60]!r}"] += 0
        elif beyond or short:
            text = ",".join("" if cell is None else str(cell) for cell in row)
            tray.fault(
                number,
                "",
                f"{len(row)} cells for {width} columns",
                "put text that holds the delimiter into quotes",
                text,
            )
        else:
            kept.append((number, row))
    cells = [[row[k] if k < len(row) else None for _, row in kept] for k in range(width)]
    return Columns(table, told, file, [number for number, _ in kept], cells)


def _entries(columns: Columns, tray: Tray, missing: Callable[[str], bool]) -> list[Entry] | None:
    dates = dates_of(columns, missing)
    if dates is None:
        return None
    roles = roles_of(columns, dates, missing, lambda text: tray.notes.update({text: 0}))
    made = entries(columns, dates, roles, tray)
    if (roles.id and len(roles.value) <= 1) or dates.wide:
        made = [replace(entry, heading="") if entry.names and any(entry.names) else entry for entry in made]
    said = [f"date {', '.join(repr(columns.names[k]) for k in dates.columns)}"] if dates.columns else []
    if dates.wide:
        said.append(
            f"days from {len(dates.wide)} headings, {columns.names[dates.wide[0]]!r} to "
            f"{columns.names[dates.wide[-1]]!r}"
        )
    elif roles.value:
        said.append(f"counts {', '.join(repr(columns.names[k]) for k in roles.value[:8])}")
    if roles.id:
        said.append(f"series by {', '.join(repr(columns.names[k]) for k in roles.id)}")
    tray.notes[f"read as {'; '.join(said)}"] += 0
    text = [columns.names[k] for k in columns.free() if k not in roles.id and columns.filled(k)]
    if text and not dates.wide:
        tray.notes[f"columns not read: {', '.join(text[:12])}"] += 0
    if not columns.table.headed and len(roles.value) == 1:
        made = [replace(entry, heading="") for entry in made]
    return _whole(made, columns, len(columns.names) - (len(dates.columns) or 1) == 1, tray)


def _whole(made: list[Entry], columns: Columns, alone: bool, tray: Tray) -> list[Entry]:
    """Counts that are not whole as bounds around them where they are few, or read off a chart; else as they are."""
    by: dict[str, list[Entry]] = defaultdict(list)
    for entry in made:
        by[entry.heading].append(entry)
    out: list[Entry] = []
    for name, group in by.items():
        broken = [entry for entry in group if entry.low == entry.high and not float(entry.low).is_integer()]
        plain = not columns.table.headed or all(heading(each) in GENERIC for each in columns.names)
        curve = alone and (plain or bool(set(heading(name).split()) & COUNTED))
        if broken and (len(broken) < 0.5 * len(group) or curve):
            tray.notes[READ_OFF] += len(broken)
            out += [
                replace(e, low=float(math.floor(e.low)), high=float(math.ceil(e.high)))
                if e.low == e.high and not math.isnan(e.low)
                else e
                for e in group
            ]
        else:
            if broken:
                tray.notes[MEASURED] += len(broken)
            out += group
    return out


def _with_sheets(found: Sequence[tuple[Columns, list[Entry]]], tray: Tray) -> list[Entry]:
    """The counts of all sheets: joined where they go on from one another, else each under the name of its sheet."""
    if len(found) == 1:
        return found[0][1]
    days: dict[Any, int] = {}
    clash = False
    for place, (_, made) in enumerate(found):
        for entry in made:
            key = entry.names, entry.heading, entry.when.day
            clash |= days.setdefault(key, place) != place
    heads = {tuple(sorted(columns.names)) for columns, _ in found}
    names = ", ".join(repr(columns.table.name) for columns, _ in found)
    if not clash and len(heads) == 1:
        tray.notes[f"sheets joined, one going on from another: {names}"] += 0
        return [entry for _, made in found for entry in made]
    tray.notes[f"sheets read each under its name: {names}"] += 0
    return [replace(entry, names=(columns.table.name, *entry.names)) for columns, made in found for entry in made]


# -- running totals ---------------------------------------------------------------------------------------------------
def _single(
    listed: list[Entry], told: Options, found: Sequence[tuple[Columns, list[Entry]]], file: str, tray: Tray
) -> list[Entry]:
    """Running totals as what came since the row before; of a total that starts anew each year, since the year began."""
    if told.cumulative is False:
        return listed
    groups: dict[tuple[tuple[str, ...], str], list[Entry]] = defaultdict(list)
    for entry in listed:
        groups[entry.names, entry.heading].append(entry)
    made: list[Entry] = []
    doubtful: list[str] = []
    for (names, name), group in groups.items():
        only = found[0][0].names if len(found) == 1 and not name else []
        says = CUMULATIVE.search(heading(name)) or any(CUMULATIVE.search(heading(each)) for each in (*only, *names))
        ordered = sorted(group, key=lambda entry: entry.when.day)
        if told.cumulative or says:
            made += _differences(ordered, "/".join((*names, name)), file, tray)
            continue
        if never_falls([entry.low for entry in ordered if entry.low == entry.high]):
            doubtful.append("/".join(filter(None, (*names, name))) or "the count")
        made += group
    if doubtful and told.kind != "stock":
        more = f" and {len(doubtful) - MOST_DOUBTFUL} more" if len(doubtful) > MOST_DOUBTFUL else ""
        tray.notes[
            f"{', '.join(map(repr, doubtful[:MOST_DOUBTFUL]))}{more} never falls: of a running total cumulative=true "
            "takes what came since the row before"
        ] += 0
    return made


def never_falls(counts: Sequence[float]) -> bool:
    """Whether counts in time order are as a running total would be: many, none below the one before, some above.

    >>> never_falls(range(30)), never_falls([3] * 30), never_falls([3, 4])
    (True, False, False)
    """
    steps = [after - before for before, after in pairwise(counts)]
    return len(steps) >= FEWEST_STEPS and min(steps) >= 0 and sum(step > 0 for step in steps) >= LEAST_RISES


def _differences(group: list[Entry], name: str, file: str, tray: Tray) -> list[Entry]:
    made: list[Entry] = []
    before: Entry | None = None
    anew = any(b.low < a.low and b.when.day.year > a.when.day.year for a, b in pairwise(group))
    for entry in group:
        if math.isnan(entry.low):
            made.append(entry)
            continue
        if entry.low != entry.high:
            raise ValueError(
                f"{file}, {name}: a running total of {entry.low:g} to {entry.high:g} on {entry.when.day}: say "
                "cumulative=false, or leave bounds out"
            )
        year_began = anew and (before is None or entry.when.day.year > before.when.day.year)
        if before is None and not (year_began and entry.when.day.timetuple().tm_yday <= 31):
            made.append(replace(entry, low=math.nan, high=math.nan))
            tray.notes[
                "running totals turned into what came since the row before; the first row has none, and is missing"
            ] += 1
        elif year_began:
            made.append(entry)
            tray.notes["running totals that start anew each year"] += 1
        else:
            if before is not None and entry.low < before.low:
                raise ValueError(
                    f"{file}, {name}: a running total that falls, {before.low:g} to {entry.low:g} on {entry.when.day}: "
                    f"say "
                    "cumulative=false, or mend the row"
                )
            since = 0.0 if before is None else before.low
            made.append(replace(entry, low=entry.low - since, high=entry.high - since))
        before = entry
    return made


# -- rows of a reading ------------------------------------------------------------------------------------------------
def _batches(
    listed: list[Entry], found: Sequence[tuple[Columns, list[Entry]]], told: Options, tray: Tray
) -> Iterator[Batch]:
    kinds = _kinds(listed, told, tray)
    several = len({entry.heading for entry in listed if entry.heading}) > 1
    whole = _fallback(found)
    said: dict[Any, dict[str, Any]] = {}  # what all counts of a series share
    for start in range(0, len(listed), BATCH):
        for entry in listed[start : start + BATCH]:
            key = entry.names, entry.heading
            if key not in said:
                site = "/".join(filter(None, entry.names))
                said[key] = {
                    "unique_id": "/".join(filter(None, (site, entry.heading if several or not site else ""))) or whole,
                    "site": site,
                    "measure": entry.heading or ("" if site else whole),
                    "kind": kinds.get(key, ""),
                }
            row = {**said[key], "ds": entry.when.day, "y_low": entry.low, "y_high": entry.high, "row": entry.row}
            if entry.words:
                words = dict(entry.words)
                row = {**words, **row, "kind": words.get("kind") or row["kind"]}
            tray.rows.append(row)
        yield tray.batch()
    if not listed or tray.faults or tray.notes:
        yield tray.batch()


def _fallback(found: Sequence[tuple[Columns, list[Entry]]]) -> str:
    columns, not_counts = found[0][0], (*GENERIC, *DATES, *LOWS, *HIGHS)
    return (
        "chart"
        if not columns.table.headed
        else next((n for n in columns.names if not is_time(n) and heading(n) not in not_counts), "count")
    )


def _kinds(listed: Sequence[Entry], told: Options, tray: Tray) -> dict[Any, str]:
    """The kind of each series: as told, by the words of its headings, else by its dates: irregular ones are images."""
    days: dict[Any, list[Any]] = defaultdict(list)
    for entry in listed:
        days[entry.names, entry.heading].append(entry.when.day)
    if told.kind:
        return dict.fromkeys(days, told.kind)
    made, why = {}, {}
    for key, dates in days.items():
        words = set(re.split(r"[^\w]+", heading(" ".join((*key[0], key[1])))))
        spoken = [kind for kind, known in KINDS.items() if words & set(known)]
        regular = (
            grid_of(np.array(sorted(set(dates)), dtype="datetime64[D]")) is not None
            if told.freq == GUESS
            else told.freq is not None
        )
        made[key] = spoken[0] if len(spoken) == 1 else "flow" if regular else "stock"
        why[made[key]] = "its heading" if len(spoken) == 1 else f"{'regular' if regular else 'irregular'} dates"
    for kind, reason in sorted(why.items()):
        other = "stock" if kind == "flow" else "flow"
        tray.notes[
            f"taken as a {kind} ({'what passes' if kind == 'flow' else 'what stands there'}), guessed from {reason}; "
            f"kind={other} "
            "says otherwise"
        ] += 0
    return made
