"""Checks for the readers of files: what was written from known rows is read so, and damage to a row stays in that row."""

from __future__ import annotations

import csv
import io
import math
import random
import tempfile
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from forecast.evidence.cells import StatementError
from forecast.evidence.events import read_events
from forecast.evidence.feeds.layouts import read_feed
from forecast.evidence.statements import Statement, read_statements, read_watching

Data = st.DataObject
PLACE = Path(tempfile.mkdtemp())
SAMPLES = Path(__file__).resolve().parent / "feeds"
TEXT = st.text(max_size=12) | st.sampled_from(["", "2023-01-01", "2023-02-30", "44927", "12", "1e309", "-0", "=1", '"', "period", "exact", "at_least", "a:same_call", "١٢"])
WORDS = ("rajin", "Port of Raj\u012bn", "=cmd()", "<b>x</b>", 'a "quoted" word', "a, b; c", "two\nlines", "naïve", "羅津", "-", "'", "0", "#", "{{x}}")
BAD = {"start": ("2023-13-01", "yesterday", "44927", "01.02.2023", "2023-1-1", "-"), "end": ("2023-02-29", "x"), "count": ("many", "1,5", "1e400", "-3", "٣", "0x1", "1_0", "NaN"),
       "low": ("a", "-1", "inf"), "high": ("?", "1e16"), "kind": ("", "stock", "Period"), "qualifier": ("about", ">="), "certainty": ("sure",), "publisher": ("",), "id": ("",),
       "site": ("", "a\u202eb"), "note": ("\x1b[31m", "x" * 10_001), "same_as": ("x", "nobody:same_call", ":same_call")}
FAIR = {"kind": "period", "start": "2023-01-01", "end": "2023-01-31", "count": "4", "low": "", "high": "9", "qualifier": "at_least", "same_as": "", "precision": "day", "outside": "yes",
        "usable_days": "3", "cloudy_days": ""}
COLUMNS = ("id", "site", "measure", "kind", "start", "end", "count", "low", "high", "qualifier", "scope", "certainty", "publisher", "via", "published", "url", "unit", "same_as", "note", "vessel")


def ledgers_of_known_truth(data: Data) -> str:
    """Statements written in any form that CSV allows are read as they are; one bad cell is found where it stands."""
    rng = random.Random(data.draw(st.integers(0, 2**64)))  # noqa: S311 - nothing secret
    rows = [_row(rng, k) for k in range(rng.randint(1, 5))]
    wanted = [_meant(row) for row in rows]
    blanks = [rng.random() < 0.1 for _ in rows]
    spoiled = rng.randrange(len(rows)) if rng.random() < 0.4 else None
    column = rng.choice(list(BAD))
    if spoiled is not None:
        rows[spoiled][column] = rng.choice(BAD[column])
    (PLACE / "known.csv").write_bytes(_written(rng, rows, blanks))
    try:
        found = read_statements(PLACE / "known.csv")
    except StatementError as error:
        assert spoiled is not None, error  # noqa: PT017 - what is in order is never refused
        places = {(problem.row, problem.column) for problem in error.faults}
        assert (2 + spoiled + sum(blanks[: spoiled + 1]), column) in places
        return "refused"
    assert spoiled is None, rows[spoiled]
    assert [_told(s) for s in found] == wanted
    return "read"


