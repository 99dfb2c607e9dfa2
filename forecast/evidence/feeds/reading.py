"""What a feed gives: rows in the long-table layout, faults row by row, and notes of what was decided."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.evidence.cells import LONGEST_CELL, Cells, Fault
from forecast.evidence.feeds.source import Source
from forecast.support.untrusted import INVISIBLE

if TYPE_CHECKING:
    from forecast.evidence.statements import Statement, Watching

# stock: what stands there at an instant; flow: what passes in a day; count: either, the user says which;
# call: one dated visit a row; watch: days on which something could be seen; place: sites, perhaps dated
KINDS = ("stock", "flow", "count", "call", "watch", "place")
ROWS = ("", "stock", "flow", "call")  # that a row of a long table may say
NUMBERS = ("y", "y_low", "y_high", "exposure", "lat", "lon")
TEXTS = ("unique_id", "site", "measure", "class", "status", "sensor", "image_id", "analyst", "source", "note", "kind")
COLUMNS = ("unique_id", "ds", "end", *NUMBERS, *TEXTS[1:], "row")
KEY = ["unique_id", "ds", "image_id", "analyst", "source"]  # rows that agree in these speak about one thing
BATCH = 20_000
LONGEST_SHOWN = 200  # characters of a cell in a fault; the row stands beside it whole
MOST_FAULTS = 10_000  # of a file that is refused: then it is no use to read on
EVER = -(10 ** 9)  # a day before all others
BROKEN = re.compile("[\x00\ufffd\ud800-\udfff]")  # NUL, and what could not be decoded
UNSEEN = re.compile(f"[{INVISIBLE}]")  # taken out of a cell, with a note


@dataclass(frozen=True)
class RowFault(Fault):
    """A fault and the row it was found in, as it stood."""

    text: str = ""


@dataclass(frozen=True)
class Batch:
    """A part of a reading: rows (columns `COLUMNS`), faults, and how many rows each decision struck."""

    table: pd.DataFrame
    faults: tuple[RowFault, ...] = ()
    notes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Feed:
    """One layout of files.

    name, what : a word, and one line for the list of feeds
    kind : what its rows are, one of `KINDS`
    publisher : who says what the rows say, empty where only the user knows
    sample : name of a small simulated file of this layout
    recognise : whether a file has this layout, by its content
    read : the rows of such a file, in batches of bounded size; a file that is broken as a whole is a ValueError
    """

    name: str
    what: str
    kind: str
    publisher: str
    sample: str
    recognise: Callable[[Source], bool]
    read: Callable[[Source], Iterator[Batch]]


@dataclass(frozen=True)
class FeedResult:
    """Everything that one file says.

    feed, file : the name of the layout, the name of the file
    kind : what its rows are: stock, flow, count (the user says which), call, watch or place
    table : long table unique_id, ds (datetime64), y (NaN where not exact), y_low, y_high, end, exposure (share of the
        day), lat, lon, the texts of the layout, and the row of the file; sorted by unique_id and ds
    faults : what could not be read, row by row
    notes : what was decided, and how many rows it struck
    """

    feed: str
    file: str
    kind: str
    publisher: str
    table: pd.DataFrame
    faults: tuple[RowFault, ...]
    notes: Mapping[str, int]

    def kind_of(self, said: str) -> str:
        """The kind of a row: its own where it says one, else that of the layout."""
        return said or self.kind

    def statements(self) -> tuple[Statement, ...]:
        """Every dated count as a statement by the feed's publisher; rows that count nothing are none.

        A stock is a snapshot, a call a sighting, a flow a period of one day. Raises ValueError for sites and days.
        """
        from forecast.evidence.statements import Statement

        kinds = {"stock": "snapshot", "count": "snapshot", "flow": "period", "call": "sighting"}
        if self.kind not in kinds:
            raise ValueError(f"{self.file}: a {self.feed} file counts nothing (kind {self.kind}): use its table")
        made = []
        for line in self.table.to_dict("records"):
            low, high, start = float(line["y_low"]), float(line["y_high"]), line["ds"]
            if np.isnan(low) or pd.isna(start):
                continue
            end = start if pd.isna(line["end"]) or self.kind == "call" else line["end"]
            made.append(Statement(
                id=f"{self.file} row {line['row']} {line['unique_id']}", site=str(line["site"] or line["unique_id"]),
                measure=str(line["measure"] or "count"), kind=kinds[self.kind_of(str(line["kind"]))],  # type: ignore[arg-type]
                start=start.date(), end=end.date(), count=low if low == high else None, low=low, high=high,
                publisher=str(line["analyst"] or self.publisher or self.file), url=str(line["source"]),
                note=str(line["note"])))
        return tuple(made)

    def watching(self, site: str, publisher: str) -> tuple[Watching, ...]:
        """Days imaged as watching periods of a day each, for whoever (`publisher`) looked at every image of `site`.

        Days without a clear part are none. Raises ValueError for layouts other than days imaged.
        """
        from forecast.evidence.statements import Watching

        if self.kind != "watch":
            raise ValueError(f"{self.file}: a {self.feed} file holds no days imaged ({self.kind}): take a STAC file")
        clear = self.table[self.table["exposure"] > 0]
        return tuple(Watching(f"{self.file} {day}", site, day, day, float(share), publisher)
                     for day, share in zip(clear["ds"].dt.date, clear["exposure"], strict=True))


# -- rows into batches ------------------------------------------------------------------------------------------------
class Tray:
    """Collects rows, faults and notes while a file is read, and hands them out in batches of bounded size."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.rows: list[dict[str, Any]] = []
        self.faults: list[RowFault] = []
        self.notes: Counter[str] = Counter()
        self.seen = Seen()

    def fault(self, row: int, column: str, got: Any, do: str, text: str = "") -> None:
        self.faults.append(RowFault(self.source.name, row, column, repr(got)[:LONGEST_SHOWN], do, text))

    def cells(self, row: int, cells: Mapping[str, str]) -> Cells:
        """The cells of a row; marks that cannot be seen are taken out of them, and that is said."""
        long = [column for column, cell in cells.items() if len(cell) > LONGEST_CELL]
        cells = {**cells, **{column: cells[column][:LONGEST_CELL] for column in long}}
        cleaned = {column: UNSEEN.sub("", cell).strip() for column, cell in cells.items()}
        if cleaned != cells and any(UNSEEN.search(cell) for cell in cells.values()):
            self.notes["characters that cannot be seen (direction marks, control characters) taken out of cells"] += 1
        made = Cells(self.source.name, row, cleaned)
        for column in long:
            made.wrong(column, cleaned[column], f"shorten it to at most {LONGEST_CELL} characters")
        for column, cell in cleaned.items():
            if BROKEN.search(cell):
                made.wrong(column, cell, f"a NUL or a byte that is not {self.source.encoding}: save it as CSV UTF-8")
        return made

    def add(self, cells: Cells, **row: Any) -> None:
        """Keep a row if none of its cells is wrong; what is wrong becomes a fault."""
        if cells.faults:
            self.refuse(cells)
        else:
            self.rows.append({**row, "row": cells.row})

    def refuse(self, cells: Cells) -> None:
        text = ",".join(cells.cells.values())
        self.faults += [RowFault(p.file, p.row, p.column, p.got[:LONGEST_SHOWN], p.do, text) for p in cells.faults]

    @property
    def full(self) -> bool:
        return len(self.rows) >= BATCH

    def batch(self, table: pd.DataFrame | None = None) -> Batch:
        """What was collected since the last time, or `table` for its rows.

        Repeated rows are dropped with a note, contradicting ones become faults.
        """
        table = self._distinct(long_table(self.rows) if table is None else table)
        batch = Batch(table, tuple(self.faults), dict(self.notes))
        self.rows, self.faults, self.notes = [], [], Counter()
        return batch

    def _distinct(self, table: pd.DataFrame) -> pd.DataFrame:
        if table.empty:
            return table
        repeated, against = self.seen.add(hashed(table, KEY), hashed(table, ["y", "y_low", "y_high"]))
        if repeated.any():
            self.notes["rows that repeat an earlier row word for word dropped"] += int(repeated.sum())
        for line in table[against].to_dict("records"):
            day = "" if pd.isna(line["ds"]) else f" on {line['ds'].date()}"
            self.fault(int(line["row"]), "y", f"{line['y_low']:g} to {line['y_high']:g}",
                       f"an earlier row says something else of {line['unique_id']}{day}: keep one, or name two images",
                       ",".join(str(line[column]) for column in ("unique_id", "ds", "y", "y_low", "y_high")))
        disorder = self.seen.out_of_order(table)
        if disorder:
            self.notes["rows out of the order of time, sorted"] += disorder
        kept: pd.DataFrame = table[~repeated & ~against]
        return kept


