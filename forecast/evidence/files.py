"""The files behind one run: each is read from disk once, and hashed as the bytes that were used."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from forecast.support.registry import folder, suggest
from forecast.support.regular_files import check_regular, expanded

LOG = logging.getLogger("forecast")
MOST_BYTES = 64 * 1024 * 1024  # of one ledger, which people write row by row
FEW = 40  # names that an error still lists
Made = TypeVar("Made")


@dataclass(frozen=True)
class Document:
    """One file as it was when it was read: its name, its bytes, and (got, do) of why there are none."""

    name: str
    data: bytes = b""
    fault: tuple[str, str] | None = None


class Files:
    """What one run has read. A file that is edited while it runs changes nothing: its first bytes are kept.

    inputs : name of each file as it was given -> sha256 of its bytes
    """

    def __init__(self) -> None:
        self.inputs: dict[str, str] = {}
        self._documents: dict[str, Document] = {}
        self._made: dict[Hashable, Any] = {}

    def document(self, path: str | Path) -> Document:
        """The file meant by `path` (see `locate`), read on first use."""
        key = Path(path).as_posix()
        if key not in self._documents:
            found = read_document(locate(path))
            self._documents[key] = found
            if found.fault is None:
                self.inputs[key] = hashlib.sha256(found.data).hexdigest()
        return self._documents[key]

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` gives, made on first use of `key`."""
        if key not in self._made:
            self._made[key] = make()
        return cast(Made, self._made[key])

    @contextmanager
    def streamed(self, path: str | Path) -> Iterator[Path]:
        """The place of a file that is too large to keep; ValueError if it changes while it is read."""
        place, key = locate(path), Path(path).as_posix()
        check_regular(place)
        before = _stamp(place)
        yield place
        if place.is_file():
            with place.open("rb") as opened:
                told = hashlib.file_digest(opened, "sha256").hexdigest()
            if _stamp(place) != before or self.inputs.get(key, told) != told:
                raise ValueError(f"{place.name}: it changed while it was read: run again when it is whole")
            self.inputs[key] = told

    def taken(self, *paths: str | Path) -> dict[str, str]:
        """Those of `inputs` that are one of these files, or lie in one of these folders."""
        wanted = [Path(path).as_posix() for path in paths]
        return {name: told for name, told in self.inputs.items()
                if name in wanted or Path(name).parent.as_posix() in wanted}


def read_document(place: Path) -> Document:
    """The bytes of a file, or why they cannot be had."""
    if place.is_dir():
        return Document(place.name, fault=("a folder", "name a CSV file in it"))
    try:
        check_regular(place)
    except (ValueError, OSError):
        return Document(place.name, fault=("no regular file", "name a CSV file"))
    if place.stat().st_size > MOST_BYTES:
        return Document(place.name, fault=(f"more than {MOST_BYTES // 1024 ** 2} MiB",
                                           "a large table is a feed: read it with LongTable"))
    return Document(place.name, place.read_bytes())


def locate(path: str | Path) -> Path:
    """The file or folder meant by `path`: absolute, among the experiments that ship, in the work folder, or in its
    `experiments`; another of the same name that it hides is logged.

    Raises ValueError saying where was looked, when it is none of these.
    """
    given = expanded(path)
    places = [given] if given.is_absolute() else [folder("experiments") / given, given, Path("experiments") / given]
    found = list({place.resolve(): place for place in places if place.exists()}.values())
    if len(found) > 1:
        LOG.warning("%s is read; %s has the same name and is not: give its full path if that is meant",
                    found[0].resolve(), found[1].resolve())
    if found:
        return found[0]
    beside = sorted({p.name for place in places if place.parent.is_dir() for p in place.parent.glob("*")})
    near = suggest(given.name, beside) if 0 < len(beside) <= FEW else "give a full path"
    where = ", ".join(str(place.parent.resolve()) for place in places)
    raise ValueError(f"no file or folder {str(path)!r} in {where}: {near}")


def _stamp(place: Path) -> tuple[int, int]:
    told = place.stat()
    return told.st_mtime_ns, told.st_size
