"""Label Studio export (JSON): boxes per task and label; several annotators of one image give bounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from forecast.evidence.feeds.boxes import Images, check_size
from forecast.evidence.feeds.reading import Batch, Feed, Tray
from forecast.evidence.feeds.source import Source, reach, scalar
from forecast.evidence.feeds.times import MOMENT, day_of

SHAPES = {"rectanglelabels", "polygonlabels", "ellipselabels", "brushlabels"}
DAYS = ("date", "ds", "image_date", "acquired")
LOOKED = ("the export does not say which labels were offered: those used anywhere in it count as looked for in every "
          "submitted task, so no box is a zero there")
NOT_DONE = "tasks without a submitted annotation: nobody looked, not counted"


def recognise(source: Source) -> bool:
    tasks = source.document
    return isinstance(tasks, list) and any(isinstance(task, dict) and isinstance(task.get("data"), dict)
                                           and isinstance(task.get("annotations"), list) for task in tasks)


def read(source: Source) -> Iterator[Batch]:
    tray = Tray(source)
    tray.notes[LOOKED] += 0
    images = Images(tray)
    tasks = [_submitted(task) for task in source.document]
    labels = sorted({label for done in tasks for boxes in done.values() for label in boxes})
    check_size(len(tasks), len(labels), source.name)
    for number, (task, done) in enumerate(zip(source.document, tasks, strict=True), start=1):
        data = reach(task, "data")
        given = {name: scalar(value) for name, value in data.items()} if isinstance(data, dict) else {}
        if not given:
            tray.fault(number, "data", "nothing", "a task needs its image", scalar(reach(task, "id")))
        elif not done:
            tray.notes[NOT_DONE] += 1
        else:
            _count(number, given, done, labels, images)
    yield from images.batch()


def _count(number: int, given: dict[str, str], done: dict[str, Counter[str]], labels: list[str],
           images: Images) -> None:
    tray = images.tray
    image = PurePosixPath(next((given[name] for name in ("image", "img", "url") if given.get(name)),
                               next(iter(given.values()))).split("?")[0]).name
    cells = tray.cells(number, {**given, "name of the image": image})
    column = next((name for name in DAYS if MOMENT.fullmatch(cells.text(name))), "")
    day = day_of(cells, column, tray) if column else images.day(cells, "name of the image")
    boxes = {label: (float(min(counts)), float(max(counts))) for label in labels
             if (counts := [by[label] for by in done.values()])}
    if any(low != high for low, high in boxes.values()):
        tray.notes["images on which annotators differ: the bounds are the lowest and the highest count"] += 1
    images.count(cells, day, image, boxes, labels, analyst=" ".join(sorted(filter(None, done))))


def _submitted(task: Any) -> dict[str, Counter[str]]:
    """Annotator -> boxes by label, of the annotations that were submitted and not skipped."""
    made: dict[str, Counter[str]] = {}
    annotations = reach(task, "annotations")
    for place, each in enumerate(annotations if isinstance(annotations, list) else []):
        results = reach(each, "result")
        if not isinstance(results, list) or reach(each, "was_cancelled") is True:
            continue
        who = scalar(reach(each, "completed_by")) or scalar(reach(each, "completed_by.email")) or str(place)
        made[who] = Counter(name for result in results if scalar(reach(result, "type")) in SHAPES
                            for name in _names(result))
    return made


def _names(result: Any) -> list[str]:
    value = reach(result, "value")
    found = value.get(scalar(reach(result, "type"))) if isinstance(value, dict) else None
    return [name for name in map(scalar, found[:1]) if name] if isinstance(found, list) else []


FEED = Feed("label_studio", "Label Studio export, JSON: boxes to counts per image and label", "stock", "",
            "simulated_label_studio.json", recognise, read)
