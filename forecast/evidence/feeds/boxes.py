"""Boxes drawn on images to counts per image and label: no box of a label that was looked for is a zero."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

from forecast.evidence.cells import Cells
from forecast.evidence.feeds.reading import Tray

IN_NAME = re.compile(r"(?<!\d)(20\d{2}|19\d{2})[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")
MOST_COUNTS = 1_000_000
Count = tuple[float, float]


def check_size(images: int, labels: int, name: str) -> None:
    """Raise ValueError where every label in every image would be more rows than any annotator could have looked for."""
    if images * labels > MOST_COUNTS:
        raise ValueError(f"{name}: {labels} labels in {images} images, at most {MOST_COUNTS} counts are read: split it")


def day_in_name(cells: Cells, column: str, tray: Tray) -> date | None:
    """The day that the name of an image holds, such as yard_2023-10-05.png or 20231005_T52.tif.

    >>> from pathlib import Path
    >>> IN_NAME.search("yard_20231005T021541.tif").groups()
    ('2023', '10', '05')
    """
    name = cells.text(column)
    found = set(IN_NAME.findall(re.sub(r"T\d{6}", "", name)))
    if len(found) == 1:
        try:
            day = date(*map(int, found.pop()))
        except ValueError:
            pass
        else:
            tray.notes["days read from the names of images"] += 1
            return day
    cells.wrong(column, name, "no date, or several, in the name of the image: call it like yard_2023-10-05.png")
    return None


def count(cells: Cells, day: date | None, image: str, boxes: Mapping[str, Count], looked_for: Iterable[str], tray: Tray,
          analyst: str = "") -> None:
    """One row per label that was looked for in an image; no box is an observed zero."""
    if cells.faults or day is None:
        tray.refuse(cells)
        return
    for label in sorted({*looked_for, *boxes}):
        low, high = boxes.get(label, (0.0, 0.0))
        tray.add(cells, unique_id=label, ds=day, y_low=low, y_high=high, measure=label, image_id=image, analyst=analyst)
