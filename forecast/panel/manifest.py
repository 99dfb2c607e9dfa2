"""What of a panel is finished: one line a chunk in a file that is only ever appended to."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

from forecast import __version__
from forecast.panel.settings import Settings
from forecast.support.atomic_files import is_file, link_in, strange_in
from forecast.support.ownership import NO_LINK

NAME = "manifest.jsonl"


@dataclass(frozen=True)
class Manifest:
    """The first line says what was asked of which input; every other line that a chunk is finished.

    done : number of a chunk -> its line: `chunk, series` (names), `cpu` (seconds)
    """

    path: Path
    head: dict[str, Any]
    done: dict[int, dict[str, Any]]

    def add(self, line: dict[str, Any]) -> None:
        """Say for good that a chunk is finished; its files must be in place."""
        self.done[line["chunk"]] = line
        _append(self.path, line)

    def withdraw(self) -> None:
        """Leave nothing behind of a panel whose input could not be read."""
        if not self.done:
            self.path.unlink()
            with suppress(OSError):  # something of the user's lies there
                self.path.parent.rmdir()


def begin(folder: Path, source: Path, settings: Settings) -> Manifest:
    """The manifest of `folder`: the one that lies there, if it asks the same of the same input, or a new one.

    Raises ValueError where the folder holds something else, or a panel with other settings or of another input.
    """
    head = {"forecast": __version__, "input": source.name, "sha256": _hash(source), "settings": settings.asked()}
    path = folder / NAME
    _check_folder(folder)
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        _append(path, head)
        return Manifest(path, head, {})
    lines = _lines(path)
    if not lines:  # killed before its first line was whole
        path.unlink()
        _append(path, head)
        return Manifest(path, head, {})
    _same(folder, lines[0], json.loads(json.dumps(head)))
    return Manifest(path, head, {line["chunk"]: line for line in lines[1:]})


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
    if not is_file(folder / NAME) and (held := sorted(path.name for path in folder.iterdir())):
        raise ValueError(f"{folder} holds {held[0]} and no panel: name a new or an empty folder")


def _same(folder: Path, old: dict[str, Any], new: dict[str, Any]) -> None:
    if old.get("sha256") != new["sha256"]:
        raise ValueError(f"{folder} holds a panel of another input ({old.get('input')}): name a new folder")
    if old.get("forecast") != new["forecast"]:
        raise ValueError(f"{folder} holds a panel of forecast {old.get('forecast')}, this is {new['forecast']}: name a "
                         "new folder")
    was, now = old.get("settings", {}), new["settings"]
    for key in sorted(set(was) | set(now)):
        if was.get(key) != now.get(key):
            raise ValueError(f"{folder} holds a panel with {key} {was.get(key)}, asked is {now.get(key)}: name a new "
                             "folder, or ask the same")


def _lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines; what a killed run left of one is cut off, so that the next is not written behind it."""
    text = path.read_bytes()
    whole = text[:text.rfind(b"\n") + 1]
    if whole != text:
        with path.open("r+b") as file:
            file.truncate(len(whole))
    return [json.loads(line) for line in whole.splitlines()]


def _append(path: Path, line: dict[str, Any]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | NO_LINK, 0o666)
    with os.fdopen(handle, "a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
