"""IMF PortWatch, daily chokepoints (CSV, ArcGIS JSON): transits per strait or canal, day and kind of ship."""

from __future__ import annotations

from collections.abc import Iterator

from forecast.evidence.feeds.portwatch import PUBLISHER, read_daily
from forecast.evidence.feeds.reading import Batch, Feed
from forecast.evidence.feeds.records import headings
from forecast.evidence.feeds.source import Source

CAPACITY = "capacity is a trade volume that PortWatch estimates, no count: not read"


def recognise(source: Source) -> bool:
    names = headings(source)
    return {"date", "n_total"} <= names and bool({"portid", "portname"} & names) and "portcalls" not in names


def read(source: Source) -> Iterator[Batch]:
    yield from read_daily(source, "portname" if "portname" in headings(source) else "portid", "n_total", "n_", CAPACITY)


FEED = Feed("chokepoints", "IMF PortWatch daily chokepoints, CSV or JSON: transits per strait, day and kind of ship",
            "flow", PUBLISHER, "simulated_chokepoints.csv", recognise, read)