class Seen:
    """Which rows were read already: a hash of what each is about, and one of what it says (16 bytes a row)."""

    def __init__(self) -> None:
        self.keys, self.says = np.zeros((2, 0), dtype=np.uint64)
        self.latest: dict[str, int] = {}  # name of a series -> its latest day so far, from 1970

    def add(self, keys: np.ndarray, says: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Masks [n] of rows that repeat an earlier one, and of rows that contradict one."""
        order = np.argsort(keys, kind="stable")
        sorted_keys = keys[order]
        first = np.searchsorted(sorted_keys, sorted_keys, side="left")  # first row of the batch with that key
        earlier = np.searchsorted(self.keys, sorted_keys)
        known = np.zeros(len(keys), dtype=bool)
        inside = earlier < len(self.keys)
        known[inside] = self.keys[earlier[inside]] == sorted_keys[inside]
        told = says[order][first]
        told[known] = self.says[earlier[known]]
        again = known | (first != np.arange(len(keys)))
        repeated, against = np.zeros((2, len(keys)), dtype=bool)
        repeated[order], against[order] = again & (told == says[order]), again & (told != says[order])
        self.keys = np.insert(self.keys, earlier[~again], sorted_keys[~again])
        self.says = np.insert(self.says, earlier[~again], says[order][~again])
        return repeated, against

    def out_of_order(self, table: pd.DataFrame) -> int:
        """Rows that lie before an earlier row of the same series."""
        dated = table.loc[table["ds"].notna(), ["unique_id", "ds"]]
        days = dated["ds"].to_numpy(dtype="datetime64[D]").astype(np.int64)
        names, found = pd.factorize(dated["unique_id"])
        earlier = np.array([self.latest.get(str(name), EVER) for name in found], dtype=np.int64)
        running = pd.Series(days).groupby(names).cummax()
        before = running.groupby(names).shift(fill_value=EVER).to_numpy(dtype=np.int64)
        number = int((days < np.maximum(before, earlier[names])).sum())
        last = np.maximum(earlier, running.groupby(names).last().to_numpy(dtype=np.int64))
        self.latest.update(zip(map(str, found), last.tolist(), strict=True))
        return number


def hashed(table: pd.DataFrame, columns: list[str]) -> np.ndarray:
    return np.asarray(pd.util.hash_pandas_object(table[columns], index=False), dtype=np.uint64)


def long_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows as a frame with all of `COLUMNS`; what a row lacks is blank, NaN or NaT. `y` follows from the bounds."""
    columns: dict[str, Any] = {}
    some = set().union(*rows)
    for column in COLUMNS:
        values = [row.get(column) for row in rows] if column in some else [None] * len(rows)
        if column in ("ds", "end"):
            columns[column] = np.array(values, dtype="datetime64[s]")  # None is NaT
        elif column in NUMBERS:
            columns[column] = np.array([np.nan if v is None else v for v in values], dtype=float)
        elif column == "row":
            columns[column] = np.array(values, dtype=np.int64)
        else:
            columns[column] = np.array([v or "" for v in values], dtype=object)
    columns["y"] = np.where(columns["y_low"] == columns["y_high"], columns["y_low"], np.nan)
    return pd.DataFrame({column: columns[column] for column in COLUMNS})


def bounds(cells: Cells, y: float | None, low: float | None, high: float | None) -> dict[str, float]:
    """`y_low` and `y_high` of a row: a count is both, one bound alone is at least or at most, none is not counted."""
    ends = [side if side is not None else y for side in (low, high)]
    if ends == [None, None]:
        return {"y_low": np.nan, "y_high": np.nan}
    below, above = 0.0 if ends[0] is None else ends[0], np.inf if ends[1] is None else ends[1]
    if below > above:
        cells.wrong("y_low", f"{below:g}", f"it lies above {above:g}: swap them or mend one")
    elif y is not None and not below <= y <= above:
        cells.wrong("y", f"{y:g}", f"it lies outside y_low {below:g} to y_high {above:g}: mend one of the three")
    return {"y_low": below, "y_high": above}


def coordinate(cells: Cells, column: str, largest: float) -> float | None:
    """A latitude (largest 90) or longitude (180) in degrees."""
    cell = cells.text(column)
    if not cell:
        return None
    try:
        value = float(cell)
    except ValueError:
        value = np.nan
    if not abs(value) <= largest:
        cells.wrong(column, cell, f"write degrees from -{largest:g} to {largest:g}")
        return None
    return value

