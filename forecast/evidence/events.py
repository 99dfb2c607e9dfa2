"""Events: dated things that analysts tie to the traffic, with a short stable name that an experiment lists.

`outside` is False for a date that was read from the very counts under study (an analyst's own break date, a
pause seen in the images): it may be drawn, but is never evidence about those counts.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from forecast.evidence.cells import Cells, Fault, StatementError, rows_of
from forecast.evidence.files import Files
from forecast.series.days import date_of
from forecast.support.registry import suggest

PRECISIONS = {"day": 0, "month": 1, "quarter": 3, "half_year": 6}  # months that the stated date stands for
NEEDED = ("name", "label", "start", "publisher")
KNOWN = (*NEEDED, "end", "precision", "kind", "outside", "via", "url", "note")


@dataclass(frozen=True)
class Event:
    """One dated event: `start` to `end` (both included), as precise as `precision` says.

    precision : day, month, quarter or half_year
    kind : what sort of event (visit, summit, infrastructure, sanction ...), free text
    outside : False when the date was read from the series under study

    >>> from datetime import date
    >>> Event("visit", "A visit", date(2023, 7, 25), date(2023, 7, 27)).precision
    'day'
    """

    name: str
    label: str
    start: date
    end: date
    precision: str = "day"
    kind: str = ""
    publisher: str = ""
    via: str = ""
    url: str = ""
    note: str = ""
    outside: bool = True


def read_events(path: str | Path = "khasan_rajin/events.csv", names: Sequence[str] = (),
                files: Files | None = None) -> tuple[Event, ...]:
    """Events of a ledger in order of start; only those called `names`, if any are given.

    Columns: name, label, start, publisher; perhaps end, precision, kind, outside (yes or no), via, url, note.
    Raises StatementError listing every fault of every row, and every name that the ledger does not hold.

    >>> [event.start.isoformat() for event in read_events(names=["shoigu_visit", "putin_visit"])]
    ['2023-07-25', '2024-06-18']
    """
    file = (files or Files()).document(path)
    faults: list[Fault] = []
    rows = rows_of(file, NEEDED, KNOWN, _event, faults)
    faults += _twice([(row, event.name) for _, row, event in rows], file.name)
    events = {event.name: event for _, _, event in rows}
    if not faults:
        faults += [Fault(file.name, 0, "name", repr(name), suggest(name, list(events)))
                     for name in names if name not in events]
    if faults:
        raise StatementError(faults)
    chosen = [event for event in events.values() if not names or event.name in names]
    return tuple(sorted(chosen, key=lambda event: (event.start, event.name)))


def events_of(given: Mapping[str, Any] | Sequence[Event], who: str) -> tuple[Event, ...]:
    """Events of a mapping name -> day, or as they are; in the order given.

    Raises TypeError for what is neither, ValueError for a day that cannot be read, none at all, or a name given twice.

    >>> events_of({"visit": "2023-07-25"}, "explain")[0].start.isoformat()
    '2023-07-25'
    """
    if isinstance(given, Mapping):
        days = {str(name): date_of(when, f"{who}: event {name!r}") for name, when in given.items()}
        events = tuple(Event(name=name, label=name, start=day, end=day) for name, day in days.items())
    elif isinstance(given, Sequence) and not isinstance(given, str) and all(isinstance(e, Event) for e in given):
        events = tuple(given)
    else:
        raise TypeError(f"{who}: events are a mapping of names to days, or a list of Event, got {repr(given)[:60]}: "
                        "write {'visit': '2023-07-25'}")
    names = [event.name for event in events]
    if not events or len(set(names)) < len(names):
        raise ValueError(f"{who}: got {', '.join(names) or 'no event'}: give at least one event, each name once")
    return events


def window(event: Event, delay_days: int = 0, anticipation_days: int = 0) -> tuple[date, date]:
    """First and last day on which a break may lie to fit `event`; a vague date widens to whole months.

    Neither leaves the years 1 to 9999. Raises ValueError for negative days.

    >>> visit = Event("visit", "A visit", date(2023, 7, 25), date(2023, 7, 27))
    >>> [day.isoformat() for day in window(visit, delay_days=30)]
    ['2023-07-25', '2023-08-26']
    """
    for name, days in (("delay_days", delay_days), ("anticipation_days", anticipation_days)):
        if days < 0:
            raise ValueError(f"{name} must be at least 0, got {days}: it widens the window, no more")
    months = PRECISIONS[event.precision]
    start, end = event.start, event.end
    if months:
        first = (start.month - 1) // months * months + 1
        last = (end.month - 1) // months * months + months
        start = start.replace(month=first, day=1)
        end = end.replace(month=last, day=calendar.monthrange(end.year, last)[1])
    # ordinals, since no date lies outside these years
    return (date.fromordinal(max(start.toordinal() - anticipation_days, date.min.toordinal())),
            date.fromordinal(min(end.toordinal() + delay_days, date.max.toordinal())))


def _event(cells: Cells) -> Event | None:
    start, end = cells.day("start", needed=True), cells.day("end")
    if start is None:
        return None
    end = end or start
    if end < start:
        cells.wrong("end", str(end), f"it lies before the start {start}: swap them or mend one")
    return Event(
        name=cells.text("name", needed=True), label=cells.text("label", needed=True), start=start, end=end,
        precision=cells.choice("precision", tuple(PRECISIONS), "day"), kind=cells.text("kind"),
        publisher=cells.text("publisher", needed=True), via=cells.text("via"), url=cells.text("url"),
        note=cells.text("note"), outside=cells.choice("outside", ("yes", "no"), "yes") == "yes")


def _twice(rows: list[tuple[int, str]], file: str) -> list[Fault]:
    first: dict[str, int] = {}
    for row, name in rows:
        first.setdefault(name, row)
    return [Fault(file, row, "name", repr(name), f"row {first[name]} has it too: give each its own")
            for row, name in rows if first[name] != row]
