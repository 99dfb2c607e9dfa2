"""Global Fishing Watch port visits (events API, JSON): one entry is one visit of a vessel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from forecast.evidence.feeds.reading import Batch, Feed, Tray, coordinate
from forecast.evidence.feeds.source import Source, reach, scalar
from forecast.evidence.feeds.times import day_of, instant

PLACES = {
    "start": "start", "end": "end", "id": "id", "type": "type", "lat": "position.lat", "lon": "position.lon",
    "vessel": "vessel.name", "ssvid": "vessel.ssvid", "vessel type": "vessel.type", "visit": "portvisit.visitid",
    "confidence": "portvisit.confidence", "port": "portvisit.startanchorage.name",
    "anchorage": "portvisit.startanchorage.anchorageid", "later port": "portvisit.intermediateanchorage.name",
    "later anchorage": "portvisit.intermediateanchorage.id", "first anchorage": "portvisit.startanchorage.id"}
LOW_CONFIDENCE = "visits of confidence below 4 (no gap, no stop or only an exit was seen) kept, the note says which"


def recognise(source: Source) -> bool:
    return any(isinstance(reach(entry, "portvisit"), dict) for entry in _entries(source))


def _entries(source: Source) -> list[Any]:
    """The events of an answer, or of a list of them; keys alike in every release (portVisit, port_visit)."""
    document = source.document
    entries = document if isinstance(document, list) else reach(document, "entries")
    return [_alike(entry) for entry in entries] if isinstance(entries, list) else []


def _alike(node: Any, depth: int = 0) -> Any:
    if not isinstance(node, dict) or depth > 4:
        return node
    return {str(key).replace("_", "").lower(): _alike(value, depth + 1) for key, value in node.items()}


def read(source: Source) -> Iterator[Batch]:
    tray = Tray(source)
    for number, entry in enumerate(_entries(source), start=1):
        cells = tray.cells(number, {name: scalar(reach(entry, path)) for name, path in PLACES.items()})
        day, end = day_of(cells, "start", tray), day_of(cells, "end", tray, needed=False)
        first, last = instant(cells, "start"), instant(cells, "end")
        if first and last and first.tzinfo == last.tzinfo and last < first:
            cells.wrong("end", cells.text("end"), "it lies before the start: mend one of them")
        if cells.text("type") not in ("", "port_visit"):
            cells.wrong("type", cells.text("type"), "only events of type port_visit are calls: leave it out")
        places = ("port", "later port", "anchorage", "first anchorage", "later anchorage")
        port = next((cells.text(name) for name in places if cells.text(name)), "")
        if not port:
            cells.wrong("startAnchorage", "nothing", "a visit needs the name or the id of an anchorage")
        confidence = cells.text("confidence")
        if confidence in ("1", "2", "3"):
            tray.notes[LOW_CONFIDENCE] += 1
        vessel = cells.text("vessel") or cells.text("ssvid")
        note = f"{vessel}; confidence {confidence}" if confidence else vessel
        tray.add(cells, **{"class": cells.text("vessel type")}, unique_id=port, ds=day, end=end, y_low=1.0, y_high=1.0,
                 lat=coordinate(cells, "lat", 90), lon=coordinate(cells, "lon", 180), site=port, measure="ships",
                 status="ok" if end else "partial", image_id=cells.text("visit") or cells.text("id"), note=note)
        if tray.full:
            yield tray.batch()
    yield tray.batch()


FEED = Feed("port_visits", "Global Fishing Watch port visits, JSON: one visit of a vessel an entry", "call",
            "Global Fishing Watch", "simulated_port_visits.json", recognise, read)
