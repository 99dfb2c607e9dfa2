"""Numbers as people write them: separators of a whole column, and words that are bounds (20+, ~15, 10 to 12, <5)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from forecast.evidence.cells import LARGEST
from forecast.evidence.tables.footnotes import MARKS, plain

APPROX_WIDTH = 0.15  # relative half-width of "about", as of statements (forecast.evidence.statements)
GAPS = " \u00a0\u202f\u2009'’"  # between groups of three digits
MISSING = frozenset(
    {
        "",
        "-",
        "--",
        "---",
        "–",
        "—",
        "−",
        "n/a",
        "na",
        "#n/a",
        "n.a.",
        "n.a",
        "nan",
        "null",
        "none",
        ".",
        "..",
        "...",
        "…",
        ":",
        "nd",
        "n.d.",
        "n.d",
        "no data",
        "not available",
        "not counted",
        "missing",
        "k.a.",
        "k. a.",
        "#value!",
        "#ref!",
        "#div/0!",
        "?",
        "unknown",
        "cloud",
        "clouds",
        "cloudy",
        "clouded",
        "obscured",
        "no image",
        "<na>",
        "nat",
    }
)
TOKEN = rf"(?:\d(?:[\d.,{GAPS}]*\d)?\.?(?:[eE][+-]?\d{{1,3}})?|[.,]\d+)"
GROUPED = re.compile(rf"\d{{1,3}}(?:[{GAPS}]\d{{3}})+(?:[.,]\d+)?")
LEAST = r">=|≥|=>|at least|min\.?|minimum(?: of)?|no fewer than|no less than|not less than|mindestens"
MORE = r">|more than|over|above|exceeding|mehr als"
MOST = r"<=|≤|=<|at most|max\.?|maximum(?: of)?|up to|no more than|not more than|höchstens|bis zu"
LESS = r"<|less than|fewer than|under|below|weniger als"
ABOUT = (
    r"~|≈|∼|about|around|approx\.?|approximately|circa|ca\.?|c\.?|roughly|some|nearly|almost|est\.?|estimated|"
    r"etwa|rund|environ"
)
PREFIXED = re.compile(
    rf"(?:(?P<least>{LEAST})|(?P<more>{MORE})|(?P<most>{MOST})|(?P<less>{LESS})|(?P<about>{ABOUT}))"
    rf"\s*(?P<number>{TOKEN})",
    flags=re.I,
)
SUFFIXED = re.compile(
    rf"(?P<number>{TOKEN})\s*(?:(?P<least>\+|plus|or more|and more|or above)|"
    r"(?P<most>or less|or fewer)|(?P<about>\?|\(\?\)|approx\.?|\(approx\.?\)|est\.?|\(est\.?\)|ca\.?))",
    flags=re.I,
)
RANGE = re.compile(
    rf"(?:between\s+|from\s+)?(?P<low>{TOKEN})\s*(?:-|–|—|~|\.\.\.?|to|and|bis)\s*(?P<high>{TOKEN})", flags=re.I
)
AFTER = re.compile(r"\s*(?:\[\w{1,3}\]|\*{1,3}|†|‡)$")  # marks of footnotes
UNIT = re.compile(
    rf"(?P<number>{TOKEN})\s+(?!thousand|million|billion|hundred|dozen|mill|mio|mrd|percent|k\b)"
    r"[^\W\d_]{3,20}s?",
    flags=re.I,
)
UNITS = "words after numbers (12 cars) left aside"
FOOTNOTES = "marks of footnotes after numbers left aside"
ABOUTS = "counts that are about so many taken as 15 % either way"
BOUNDS = "words such as 20+, at most 9 or 10-12 taken as bounds"
UNCOUNTED = "cells such as n/a or - taken as not counted, never as zero"


class QuestionError(ValueError):
    """Two readings are possible; the message holds both and the option that settles it."""


@dataclass(frozen=True)
class Marks:
    """The decimal mark and the mark between thousands ("" for none), and further words for "not counted"."""

    decimal: str = "."
    thousands: str = ""
    missing: frozenset[str] = frozenset()

    def is_missing(self, cell: str) -> bool:
        return cell.strip().casefold() in MISSING or cell.strip() in self.missing


@dataclass(frozen=True)
class Count:
    """What a cell says: bounds (NaN: not counted), and the note of how it was read, if any."""

    low: float
    high: float
    note: str = ""


def separators(cells: Iterable[str], decimal: str, thousands: str, where: str) -> Marks:
    """The marks of numbers that all cells agree on; what is told is not asked.

    A point or comma that stands twice in a number, or before another mark, parts thousands; one that is not followed
    by exactly three digits is a decimal mark. Raises QuestionError where a number may be 1250 or 1.25, or where cells
    contradict each other.
    """
    told = Marks(decimal or ("," if thousands == "." else "."), thousands)
    if thousands:
        return told
    proof: dict[tuple[str, str], str] = {}
    doubt: dict[str, str] = {}
    for cell in cells:
        for token in re.findall(rf"\d[\d.,{GAPS}]*\d", cell):
            for mark, role in _roles(token):
                if role:
                    proof.setdefault((mark, role), cell)
                else:
                    doubt.setdefault(mark, cell)
    if decimal:
        other = "," if decimal == "." else "."
        return replace(told, thousands=other if (other, "thousands") in proof or other in doubt else "")
    for mark in ".,":
        if (mark, "decimal") in proof and (mark, "thousands") in proof:
            raise QuestionError(
                f"{where}: {proof[mark, 'decimal']!r} and {proof[mark, 'thousands']!r} use {mark!r} in two ways: "
                f"write them alike, or say decimal and thousands"
            )
    marks = {role: mark for mark, role in proof}
    if "decimal" in marks and "thousands" in marks and marks["decimal"] == marks["thousands"]:
        raise QuestionError(f"{where}: numbers of two styles: say decimal and thousands")
    found_decimal = marks.get("decimal") or ("," if marks.get("thousands") == "." else ".")
    other = "," if found_decimal == "." else "."
    found = Marks(found_decimal, marks.get("thousands") or (other if "decimal" in marks and other in doubt else ""))
    for mark, cell in doubt.items():
        if mark not in (marks.get("decimal"), found.thousands) and not (
            marks.get("thousands") and mark == found_decimal
        ):
            number = next(each for each in re.findall(rf"\d[\d.,{GAPS}]*\d", cell) if mark in each)
            whole, part = number.replace(mark, ""), number.replace(mark, ".")
            raise QuestionError(
                f"{where}: {cell[:40]!r} could be {whole} or {float(part):g}: say thousands={mark!r} or "
                f"decimal={mark!r}"
            )
    return found


def _roles(token: str) -> list[tuple[str, str]]:
    """(mark, "decimal", "thousands" or "" where it can be either) of each mark in a number."""
    token = re.sub(rf"[{GAPS}]", "", token)
    marks = [mark for mark in ".," if mark in token]
    if len(marks) == 2:
        last = max(marks, key=token.rfind)
        first = next(mark for mark in marks if mark != last)
        return [(last, "decimal"), (first, "thousands")] if token.count(last) == 1 else []
    if len(marks) != 1:
        return []
    mark = marks[0]
    before, after = token.split(mark)[0], token.rsplit(mark, 1)[1]
    if token.count(mark) > 1:
        return [(mark, "thousands")]
    possible = len(after) == 3 and 1 <= len(before) <= 3 and not before.startswith("0")
    return [(mark, "" if possible else "decimal")]


@lru_cache(maxsize=200_000)
def count_of(text: str, marks: Marks) -> Count | None:
    """What a cell says, or None if it is no number and no bound.

    >>> [(c.low, c.high) for c in (count_of(t, Marks()) for t in ("12", "20+", "~15", "<5", ">12", "10 to 12", "12?"))]
    [(12.0, 12.0), (20.0, inf), (12.0, 18.0), (0.0, 4.0), (13.0, inf), (10.0, 12.0), (10.0, 14.0)]
    """
    cell = plain(text).replace("−", "-")
    if marks.is_missing(text) or marks.is_missing(cell):
        return Count(math.nan, math.nan, UNCOUNTED if cell else "")
    exact = _number(cell, marks)
    if exact is not None:
        return Count(exact, exact, FOOTNOTES if set(text) & set(MARKS) else "")
    if (match := RANGE.fullmatch(cell)) is not None:
        low, high = _number(match["low"], marks), _number(match["high"], marks)
        return None if low is None or high is None or low > high else Count(low, high, BOUNDS)
    if (match := PREFIXED.fullmatch(cell) or SUFFIXED.fullmatch(cell)) is not None:
        return _bound(match, marks)
    unit = UNIT.fullmatch(cell)
    exact = _number(unit["number"] if unit else AFTER.sub("", cell), marks)
    return None if exact is None else Count(exact, exact, UNITS if unit else FOOTNOTES)


def _bound(match: re.Match[str], marks: Marks) -> Count | None:
    found, number = {key for key, value in match.groupdict().items() if value}, _number(match["number"], marks)
    if number is None or number < 0:
        return None
    if "about" in found:
        return Count(
            float(math.floor(number * (1 - APPROX_WIDTH))), float(math.ceil(number * (1 + APPROX_WIDTH))), ABOUTS
        )
    if "least" in found:
        return Count(number, math.inf, BOUNDS)
    if "more" in found:
        return Count(float(math.floor(number) + 1), math.inf, BOUNDS)
    if "most" in found:
        return Count(0.0, number, BOUNDS)
    return Count(0.0, max(float(math.ceil(number) - 1), 0.0), BOUNDS) if number > 0 else None


def _number(cell: str, marks: Marks) -> float | None:
    """A plain number; negative ones too, for whoever judges a column by them."""
    sign = -1.0 if cell.startswith("-") else 1.0
    token = cell[1:] if cell[:1] in ("+", "-") else cell
    if GROUPED.fullmatch(token):
        token = re.sub(rf"[{GAPS}]", "", token)
    if marks.thousands and marks.thousands in token:
        mark, point = re.escape(marks.thousands), re.escape(marks.decimal)
        grouped = re.fullmatch(rf"\d{{1,3}}(?:{mark}\d{{2,3}})*{mark}\d{{3}}(?:{point}\d+)?", token)
        token = token.replace(marks.thousands, "") if grouped else ""
    if marks.decimal != ".":
        token = "" if "." in token else token.replace(marks.decimal, ".")
    if not re.fullmatch(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", token):
        return None
    value = float(token)
    return sign * value if math.isfinite(value) and value <= LARGEST else None