def _row(rng: random.Random, k: int) -> dict[str, str]:
    """One statement in order, as text."""
    kind = rng.choice(("period", "snapshot", "sighting"))
    start = date(2017, 1, 1) + timedelta(rng.randrange(3500))
    end = start + timedelta(rng.choice((0, 0, 1, 30, 400)))
    count = rng.choice((0, 1, 4, 20, 73, 12.5, 1_000_000))
    said = rng.choice(("count", "count", "count", "bounds", "both"))
    low, high = rng.randint(0, 50), rng.randint(50, 100)
    if said == "both":
        low, high = math.floor(count) - min(math.floor(count), rng.randint(0, 3)), math.ceil(count) + rng.randint(0, 3)
    if kind == "sighting":  # one dated call
        said, count = "count", 1
    form = rng.choice((lambda n: f"{n:g}" if n < 1e5 else f"{n:.0f}", lambda n: f"{n:.2f}", lambda n: f"{n:.4e}", lambda n: f"+{n}"))
    return dict.fromkeys(COLUMNS, "") | {
        "id": f"s{k} {rng.choice(WORDS)}", "site": rng.choice(WORDS), "measure": "ships", "kind": kind, "start": "" if kind == "period" and rng.random() < 0.1 else str(start),
        "end": "" if kind != "period" and rng.random() < 0.5 else str(end), "count": "" if said == "bounds" else form(count), "low": "" if said == "count" else form(low),
        "high": "" if said == "count" else form(high), "qualifier": rng.choice(("", "exact") if kind == "sighting" else ("", "exact", "at_least", "at_most", "approx")), "scope": rng.choice(("", "port")),
        "certainty": rng.choice(("", "seen", "derived")), "publisher": rng.choice(WORDS), "note": rng.choice(("", *WORDS)), "vessel": rng.choice(("", *WORDS))}


def _meant(row: dict[str, str]) -> dict[str, Any]:
    """What a row says, by exact fractions."""
    count = Fraction(row["count"]) if row["count"] else None
    low, high = (Fraction(row[side]) if row[side] else None for side in ("low", "high"))
    below: Fraction | int = 0
    above: Fraction | float = math.inf
    if count is not None:
        width = {"approx": Fraction(15, 100)}.get(row["qualifier"])
        below = math.floor(count * (1 - width)) if width else 0 if row["qualifier"] == "at_most" else count
        above = math.ceil(count * (1 + width)) if width else math.inf if row["qualifier"] == "at_least" else count
    return {"id": row["id"], "site": row["site"], "start": row["start"] or None, "count": count, "low": below if low is None else low, "high": above if high is None else high,
            "end": row["end"] or (row["start"] if row["kind"] != "period" else "") or None, "publisher": row["publisher"], "note": row["note"], "vessel": row["vessel"],
            "qualifier": row["qualifier"] or "exact", "certainty": row["certainty"] or "seen"}


def _told(s: Statement) -> dict[str, Any]:
    return {"id": s.id, "site": s.site, "start": str(s.start) if s.start else None, "end": str(s.end) if s.end else None, "count": s.count, "low": s.low, "high": s.high,
            "publisher": s.publisher, "note": s.note, "vessel": s.details.get("vessel", ""), "qualifier": s.qualifier, "certainty": s.certainty}


def _written(rng: random.Random, rows: list[dict[str, str]], blanks: list[bool]) -> bytes:
    """A CSV of the rows in one of the forms that programs write."""
    blank = [column for column in ("scope", "via", "published", "url", "unit") if not any(row[column] for row in rows)]
    columns = [column for column in COLUMNS if column not in blank or rng.random() < 0.5]
    rng.shuffle(columns)
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=rng.choice(",;\t"), quoting=rng.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)), lineterminator=rng.choice(("\n", "\r\n")))
    writer.writerow(columns)
    for row, after_blank in zip(rows, blanks, strict=True):
        if after_blank:
            writer.writerow([" "] * len(columns))
        writer.writerow([" " * rng.choice((0, 0, 0, 1)) + row[column] + " " * rng.choice((0, 0, 0, 2)) for column in columns])
    return text.getvalue().encode(rng.choice(("utf-8", "utf-8-sig")))


