"""Boxes drawn on images to counts per image and label: no box of a label that was looked for is a zero.

Images of several places are series apart; images of one place and day are looks at it if their names hold different
times, else it is asked whether they are tiles of one scene. A table beside the file, NAME.images.csv with the columns
image, date, site, scene, says what names do not; the images of one scene are added.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path, PurePosixPath

from forecast.evidence.cells import Cells
from forecast.evidence.feeds.reading import Batch, Tray
from forecast.evidence.tables.numbers import QuestionError

IN_NAME = re.compile(r"(?<!\d)(20\d{2}|19\d{2})[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")
CLOCK = re.compile(r"^[T_\- ](\d{4}|\d{6})(?!\d)")
UPLOAD = re.compile(r"^[0-9a-f]{8}-")  # what Label Studio puts before a name
SATELLITE = re.compile(r"(?:S[123][ABCD]?|L[COTEM]\d{2}|PS|SKY|SKYSAT|WV\d*|GE\d*|GF\d|PHR|SPOT\d?|ICEYE|UMBRA|K[35]A?|"
                       r"MAXAR|PLANET)(?:$|[_\-])", flags=re.I)
MOST_COUNTS = 1_000_000
MOST_LISTED = 10_000_000  # bytes of a table of images
LISTED = ("image", "date", "site", "scene")
PLACES = "images of several places, told by what stands before the date in their names: a series each"
ADDED = "images of one scene added, as the table of images says"
Count = tuple[float, float]


def check_size(images: int, labels: int, name: str) -> None:
    """Raise ValueError where every label in every image would be more rows than any annotator could have looked for."""
    if images * labels > MOST_COUNTS:
        raise ValueError(f"{name}: {labels} labels in {images} images, at most {MOST_COUNTS} counts are read: split it")


@dataclass(frozen=True)
class Image:
    """One image and its counts: the row of the file, place, day, time in its name, scene, and bounds of each label."""

    row: int
    name: str
    place: str
    day: date
    clock: str
    scene: str
    counts: Mapping[str, Count]
    analyst: str = ""


@dataclass
class Images:
    """Collects the images of a file, and gives their counts once all are known."""

    tray: Tray
    found: list[Image] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listed = _listed(self.tray)

    def day(self, cells: Cells, column: str) -> date | None:
        """The day of an image, as the table of images or its name says; else a fault of its row."""
        said = self.listed.get(cells.text(column))
        if said is not None and said["date"]:
            return Cells(cells.file, cells.row, said).day("date")
        return day_in_name(cells, column, self.tray)

    def count(self, cells: Cells, day: date | None, image: str, boxes: Mapping[str, Count], looked_for: Iterable[str],
              analyst: str = "") -> None:
        """Keep what was counted in an image; no box of a label that was looked for is an observed zero."""
        if cells.faults or day is None:
            self.tray.refuse(cells)
            return
        said = self.listed.get(image, {})
        place, clock = _place_and_time(image)
        counts = {label: boxes.get(label, (0.0, 0.0)) for label in sorted({*looked_for, *boxes})}
        self.found.append(Image(cells.row, image, said.get("site") or place, day, clock, said.get("scene", ""), counts,
                                analyst))

    def batch(self) -> Iterator[Batch]:
        """The counts, one row for each scene (or image) and label.

        Raises QuestionError where images may be tiles of a scene or looks at the whole place.
        """
        places = {image.place for image in self.found}
        apart = len(places) > 1
        if apart:
            self.tray.notes[PLACES] += 0
        for image in self._scenes():
            for label, (low, high) in image.counts.items():
                name = f"{image.place}/{label}" if apart and image.place else label
                self.tray.rows.append({
                    "unique_id": name, "ds": image.day, "y_low": low, "y_high": high, "measure": label,
                    "site": image.place if apart else "", "image_id": image.name, "analyst": image.analyst,
                    "row": image.row})
            if self.tray.full:
                yield self.tray.batch()
        yield self.tray.batch()

    def _scenes(self) -> Iterator[Image]:
        """Images with those of one scene added."""
        days: dict[tuple[str, date], list[Image]] = defaultdict(list)
        for image in self.found:
            days[image.place, image.day].append(image)
        for group in days.values():
            scenes: dict[str, list[Image]] = defaultdict(list)
            for image in group:
                scenes[image.scene or (f"time {image.clock}" if image.clock else "")].append(image)
            for scene, tiles in scenes.items():
                yield from self._told(tiles, bool(tiles[0].scene), scene)

    def _told(self, tiles: list[Image], listed: bool, scene: str) -> Iterator[Image]:
        names = {image.name for image in tiles}
        if len(names) == 1 or (self.tray.source.kind == "stock" and not listed):
            yield from tiles
        elif listed:
            self.tray.notes[ADDED] += len(tiles)
            yield _added(tiles, scene)
        else:
            raise QuestionError(_question(tiles, self.tray.source.name))


def _added(tiles: list[Image], scene: str) -> Image:
    labels = sorted({label for image in tiles for label in image.counts})
    counts = {label: (sum(image.counts.get(label, (0.0, 0.0))[0] for image in tiles),
                      sum(image.counts.get(label, (0.0, 0.0))[1] for image in tiles)) for label in labels}
    first = tiles[0]
    return Image(first.row, scene, first.place, first.day, first.clock, scene, counts, first.analyst)


def _question(tiles: list[Image], file: str) -> str:
    first = tiles[0]
    label = max(first.counts, key=lambda name: sum(image.counts[name][0] for image in tiles if name in image.counts),
                default="")
    low = [image.counts.get(label, (0.0, 0.0))[0] for image in tiles]
    shown = ", ".join(image.name for image in tiles[:3])
    return (f"{file}: {len(tiles)} images of {first.place or 'one place'} on {first.day} ({shown} ...) could be tiles "
            f"of one scene, {sum(low):g} of {label or 'all'} together, or looks at the whole place, {min(low):g} to "
            f"{max(low):g}: list them in {Path(file).stem}.images.csv beside the file (image,date,site,scene: those of "
            "one scene are added), or say kind=stock for looks")


def _listed(tray: Tray) -> dict[str, dict[str, str]]:
    """Image -> date, site and scene, from the table beside the file; nothing where there is none."""
    file = (tray.source.packed or tray.source).path
    table = file.with_name(f"{file.stem}.images.csv")
    if not table.is_file():
        return {}
    if table.stat().st_size > MOST_LISTED:
        raise ValueError(f"{table.name}: more than {MOST_LISTED // 1_000_000} MB: list the images of one file")
    try:
        with table.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            lacking = [name for name in LISTED[:1] if name not in (reader.fieldnames or ())]
            if lacking:
                raise ValueError(f"{table.name}: no column image: write image,date,site,scene")
            rows = [{name: (row.get(name) or "").strip() for name in LISTED} for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{table.name}: no table ({error}): save it as CSV UTF-8") from error
    tray.notes[f"dates, sites and scenes of images as {table.name} says"] += len(rows)
    return {row["image"]: row for row in rows}


def _place_and_time(name: str) -> tuple[str, str]:
    """What stands before the date in the name of an image, if it is no satellite, and the time after the date."""
    stem = UPLOAD.sub("", PurePosixPath(name).stem)
    match = IN_NAME.search(stem)
    if match is None:
        return "", ""
    before = stem[:match.start()].strip(" _-.")
    clock = CLOCK.match(stem[match.end():])
    return ("" if not re.search(r"[^\W\d_]", before) or SATELLITE.match(before) else before), clock[1] if clock else ""


def day_in_name(cells: Cells, column: str, tray: Tray) -> date | None:
    """The day that the name of an image holds, such as yard_2023-10-05.png or 20231005_T52.tif.

    >>> IN_NAME.search("yard_20231005T021541.tif").groups()
    ('2023', '10', '05')
    """
    name = cells.text(column)
    found = set(IN_NAME.findall(re.sub(r"T\d{4}(?:\d{2})?(?!\d)", "", name)))
    if len(found) == 1:
        try:
            day = date(*map(int, found.pop()))
        except ValueError:
            pass
        else:
            tray.notes["days read from the names of images"] += 1
            return day
    beside = f"{Path(tray.source.name).stem}.images.csv"
    cells.wrong(column, name, "no date, or several, in the name of the image: call it like yard_2023-10-05.png, or "
                f"list it in {beside} beside the file (image,date,site,scene)")
    return None
