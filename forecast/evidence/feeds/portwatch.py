"""IMF PortWatch, daily ports (CSV, ArcGIS JSON): one row per port and day, a series per port and kind of ship.

The file is read in chunks: 300 MB need no more memory than 3. `import` and `export` are tonnes that PortWatch models
from draught, no counts, and are left aside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from forecast.evidence.feeds.columns import words
from forecast.evidence.feeds.lines import header, raw_rows
from forecast.evidence.feeds.reading import BROKEN, COLUMNS, TEXTS, UNSEEN, Batch, Feed, Tray, hashed
from forecast.evidence.feeds.records import headings, records
from forecast.evidence.feeds.source import Source
from forecast.evidence.feeds.times import MOMENT, moment
from forecast.evidence.tables.dates import Order, from_number, when

NEEDED = {"date", "portid", "portcalls"}
CHUNK = 10_000
PUBLISHER = "IMF PortWatch"
TONNES = "import and export are tonnes modelled from draught, no counts: not read"
OTHER = "dates written with slashes or as numbers read as the days that year, month and day beside them say"


def recognise(source: Source) -> bool:
    return headings(source) >= NEEDED


def read(source: Source) -> Iterator[Batch]:
    yield from read_daily(source, "portid", "portcalls", "portcalls_", TONNES)


def read_daily(source: Source, place: str, total: str, parts: str, note: str) -> Iterator[Batch]:
    """Rows of a place (column `place`) and day with a total and its parts, in batches of bounded size."""
    tray = Tray(source)
    names, rows = _names_and_rows(tray)
    measures = [name for name in names if name == total or name.startswith(parts)]
    tray.notes[note] += 0
    # tuples of text, unlike lists, are no work for the garbage collector, which else takes a third of the time
    while chunk := [(number, tuple(row)) for number, row in islice(rows, CHUNK)]:
        yield _batch(chunk, names, place, measures, tray)
    if tray.faults or tray.notes:
        yield tray.batch()


def _names_and_rows(tray: Tray) -> tuple[list[str], Iterator[tuple[int, Sequence[str]]]]:
    """The columns of a file and its rows, with their lines."""
    if not tray.source.is_json:
        rows = raw_rows(tray)
        return header(rows, tray.source), rows
    found = records(tray.source)
    names = list(found[0])
    return names, ((number, [record.get(name, "") for name in names]) for number, record in enumerate(found, start=1))


def _batch(chunk: Sequence[tuple[int, Sequence[str]]], names: Sequence[str], place: str, measures: Sequence[str],
           tray: Tray) -> Batch:
    """Rows of ports and days with faulty ones taken out, as rows of series."""
    whole = [(number, row) for number, row in chunk if len(row) == len(names)]
    for number, row in chunk:
        if len(row) != len(names):
            tray.fault(number, "", f"{len(row)} cells for {len(names)} columns", "export the file again",
                       ",".join(row))
    cells: dict[str, Sequence[str]] = dict.fromkeys(names, ())
    if whole:
        cells.update(zip(names, zip(*(row for _, row in whole), strict=True), strict=True))
    bad: dict[int, tuple[str, str, str]] = {}
    days = _days(cells["date"], [cells.get(name, ()) for name in ("year", "month", "day")], bad, tray)
    ports = _labels(cells[place])
    nameless = np.array([not port or bool(BROKEN.search(port)) for port in ports.categories], dtype=bool)
    for i in np.flatnonzero(nameless[ports.codes]).tolist() if len(ports) else ():
        bad.setdefault(i, (place, cells[place][i], "write the id of the port, such as port1374"))
    counts = {name: _counts(name, cells[name], bad) for name in measures}
    table = pd.DataFrame({"unique_id": ports, "ds": days, **counts,
                          "row": np.array([number for number, _ in whole], dtype=np.int64),
                          "site": _labels(cells["portname"]) if "portname" in cells else ports})
    for i, (column, got, do) in sorted(bad.items()):
        tray.fault(whole[i][0], column, got, do, ",".join(whole[i][1]))
    good = np.ones(len(table), dtype=bool)
    good[list(bad)] = False
    melted = _melted(_distinct(table[good], measures, tray), measures)
    batch = Batch(melted, tuple(sorted(tray.faults, key=lambda fault: fault.row)), dict(tray.notes))
    tray.faults.clear()
    tray.notes.clear()
    return batch


def _days(cells: Sequence[str], parts: Sequence[Sequence[str]], bad: dict[int, tuple[str, str, str]],
          tray: Tray) -> np.ndarray:
    """Days [n] as datetime64[s]; a file holds few dates and many rows of each, so each is read once a chunk.

    Dates of other releases (7/20/2019 12:00:00 AM, 2019/07/20 00:00:00+00) are those that year, month and day beside
    them say; without these columns the month stands first, as in every such release.
    """
    codes, found = pd.factorize(np.array(cells, dtype=object))
    numbers = np.bincount(codes, minlength=len(found)).tolist()
    made: list[date | None] = []
    for code, cell in enumerate(found.tolist()):
        read = moment(cell.strip()) if MOMENT.fullmatch(cell.strip()) else None
        other = None if read else _other(cell.strip(), [part[int(np.argmax(codes == code))] for part in parts if part])
        made.append(other if read is None else read[0].date())
        if read is None and other is not None:
            tray.notes[OTHER] += numbers[code]
        elif read is None:
            for i in np.flatnonzero(codes == code).tolist():
                bad[i] = ("date", cell, "write the date as YYYY-MM-DD, or as 2024-10-27 00:00:00+00:00")
        elif read is not None and read[1]:
            tray.notes[read[1]] += numbers[code]
    return np.array(made, dtype="datetime64[D]").astype("datetime64[s]")[codes]


def _other(cell: str, parts: Sequence[str]) -> date | None:
    """The day of a date that is not written as ISO, which must be that of its parts where these stand beside it."""
    if re.fullmatch(r"\d{12,13}", cell):
        from_zero = from_number(float(cell), "milliseconds")
        return from_zero.day if from_zero else None
    readings = [found.day for found in (when(cell, Order(first)) for first in (False, True)) if found is not None]
    if len(parts) == 3:
        beside = [int(part) if part.isdigit() else -1 for part in parts]
        readings = [day for day in readings if [day.year, day.month, day.day] == beside]
    return readings[0] if readings else None


def _labels(cells: Sequence[str]) -> pd.Categorical:
    """Names with marks that cannot be seen taken out; each is held once."""
    codes, found = pd.factorize(np.array(cells, dtype=object))
    clean = [UNSEEN.sub("", name).strip() for name in found.tolist()]
    names = sorted(set(clean))
    place = {name: i for i, name in enumerate(names)}
    return words(np.array([place[name] for name in clean], dtype=np.int32)[codes], names)


def _counts(name: str, cells: Sequence[str], bad: dict[int, tuple[str, str, str]]) -> np.ndarray:
    """Counts of one column; blank is not counted. Few numbers come again and again, so each is read once a chunk."""
    codes, found = pd.factorize(np.array(cells, dtype=object))
    values = pd.to_numeric(pd.Series(found, dtype=object), errors="coerce").to_numpy(dtype=float)
    blank = np.array([not cell.strip() for cell in found.tolist()], dtype=bool)
    wrong = ~blank & ~(np.isfinite(values) & (values >= 0) & (values == np.floor(values)))
    if wrong.any():
        for i in np.flatnonzero(wrong[codes]).tolist():
            bad.setdefault(i, (name, cells[i], "port calls are whole numbers of at least 0"))
    return np.asarray(values[codes])


def _distinct(table: pd.DataFrame, measures: Sequence[str], tray: Tray) -> pd.DataFrame:
    """Without rows of a port and day that were read before; what contradicts them is a fault."""
    if table.empty:
        return table
    repeated, against = tray.seen.add(hashed(table, ["unique_id", "ds"]), hashed(table, list(measures)))
    if repeated.any():
        tray.notes["rows that repeat an earlier row word for word dropped"] += int(repeated.sum())
    for line in table[against].to_dict("records"):
        said = [line["unique_id"], str(line["ds"].date()), *(f"{line[measure]:g}" for measure in measures)]
        tray.fault(line["row"], "portid", said[0], f"an earlier row says something else of {said[1]}: keep one",
                   ",".join(said))
    kept: pd.DataFrame = table[~repeated & ~against]
    disorder = tray.seen.out_of_order(kept)
    if disorder:
        tray.notes["rows out of the order of time, sorted"] += disorder
    return kept


def _melted(table: pd.DataFrame, measures: Sequence[str]) -> pd.DataFrame:
    """One row per port, day and measure, in the columns of a reading; words are held as categories, once each."""
    n, times = len(table), len(measures)
    ports = table["unique_id"].cat.remove_unused_categories().cat
    names = [f"{port}/{measure}" for measure in measures for port in ports.categories]
    shift = np.repeat(np.arange(times), n)
    y = np.concatenate([table[measure].to_numpy(dtype=float) for measure in measures])
    site = table["site"].cat
    made: dict[str, Any] = {
        "unique_id": words(np.tile(ports.codes, times) + len(ports.categories) * shift, names),
        "ds": np.tile(table["ds"].to_numpy(), times), "y": y, "y_low": y, "y_high": y,
        "site": words(np.tile(site.codes, times), site.categories), "measure": words(shift, measures),
        "row": np.tile(table["row"].to_numpy(), times)}
    nowhere, nothing = np.full(n * times, np.nan), words(np.zeros(n * times, dtype=np.int8), [""])
    never = np.full(n * times, "NaT", dtype="datetime64[s]")
    blank = {column: nothing if column in TEXTS else never if column == "end" else nowhere for column in COLUMNS}
    return pd.DataFrame({**blank, **made})[list(COLUMNS)]


FEED = Feed("portwatch", "IMF PortWatch daily ports, CSV or JSON: port calls per port, day and kind of ship", "flow",
            PUBLISHER, "simulated_portwatch.csv", recognise, read)
