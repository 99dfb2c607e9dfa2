"""Compressed files: what lies in a gzip file, or alone in a zip archive, unpacked within bounds."""

from __future__ import annotations

import gzip
import shutil
import tempfile
import weakref
import zipfile
import zlib
from pathlib import Path
from typing import IO, cast

from forecast.evidence.feeds.source import LARGEST_RATIO, ZIP_FAULTS, Source

GZIP = b"\x1f\x8b"
LARGEST = 2_000_000_000  # bytes of what is unpacked: years of all ports of PortWatch are 300 MB
CHUNK = 1 << 20
OWN = ("xl/workbook.xml", "content.xml", "mimetype")  # of archives that are documents themselves


def opened(path: Path) -> Source:
    """The file, or what it holds packed; ValueError for several in one, a broken or too large one."""
    source = Source(path)
    if source.head.startswith(GZIP):
        return _unpacked(source, None)
    if source.is_zip and not any(name in OWN or name.lower().endswith(".kml") for name in source.listed):
        inside = [
            name
            for name in source.listed
            if not name.endswith("/") and not name.startswith("__MACOSX/") and not Path(name).name.startswith(".")
        ]
        if len(inside) != 1:
            raise ValueError(
                f"{path.name}: an archive of {len(inside)} files ({', '.join(inside[:5])}): unpack it, name one"
            )
        return _unpacked(source, inside[0])
    return source


def _unpacked(source: Source, member: str | None) -> Source:
    """The content in a file of its own, which goes when nobody reads it any more."""
    folder = tempfile.mkdtemp(prefix="forecast-")
    gone = weakref.finalize(source, shutil.rmtree, folder, True)
    place = Path(folder) / "content"
    packed = source.path.stat().st_size
    try:
        if member is None:
            with gzip.open(source.path) as file, place.open("wb") as out:
                _copy(cast("IO[bytes]", file), out, packed, source.name)
        else:
            with zipfile.ZipFile(source.path) as archive, archive.open(member) as file, place.open("wb") as out:
                _copy(file, out, packed, source.name)
    except (*ZIP_FAULTS, gzip.BadGzipFile, zlib.error, NotImplementedError) as error:
        gone()
        raise ValueError(f"{source.name}: a broken or locked archive ({error}): save it again") from error
    return Source(place, packed=source)


def _copy(file: IO[bytes], out: IO[bytes], packed: int, name: str) -> None:
    size = 0
    while chunk := file.read(CHUNK):
        size += len(chunk)
        if size > LARGEST or (size > CHUNK and size > LARGEST_RATIO * packed):
            raise ValueError(
                f"{name}: {packed} bytes unpack to {size} or more: more than {LARGEST_RATIO} times, or more than "
                f"{LARGEST // 1_000_000} MB, is not read; save it again or split it"
            )
        out.write(chunk)
