"""Google Earth (.kml, .kmz): placemarks as sites, and dated placemarks with the count that is written."""

from __future__ import annotations

import math
import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date
from xml.etree.ElementTree import Element

from forecast.evidence.cells import LONGEST_CELL, Cells
from forecast.evidence.feeds.reading import Batch, Feed, Tray, coordinate
from forecast.evidence.feeds.source import Source, local
from forecast.evidence.feeds.times import day_of

COUNTS = ("count", "y", "number")
VAGUE = re.compile(r"(\d{4})(?:-(\d{2}))?")


def recognise(source: Source) -> bool:
    if source.is_zip and ("xl/workbook.xml" in source.members or "content.xml" in source.members):
        return False
    return source.root == "kml"


def read(source: Source) -> Iterator[Batch]:
    tray = Tray(source)
    tree = source.tree
    if tree is None:
        raise ValueError(f"{source.name}: no KML in it: export it again")
    if links := sum(local(each) == "NetworkLink" for each in tree.iter()):
        tray.notes["links to other files not followed"] += links
    places = [each for each in tree.iter() if local(each) == "Placemark"]
    for number, place in enumerate(places, start=1):
        _placemark(number, place, tray)
        if tray.full:
            yield tray.batch()
    yield tray.batch()


def _placemark(number: int, place: Element, tray: Tray) -> None:
    texts = _texts(place.iter())
    own = _texts(place)  # an author within has a name too
    data = {each.get("name", "").lower(): _value(each) for each in place.iter()
            if local(each) in ("Data", "SimpleData")}
    point = texts.get("coordinates", "").split()
    lon, lat = ([*point[0].split(","), "", ""] if point else ["", ""])[:2]
    cells = tray.cells(number, {
        "name": own.get("name", ""), "when": texts.get("when", ""), "begin": texts.get("begin", ""),
        "end": texts.get("end", ""), "lat": lat, "lon": lon, "description": own.get("description", "")[:LONGEST_CELL],
        "count": next((data[name] for name in COUNTS if data.get(name)), "")})
    if not point:
        cells.wrong("coordinates", "nothing", "a placemark needs a place")
    elif len(point) > 1:
        tray.notes["lines and areas stand for their first point"] += 1
    first, last = _span(cells, tray)
    counted = cells.number("count")
    if first is None:
        tray.notes["placemarks without a date: sites, no sightings"] += 1
    name = cells.text("name", needed=True)
    count = math.nan if counted is None else counted
    tray.add(cells, unique_id=name, ds=first, end=last, y_low=count, y_high=count,
             lat=coordinate(cells, "lat", 90), lon=coordinate(cells, "lon", 180), site=name,
             note=cells.text("description"))


def _texts(elements: Iterable[Element]) -> dict[str, str]:
    """What stands in elements by their name, the last of each; blank ones are none."""
    return {local(each): text for each in elements if (text := (each.text or "").strip())}


def _value(data: Element) -> str:
    """What a Data or SimpleData element says; a name to show may stand beside the value of the former."""
    values = [each for each in data if local(each) == "value"] if local(data) == "Data" else []
    return "".join((values[0] if values else data).itertext()).strip()


def _span(cells: Cells, tray: Tray) -> tuple[date | None, date | None]:
    """First and last day of a placemark; 2023 is that year, 2023-08 that month."""
    begin, end = ("when", "when") if cells.text("when") else ("begin", "end")
    first, last = _edge(cells, begin, False, tray), _edge(cells, end, True, tray)
    if first and last and last < first:
        cells.wrong(end, cells.text(end), f"it lies before {first}: swap them")
    return first or last, last


def _edge(cells: Cells, column: str, late: bool, tray: Tray) -> date | None:
    match = VAGUE.fullmatch(cells.text(column))
    if match is None:
        return day_of(cells, column, tray, needed=False)
    year, month = int(match[1]), int(match[2] or (12 if late else 1))
    if year < 1 or not 1 <= month <= 12:
        cells.wrong(column, cells.text(column), "no such month: write YYYY-MM-DD")
        return None
    tray.notes["dates known to the month or the year: first and last day of it"] += 1
    return date(year, month, monthrange(year, month)[1] if late else 1)


FEED = Feed("kml", "Google Earth KML or KMZ: sites, and dated placemarks", "place", "", "simulated_places.kml",
            recognise, read)
