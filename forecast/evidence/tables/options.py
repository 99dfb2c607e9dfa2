"""What can be said of a table, in the same words on the command line, in a config and in `read_table`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from forecast.series.grids import offset_of
from forecast.series.series import KINDS
from forecast.support.registry import suggest
from forecast.support.terminal import quoted, short

SEVERAL = ("value", "id", "sheet", "missing")
FLAGS = ("dayfirst", "wide", "cumulative", "totals")
TRUE, FALSE = ("true", "yes", "1", "on"), ("false", "no", "0", "off")
IRREGULAR = ("null", "none", "irregular", "")
GUESS = "guess"
# Days on which a format is tried: they differ by nothing but their year, the weekday and the week included
SAMPLES = (datetime(2021, 11, 13, tzinfo=UTC), datetime(2027, 11, 13, tzinfo=UTC))


@dataclass(frozen=True)
class Options:
    """What is said of a table; whatever is not said is guessed, and the guess is a note.

    date : heading of the column of dates ("column 1" where there is no heading)
    value : heading of the counts, or several of them
    id : heading of what names a series (site, port, type), or several of them
    low, high : headings of bounds; exposure : heading of the share of the days watched, above 0 and at most 1
    kind : "flow" (passes, adds up) or "stock" (stands there on each image); of rows of one day a flow is their sum and
        a stock lies between the least and the most
    freq : pandas frequency of the rows, null for irregular dates
    sheet : name of the sheet of a workbook, or several; skip_rows : rows above the heading
    date_format : of dates, as in Python, such as %d.%m.%y; dayfirst : whether 01/02/2023 is 1 February
    decimal, thousands : the marks in numbers
    missing : words for "not counted" beside the usual ones (n/a, -, ..)
    wide : whether headings are dates, each column being a day, month or year
    cumulative : whether counts are running totals; totals : keep rows and columns of totals, which are left out else
    """

    date: str = ""
    value: tuple[str, ...] = ()
    id: tuple[str, ...] = ()
    low: str = ""
    high: str = ""
    exposure: str = ""
    kind: str = ""
    freq: str | None = GUESS
    sheet: tuple[str, ...] = ()
    skip_rows: int | None = None
    date_format: str = ""
    dayfirst: bool | None = None
    decimal: str = ""
    thousands: str = ""
    missing: tuple[str, ...] = ()
    wide: bool | None = None
    cumulative: bool | None = None
    totals: bool = False

    def __post_init__(self) -> None:
        if self.kind not in ("", *KINDS):
            raise ValueError(f"kind must be flow or stock, got {self.kind!r}: {suggest(self.kind, list(KINDS))}")
        for name, marks in (("decimal", ".,"), ("thousands", ".,' _\u00a0\u202f\u2009’")):
            mark = getattr(self, name)
            if mark and (len(mark) != 1 or mark not in marks):
                raise ValueError(f"{name} must be one of {' '.join(marks).strip()}, got {mark!r}")
        if self.decimal and self.decimal == self.thousands:
            raise ValueError(f"decimal and thousands are both {self.decimal!r}: name two different marks")
        if self.skip_rows is not None and self.skip_rows < 0:
            raise ValueError(f"skip_rows must be a whole number of at least 0, got {self.skip_rows}")
        if self.freq not in (GUESS, None):
            offset_of(self.freq, pd.Timestamp("2021-11-13"))
        if self.date_format:
            _check_format(self.date_format)

    @property
    def said(self) -> dict[str, Any]:
        """The options that were given, by name."""
        plain = Options()
        return {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if getattr(self, each.name) != getattr(plain, each.name)
        }


NAMES = tuple(each.name for each in fields(Options))


def options(given: Mapping[str, Any], who: str = "read_table") -> Options:
    """Options from plain values, or texts of a command line; what is None or blank is not said.

    Raises ValueError for a word that is no option and a value that is none.

    >>> options({"dayfirst": "true", "value": "cars", "skip_rows": "2"}).said
    {'value': ('cars',), 'skip_rows': 2, 'dayfirst': True}
    """
    made: dict[str, Any] = {}
    for name, value in given.items():
        if name not in NAMES:
            raise ValueError(f"{who}: {name!r} is no option of a table: {suggest(str(name), list(NAMES))}")
        if name == "freq":
            made[name] = _frequency(value)
        elif value is None or (isinstance(value, str | list | tuple) and not value):
            continue
        elif name in SEVERAL:
            made[name] = tuple(
                str(each) for each in ([value] if isinstance(value, str) or not isinstance(value, Sequence) else value)
            )
        elif name in FLAGS:
            made[name] = _flag(name, value)
        elif name == "skip_rows":
            made[name] = _rows(value)
        else:
            made[name] = str(value)
    return Options(**made)


def _check_format(date_format: str) -> None:
    """Raise ValueError for a format of dates that is none, or that leaves the year open."""
    try:
        texts = {each.strftime(date_format) for each in SAMPLES}
        # a day without a year is not parsed: Python means to refuse it
        days = {datetime.strptime(each, date_format).date() for each in texts} if len(texts) == len(SAMPLES) else set()
    except (ValueError, LookupError, re.error) as error:
        raise ValueError(f"date_format {quoted(date_format)} is no format of dates ({short(str(error), 80)}): write "
                         "one such as %d.%m.%Y") from error
    if len(days) < len(SAMPLES):
        raise ValueError(f"date_format {quoted(date_format)} holds no year: write one such as %d.%m.%Y")


def _frequency(value: Any) -> str | None:
    return None if value is None or str(value).lower() in IRREGULAR else str(value)


def _flag(name: str, value: Any) -> bool:
    word = str(value).strip().lower()
    if word not in TRUE + FALSE:
        raise ValueError(f"{name} must be true or false, got {value!r}")
    return word in TRUE


def _rows(value: Any) -> int:
    try:
        return int(str(value))
    except ValueError as error:
        raise ValueError(f"skip_rows must be a whole number of at least 0, got {value!r}") from error
