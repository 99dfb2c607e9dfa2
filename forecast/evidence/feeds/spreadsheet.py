"""A spreadsheet (.xlsx, .ods): one row per image, one column per type of car; blank means not counted, never zero."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

from forecast.evidence.cells import Cells
from forecast.evidence.feeds.reading import Batch, Feed, Tray
from forecast.evidence.feeds.source import Source, check_xml, scalar, stored
from forecast.evidence.feeds.times import day_of
from forecast.support.extras import needs

DATES = ("date", "ds", "day", "image_date", "image date", "date of image", "acquired")
# columns that count nothing: heading in lower case -> column of a reading
WORDS = {"image": "image_id", "image_id": "image_id", "image id": "image_id", "scene": "image_id", "sensor": "sensor",
         "satellite": "sensor", "analyst": "analyst", "observer": "analyst", "source": "source", "url": "source",
         "note": "note", "notes": "note", "comment": "note", "comments": "note", "remarks": "note", "status": "status",
         "site": "site", "yard": "site", "location": "site", "station": "site"}
HEADER_WITHIN = 20  # rows: a title may stand above
MOST_CELLS = 2_000_000
ATTRIBUTES = r"""((?:"[^"]*"|'[^']*'|[^>"'])*)"""
ODS_TOKEN = re.compile(rf"<table:(table-row|table-cell|covered-table-cell|table)(?=[\s>/]){ATTRIBUTES}>")
REFERENCE = re.compile(r"""\br\s*=\s*["']([A-Za-z]*)(\d+)["']""")
# every part bounded, so that no tag can make the search crawl
UNCOMPUTED = re.compile(r'<c\b[^>]{0,99}?\br="([A-Z]{1,3})(\d{1,7})"[^>]{0,99}>\s{0,9}<f\b[^>]{0,99}?'
                        r'(?:/>|>[^<]{0,8192}</f>)\s{0,9}(?:<v\s?/>|<v></v>)?\s{0,9}</c>')
COUNT = re.compile(r"(>=|<=|≥|≤|at least |at most )? ?(\d{1,9})(\+)?(?: ?[-–] ?(\d{1,9}))?", flags=re.I)


def recognise(source: Source) -> bool:
    members = set(source.members)
    return "xl/workbook.xml" in members or ("content.xml" in members and "mimetype" in members
                                            and b"opendocument.spreadsheet" in source.unpacked("mimetype"))


def read(source: Source) -> Iterator[Batch]:
    tray = Tray(source)
    sheets = _sheets(source, tray)
    tables = {name: found for name, rows in sheets.items() if (found := _table(rows)) is not None}
    if not tables:
        raise ValueError(f"{source.name}: no sheet has a column of dates (a heading such as {', '.join(DATES[:3])}) in "
                         f"its first {HEADER_WITHIN} rows: name the column of image dates 'date'")
    for name in sheets:
        if name not in tables and any(any(row) for row in sheets[name]):
            tray.notes[f"sheet {name!r} has no column of dates: not read"] += 0
    for name, (place, names) in tables.items():
        rows = sheets[name]
        for number, row in enumerate(rows[place + 1:], start=place + 2):
            if any(row):
                _row(tray.cells(number, dict(zip(names, row, strict=False))), name if len(tables) > 1 else "", tray)
        yield tray.batch()


def _table(rows: Sequence[Sequence[str]]) -> tuple[int, list[str]] | None:
    """Where the heading stands, and the names of its columns (the first column of dates is called date)."""
    for place, row in enumerate(rows[:HEADER_WITHIN]):
        lowered = [cell.lower() for cell in row]
        date = next((lowered.index(name) for name in DATES if name in lowered), None)
        if date is not None:
            return place, ["date" if i == date else cell or f"column {i + 1}" for i, cell in enumerate(row)]
    return None


def _row(cells: Cells, sheet: str, tray: Tray) -> None:
    """The rows of one image: one for each type of car that has a column."""
    said = {column: cells.text(heading) for heading in cells.cells
            if (column := WORDS.get(heading.lower())) is not None}
    day = day_of(cells, "date", tray)
    site = said.pop("site", "") or sheet
    counted = {heading: _count(cells, heading) for heading in cells.cells
               if heading != "date" and heading.lower() not in WORDS
               and not (heading.startswith("column ") and not cells.text(heading))}
    if cells.faults:
        tray.refuse(cells)
        return
    for heading, (low, high) in counted.items():
        tray.add(cells, unique_id=f"{site}/{heading}" if site else heading, ds=day, y_low=low, y_high=high, site=site,
                 measure=heading, **said)


def _count(cells: Cells, heading: str) -> tuple[float, float]:
    """The bounds that a cell states: 12, 4+, >= 4, at most 20, 10-12; blank is not counted.

    >>> [_count(Cells("f", 1, {"box": cell}), "box") for cell in ("12", "4+", "at most 20", "10-12")]
    [(12.0, 12.0), (4.0, inf), (0.0, 20.0), (10.0, 12.0)]
    """
    cell = cells.text(heading)
    if not cell:
        return math.nan, math.nan
    match = COUNT.fullmatch(cell)
    if match is None or (match[4] and (match[1] or match[3])) or (match[1] and match[3]):
        cells.wrong(heading, cell, "write a whole number, 4+, <=20 or 10-12; leave blank what was not counted")
        return math.nan, math.nan
    first, last = float(match[2]), float(match[4] or match[2])
    if first > last:
        cells.wrong(heading, cell, "the first number lies above the last: swap them")
    sign = (match[1] or "").lower()
    if match[3] or sign in (">=", "≥", "at least "):
        return first, math.inf
    return (0.0, first) if sign else (first, last)


# -- the file ---------------------------------------------------------------------------------------------------------
def _sheets(source: Source, tray: Tray) -> dict[str, list[list[str]]]:
    """Name of a sheet -> its rows as text. calamine sees only what was unpacked and checked here."""
    calamine = needs("python_calamine", "feeds")
    members: dict[str, bytes] = {}
    for name in source.members:
        if name.endswith("/") or name in members:
            continue
        members[name] = source.unpacked(name)
        source._check_size(sum(map(len, members.values())))
    formulas = 0
    for name, data in members.items():
        if name.lower().endswith((".xml", ".rels")) or b"<?xml" in data[:100]:
            text = _xml_text(source, name, data)
            _check_extent(source, name, text)
            formulas += len(re.findall(r"<f\b", text)) if "worksheets/" in name else text.count("table:formula=")
            for column, row in UNCOMPUTED.findall(text) if "worksheets/" in name else []:
                tray.fault(int(row), column, "a formula without a stored value",
                           "open the file in a spreadsheet program and save it, or write the number")
    if formulas:
        tray.notes["cells with a formula: the value stored with it is read, nothing is computed"] += formulas
    try:
        with calamine.CalamineWorkbook.from_filelike(stored(members)) as book:
            return {name: _filled(book.get_sheet_by_name(name)) for name in book.sheet_names}
    except (calamine.CalamineError, OSError, OverflowError, IndexError) as error:
        raise ValueError(f"{source.name}: a spreadsheet that cannot be read ({error}): save it again") from error


def _filled(sheet: Any) -> list[list[str]]:
    """The rows of a sheet from its first cell on, so that numbers of rows are those that a user sees."""
    rows = [[scalar(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    return [row if any(row) else [] for row in rows]


def _xml_text(source: Source, name: str, data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:200]:
        raise ValueError(f"{source.name}: {name} is not UTF-8: save the spreadsheet again")
    check_xml(data, f"{source.name}: {name}")  # calamine passes over what is no XML without a word
    return data.decode("utf-8", errors="replace")


def _check_extent(source: Source, name: str, text: str) -> None:
    """Refuse a sheet whose few cells span so many that a reader of whole tables would fill the memory."""
    cells = 0
    if "<table:table" in text:
        cells = _extent_ods(text)
    elif references := REFERENCE.findall(text):
        if far := next((column + row for column, row in references if len(column) > 3 or len(row) > 9), None):
            raise ValueError(f"{source.name}: {name} has a cell {far[:40]}, beyond any sheet: save the spreadsheet "
                             "again")
        cells = max(int(row) for _, row in references) * max(_letters(column) for column, _ in references)
    if cells > MOST_CELLS:
        raise ValueError(f"{source.name}: {name} spans {cells} cells, at most {MOST_CELLS} are read: delete what lies "
                         "far from the table")


def _extent_ods(text: str) -> int:
    """Cells from the first to the last filled one, with repeated rows and columns folded out."""
    widest = rows = pending = column = filled = repeat = total = 0

    def close() -> None:
        nonlocal rows, pending, widest
        pending += repeat
        if filled:
            rows, pending, widest = rows + pending, 0, max(widest, filled)

    for kind, attributes in ODS_TOKEN.findall(text):
        if kind in ("table", "table-row"):
            close()
            column = filled = 0
            repeat = _repeated(attributes, "rows") if kind == "table-row" else 0
            if kind == "table":
                total, rows, widest, pending = total + rows * widest, 0, 0, 0
        else:
            column += _repeated(attributes, "columns")
            filled = column if "value" in attributes or "formula" in attributes else filled
    close()
    return total + rows * widest


def _repeated(attributes: str, what: str) -> int:
    match = re.search(rf"""table:number-{what}-repeated\s*=\s*["']\s*(\d{{1,9}})""", attributes)
    return int(match[1]) if match else 1


def _letters(column: str) -> int:
    """Number of a column: A is 1, AA 27."""
    number = 0
    for letter in column.upper():
        number = number * 26 + ord(letter) - 64
    return max(number, 1)


FEED = Feed("spreadsheet", "spreadsheet (.xlsx, .ods): one row per image, one column per type of car; blank = not "
            "counted", "stock", "", "simulated_spreadsheet.xlsx", recognise, read)
