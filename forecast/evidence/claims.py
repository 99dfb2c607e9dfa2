"""Published claims: what somebody said the traffic did, so that the counts can answer it by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from forecast.evidence.cells import Cells, Fault, StatementError, rows_of
from forecast.evidence.files import Files

# what a claim says, and the columns that it then needs
TESTS = {
    "none_before": ("start",),  # none from `start` up to the day
    "first_within": ("until",),  # the first of all between the day and `until`
    "none_within": ("until",),  # none between the day and `until`
    "at_least_by": ("start", "number"),  # at least so many from `start` to the day
    "more_after": ("until",),  # a rise of the level between the day and `until`
    "gradual_from": (),  # a gradual rise that begins about the day
    "more_in": ("until", "start", "number"),  # more in the row that holds the day than in that which holds `start`
    "not_counted": (),  # about something that no series counts
}
NEEDED = ("name", "claim", "publisher", "url", "test", "day")
KNOWN = (*NEEDED, "series", "start", "until", "number", "where", "via", "published", "note")


@dataclass(frozen=True)
class PublishedClaim:
    """One claim, in our words: who said it, where, and which counts would bear it out.

    series : the series of the experiment that it is tested on, "" where none counts it; test : see `TESTS`
    day, start, until, number : what the test asks about; where : column=value that a statement must have, "" for any
    """

    name: str
    claim: str
    publisher: str
    url: str
    test: str
    day: date
    series: str = ""
    start: date | None = None
    until: date | None = None
    number: float | None = None
    where: str = ""
    via: str = ""
    published: str = ""
    note: str = ""


def read_claims(path: str | Path, files: Files | None = None) -> tuple[PublishedClaim, ...]:
    """Claims of a ledger, in file order.

    Columns: name, claim, publisher, url, test, day; perhaps series, start, until, number, where, via, published, note.
    Raises StatementError listing every fault of every row.

    >>> [claim.test for claim in read_claims("khasan_rajin/claims.csv") if claim.name == "csis_gradual_rise"]
    ['gradual_from']
    """
    document, faults = (files or Files()).document(path), list[Fault]()
    rows = rows_of(document, NEEDED, KNOWN, _claim, faults)
    first: dict[str, int] = {}
    for _, row, claim in rows:
        if claim.name in first:
            faults.append(Fault(document.name, row, "name", repr(claim.name),
                                f"row {first[claim.name]} has it too: give each its own"))
        first.setdefault(claim.name, row)
    if faults:
        raise StatementError(faults)
    return tuple(claim for _, _, claim in rows)


def _claim(cells: Cells) -> PublishedClaim | None:
    test, day = cells.choice("test", tuple(TESTS)), cells.day("day", needed=True)
    for column in TESTS.get(test, ()):
        if not cells.text(column):
            cells.wrong(column, "nothing", f"a claim of the kind {test} needs it: fill it in")
    start, until = cells.day("start"), cells.day("until")
    if test != "not_counted" and not cells.text("series"):
        cells.wrong("series", "nothing", "name the series that it is tested on, or write not_counted as its test")
    if day and until and until < day:
        cells.wrong("until", str(until), f"it lies before the day {day}: swap them or mend one")
    if (where := cells.text("where")) and where.count("=") != 1:
        cells.wrong("where", where, "write column=value, such as flag=RU")
    if day is None or cells.faults:
        return None
    return PublishedClaim(
        name=cells.text("name", needed=True), claim=cells.text("claim", needed=True),
        publisher=cells.text("publisher", needed=True), url=cells.text("url"), test=test, day=day,
        series=cells.text("series"), start=start, until=until, number=cells.number("number"), where=where,
        via=cells.text("via"), published=cells.text("published"), note=cells.text("note"))
