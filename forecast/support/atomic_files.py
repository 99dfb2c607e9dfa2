"""Files that are made aside and moved into their folder as one set: whatever breaks, no set is left in parts."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

MARK = ".forecast-"  # what the name of a folder of unfinished files begins with
READY = ".ready"  # written when the set is whole: from then on it is moved in, if need be by the next run
OLD = ".old"


@contextmanager
def aside(target: Path, gone: Sequence[str] = ()) -> Iterator[Path]:
    """A new folder inside `target`; when the block ends its files take the place of those of the same names.

    If anything fails before, `target` stays as it was. What a killed run left behind is moved in if it was whole, else
    removed. Two runs at once wait for one another while they move, so that the later one is there whole.

    gone : names in `target` that belong to an earlier set and go if the new one lacks them
    """
    fresh = not target.exists()
    target.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        with _lock(target):  # nobody may take the new folder for an abandoned one before it is held
            _finish(target)
            place = Path(tempfile.mkdtemp(prefix=MARK, dir=target))
            held.enter_context(_lock(place))
        try:
            yield place
            with _lock(target), _uninterrupted():
                _seal(place, gone)
                _move_in(place, target)
        finally:
            shutil.rmtree(place, ignore_errors=True)
            if fresh:
                with suppress(OSError):  # it holds something by now, as it should
                    target.rmdir()


def _seal(place: Path, gone: Sequence[str]) -> None:
    """Say that the set in `place` is whole, and what goes with the earlier one."""
    names = [path.name for path in place.iterdir()]
    (place / OLD).mkdir()
    part = place / f"{READY}.part"
    part.write_text(json.dumps({"gone": [name for name in gone if name not in names]}), encoding="utf-8")
    part.replace(place / READY)


def _finish(target: Path) -> None:
    """Move in the whole sets, and remove the others, that killed runs left in `target`."""
    for place in sorted(target.glob(f"{MARK}*")):
        with _lock(place, wait=False) as abandoned:
            if abandoned and (place / READY).is_file():
                with _uninterrupted():
                    _move_in(place, target)
        if abandoned:
            shutil.rmtree(place, ignore_errors=True)


def _move_in(place: Path, target: Path) -> None:
    """Put every new file in the place of the old one, the page last, for it is what people open; undo it on failure."""
    old = place / OLD
    moved: list[tuple[Path, Path]] = []

    def move(here: Path, there: Path) -> None:
        here.replace(there)
        moved.append((here, there))

    try:
        for name in json.loads((place / READY).read_text(encoding="utf-8"))["gone"]:
            if (target / name).exists():
                move(target / name, old / name)
        new = [path for path in place.iterdir() if path.name not in (OLD, READY)]
        for path in sorted(new, key=lambda path: path.name == "report.html"):
            if (target / path.name).exists():
                move(target / path.name, old / path.name)
            move(path, target / path.name)
    except OSError:
        (place / READY).unlink()  # the set is taken back, nobody may move it in later
        for here, there in reversed(moved):
            there.replace(here)
        raise


@contextmanager
def _lock(folder: Path, wait: bool = True) -> Iterator[bool]:
    """Hold a folder against other processes; yields False if another holds it and we do not wait."""
    try:
        import fcntl
    except ImportError:  # Windows: nobody knows whether another run is alive, so what it left stays
        yield wait
        return
    with ExitStack() as stack:
        try:
            handle = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:  # another run has finished and removed it
            yield False
            return
        stack.callback(os.close, handle)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            held = True
        except OSError:  # held by another, or a file system that knows no locks
            held = wait
        yield held


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Put off Ctrl-C until the block is done: a set half moved in is no set."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked: list[Any] = []
    before = signal.signal(signal.SIGINT, lambda *given: asked.append(given))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        raise KeyboardInterrupt
