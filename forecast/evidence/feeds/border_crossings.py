"""Border crossings of US customs as the Bureau of Transportation Statistics gives them: port, date, measure, value."""

from __future__ import annotations

from collections.abc import Iterator

from forecast.evidence.feeds.reading import Batch, Feed
from forecast.evidence.feeds.source import Source
from forecast.evidence.tables import reading
from forecast.evidence.tables.options import Options

NEEDED = {"Port Name", "Border", "Date", "Measure", "Value"}


def recognise(source: Source) -> bool:
    return set(source.columns) >= NEEDED


def read(source: Source) -> Iterator[Batch]:
    """A series for each port and measure; dates are American (01/02/2024 is 2 January), or Jan 2024."""
    yield from reading.read(source, Options(date="Date", id=("Port Name", "Measure"), value=("Value",), dayfirst=False,
                                            kind="flow", cumulative=False))


FEED = Feed("border_crossings", "US border crossings (BTS), CSV: entries per port of entry, month and measure", "flow",
            "US Customs and Border Protection", "simulated_border_crossings.csv", recognise, read)
