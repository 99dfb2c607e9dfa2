"""Which paths may be read: regular files, for a pipe, a device or a file of `/proc` may give nothing for ever."""

from __future__ import annotations

import os
import stat
from functools import cache
from pathlib import Path

MADE_UP = ("/proc", "/sys", "/dev")  # where Linux shows itself as files
KINDS = {stat.S_IFDIR: "a folder", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device", stat.S_IFIFO: "a named pipe",
         stat.S_IFSOCK: "a socket"}


def check_regular(path: str | Path) -> None:
    """Raise ValueError for what is no regular file, or one that the system makes up as it is read.

    Links are followed. Raises OSError where nothing lies there.
    """
    facts = os.stat(path)
    kind = KINDS.get(stat.S_IFMT(facts.st_mode), "" if stat.S_ISREG(facts.st_mode) else "no file")
    if not kind and facts.st_dev in _systems_own():
        kind = "a file of the system's own"
    if kind:
        raise ValueError(f"{path} is {kind}: name a regular file")


def expanded(path: str | Path) -> Path:
    """The path with the home of a user in the place of `~`. Raises ValueError where there is no such user or home."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise ValueError(f"{path}: there is no home of that user here: write the whole path") from error


@cache
def _systems_own() -> frozenset[int]:
    root = os.stat("/").st_dev if os.path.isdir("/") else -1
    return frozenset(os.stat(place).st_dev for place in MADE_UP if os.path.isdir(place)) - {root}
