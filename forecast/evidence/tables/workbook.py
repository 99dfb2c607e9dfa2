"""The sheets of a workbook (.xlsx, .ods), opened only after its parts were unpacked within bounds and checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from forecast.evidence.feeds.reading import Tray
from forecast.evidence.feeds.source import Source, check_xml, stored
from forecast.evidence.tables.footnotes import raised
from forecast.support.registry import suggest

Merged = tuple[int, int, int, int]
MOST_CELLS = 2_000_000
ATTRIBUTES = r"""((?:"[^"]*"|'[^']*'|[^>"'])*)"""
ODS_TOKEN = re.compile(rf"<table:(table-row|table-cell|covered-table-cell|table)(?=[\s>/]){ATTRIBUTES}>")
REFERENCE = re.compile(r"""\br\s*=\s*["']([A-Za-z]*)(\d+)["']""")
# a part of a text in one style
RUN = re.compile(r"<(?:\w{1,20}:)?r>(?:(?!<(?:\w{1,20}:)?r>).)*?</(?:\w{1,20}:)?r>", flags=re.S)
ABOVE = re.compile(r'<style:style\b[^>]{0,300}?style:name="([^"]{1,100})"[^>]{0,300}>\s{0,9}'
                   r'<style:text-properties\b[^>]{0,999}?style:text-position="super')  # the same of an .ods
SPAN = re.compile(r'(<text:span\b[^>]{0,200}?text:style-name="([^"]{1,100})"[^>]{0,200}>)([^<]*)')
TEXT = re.compile(r"(<(?:\w{1,20}:)?t(?:\s[^>]{0,99})?>)([^<]*)(</)")
# every part bounded, so that no tag can make the search crawl
UNCOMPUTED = re.compile(
    r'<c\b[^>]{0,99}?\br="([A-Z]{1,3})(\d{1,7})"[^>]{0,99}>\s{0,9}<f\b[^>]{0,99}?'
    r"(?:/>|>[^<]{0,8192}</f>)\s{0,9}(?:<v\s?/>|<v></v>)?\s{0,9}</c>"
)


def is_workbook(source: Source) -> bool:
    """Whether an archive is a workbook, by what it holds."""
    members = set(source.members)
    return "xl/workbook.xml" in members or (
        "content.xml" in members
        and "mimetype" in members
        and b"opendocument.spreadsheet" in source.unpacked("mimetype")
    )


def workbook(
    source: Source, wanted: Sequence[str], tray: Tray
) -> list[tuple[str, list[list[Any]], tuple[Merged, ...]]]:
    """Name, rows and merged cells of each visible sheet, or of those `wanted`; rows are those that a user sees.

    calamine sees only what was unpacked and checked here. Raises ValueError for a broken workbook and a missing sheet.
    """
    import python_calamine as calamine

    packed = _checked(source, tray)
    try:
        with calamine.CalamineWorkbook.from_filelike(stored(packed)) as book:
            names = list(book.sheet_names)
            lacking = [name for name in wanted if name not in names]
            if lacking:
                raise ValueError(f"{source.name}: no sheet {lacking[0]!r}: {suggest(lacking[0], names)}")
            hidden = {each.name for each in book.sheets_metadata if each.visible != calamine.SheetVisibleEnum.Visible}
            for name in sorted(hidden - set(wanted)):
                tray.notes[f"sheet {name!r} is hidden: not read (sheet={name!r} reads it)"] += 0
            chosen = [name for name in names if (name in wanted if wanted else name not in hidden)]
            if not chosen:
                raise ValueError(f"{source.name}: every sheet is hidden: name one with sheet={names[0]!r}")
            return [_sheet(book, name) for name in chosen]
    except (calamine.CalamineError, OSError, OverflowError, IndexError) as error:
        raise ValueError(f"{source.name}: a spreadsheet that cannot be read ({error}): save it again") from error


def _sheet(book: Any, name: str) -> tuple[str, list[list[Any]], tuple[Merged, ...]]:
    sheet = book.get_sheet_by_name(name)
    rows = [[_plain(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    merged = tuple((first[0], first[1], last[0], last[1]) for first, last in (sheet.merged_cell_ranges or ()))
    return name, rows, merged


def _plain(value: Any) -> Any:
    """A cell as text, number or date; a time of day or a duration is text."""
    if isinstance(value, datetime):
        return value if value.time() != time() else value.date()
    return str(value) if isinstance(value, time | timedelta) else None if value == "" else value


def _checked(source: Source, tray: Tray) -> dict[str, bytes]:
    """The parts of a workbook, unpacked within bounds; formulas without a value are faults."""
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
            if "superscript" in text and ("worksheets/" in name or name.endswith("sharedStrings.xml")):
                members[name] = RUN.sub(_raised, text).encode()
            if above := set(ABOVE.findall(text)):
                spans = SPAN.sub(lambda span: span[1] + (raised(span[3]) if span[2] in above else span[3]), text)
                members[name] = spans.encode()
            formulas += len(re.findall(r"<f\b", text)) if "worksheets/" in name else text.count("table:formula=")
            for column, row in UNCOMPUTED.findall(text) if "worksheets/" in name else []:
                tray.fault(
                    int(row),
                    column,
                    "a formula without a stored value",
                    "open the file in a spreadsheet program and save it, or write the number",
                )
    if formulas:
        tray.notes["cells with a formula: the value stored with it is read, nothing is computed"] += formulas
    return members


def _xml_text(source: Source, name: str, data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:200]:
        raise ValueError(f"{source.name}: {name} is not UTF-8: save the spreadsheet again")
    check_xml(data, f"{source.name}: {name}")  # calamine passes over what is no XML without a word
    return data.decode("utf-8", errors="replace")


def _raised(run: re.Match[str]) -> str:
    """A run in raised style as raised letters: a reader of plain text makes 121 of 12 and its mark 1."""
    if "superscript" not in run[0]:
        return run[0]
    return TEXT.sub(lambda text: text[1] + raised(text[2]) + text[3], run[0])


def _check_extent(source: Source, name: str, text: str) -> None:
    """Refuse a sheet whose few cells span so many that a reader of whole tables would fill the memory."""
    cells = 0
    if "<table:table" in text:
        cells = _extent_ods(text)
    elif references := REFERENCE.findall(text):
        if far := next((column + row for column, row in references if len(column) > 3 or len(row) > 9), None):
            raise ValueError(
                f"{source.name}: {name} has a cell {far[:40]}, beyond any sheet: save the spreadsheet again"
            )
        cells = max(int(row) for _, row in references) * max(map(_letters, {column for column, _ in references}))
    if cells > MOST_CELLS:
        raise ValueError(
            f"{source.name}: {name} spans {cells} cells, at most {MOST_CELLS} are read: delete what lies "
            "far from the table"
        )


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
