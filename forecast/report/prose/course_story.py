"""The plain story of a series: what was counted, stretch by stretch, in numbers that add up; and its title."""

from __future__ import annotations

from datetime import date

import numpy as np

from forecast.experiment.course import Known, Stretch, rows_of_change, total_of
from forecast.experiment.reading import Reading
from forecast.experiment.series_answers import Answer, SeriesAnswer
from forecast.report.phrases import about, count, days, figure, listed, rows_of, sentence, subject, unit
from forecast.series.breaks import Break
from forecast.series.calendar import per_row, row_noun
from forecast.series.series import Series

SHOWN = 5  # stretches that a sentence still tells; of more, those beside the focal change
SMALL = 60  # sums up to here are told as sums, larger ones as means
TITLE = 3  # stretches that a title still tells
ALIKE = 1.15  # bounds this near are one number


def story(reading: Reading, answer: SeriesAnswer) -> str:
    """What was counted in each stretch; "" for a single one that is no slope."""
    told = shown(reading, answer)
    if len(told) < 2 and not _slopes(reading, told):
        return ""
    where = "" if len(told) == len([s for s in answer.course if s.observed]) else " around that change"
    loose = " Some counts are lower bounds: there may have been more." if any(s.open for s in told) else ""
    return f"Counted{where}: {'; '.join(_told(reading, s) for s in told)}.{loose}"


def shown(reading: Reading, answer: SeriesAnswer) -> tuple[Stretch, ...]:
    """The stretches that are told: all that were observed, or those beside the focal change."""
    told = tuple(s for s in answer.course if s.observed)
    if len(told) <= SHOWN or answer.focal is None:
        return told[:SHOWN]
    at = reading.changes[answer.focal].position
    k = next(n for n, s in enumerate(told) if s.after > at)
    return told[max(k - 1, 0):k + 2]


def _slopes(reading: Reading, told: tuple[Stretch, ...]) -> bool:
    return any(_gradual(reading, s) is not None for s in told)


def title(reading: Reading, answer: SeriesAnswer) -> str:
    """The takeaway of a picture of the series, as a heading without a full stop."""
    what, told = subject(reading.series), shown(reading, answer)
    head = what[:1].upper() + what[1:]
    if answer.answer is Answer.CHANGED and _begins(told):
        return f"{head} appear in {month(told[1].first)}: {gist(reading, answer)}"
    return f"{head}: {gist(reading, answer)}"


def gist(reading: Reading, answer: SeriesAnswer) -> str:
    """What was counted, stretch by stretch, or that no change can be dated; without the name of the series."""
    told = shown(reading, answer)
    if answer.answer is not Answer.CHANGED or (len(told) < 2 and not _slopes(reading, told)):
        why = {Answer.UNCHANGED: "the counts speak against a change",
               Answer.PERSISTENT: "the counts wander too far to date a change"}
        return why.get(answer.answer, "no change can be dated")
    from_row = int(_begins(told))
    known = [s for k, s in enumerate(told) if (k > 0 or not s.brief or reading.series.freq is None)
             and k >= from_row and (s.known is not Known.TOTAL or k < len(told) - 1)][:TITLE]
    parts = [(_level(reading, s) if k == 0 else _level(reading, s).removesuffix(f" {_per(reading.series)}"))
             + _until(reading.series, s, last=s is told[-1]) for k, s in enumerate(known)]
    return ", then ".join(parts)


def counted(reading: Reading, answer: SeriesAnswer) -> str:
    """The gist with the month from which anything was counted, where nothing was before."""
    told = shown(reading, answer)
    begins = answer.answer is Answer.CHANGED and _begins(told)
    return f"from {month(told[1].first)}: {gist(reading, answer)}" if begins else gist(reading, answer)


def _begins(told: tuple[Stretch, ...]) -> bool:
    """Whether something appears after none."""
    return len(told) > 1 and told[0].known is Known.NONE and told[1].known is not Known.NONE


def month(day: str) -> str:
    """The month of a day.

    >>> month("2023-08-26")
    'August 2023'
    """
    return f"{date.fromisoformat(day):%B %Y}"


def mean(low: float, high: float | None) -> str:
    """A mean that is known within bounds, as one says it.

    >>> mean(5.0, 6.3), mean(1.14, 1.29), mean(26015.0, 26015.0), mean(3.0, None)
    ('5 to 6', 'about 1', '26\\u202f000', 'at least 3')
    """
    if high is None:
        return f"at least {_number(low)}"
    if low == high:
        return _number(low)
    if _number(low) == _number(high) or high <= ALIKE * low:
        return f"about {_number((low + high) / 2)}"
    return f"{_number(low)} to {_number(high)}"


def _number(x: float) -> str:
    """A mean rounded as its size deserves: to halves below one, whole up to a hundred."""
    return figure(x, 1) if x < 1 else f"{x:.0f}" if x < 100 else figure(x)


def level(s: Series, stretch: Stretch) -> str:
    """The mean of a stretch with what it is counted by: "none", "5 to 6 ships a month"."""
    return "none" if stretch.known is Known.NONE else f"{mean(*_bounds(s, stretch))} {_counted(s)}"


def _counted(s: Series) -> str:
    """What a level is counted in: "ships a month"; a share is a share at any time."""
    return unit(s) if unit(s) == "percent" else f"{unit(s)} {per_row(s)}"


def _bounds(s: Series, stretch: Stretch) -> tuple[float, float | None]:
    return stretch.mean if s.kind == "flow" else (stretch.low, stretch.high)


def _per(s: Series) -> str:
    """What a level holds for: a month, an image; of a share its unit."""
    return unit(s) if unit(s) == "percent" else per_row(s)


