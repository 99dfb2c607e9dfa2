"""STAC item collections (JSON; Sentinel-2, Planet): the days on which something could have been seen at all."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from typing import Any

from forecast.evidence.cells import Cells
from forecast.evidence.feeds.reading import Batch, Feed, Tray
from forecast.evidence.feeds.source import Source, reach, scalar
from forecast.evidence.feeds.times import day_of

TIMES = ("datetime", "acquired", "start_datetime")
CLEAR = ("clear_percent",)
CLOUD = ("eo:cloud_cover", "cloud_percent", "cloud_cover")
WATCHED = "one row per day imaged, its exposure the clear share of the clearest image; no image, no watch"
NAMES = (*TIMES, *CLEAR, *CLOUD, "item_type", "platform", "constellation", "satellite_id")


def recognise(source: Source) -> bool:
    return any(reach(feature, f"properties.{name}") is not None for feature in items(source.document)
               for name in ("datetime", "acquired"))


def items(document: Any) -> list[Any]:
    """The items of a collection, of a list, or the one item that a file holds."""
    features = reach(document, "features")
    if isinstance(features, list):
        return features
    if isinstance(document, list):
        return document if all(reach(each, "type") == "Feature" for each in document) else []
    return [document] if reach(document, "type") == "Feature" else []


def read(source: Source) -> Iterator[Batch]:
    """One row per day: images taken, and the clear share of the clearest of them."""
    tray = Tray(source)
    days: dict[date, list[tuple[float, str, int]]] = {}
    known: set[str] = set()
    for number, feature in enumerate(items(source.document), start=1):
        properties = reach(feature, "properties")
        cells = tray.cells(number, {"id": scalar(reach(feature, "id"))} | {
            name: scalar(reach({"at": properties}, "at").get(name)) if isinstance(properties, dict) else ""
            for name in NAMES})
        identity = cells.text("id", needed=True)
        column = next((name for name in TIMES if cells.text(name)), "datetime")
        day, clear = day_of(cells, column, tray), _clear(cells, tray)
        if cells.faults or day is None:
            tray.refuse(cells)
        elif identity in known:
            tray.notes["items that stand twice dropped"] += 1
        else:
            known.add(identity)
            sensor = cells.text("platform") or cells.text("constellation") or cells.text("item_type")
            days.setdefault(day, []).append((clear, sensor, number))
    tray.notes[WATCHED] += 0
    for day, images in sorted(days.items()):
        clear, _, number = max(images)
        tray.rows.append({"unique_id": "images", "ds": day, "y_low": float(len(images)), "y_high": float(len(images)),
                          "exposure": clear, "status": "ok" if clear > 0 else "cloud", "measure": "images",
                          "sensor": " ".join(sorted({sensor for _, sensor, _ in images if sensor})), "row": number})
    yield tray.batch()


def _clear(cells: Cells, tray: Tray) -> float:
    """The clear share of an image: from percent, but Planet's `cloud_cover` is a share; clear if nothing is said."""
    name = next((name for name in (*CLEAR, *CLOUD) if cells.text(name)), "")
    if not name:
        tray.notes["images that say nothing about cloud taken as clear"] += 1
        return 1.0
    value = cells.number(name)
    if value is None:
        return math.nan
    planet = bool(cells.text("acquired") or cells.text("item_type"))
    percent = 100 * value if name == "cloud_cover" and planet and value <= 1 else value
    if percent > 100:
        cells.wrong(name, value, "write percent, 0 to 100 (Planet's cloud_cover: a share, 0 to 1)")
    return percent / 100 if name in CLEAR else 1 - percent / 100


FEED = Feed("stac", "STAC items, JSON (Sentinel-2, Planet): days imaged and their cloud, as exposure",
            "watch", "", "simulated_stac.json", recognise, read)
