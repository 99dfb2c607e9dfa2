"""Dates as people write them: which day a cell means and what it spans; the order of a column is decided once."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from forecast.evidence.tables.footnotes import plain
from forecast.evidence.tables.numbers import QuestionError

YEARS = range(1800, 2101)
EXCEL = range(20_000, 80_000)  # days since 1899-12-30: 1954 to 2119
MONTH_NAMES = (
    ("jan", "ene", "gen", "янв", "styczeń"),
    ("feb", "fév", "fev", "фев", "febr"),
    ("mar", "mär", "mrz", "märz", "maa", "мар"),
    ("apr", "abr", "avr", "апр"),
    ("may", "mai", "mei", "mag", "май", "мая", "maio", "mayo"),
    ("jun", "juin", "giu", "июн"),
    ("jul", "juil", "lug", "июл"),
    ("aug", "ago", "août", "aou", "авг"),
    ("sep", "set", "сен", "sept"),
    ("oct", "okt", "ott", "out", "окт"),
    ("nov", "ноя"),
    ("dec", "dez", "dic", "déc", "дек"),
)
WEEKDAY = re.compile(
    r"^(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so)[a-z]{0,7}\.?,?\s+(?=\d|[a-z]{3})", flags=re.I
)
CLOCK = (
    r"(?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?\s*(?:[ap]\.?m\.?)?)?\s*"
    r"(?P<zone>z|utc|gmt|kst|jst|(?:utc|gmt)?[+-]\d{2}(?::?\d{2})?)?(?:\[[\w/+-]{1,40}\])?"
)
TIMED = re.compile(rf"(?P<date>.+?)(?:t|[\s,]+)(?=\d{{1,2}}:\d{{2}}){CLOCK}", flags=re.I)
MONTH = r"(?P<m>[^\W\d_]{3,10})\.?"
SPANS = {"D": "day", "W": "week", "M": "month", "Q": "quarter", "H": "half year", "Y": "year"}
SHAPES = [
    (unit, re.compile(text, flags=re.I))
    for unit, text in (
        ("D", r"(?P<y>\d{4})[-/.](?P<mo>\d{1,2})[-/.](?P<d>\d{1,2})"),
        ("D", r"(?P<y>\d{4})(?P<mo>\d{2})(?P<d>\d{2})"),
        ("D", r"(?P<y>\d{4})\s*[년年]\s*(?P<mo>\d{1,2})\s*[월月]\s*(?P<d>\d{1,2})\s*[일日]?"),
        (
            "D",
            rf"(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.)?[\s\-/.]*(?:of\s+|de\s+)?{MONTH}(?:\s+de)?[\s\-/.,']*(?P<y>\d{{4}}|\d{{2}})",
        ),
        ("D", rf"{MONTH}[\s\-/.]*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,\s*|[\s\-/]+)(?P<y>\d{{4}})"),
        ("D", rf"(?P<y>\d{{4}})[\s\-/.]+{MONTH}[\s\-/.]+(?P<d>\d{{1,2}})"),
        ("W", r"(?P<y>\d{4})[\s\-]*(?:w|week|kw|wk)[\s\-]*(?P<w>\d{1,2})"),
        ("W", r"(?:w|week|kw|wk)[\s\-]*(?P<w>\d{1,2})[\s\-/,]+(?P<y>\d{4})"),
        ("Q", r"(?P<y>\d{4})[\s\-]*(?:q|k)[\s\-]*(?P<q>[1-4])"),
        ("Q", r"(?:q)[\s\-]*(?P<q>[1-4])[\s\-/']*(?P<y>\d{4}|\d{2})"),
        ("Q", r"(?P<q>[1-4])q[\s\-/']*(?P<y>\d{4}|\d{2})"),
        ("H", r"(?P<y>\d{4})[\s\-]*(?:h|s)[\s\-]*(?P<h>[12])"),
        ("H", r"(?:h|s)(?P<h>[12])[\s\-]+(?P<y>\d{4})"),
        ("M", r"(?P<y>\d{4})[-/.](?P<mo>\d{1,2})"),
        ("M", r"(?P<y>\d{4})m(?P<mo>\d{1,2})"),
        ("M", r"(?P<mo>\d{1,2})[/.-](?P<y>\d{4})"),
        ("M", r"(?P<y>\d{4})\s*[년年]\s*(?P<mo>\d{1,2})\s*[월月]"),
        ("M", rf"{MONTH}[\s\-/.,']*(?P<y>\d{{4}}|\d{{2}})"),
        ("M", rf"(?P<y>\d{{4}})[\s\-/.,]*{MONTH}"),
        ("Y", r"(?:fy\s*)?(?P<y>\d{4})\s*[년年]?"),
    )
]
NUMERIC = re.compile(r"(?P<a>\d{1,2})(?P<mark>[/.\-])(?P<b>\d{1,2})(?P=mark)(?P<y>\d{4}|\d{2})")
LONE_MONTH = re.compile(r"(?P<mo>\d{1,2})\s*[월月]|(?P<m>[^\W\d_]{3,10})\.?", flags=re.I)


@dataclass(frozen=True)
class When:
    """The day a cell means (the first of what it spans), the unit of the span, and the time of day that stood there.

    moment : minutes from midnight, -1 where no time is given
    """

    day: date
    unit: str = "D"
    moment: int = -1
    zone: bool = False


@dataclass(frozen=True)
class Order:
    """How the dates of a column are written: whether the day stands first, a format, and what bare numbers are."""

    dayfirst: bool | None = None
    format: str = ""
    numbers: str = ""  # "", "year", "month", "day", "excel", "seconds", "milliseconds", "decimal"


def month_of(word: str) -> int | None:
    """The number of a month by its name, whole or cut.

    >>> month_of("Jan"), month_of("März"), month_of("august"), month_of("Mars"), month_of("total")
    (1, 3, 8, 3, None)
    """
    low = word.casefold()
    for number, names in enumerate(MONTH_NAMES, start=1):
        if low.startswith(names) and (len(low) <= 4 or low in FULL or low[:-1] in FULL):
            return number
    return None


FULL = frozenset(
    word
    for line in (
        "january february march april may june july august september october november december "
        "januar februar märz april mai juni juli oktober dezember janvier février fevrier mars avril juin juillet août "
        "aout "
        "septembre octobre novembre décembre decembre enero febrero marzo abril mayo junio julio agosto septiembre "
        "octubre "
        "noviembre diciembre gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre janeiro fevereiro "
        "março "
        "marco maio junho julho setembro outubro novembro dezembro januari februari maart mei augustus "
        "январь февраль март апрель июнь июль август сентябрь октябрь ноябрь декабрь "
        "января февраля марта апреля июня июля августа сентября октября ноября декабря",
    )
    for word in line.split()
)


def order_of(cells: Iterable[str], dayfirst: bool | None, date_format: str, where: str) -> Order:
    """How the texts of a column are read; QuestionError where 01/02/2023 may be two days, or cells disagree."""
    if date_format:
        return Order(dayfirst, date_format)
    day_first = month_first = doubt = ""
    for cell in cells:
        text = _dated(cell)[0]
        match = NUMERIC.fullmatch(text)
        if match is None:
            continue
        a, b = int(match["a"]), int(match["b"])
        if a > 12 >= b or (match["mark"] == "." and b <= 12):  # 1.2.2023: nobody writes the month first with points
            day_first = day_first or cell
        elif b > 12 >= a:
            month_first = month_first or cell
        elif a != b:
            doubt = doubt or cell
    if dayfirst is not None:
        against = month_first if dayfirst else day_first
        if against:
            raise QuestionError(
                f"{where}: {against[:40]!r} cannot be read with dayfirst={str(dayfirst).lower()}: say "
                f"dayfirst={str(not dayfirst).lower()}, or date_format"
            )
        return Order(dayfirst)
    if day_first and month_first:
        raise QuestionError(
            f"{where}: {day_first[:40]!r} and {month_first[:40]!r} put the day in two places: write the dates alike "
            "(YYYY-MM-DD), or say date_format"
        )
    if doubt and not day_first and not month_first:
        one, other = (_numeric(NUMERIC.fullmatch(_dated(doubt)[0]), first) for first in (True, False))
        raise QuestionError(f"{where}: {doubt[:40]!r} could be {one} or {other}: say dayfirst=true or dayfirst=false")
    return Order(bool(day_first))


def numbers_of(values: Sequence[float]) -> str:
    """What bare numbers under a heading of dates are; "" where they are no dates. See `Order.numbers`."""
    if not all(map(math.isfinite, values)):  # four hundred digits
        return ""
    whole = all(float(value).is_integer() for value in values)
    for name, fits in (
        ("year", lambda v: v in YEARS),
        ("month", lambda v: int(v) // 100 in YEARS and 1 <= int(v) % 100 <= 12),
        ("day", lambda v: _compact(int(v)) is not None),
        ("excel", lambda v: int(v) in EXCEL),
        ("milliseconds", lambda v: 1e11 <= abs(v) < 1e13),
        ("seconds", lambda v: 1e8 <= abs(v) < 5e9),
    ):
        if (whole or name == "excel") and all(fits(value) for value in values):
            return name
    return "decimal" if all(YEARS[0] <= value < YEARS[-1] for value in values) else ""


def from_number(value: float, what: str) -> When | None:
    """The day that a bare number means."""
    try:
        return NUMBERS[what](value) if what else None
    except (ValueError, OverflowError):
        return None


def _decimal_year(value: float) -> When:
    year = int(value)
    first = date(year, 1, 1)
    return When(first + timedelta(days=round((value - year) * (date(year + 1, 1, 1) - first).days)))


def _excel(value: float) -> When:
    minutes = round((value - int(value)) * 1440)
    return When(date(1899, 12, 30) + timedelta(days=int(value)), "D", minutes if minutes else -1)


def _seconds(value: float) -> When:
    moment = datetime(1970, 1, 1) + timedelta(seconds=value)
    return When(moment.date(), "D", moment.hour * 60 + moment.minute or -1)


NUMBERS: dict[str, Callable[[float], When]] = {
    "year": lambda value: When(date(int(value), 1, 1), "Y"),
    "month": lambda value: When(date(int(value) // 100, int(value) % 100, 1), "M"),
    "day": lambda value: When(date(int(value) // 10_000, int(value) // 100 % 100, int(value) % 100)),
    "excel": _excel,
    "seconds": _seconds,
    "milliseconds": lambda value: _seconds(value / 1000),
    "decimal": _decimal_year,
}


def _compact(value: int) -> date | None:
    try:
        return date(value // 10_000, value // 100 % 100, value % 100) if value // 10_000 in YEARS else None
    except ValueError:
        return None


@lru_cache(maxsize=200_000)
def when(cell: str, order: Order = Order()) -> When | None:
    """The day that a text means, or None. A time with an offset stands for the day at its own place, as it is written.

    >>> [str(when(t).day) for t in ("2023-W02", "Jan 2022", "2022-Q3", "5 Oct 2023", "2023-01-01T00:30:00+09:00")]
    ['2023-01-09', '2022-01-01', '2022-07-01', '2023-10-05', '2023-01-01']
    >>> when("13/01/2023", Order(dayfirst=True)).day.isoformat(), when("Jan-23").day.isoformat()
    ('2023-01-13', '2023-01-01')
    """
    if order.format:
        try:
            made = datetime.strptime(cell.strip(), order.format)
        except ValueError:
            return None
        return When(made.date(), "D", made.hour * 60 + made.minute or -1, made.tzinfo is not None)
    text, minutes, zone = _dated(cell)
    day, unit = _day(text, order)
    return None if day is None else When(day, unit, minutes, zone)


def _dated(cell: str) -> tuple[str, int, bool]:
    """The part of a text that is a date, minutes of its time of day (-1 without one), and whether it has a zone."""
    text = WEEKDAY.sub("", plain(cell).strip("'\""))
    match = TIMED.fullmatch(text)
    if match is None or match["clock"] is None:
        return text.strip(), -1, False
    clock = re.fullmatch(r"(\d{1,2}):(\d{2}).*?(?:([ap])\.?m\.?)?", match["clock"].strip(), flags=re.I)
    if clock is None:
        return text, -1, False
    hours, minutes = int(clock[1]), int(clock[2])
    if clock[3]:
        hours = hours % 12 + (12 if clock[3].lower() == "p" else 0)
    if hours > 24 or minutes > 59:
        return text, -1, False
    return match["date"].strip(), hours % 24 * 60 + minutes, match["zone"] is not None


def _day(text: str, order: Order) -> tuple[date | None, str]:
    if (match := NUMERIC.fullmatch(text)) is not None:
        return _numeric(match, bool(order.dayfirst)), "D"
    for unit, shape in SHAPES:
        match = shape.fullmatch(text)
        if match is not None and (day := _made(match.groupdict(), unit)) is not None:
            return day, unit
    return None, ""


def _numeric(match: re.Match[str] | None, dayfirst: bool) -> date | None:
    if match is None:
        return None
    day, month = (match["a"], match["b"]) if dayfirst else (match["b"], match["a"])
    try:
        return date(_year(match["y"]), int(month), int(day))
    except ValueError:
        return None


def _year(text: str) -> int:
    """A year of two digits lies from 1970 to 2069."""
    year = int(text)
    return year if len(text) > 2 else year + (2000 if year < 70 else 1900)


def _made(part: dict[str, str | None], unit: str) -> date | None:
    year = _year(part["y"] or "")
    month = int(part.get("mo") or 0) or month_of(part.get("m") or "")
    try:
        if year not in YEARS or (part.get("m") and month is None):
            return None
        if unit == "W":
            return date.fromisocalendar(year, int(part["w"] or 0), 1)
        if unit == "Q":
            return date(year, 3 * int(part["q"] or 0) - 2, 1)
        if unit == "H":
            return date(year, 6 * int(part["h"] or 0) - 5, 1)
        return date(year, month or 1, int(part.get("d") or 1))
    except ValueError:
        return None


def lone_month(text: str) -> int | None:
    """The number of a month that stands without its year, by name or 1 to 12."""
    cell = text.strip()
    if re.fullmatch(r"\d{1,2}(?:\.0)?", cell):
        return int(float(cell)) if 1 <= int(float(cell)) <= 12 else None
    match = LONE_MONTH.fullmatch(cell)
    if match is None:
        return None
    return int(match["mo"]) if match["mo"] else month_of(match["m"] or "")


def main_unit(units: Iterable[str]) -> str:
    """The span that most dates have."""
    counted = Counter(units)
    return counted.most_common(1)[0][0] if counted else "D"
