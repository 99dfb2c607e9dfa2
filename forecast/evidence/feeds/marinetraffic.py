"""MarineTraffic port calls (CSV, JSON): arrivals (MOVE_TYPE 0) and departures (1), paired to calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from forecast.evidence.cells import Cells
from forecast.evidence.feeds.calls import Movement, naive, pair
from forecast.evidence.feeds.reading import Batch, Feed, Tray
from forecast.evidence.feeds.records import cells_of_rows, headings
from forecast.evidence.feeds.source import Source
from forecast.evidence.feeds.times import instant

LOCAL = "times are local (TIMESTAMP_LT) and name no zone: days are local ones, an hour stands twice when clocks go back"
LARGEST_OFFSET = 14 * 3600


def recognise(source: Source) -> bool:
    names = headings(source)
    return {"MOVE_TYPE", "PORT_NAME"} <= names and bool({"TIMESTAMP_UTC", "TIMESTAMP_LT"} & names)


def read(source: Source) -> Iterator[Batch]:
    tray = Tray(source)
    movements = [made for cells in cells_of_rows(tray) if (made := _movement(cells, tray)) is not None]
    pair(movements, tray)
    yield tray.batch()


def _movement(cells: Cells, tray: Tray) -> Movement | None:
    move = cells.choice("MOVE_TYPE", ("0", "1"))
    ship = cells.text("SHIP_ID") or cells.text("MMSI") or cells.text("IMO")
    if not ship:
        cells.wrong("MMSI", "nothing", "a ship needs SHIP_ID, MMSI or IMO")
    when = _when(cells, tray)
    port = cells.text("PORT_NAME") or cells.text("UNLOCODE") or cells.text("PORT_ID", needed=True)
    if cells.faults or when is None:
        tray.refuse(cells)
        return None
    kind = cells.text("TYPE_NAME") or cells.text("SHIPTYPE")
    return Movement(ship, cells.text("SHIPNAME") or ship, kind, port, when, move == "0", cells.row)


def _when(cells: Cells, tray: Tray) -> datetime | None:
    """UTC where the row has it; both clocks of a row must differ by a zone that exists."""
    utc, local = instant(cells, "TIMESTAMP_UTC"), instant(cells, "TIMESTAMP_LT")
    if utc and local:
        apart = (naive(local) - naive(utc)).total_seconds()
        if abs(apart) > LARGEST_OFFSET or apart % 900:
            cells.wrong("TIMESTAMP_LT", cells.text("TIMESTAMP_LT"), f"it lies {apart / 3600:+.2f} h from "
                        "TIMESTAMP_UTC, which no time zone does: mend one of them")
        elif apart:
            tray.notes[f"local times {apart / 3600:+g} h from UTC: the days are those of UTC"] += 1
    elif local:
        tray.notes[LOCAL] += 1
    elif not cells.faults:
        cells.wrong("TIMESTAMP_UTC", "nothing", "fill it in")
    when = utc or local
    return None if when is None else naive(when)


FEED = Feed("marinetraffic", "MarineTraffic port calls, CSV: arrivals and departures paired to calls", "call",
            "MarineTraffic", "simulated_marinetraffic.csv", recognise, read)