def readers_of_ledgers(data: Data) -> str:
    """Whatever a file holds, it is read or refused with all its faults; what is read keeps its bounds in order."""
    read, head = data.draw(st.sampled_from((
        (read_statements, "id,site,measure,kind,start,end,count,low,high,qualifier,publisher,same_as"),
        (read_events, "name,label,start,publisher,end,precision,outside"),
        (read_watching, "id,site,start,end,usable_days,cloudy_days,publisher"))))
    kind = data.draw(st.integers(0, 9))
    if kind:  # a row in order with a cell or two of something else
        columns = head.split(",")
        rows = [[FAIR.get(column, f"{column} {k}") for column in columns] for k in range(data.draw(st.integers(1, 3)))]
        for _ in range(data.draw(st.integers(0, 2))):
            data.draw(st.sampled_from(rows))[data.draw(st.integers(0, len(columns) - 1))] = data.draw(TEXT)
        raw = (head + "\n" + "\n".join(",".join(row) for row in rows)).encode("utf-8", "replace")
    else:
        raw = data.draw(st.binary(max_size=80))
    (PLACE / "ledger.csv").write_bytes(raw)
    try:
        found: tuple[Any, ...] = read(PLACE / "ledger.csv")
    except StatementError as error:
        assert error.faults  # noqa: PT017 - any input may be refused
        return "refused"
    assert all(s.low <= s.high for s in found if isinstance(s, Statement))
    return "read" if found else "read, no row"


# -- feeds ------------------------------------------------------------------------------------------------------------
LINES = ("simulated_long_table.csv", "simulated_portwatch.csv", "simulated_digitised_chart.csv", "simulated_marinetraffic.csv", "simulated_vesselfinder.csv")
CELLS = ("", "-1", "9999999", "x", "1e999", "0", "0.5", "2024-02-30", "2031-07-09", "NaN", '"', "\u202e", "=1", "1,5", " 3 ", "True", "\u0663")
TOKENS = (b"", b"9999", b"-1", b"\0", b'"', b"null", b"[]", b"{}", b"1e999", b"<", b"&amp;", b"\xff", b"2024-13-45", b"true")


@cache
def _whole(sample: str) -> tuple[list[str], pd.DataFrame]:
    raw = (SAMPLES / sample).read_text(encoding="utf-8")
    return raw.splitlines(), read_feed(SAMPLES / sample).table


def feeds_with_one_bad_row(data: Data) -> str:
    """A cell that is changed changes what is read of its own line, and of no other that is not named as a fault."""
    sample = data.draw(st.sampled_from(LINES))
    rng = random.Random(data.draw(st.integers(0, 2**64)))  # noqa: S311 - nothing secret
    lines, before = _whole(sample)
    k = rng.randrange(1, len(lines))
    cells = lines[k].split(",")
    at = rng.randrange(len(cells))
    cells[at] = rng.choice(CELLS)
    path = PLACE / "feed.csv"
    path.write_text("\n".join([*lines[:k], ",".join(cells), *lines[k + 1:]]) + "\n", encoding="utf-8")
    try:
        result = read_feed(path, keep_good=True)
    except ValueError as error:  # a chart is known by its cells, two numbers a line
        assert sample == "simulated_digitised_chart.csv", error  # noqa: PT017 - a bad cell does not hide what a file is
        return "file refused"
    if sample in LINES[:3]:  # in the others, an arrival and a departure make one row
        after = result.table
        struck = {k + 1, *(fault.row for fault in result.faults)}
        if ",".join(cells).count('"') % 2:  # it may take the lines after it into one cell; the fault says which
            struck |= set(range(k + 1, len(lines) + 2))
        kept = before[~before["row"].isin(struck)].drop(columns=["note"]).reset_index(drop=True)
        same = after[~after["row"].isin(struck)].drop(columns=["note"]).reset_index(drop=True)
        # a chart with a cell that is none may still be a table, which says the same counts in its own words
        shown = ["unique_id", "ds", "y", "y_low", "y_high"] if result.feed == "table" else list(kept)
        pd.testing.assert_frame_equal(kept[shown], same[shown])
    _sound(result.table)
    return "row refused" if result.faults else "row read"