def _level(reading: Reading, stretch: Stretch) -> str:
    """The mean of a stretch; where some of its counts are lower bounds alone, the fitted level."""
    s = reading.series
    if stretch.known is Known.NONE:
        return "none"
    if (gradual := _gradual(reading, stretch)) is not None:
        start = f"from about {about(gradual.before)} " if stretch.row == 0 else ""
        return f"gradually {_way(gradual)} {start}to about {about(gradual.after)} {_per(s)}"
    if stretch.open and (fitted := _fitted(reading, stretch)) is not None:
        return f"about {about(fitted)} {_per(s)}"
    return f"{mean(*_bounds(s, stretch))} {_per(s)}"


def _gradual(reading: Reading, stretch: Stretch) -> Break | None:
    """The gradual change that a stretch is, if it is one; another change may have cut it short."""
    slopes = (b for b in reading.changes if b.shape == "gradual")
    return next((b for b in slopes if rows_of_change(reading.series, b)[0] == stretch.row), None)


def _way(b: Break) -> str:
    return "up" if b.after >= b.before else "down"


def _fitted(reading: Reading, stretch: Stretch) -> float | None:
    """The fitted level beside the change that a stretch begins or ends with."""
    after = next((b.after for b in reading.changes if b.position == stretch.row), None)
    before = next((b.before for b in reading.changes if b.position == stretch.after), None)
    return before if after is None else after


def _until(s: Series, stretch: Stretch, *, last: bool) -> str:
    """Up to when a stretch goes, or on which day it lies; the last that is told needs no end."""
    if stretch.observed == 1 and row_noun(s) != "month":
        return f" {'on' if s.freq is None else 'from'} {days(stretch.first, stretch.last)}"
    return "" if last else f" until {_end(s, stretch)}"


def _told(reading: Reading, stretch: Stretch) -> str:
    """One stretch: what was counted in it, in how many rows, up to when."""
    s = reading.series
    rows = rows_of(s, stretch.observed)
    when = f"in the {rows} to {_end(s, stretch)}" if stretch.observed > 1 else _row(s, stretch)
    if stretch.known is Known.NONE:
        by = f" (one statement by {stretch.alone_by})" if stretch.alone_by else ""
        return f"none {when}{by}"
    if s.kind == "stock":
        return f"{_range(stretch.least, stretch.most)} {_counted(s)} {when}"
    slope = _gradual(reading, stretch)
    if slope is not None and stretch.observed > 3:
        return f"gradually {_way(slope)}: {_halves(reading, stretch)}, to {_end(s, stretch)}"
    if stretch.high is not None and stretch.high > SMALL:
        return f"{mean(*stretch.mean)} {_counted(s)} on average {when}"
    total = f"{_range(stretch.low, stretch.high)} {unit(s)} {when}"
    if stretch.known is Known.TOTAL:
        return f"{total}, of which no single {row_noun(s)} is known well"
    return total + _peak(s, stretch)


def _halves(reading: Reading, stretch: Stretch) -> str:
    """The means of the two halves of a slope, which a reader can add up."""
    s = reading.series
    seen = np.flatnonzero(s.observed[stretch.row:stretch.after]) + stretch.row
    middle = int(seen[len(seen) // 2])
    first, last = (total_of(reading, *rows) for rows in ((stretch.row, middle), (middle, stretch.after)))
    one, two = len(seen) // 2, len(seen) - len(seen) // 2
    means = [mean(low / n, None if high is None else high / n) for (low, high), n in ((first, one), (last, two))]
    return (f"{means[0]} {_counted(s)} on average in the first {rows_of(s, one)}, {means[1]} in the "
            f"{rows_of(s, two)} after them")


def _peak(s: Series, stretch: Stretch) -> str:
    """The row that holds the most for certain, where it stands out."""
    if stretch.peak is None or stretch.observed < 2:
        return ""
    low, high = float(s.low[stretch.peak]), float(s.high[stretch.peak])
    if low < 2 * stretch.low / stretch.observed:
        return ""
    start = str(s.start[stretch.peak])
    name = month(start) if row_noun(s) == "month" else days(start, start)
    return f", {_range(low, high if np.isfinite(high) else None)} of them in {name}"


def _range(low: float, high: float | None) -> str:
    if high is None:
        return f"at least {figure(low)}"
    return figure(low) if figure(low) == figure(high) else f"{figure(low)} to {figure(high)}"


def _end(s: Series, stretch: Stretch) -> str:
    return month(stretch.last) if row_noun(s) == "month" else days(stretch.last, stretch.last)


def _row(s: Series, stretch: Stretch) -> str:
    if row_noun(s) == "month":
        return f"in {month(stretch.first)}"
    return f"on {days(stretch.first, stretch.last)}" if stretch.first == stretch.last else (
        f"from {days(stretch.first, stretch.last)}")


def direction(b: Break) -> str:
    """Whether the level rose or fell, and how."""
    rose = "rose" if b.after >= b.before else "fell"
    return rose + {"step": "", "gradual": " gradually", "temporary": " for a while"}[b.shape]


def odd(reading: Reading, answer: SeriesAnswer) -> str:
    """Rows that stand out by themselves, which no change of level explains; "" without any."""
    if not answer.odd:
        return ""
    names = [month(day) if row_noun(reading.series) == "month" else days(day, day) for day in answer.odd[:SHOWN]]
    more = len(answer.odd) - len(names)
    which = listed(names + ([count(more, "further one")] if more else []))
    if len(answer.odd) == 1:
        return sentence(f"{which} stands out by itself and is taken for no change of level")
    return sentence(f"{which} stand out by themselves and are taken for no change of level")
