"""Arrivals and departures to calls: one row per visit of a ship to a port; what has no partner is kept and said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from forecast.evidence.feeds.reading import Tray
from forecast.evidence.feeds.times import MIDNIGHT

NO_DEPARTURE = "arrivals without a departure, kept as calls"
NO_ARRIVAL = "departures without an arrival, kept as calls on or before that day"
LONG = timedelta(days=60)
LONG_STAY = f"stays of more than {LONG.days} days kept as one call: a departure and an arrival may be missing"


@dataclass(frozen=True)
class Movement:
    """One ship arriving at a port or leaving it; `when` is naive and in UTC, or local where the file says no more."""

    ship: str
    vessel: str
    kind: str
    port: str
    when: datetime
    arrival: bool
    row: int

    @property
    def key(self) -> tuple[str, str]:
        """The ship at the port, whose movements make its calls."""
        return self.ship, self.port


def pair(movements: Iterable[Movement], tray: Tray) -> None:
    """Put one row per call into the tray: an arrival and the next departure of the same ship from the same port."""
    waiting: dict[tuple[str, str], Movement] = {}
    previous: set[tuple[str, str, datetime, bool]] = set()
    listed = list(movements)
    times = [movement.when for movement in listed]
    if sorted(times) not in (times, times[::-1]):
        tray.notes["movements out of the order of time, sorted"] += 0
    for movement in _in_turn(listed, waiting):
        if (*movement.key, movement.when, movement.arrival) in previous:
            tray.notes["rows that repeat an earlier movement dropped"] += 1
            continue
        previous.add((*movement.key, movement.when, movement.arrival))
        if movement.when.time() == datetime.min.time():
            tray.notes[MIDNIGHT] += 1
        earlier = waiting.pop(movement.key, None)
        if movement.arrival:
            _single(earlier, tray)
            waiting[movement.key] = movement
        elif earlier is None:
            _single(movement, tray)
        else:
            _stay(earlier, movement.when, tray)
    for movement in waiting.values():
        _single(movement, tray)


def _in_turn(movements: Iterable[Movement], waiting: Mapping[tuple[str, str], Movement]) -> Iterator[Movement]:
    """Movements by time; of two of a ship at one time, which dates without a time are, that which can come first.

    A ship that is in port (`waiting`, as it is by then) leaves before it comes again; any other comes before it leaves.
    """
    by_time = sorted(movements, key=lambda m: (m.when, not m.arrival))
    for _, tied in groupby(by_time, key=lambda m: m.when):
        yield from sorted(tied, key=lambda m: m.arrival == (m.key in waiting))


def _single(movement: Movement | None, tray: Tray) -> None:
    if movement is None:
        return
    tray.notes[NO_DEPARTURE if movement.arrival else NO_ARRIVAL] += 1
    said = "no departure listed" if movement.arrival else "no arrival listed: called on this day or before"
    _call(movement, None if movement.arrival else movement.when.date(), said, tray)


def _stay(arrival: Movement, departed: datetime, tray: Tray) -> None:
    if departed - arrival.when > LONG:
        tray.notes[LONG_STAY] += 1
    _call(arrival, departed.date(), f"departed {departed:%Y-%m-%d %H:%M}", tray)


def _call(movement: Movement, end: date | None, said: str, tray: Tray) -> None:
    tray.rows.append({
        "unique_id": movement.port, "ds": movement.when.date(), "end": end, "y_low": 1.0, "y_high": 1.0,
        "site": movement.port, "measure": "ships", "class": movement.kind,
        "status": "ok" if movement.arrival else "partial",
        "image_id": f"{movement.ship} {movement.when:%Y-%m-%dT%H:%M:%S}", "note": f"{movement.vessel}; {said}",
        "row": movement.row})


def naive(when: datetime) -> datetime:
    """The time in UTC without saying so, so that all of a file compare."""
    return when if when.tzinfo is None else when.astimezone(UTC).replace(tzinfo=None)