def feeds_with_changed_bytes(data: Data) -> str:
    """A damaged file of any layout is refused in a sentence, or what is read of it is sound."""
    sample = data.draw(st.sampled_from(sorted(path.name for path in SAMPLES.glob("simulated_*"))))
    rng = random.Random(data.draw(st.integers(0, 2**64)))  # noqa: S311 - nothing secret
    raw = bytearray((SAMPLES / sample).read_bytes())
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(raw))
        raw[at:at + rng.randint(0, 8)] = rng.choice(TOKENS) if rng.random() < 0.7 else rng.randbytes(rng.randint(1, 4))
    (PLACE / "any").write_bytes(bytes(raw))
    try:
        result = read_feed(PLACE / "any", keep_good=True)
    except ValueError as error:
        assert str(error)  # noqa: PT017 - any input may be refused
        return "refused"
    _sound(result.table)
    return "read in part" if result.faults else "read"


TABLES = (
    "date,cars\n2023-01-01,5\n2023-01-02,20+\n2023-01-03,~15\n2023-01-04,7\n",
    "Datum;Anzahl\n01.02.2023;1.250,5\n13.02.2023;12\n14.02.2023;\n",
    "site,Jan-23,Feb-23,Mar-23\nnorth,1,2,3\nsouth,4,5,6\nTotal,5,7,9\n",
    "Year,Month,Trains\n2022,1,10\n2022,2,11\n2022,3,12\n2022,4,n/a\n",
    "Port calls\n\ntime,port,n\n2023-01-01T00:00:00+09:00,a,1\n2023-01-01T01:00:00+09:00,a,2\n2023-01-01T02:00:00+09:00,b,3\n",
    "2023/01/01, 10.2\n2023/01/02, 11.2\n2023/01/02, 11.9\n",
    "date,count,low,high\n2023-W01,5,3,9\n2023-W02,6,6,6\n2023-W03,,,8\n",
    '[{"date": "2023-01-01", "calls": 3}, {"date": "2023-01-02", "calls": "<5"}]')
PIECES = (*CELLS, *TOKENS, b",", b";", b"\n", b"\t", b"2023-W99", b"Total", b"01/02/2023", b"1,250", b"1.250", b"10-12", b"45123", b"-",
          "\u20b9".encode(), b"\xb4\xeb", b"date", b'","', b"9" * 400, b"2023", b"20230101", b"Feb", b"12:00:00 PM", b"{", b"]")
SAID = ({}, {"dayfirst": True}, {"thousands": ","}, {"decimal": ","}, {"wide": True}, {"cumulative": True}, {"totals": True}, {"kind": "stock"},
        {"kind": "flow"}, {"skip_rows": 1}, {"date": "column 1"}, {"value": "column 2"}, {"missing": ["x"]}, {"date_format": "%d/%m/%Y"})


def tables_that_are_damaged(data: Data) -> str:
    """A table with pieces cut out, doubled and put in, under any option, is refused in a sentence or soundly read."""
    rng = random.Random(data.draw(st.integers(0, 2**64)))  # noqa: S311 - nothing secret
    raw = bytearray(rng.choice(TABLES).encode(rng.choice(("utf-8", "utf-8", "utf-8", "utf-16", "cp949"))))
    for _ in range(rng.randint(0, 4)):
        at = rng.randrange(len(raw) + 1)
        piece = rng.choice(PIECES)
        kind = rng.random()
        if kind < 0.6:
            raw[at:at + rng.choice((0, 0, 1, 4, 10))] = piece if isinstance(piece, bytes) else piece.encode()
        elif kind < 0.8:
            raw[at:at] = raw[at:at + rng.randint(1, 60)]
        else:
            del raw[at:at + rng.randint(1, 30)]
    (PLACE / "table").write_bytes(bytes(raw) or b"x")
    told = rng.choice(SAID)
    try:
        result = read_feed(PLACE / "table", keep_good=True, **told)
    except ValueError as error:
        assert len(str(error)) < 3_000  # noqa: PT017 - any input may be refused
        return "refused"
    _sound(result.table)
    return "read in part" if result.faults else "read"


def _sound(table: pd.DataFrame) -> None:
    counted = table[table["y_low"].notna()]
    assert (counted["y_low"] >= 0).all()
    assert (counted["y_low"] <= counted["y_high"]).all()
    assert (table["unique_id"].astype(str).str.len() > 0).all()
    shares = table["exposure"].dropna()
    assert ((shares >= 0) & (shares <= 1)).all()
