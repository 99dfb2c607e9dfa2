"""Numbers into words: percents with the terms of ICD 203, rounded counts, dates and lists, as people write them.

The terms of probability are for posterior probabilities only, always with the number in brackets. A p-value is written
as a number and never gets one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import numpy as np

from forecast.series.calendar import row_noun
from forecast.series.series import COUNT, Series

THIN = "\u202f"  # narrow no-break space between a number and its sign of percent
# Intelligence Community Directive 203 (2015): least percent of each term; a percent on an edge takes the upper term
BANDS = ((0, "almost no chance"), (5, "very unlikely"), (20, "unlikely"), (45, "roughly even chance"),
         (55, "likely"), (80, "very likely"), (95, "almost certain"))


def percent(share: float) -> str:
    """A share as whole percents; "<1 %" and ">99 %" at the ends.

    >>> percent(0.855), percent(0.002), percent(0.999), percent(0.0), percent(1.0)
    ('86\\u202f%', '<1\\u202f%', '>99\\u202f%', '<1\\u202f%', '>99\\u202f%')
    """
    if not math.isfinite(share):
        return "unknown"
    if share < 0.01:
        return f"<1{THIN}%"
    return f">99{THIN}%" if share > 0.99 else f"{_half_up(100 * share)}{THIN}%"


def term(probability: float) -> str:
    """The term of ICD 203 for a posterior probability, by the percent that is printed beside it.

    >>> [term(p) for p in (0.004, 0.05, 0.19, 0.2, 0.5, 0.63, 0.796, 0.95)]
    ['almost no chance', 'very unlikely', 'very unlikely', 'unlikely', 'roughly even chance', 'likely', 'very likely', \
'almost certain']
    """
    shown = _half_up(100 * probability)
    return next(word for least, word in reversed(BANDS) if shown >= least)


def chance(probability: float) -> str:
    """The term with its number in brackets.

    >>> chance(0.86)
    'very likely (86\\u202f%)'
    """
    return f"{term(probability)} ({percent(probability)})"


def it_is(probability: float) -> str:
    """The opening of a clause that goes on with "that".

    >>> it_is(0.86), it_is(0.5), it_is(0.01)
    ('it is very likely (86\\u202f%)', 'there is a roughly even chance (50\\u202f%)', 'there is almost no chance \
(1\\u202f%)')
    """
    name = term(probability)
    opening = {"almost no chance": "there is ", "roughly even chance": "there is a "}.get(name, "it is ")
    return opening + chance(probability)


def share(part: float) -> str:
    """A share that was counted, not judged: whole percents, 0 and 100 too.

    >>> share(1.0), share(2 / 3)
    ('100\u202f%', '67\u202f%')
    """
    return f"{_half_up(100 * part)}{THIN}%" if math.isfinite(part) else "–"


def p_value(p: float) -> str:
    """A p-value, never with a term of probability.

    >>> p_value(0.005), p_value(0.65), p_value(0.0004)
    ('0.005', '0.65', '<0.001')
    """
    if not math.isfinite(p):
        return "–"
    if p < 0.001:
        return "<0.001"
    return f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def figure(x: float, digits: int = 2) -> str:
    """A number of that many significant digits, thousands parted by thin spaces.

    >>> figure(51.57), figure(170.98), figure(3.66), figure(0.866), figure(29345.0), figure(5.96), figure(120.0)
    ('52', '170', '3.7', '0.87', '29\\u202f000', '6', '120')
    """
    if not math.isfinite(x):
        return "–" if math.isnan(x) else ("∞" if x > 0 else "-∞")
    if x == 0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(x)))
    rounded = round(x, places)
    text = f"{rounded:,.{max(places, 0)}f}".replace(",", THIN)
    return text.rstrip("0").rstrip(".") if "." in text else text


def ratio(x: float) -> str:
    """A ratio of levels: two decimals near one, where they matter.

    >>> ratio(1.02), ratio(0.85), ratio(51.57), ratio(3.66)
    ('1.02', '0.85', '52', '3.7')
    """
    return f"{x:.2f}" if 0.1 <= x < 2 else figure(x)


def times(log: float) -> str:
    """How many times as likely, from its log: beyond a thousand it rests on the tails of a model, and is no figure.

    >>> times(0.0), times(3.64), times(13.0)
    ('1', '38', 'more than 1\\u202f000')
    """
    return figure(math.exp(log)) if log <= math.log(1000) else f"more than {figure(1000)}"


def about(x: float) -> str:
    """A level as one says it: a whole number where that is close enough.

    >>> about(0.113), about(5.6), about(2.34), about(14.2), about(143.0)
    ('0.1', '6', '2.3', '14', '140')
    """
    if x >= 3 and x < 10:
        return str(_half_up(x))
    return figure(x, 1 if x < 1 else 2)


def count(n: int, one: str, many: str | None = None) -> str:
    """A number with its noun; one to nine in words.

    >>> count(1, "image"), count(5, "date"), count(12, "publisher"), count(0, "row")
    ('one image', 'five dates', '12 publishers', 'no rows')
    """
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    number = words[n] if 0 <= n < len(words) else f"{n:,}".replace(",", THIN)
    return f"{number} {one if n == 1 else many or one + 's'}"


def day(when: Any) -> str:
    """A date as people write it.

    >>> day("2023-08-26")
    '26 August 2023'
    """
    at = _date(when)
    return f"{at.day} {at:%B %Y}"


def days(first: Any, last: Any) -> str:
    """A range of dates without what both ends share.

    >>> days("2023-07-16", "2023-10-16"), days("2023-07-25", "2023-07-27"), days("2023-07-25", "2023-07-25")
    ('16 July to 16 October 2023', '25 to 27 July 2023', '25 July 2023')
    """
    one, two = _date(first), _date(last)
    if one == two:
        return day(one)
    if (one.year, one.month) == (two.year, two.month):
        return f"{one.day} to {day(two)}"
    return f"{one.day} {one:%B} to {day(two)}" if one.year == two.year else f"{day(one)} to {day(two)}"


def between_days(first: Any, last: Any) -> str:
    """Two days between which something lies, without what they share.

    >>> between_days("2023-05-16", "2023-10-16"), between_days("2019-08-23", "2023-10-05")
    ('between 16 May and 16 October 2023', 'between 23 August 2019 and 5 October 2023')
    """
    one, two = _date(first), _date(last)
    begin = f"{one.day} {one:%B}" if one.year == two.year else day(one)
    return f"between {begin} and {day(two)}"


def between_months(first: Any, last: Any) -> str:
    """The months between which something lies, or the one in which it does.

    >>> between_months("2023-05-16", "2023-10-16"), between_months("2023-05-16", "2023-05-20")
    ('between May and October 2023', 'in May 2023')
    """
    one, two = _date(first), _date(last)
    if (one.year, one.month) == (two.year, two.month):
        return f"in {two:%B %Y}"
    return f"between {one:%B}{'' if one.year == two.year else f' {one.year}'} and {two:%B %Y}"


def whole_percent(share: float | None) -> int:
    """A share as `percent` shows it: 0 below one percent; -1 where there is none.

    >>> whole_percent(0.585), whole_percent(0.004), whole_percent(None)
    (59, 0, -1)
    """
    return -1 if share is None else 0 if share < 0.01 else _half_up(100 * share)


def is_some(share: float | None) -> bool:
    """Whether a share is shown as more than "<1 %".

    >>> is_some(0.004), is_some(0.02)
    (False, True)
    """
    return whole_percent(share) > 0


def listed(items: Iterable[str], last: str = "and") -> str:
    """Items as a list in a sentence.

    >>> listed(["a", "b", "c"]), listed(["a"]), listed([])
    ('a, b and c', 'a', '')
    """
    known = list(items)
    return known[0] if len(known) == 1 else f"{', '.join(known[:-1])} {last} {known[-1]}" if known else ""


def sentence(text: str) -> str:
    """The text with a capital first letter and one full stop."""
    trimmed = text.strip().rstrip(".")
    return trimmed[:1].upper() + trimmed[1:] + "." if trimmed else ""


def plain(name: str) -> str:
    """A short name of the configuration as words."""
    return name.replace("_", " ")


def safe(name: str) -> str:
    """A name that any file system and any address takes; of one in another script a hash keeps it apart from others.

    >>> safe("a/b c<script>"), safe("나진") == safe("두만")
    ('a_b_c_script_', False)
    """
    plain_ = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
    return plain_ if name.isascii() else f"{plain_}{sha256(name.encode()).hexdigest()[:8]}"


PROPER = {"auto": "the automatic choice", "ets": "ETS", "prophet": "Prophet", "sarimax": "SARIMAX",
          "bai_perron": "Bai-Perron", "cusum": "CUSUM",
          "mosum": "MOSUM", "sup_f": "sup F", "chow": "Chow",
          "mean": "the mean since the last break", "seasonal_naive": "the last season repeated",
          "regimes": "count regimes", "unobserved": "unobserved components"}


def named(method: str) -> str:
    """A forecaster or a detector as one writes it.

    >>> named("bai_perron"), named("seasonal_naive")
    ('Bai-Perron', 'the last season repeated')
    """
    return PROPER.get(method, plain(method))


# -- what a series counts -------------------------------------------------------------------------------------------
def rows_of(series: Series, n: int) -> str:
    """A number of rows with their noun: "39 months", "five dated counts"."""
    return count(n, row_noun(series), row_noun(series, 2))


def unit(series: Series) -> str:
    """The noun for what is counted: the measure; of an amount its unit."""
    if series.unit != COUNT:
        return series.unit
    name, measure = plain(series.name), plain(series.measure)
    return (name if name.lower() == measure.lower() else measure) if measure else "counts"  # the name has its capitals


def site(series: Series) -> str:
    """The site as a name, empty when none is given; one that is all in small letters gets capitals."""
    if not series.site.islower():
        return plain(series.site)
    return " ".join(word[:1].upper() + word[1:] if word.islower() else word for word in plain(series.site).split(" "))


def subject(series: Series) -> str:
    """The series as a noun: its name and its site."""
    place, name = site(series), plain(series.name)
    if place.lower() == name.lower() and series.measure:
        return f"{unit(series)} at {place}"
    if place and name.lower().endswith(f"at {place.lower()}"):
        return name
    return f"{name} at {place}" if place else (name if series.measure else f"“{name}”")


def whole(first: np.datetime64, after: np.datetime64) -> str:
    """The days from `first` up to, not including, `after`."""
    return days(_date(first), _date(after) - timedelta(days=1))


def _half_up(x: float) -> int:
    return math.floor(x + 0.5)


def _date(when: Any) -> date:
    return when if isinstance(when, date) else date.fromisoformat(str(when)[:10])
