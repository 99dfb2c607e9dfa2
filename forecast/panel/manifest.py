"""What of a panel is finished: one line a chunk, each with a hash of itself and of the files that it speaks of.

A line or a file that is not as it was written is told by its hash, and its chunk is done again: rows of two questions,
or of half a write, never stand in one table.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from forecast import __version__
from forecast.panel import tables
from forecast.panel.settings import Settings
from forecast.support.atomic_files import MARK, PART, is_file, is_folder, link_in, settled, strange_in, write_text
from forecast.support.ownership import FOLDER, NO_LINK
from forecast.support.terminal import short

LOG = logging.getLogger("forecast")
NAME = "manifest.jsonl"
PARTS = "parts"
TABLE = r"(series|breaks|effects|placebos|forecast)"
OURS = re.compile(rf"{NAME}|{PARTS}|rejected\.csv|summary\.(html|json)|{TABLE}\.parquet"
                  rf"|{PARTS}/{TABLE}-\d{{6}}\.parquet|({PARTS}/)?\.[^/]+{re.escape(PART)}|{re.escape(MARK)}.*")
MOST_SECONDS = 1e9  # no chunk takes thirty years
SHOWN = 10  # things done again that are said one by one
HEAD = ("forecast", "input", "sha256", "settings")
Line = dict[str, Any]


@dataclass(frozen=True)
class Manifest:
    """The first line says what was asked of which input; every other line that a chunk is finished.

    done : number of a chunk -> its line: `chunk, series` (names), `cpu` (seconds), `files` (table -> sha256 of its
        part)
    damaged : what of the manifest was not as it was written
    """

    path: Path
    head: Line
    done: dict[int, Line]
    damaged: list[str] = field(default_factory=list)

    def add(self, line: Line) -> None:
        """Say for good that a chunk is finished; its files must be in place."""
        self.done[line["chunk"]] = line
        _append(self.path, self._sealed(line))

    def keep_sound(self, chunks: Sequence[Sequence[str]]) -> None:
        """Forget the chunks of which a line or a file is not as it was written, and say which; they are done again.

        chunks : the names of the series of each
        """
        damaged = list(self.damaged)
        for number, line in sorted(self.done.items()):
            wrong = list(self._wrong(line, chunks))
            if wrong:
                damaged += wrong
                del self.done[number]
        if damaged:
            for told in damaged[:SHOWN]:
                LOG.warning("%s: %s: its series are done again", self.path.parent, told)
            if len(damaged) > SHOWN:
                LOG.warning("%s: %d more of the kind", self.path.parent, len(damaged) - SHOWN)
            self._write()

    def withdraw(self) -> None:
        """Leave nothing behind of a panel whose input could not be read."""
        if not self.done:
            self.path.unlink()
            with suppress(OSError):  # something of the user's lies there
                self.path.parent.rmdir()

    def _wrong(self, line: Line, chunks: Sequence[Sequence[str]]) -> Iterator[str]:
        number, files = line["chunk"], line.get("files")
        if not 0 <= number < len(chunks) or line.get("series") != list(chunks[number]):
            yield f"the line of chunk {number} in {NAME} is of other series"
            return
        if not isinstance(files, dict) or set(files) != set(tables.SCHEMAS) or not _is_time(line.get("cpu")):
            yield f"the line of chunk {number} in {NAME} is not such as a panel writes"
            return
        events = [event for event, *_ in self.head["settings"]["windows"]]
        for name, digest in sorted(files.items()):
            path = part(self.path.parent, name, number)
            if not is_file(path):
                yield f"{PARTS}/{path.name} is missing"
            elif digest_of(path) != digest:
                yield f"{PARTS}/{path.name} is not as it was written"
            elif not tables.is_of(path, name, chunks[number], events):
                yield f"{PARTS}/{path.name} is of something else"

    def _write(self) -> None:
        lines = [self.head, *(self._sealed(line) for _, line in sorted(self.done.items()))]
        write_text(self.path, "".join(json.dumps(line) + "\n" for line in lines))

    def _sealed(self, line: Line) -> Line:
        return {**line, "hash": _hash(self.head, line)}


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < MOST_SECONDS


def part(folder: Path, name: str, number: int) -> Path:
    """The file of one table of one chunk."""
    return folder / PARTS / f"{name}-{number:06d}.parquet"


def digest_of(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _hash(head: Line, line: Line) -> str:
    """What a line of this panel, and of no other, is known by."""
    return sha256(json.dumps([head, line], sort_keys=True).encode()).hexdigest()


# -- the folder -------------------------------------------------------------------------------------------------------
def begin(folder: Path, source: Path, settings: Settings) -> Manifest:
    """The manifest of `folder`: the one that lies there, if it asks the same of the same input, or a new one.

    Raises ValueError where the folder holds something else, or a panel with other settings or of another input.
    """
    head = {"forecast": __version__, "input": source.name, "sha256": digest_of(source), "settings": settings.asked()}
    head = json.loads(json.dumps(head))
    path = folder / NAME
    _check_folder(folder)
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        _append(path, head)
        return Manifest(path, head, {})
    with settled(folder):
        lines = list(_lines(path))
    known = lines[0] if lines and _is_head(lines[0]) else None
    if known is not None:
        _same(folder, known, head)
        head = known  # which may name the file otherwise
    done, damaged = _done(head, lines[1:])
    if known is None:
        lost = lines or any(path.is_file() for path in (folder / PARTS).glob("*"))
        damaged = ["its first line is damaged", *damaged] if lost else []
    manifest = Manifest(path, head, done, [f"{NAME}: {told}" for told in damaged])
    manifest._write()  # what a killed run left of a line goes, and nothing is appended to what another name means too
    return manifest


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder of a panel, made where there is none; ValueError where another process is at work in it.

    Raises ValueError as `begin` does for a folder that is that of something else.
    """
    _check_folder(folder)
    fresh = not folder.exists()
    (folder / PARTS).mkdir(parents=True, exist_ok=True)
    with _held(folder):
        try:
            yield
        finally:
            with suppress(OSError):  # they hold something by now, as they should
                (folder / PARTS).rmdir()
                if fresh:
                    folder.rmdir()


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    handle = os.open(folder / PARTS, FOLDER)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ValueError(f"{folder}: another process is at work in it: wait for it, or name a new "
                             "folder") from error
        except OSError:  # a file system that knows no locks
            pass
        yield
    finally:
        os.close(handle)


