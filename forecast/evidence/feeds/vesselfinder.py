"""VesselFinder port calls (CSV, JSON): MMSI, IMO, LOCODE, EVENT, TIMESTAMP, PORT, COUNTRY; events paired to calls."""

from __future__ import annotations

from collections.abc import Iterator

from forecast.evidence.cells import Cells
from forecast.evidence.feeds.calls import Movement, naive, pair
from forecast.evidence.feeds.reading import Batch, Feed, Tray
from forecast.evidence.feeds.records import cells_of_rows, headings
from forecast.evidence.feeds.source import Source
from forecast.evidence.feeds.times import instant

EVENTS = {"arrival": True, "arrived": True, "arr": True, "ata": True,
          "departure": False, "departed": False, "dep": False, "atd": False}


def recognise(source: Source) -> bool:
    names = headings(source)
    return {"MMSI", "EVENT", "TIMESTAMP"} <= names and bool({"PORT", "LOCODE"} & names)


def read(source: Source) -> Iterator[Batch]:
    tray = Tray(source)
    tray.notes["times without an offset are taken as UTC, as VesselFinder states them"] += 0
    movements = [made for cells in cells_of_rows(tray) if (made := _movement(cells, tray)) is not None]
    pair(movements, tray)
    yield tray.batch()


def _movement(cells: Cells, tray: Tray) -> Movement | None:
    event = cells.text("EVENT", needed=True).lower()
    if event and event not in EVENTS:
        cells.wrong("EVENT", event, f"write one of {', '.join(EVENTS)}")
    ship = cells.text("MMSI") or cells.text("IMO")
    if not ship:
        cells.wrong("MMSI", "nothing", "a ship needs MMSI or IMO")
    when = instant(cells, "TIMESTAMP")
    port = cells.text("PORT") or cells.text("LOCODE", needed=True)
    if when is None and not cells.faults:
        cells.wrong("TIMESTAMP", "nothing", "fill it in")
    if cells.faults or when is None:
        tray.refuse(cells)
        return None
    return Movement(ship, ship, "", port, naive(when), EVENTS[event], cells.row)


FEED = Feed("vesselfinder", "VesselFinder port calls, CSV or JSON: arrivals and departures paired to calls", "call",
            "VesselFinder", "simulated_vesselfinder.csv", recognise, read)
