"""CVAT for images (XML): boxes and polygons per image and label; the labels of the task are what was looked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from forecast.evidence.feeds.boxes import Images, check_size
from forecast.evidence.feeds.reading import Batch, Feed, Tray
from forecast.evidence.feeds.source import Source, local

SHAPES = ("box", "polygon", "ellipse", "mask")
LOOKED = ("every label of the task was looked for in every image listed: no box is a zero (CVAT lists an image that "
          "nobody opened in the same way: take such images out)")


def recognise(source: Source) -> bool:
    tree = source.tree
    return tree is not None and source.root == "annotations" and any(
        local(child) in ("image", "track", "meta") for child in tree)


def read(source: Source) -> Iterator[Batch]:
    tree = source.tree
    if tree is None or any(local(child) == "track" for child in tree):
        raise ValueError(f"{source.name}: tracks of a video: export it as 'CVAT for images'")
    tray = Tray(source)
    tray.notes[LOOKED] += 0
    images = Images(tray)
    labels = [(name.text or "").strip() for label in tree.iter("label") for name in label.findall("name")]
    check_size(sum(1 for _ in tree.iter("image")), len(labels), source.name)
    for number, image in enumerate(tree.iter("image"), start=1):
        cells = tray.cells(number, {"name": image.get("name", "")})
        shapes = [child for child in image if local(child) in SHAPES]
        if other := sum(local(child) not in (*SHAPES, "tag") for child in image):
            tray.notes["shapes that are no boxes, polygons, ellipses or masks not counted"] += other
        drawn = Counter((shape.get("label") or "").strip() for shape in shapes)
        for label in drawn:
            if not label or (labels and label not in labels):
                cells.wrong("label", label, f"the task has the labels {', '.join(labels)}: mend the export")
        boxes = {label: (float(n), float(n)) for label, n in drawn.items()}
        images.count(cells, images.day(cells, "name"), cells.text("name"), boxes, filter(None, labels))
    yield from images.batch()


FEED = Feed("cvat", "CVAT for images, XML: boxes to counts per image and label", "stock", "", "simulated_cvat.xml",
            recognise, read)
