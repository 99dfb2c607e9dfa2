"""IMF PortWatch, daily ports (CSV): one row per port and day, one series per port and kind of ship.

The file is read in chunks: 300 MB need no more memory than 3. `import` and `export` are tonnes that PortWatch models
from draught, no counts, and are left aside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import islice

import numpy as np
import pandas as pd

from forecast.feeds.lines import header, raw_rows
from forecast.feeds.reading import BROKEN, COLUMNS, HIDDEN, TEXTS, Batch, Feed, Tray, hashed
from forecast.feeds.source import Source
from forecast.feeds.times import MOMENT, moment

NEEDED = {"date", "portid", "portcalls"}
CHUNK = 20_000
PUBLISHER = "IMF PortWatch"


def recognise(source: Source) -> bool:
    return set(source.columns) >= NEEDED


def read(source: Source) -> Iterator[Batch]:
    tray = Tray(source)
    rows = raw_rows(tray)
    names = header(rows, source)
    measures = [name for name in names if name == "portcalls" or name.startswith("portcalls_")]
    tray.notes["import and export are tonnes modelled from draught, no counts: not read"] += 0
    while chunk := list(islice(rows, CHUNK)):
        yield _batch(chunk, names, measures, tray)
    if tray.faults or tray.notes:
        yield tray.batch()


def _batch(chunk: Sequence[tuple[int, list[str]]], names: Sequence[str], measures: Sequence[str], tray: Tray) -> Batch:
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
    days = np.array([_day(cell, i, bad, tray) for i, cell in enumerate(cells["date"])], dtype="datetime64[D]")
    ports = [HIDDEN.sub("", cell).strip() for cell in cells["portid"]]
    for i, port in enumerate(ports):
        if not port or BROKEN.search(port):
            bad.setdefault(i, ("portid", port, "write the id of the port, such as port1374"))
    counts = {name: _counts(name, cells[name], bad) for name in measures}
    table = pd.DataFrame({"unique_id": np.array(ports, dtype=object), "ds": days.astype("datetime64[s]"), **counts,
                          "row": np.array([number for number, _ in whole], dtype=np.int64),
                          "site": np.array(_names(cells, ports), dtype=object)})
    for i, (column, got, do) in sorted(bad.items()):
        tray.fault(whole[i][0], column, got, do, ",".join(whole[i][1]))
    good = np.ones(len(table), dtype=bool)
    good[list(bad)] = False
    melted = _melted(_distinct(table[good], measures, tray), measures)
    batch = Batch(melted, tuple(tray.faults), dict(tray.notes))
    tray.faults.clear()
    tray.notes.clear()
    return batch


def _day(cell: str, place: int, bad: dict[int, tuple[str, str, str]], tray: Tray) -> date | None:
    """The day of a row; PortWatch writes days as midnight of UTC."""
    made = moment(cell.strip()) if MOMENT.fullmatch(cell.strip()) else None
    if made is None:
        bad[place] = ("date", cell, "write the date as YYYY-MM-DD, or as 2024-10-27 00:00:00+00:00")
        return None
    if made[1]:
        tray.notes[made[1]] += 1
    return made[0].date()


def _counts(name: str, cells: Sequence[str], bad: dict[int, tuple[str, str, str]]) -> np.ndarray:
    """Counts of one column; blank is not counted."""
    text = pd.Series(cells, dtype=object)
    values = pd.to_numeric(text, errors="coerce").to_numpy(dtype=float)
    wrong = (np.isnan(values) & (text.str.strip() != "").to_numpy(dtype=bool)) | (values < 0) | np.isinf(values)
    for i in np.flatnonzero(wrong | (values % 1 > 0)).tolist():
        bad.setdefault(i, (name, cells[i], "port calls are whole numbers of at least 0"))
    return values


def _names(cells: Mapping[str, Sequence[str]], ports: Sequence[str]) -> list[str]:
    given = cells.get("portname", ("",) * len(ports))
    return [BROKEN.sub("", HIDDEN.sub("", name)).strip() or port for name, port in zip(given, ports, strict=True)]


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
    """One row per port, day and measure, in the columns of a reading."""
    ids = table["unique_id"].to_numpy(dtype=object)
    parts = []
    for measure in measures:
        y = table[measure].to_numpy(dtype=float)
        parts.append(pd.DataFrame({
            "unique_id": ids + f"/{measure}", "ds": table["ds"].to_numpy(), "y": y, "y_low": y, "y_high": y,
            "site": table["site"].to_numpy(), "measure": measure, "row": table["row"].to_numpy()}))
    made = pd.concat(parts, ignore_index=True)
    for column in COLUMNS:
        if column not in made:
            made[column] = "" if column in TEXTS else pd.NaT if column == "end" else np.nan
    made["end"] = made["end"].astype("datetime64[s]")
    return made[list(COLUMNS)]


FEED = Feed("portwatch", "IMF PortWatch daily ports, CSV: port calls per port, day and kind of ship", "flow", PUBLISHER,
            "simulated_portwatch.csv", recognise, read)
