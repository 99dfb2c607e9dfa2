"""COCO annotations (JSON): boxes per image and category; the categories are what was looked for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from forecast.evidence.feeds.boxes import Images, check_size
from forecast.evidence.feeds.reading import Batch, Feed, Tray
from forecast.evidence.feeds.source import Source, reach, scalar
from forecast.evidence.feeds.times import day_of

LOOKED = "every category of the file was looked for in every image it lists: no box is a zero"
CROWD = "boxes marked iscrowd hold several: at least one each"


def recognise(source: Source) -> bool:
    return all(isinstance(reach(source.document, name), list) for name in ("images", "annotations", "categories"))


def read(source: Source) -> Iterator[Batch]:
    tray = Tray(source)
    tray.notes[LOOKED] += 0
    images = Images(tray)
    document = source.document
    labels = {scalar(reach(each, "id")): scalar(reach(each, "name")) for each in document["categories"]}
    labels = {key: name for key, name in labels.items() if key and name}
    check_size(len(document["images"]), len(labels), source.name)
    known = {scalar(reach(image, "id")) for image in document["images"]}
    drawn = _drawn(document["annotations"], labels, known, tray)
    for number, image in enumerate(document["images"], start=1):
        cells = tray.cells(number, {name: scalar(reach(image, name)) for name in ("id", "file_name", "date_captured")})
        identity = cells.text("id", needed=True)
        own = cells.text("date_captured")
        # exports of tools write the day of the export, or nothing, into date_captured: a date in the name goes before
        named = tray.cells(number, {"file_name": cells.text("file_name")})
        day = images.day(named, "file_name")
        if day is None and own and own != "0":
            day = day_of(cells, "date_captured", tray)
        elif day is None:
            cells.faults += named.faults
        images.count(cells, day, cells.text("file_name") or identity, drawn.get(identity, {}), labels.values())
    yield from images.batch()


def _drawn(annotations: list[Any], labels: dict[str, str], known: set[str],
           tray: Tray) -> dict[str, dict[str, tuple[float, float]]]:
    """Image -> label -> bounds of its boxes; a box of no image or no category is a fault."""
    made: dict[str, dict[str, tuple[float, float]]] = {}
    for number, each in enumerate(annotations, start=1):
        image, label = scalar(reach(each, "image_id")), scalar(reach(each, "category_id"))
        if image not in known or label not in labels:
            column, got = ("image_id", image) if image not in known else ("category_id", label)
            tray.fault(number, f"annotations {column}", got, "it names nothing in this file: mend the export",
                       f"annotation {scalar(reach(each, 'id'))}")
            continue
        boxes = made.setdefault(image, {})
        low, high = boxes.get(labels[label], (0.0, 0.0))
        crowd = scalar(reach(each, "iscrowd")) in ("1", "True")
        if crowd:
            tray.notes[CROWD] += 1
        boxes[labels[label]] = (low + 1, math.inf if crowd else high + 1)
    return made


FEED = Feed("coco", "COCO annotations, JSON: boxes to counts per image and category", "stock", "",
            "simulated_coco.json", recognise, read)