def _check_folder(folder: Path) -> None:
    """Raise ValueError unless the folder is absent, empty or that of a panel, and nothing in it is a link."""
    if link := link_in(folder):
        raise ValueError(f"{folder}: {link} is a link to {os.readlink(link)}: name the folder itself, or remove "
                         "the link")
    if not folder.is_dir():
        if folder.exists():
            raise ValueError(f"{folder} is a file: name a folder")
        return
    if strange := strange_in(folder):
        raise ValueError(f"{folder} holds {strange.relative_to(folder)}, a link or no file: remove it, or name a new "
                         "folder")
    inside = sorted((folder / PARTS).iterdir()) if is_folder(folder / PARTS) else []
    held = [path.name for path in sorted(folder.iterdir()) if inside or path.name != PARTS]
    if held and not is_file(folder / NAME):
        raise ValueError(f"{folder} holds {held[0]} and no panel: name a new or an empty folder")
    others = [name for name in [*held, *(f"{PARTS}/{path.name}" for path in inside)] if not OURS.fullmatch(name)]
    if others:
        raise ValueError(f"{folder} holds {others[0]}, which is no part of a panel: move it away, or name a new folder")


def _is_head(line: Any) -> bool:
    return isinstance(line, dict) and set(HEAD) <= set(line) and isinstance(line["settings"], dict)


def _same(folder: Path, old: Line, new: Line) -> None:
    if old.get("sha256") != new["sha256"]:
        raise ValueError(f"{folder} holds a panel of another input ({short(str(old.get('input')), 80)}): name a new "
                         "folder")
    if old.get("forecast") != new["forecast"]:
        raise ValueError(f"{folder} holds a panel of forecast {short(str(old.get('forecast')), 80)}, this is "
                         f"{new['forecast']}: name a new folder")
    was, now = old.get("settings", {}), new["settings"]
    for key in sorted(set(was) | set(now)):
        if was.get(key) != now.get(key):
            raise ValueError(f"{folder} holds a panel with {short(key, 80)} {short(str(was.get(key)), 80)}, asked is "
                             f"{now.get(key)}: name a new folder, or ask the same")


# -- lines ------------------------------------------------------------------------------------------------------------
def _lines(path: Path) -> Iterator[Any]:
    """What the whole lines hold, None for what is no JSON; what a killed run left of the last is passed over."""
    text = path.read_bytes()
    for line in text[:text.rfind(b"\n") + 1].split(b"\n")[:-1]:
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            yield None


def _done(head: Line, lines: Sequence[Any]) -> tuple[dict[int, Line], list[str]]:
    """The lines that are as they were written, by their chunk; and which are not."""
    done: dict[int, Line] = {}
    damaged = []
    for at, line in enumerate(lines, start=2):
        own = {key: value for key, value in line.items() if key != "hash"} if isinstance(line, Mapping) else {}
        if not isinstance(own.get("chunk"), int) or line.get("hash") != _hash(head, own):
            damaged.append(f"line {at} is damaged")
        else:
            done[own["chunk"]] = own
    return done, damaged


def _append(path: Path, line: Line) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | NO_LINK, 0o666)
    with os.fdopen(handle, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())
