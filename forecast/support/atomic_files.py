"""Files that are written whole or not at all: one file by itself, or a set that is moved into its folder as one.

No link in an output folder is followed, and of what earlier runs left unfinished only that is touched which is
certainly ours (`ownership`).
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from forecast.support.ends import ends_put_off
from forecast.support.ownership import FOLDER, NO_LINK, NO_WAIT, code_of, is_ours

LOG = logging.getLogger("forecast")
MARK = ".forecast-"  # what the name of a folder of unfinished files begins with
PART = ".part"  # what the name of an unfinished file ends with
READY = ".ready"  # the seal, written when the set is whole: from then on it is moved in, if need be by the next run
OLD = ".old"
LAST = "report.html"  # moved last, for it is what people open
MOST_BYTES = 64 * 1024  # of a seal


# -- one file -------------------------------------------------------------------------------------------------------
def write_text(path: Path, text: str) -> None:
    """Put a text in the place of a file, whole or not at all; a link of that name is replaced, never followed."""
    with replaced(path) as part:
        part.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")  # names may be no text


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """An empty new file beside `path`; it takes the place of `path` when the block ends, and goes if that fails."""
    part = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}{PART}")
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_LINK, 0o666))
    try:
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


# -- what a folder holds --------------------------------------------------------------------------------------------
def link_in(path: Path) -> Path | None:
    """The first part of a path that is a link: its last one, and those below the current folder; None if none is."""
    here, whole = Path.cwd(), Path(os.path.abspath(path))
    below = [place for place in (*reversed(whole.parents), whole) if here in place.parents]
    return next((place for place in [*below, whole] if place.is_symlink()), None)


def is_file(path: Path) -> bool:
    """Whether a regular file lies there, which no link is."""
    with suppress(OSError):
        return stat.S_ISREG(path.lstat().st_mode)
    return False


def is_folder(path: Path) -> bool:
    """Whether a folder lies there, which no link is."""
    with suppress(OSError):
        return stat.S_ISDIR(path.lstat().st_mode)
    return False


def strange_in(folder: Path) -> Path | None:
    """The first thing below a folder that is neither a file nor a folder, such as a link; None if there is none."""
    for path in sorted(folder.iterdir()):
        if is_folder(path):
            if found := strange_in(path):
                return found
        elif not is_file(path):
            return path
    return None


def is_plain(name: object) -> bool:
    """Whether a name is that of an entry of a folder, and of no file of ours that is hidden there."""
    return (isinstance(name, str) and name not in ("", ".", "..", OLD, READY) and not name.startswith(MARK)
            and not {"/", "\\", "\0", os.sep} & set(name))


# -- a set ----------------------------------------------------------------------------------------------------------
@contextmanager
def atomic_set(target: Path, removed: Sequence[str] = ()) -> Iterator[Path]:
    """A new folder inside `target`; when the block ends its files take the place of those of the same names.

    If anything fails before, `target` stays as it was. What a killed run of ours left behind is moved in if it was
    whole, else removed. Two runs at once wait for one another while they move, so that the later one is there whole.

    removed : names in `target` that belong to an earlier set and go if the new one lacks them
    """
    with unfinished(target) as (place, inside):
        yield place
        try:
            with _lock(target), ends_put_off():
                _move_in(place, target, _seal(place, inside, removed))
        except KeyboardInterrupt as stopped:  # it was put off until now
            stopped.add_note(f"{target} is written")
            raise


@contextmanager
def unfinished(target: Path) -> Iterator[tuple[Path, int | None]]:
    """A new folder inside `target`, made where there is none, and its handle; the folder goes when the block ends."""
    fresh = not target.exists()
    target.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        with _lock(target) as folder:  # nobody may take the new folder for an abandoned one before it is held
            _finish_earlier(target, folder)  # `settled` has said what is left alone
            place = target / _new_name(folder)
            place.mkdir(mode=0o700)
            inside = held.enter_context(_lock(place))
        try:
            yield place, inside
        finally:
            _remove(place)
            if fresh:
                with suppress(OSError):  # it holds something by now, as it should
                    target.rmdir()


def _new_name(folder: int | None) -> str:
    """A name for an unfinished set that says whose it is from the moment it is made; bound to the folder it lies in."""
    nonce = secrets.token_hex(6)
    code = code_of("folder", nonce, *_identity(folder))
    return f"{MARK}{nonce}" + (f"-{code}" if code else "")


def _remove(place: Path) -> None:
    """Remove an unfinished set, unless it is sealed: then a move broke off that could not be taken back."""
    if not (place / READY).exists():
        shutil.rmtree(place, ignore_errors=True)


def _seal(place: Path, inside: int | None, removed: Sequence[str]) -> list[str]:
    """Say that the set in `place` is whole, and what goes with the earlier one; the names of that."""
    names = [name for name in removed if is_plain(name) and not (place / name).exists()]
    (place / OLD).mkdir()
    code = code_of("seal", place.name, *_identity(inside), *names)
    write_text(place / READY, json.dumps({"removed": names, "code": code}))
    return names


def _move_in(place: Path, target: Path, removed: Iterable[str]) -> None:
    """Put every new file in the place of the old one; undo it on failure."""
    old = place / OLD
    moved: list[tuple[Path, Path]] = []

    def move(here: Path, there: Path) -> None:
        here.replace(there)
        moved.append((here, there))

    names = (path.name for path in place.iterdir() if path.name not in (OLD, READY))
    new = sorted(names, key=lambda name: name == LAST)
    try:
        for name in removed:
            if os.path.lexists(target / name):
                move(target / name, old / name)
        for name in new:
            if os.path.lexists(target / name):
                move(target / name, old / name)
            move(place / name, target / name)
    except OSError:
        for here, there in reversed(moved):
            there.replace(here)
        (place / READY).unlink()  # the set is taken back, nobody may move it in later
        raise
    (place / READY).unlink()


# -- what earlier runs left -------------------------------------------------------------------------------------------
@contextmanager
def settled(target: Path) -> Iterator[None]:
    """A folder as no killed run has left it, and nobody else is moving files into it, while this lasts.

    The whole sets are moved in and the others removed that killed runs of ours left; what is left alone is logged, once
    in a process.
    """
    with _lock(target) as folder:
        for sentence in _finish_earlier(target, folder):
            _say(sentence)
        yield


@cache
def _say(sentence: str) -> None:
    LOG.warning("%s", sentence)


def _finish_earlier(target: Path, folder: int | None) -> list[str]:
    """Move in or remove what killed runs of ours left in `target`; a sentence on each thing that was left alone."""
    if folder is None:  # no locks here: nobody knows whether another run is alive, so what it left stays
        return []
    left_alone = []
    for name in sorted(os.listdir(target)):
        if not name.startswith(MARK):
            continue
        with _lock(target / name, wait=False) as inside:
            if inside is None and is_folder(target / name):
                continue  # another run is at work in it
            reason = _finish(target, name, folder, inside)
        if reason:
            left_alone.append(f"{target / name} was left alone: {reason}; remove it if you do not want it")
    return left_alone


def _finish(target: Path, name: str, folder: int, inside: int | None) -> str:
    """Move in or remove one unfinished set; what speaks against that, or nothing."""
    place = target / name
    if inside is None:
        return "it is no folder"
    nonce, _, code = name.removeprefix(MARK).partition("-")
    if not is_ours(code, "folder", nonce, *_identity(folder)):
        with suppress(OSError):
            place.rmdir()  # an empty one is a run that was killed where no secret could be kept
            return ""
        return "no run of this user on this machine made it here"
    if os.path.lexists(place / READY):
        try:
            removed = _sealed(place, target, inside)
            with ends_put_off():
                _move_in(place, target, removed)
        except (OSError, ValueError) as error:
            return str(error)
    shutil.rmtree(place, ignore_errors=True)
    return ""


def _sealed(place: Path, target: Path, inside: int) -> list[str]:
    """The names that go with the earlier set; ValueError unless the seal is ours and nothing in the set is a link."""
    handle = os.open(place / READY, os.O_RDONLY | NO_LINK | NO_WAIT)
    with os.fdopen(handle, "rb") as file:
        regular = stat.S_ISREG(os.fstat(handle).st_mode)
        text = file.read(MOST_BYTES) if regular else b""
    try:
        seal: Any = json.loads(text.decode("utf-8"))
        removed, code = list(seal["removed"]), seal["code"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError("its seal cannot be read") from error
    if not all(map(is_plain, removed)) or not is_ours(code, "seal", place.name, *_identity(inside), *removed):
        raise ValueError("its seal is not that of a run of this user on this machine")
    if not is_folder(place / OLD):
        raise ValueError(f"its {OLD} is no folder")
    beside = (target / name for name in [*removed, *os.listdir(place)] if (target / name).is_symlink())
    if strange := strange_in(place) or next(beside, None):
        raise ValueError(f"{strange} is a link or no file")
    return removed


def _identity(handle: int | None) -> tuple[int, int]:
    """Device and inode of an open folder."""
    if handle is None:
        return 0, 0
    facts = os.fstat(handle)
    return facts.st_dev, facts.st_ino


@contextmanager
def _lock(folder: Path, wait: bool = True) -> Iterator[int | None]:
    """Hold a folder against other processes; yields its handle, or None if it is no folder, or held by another.

    A link is not followed. Where there are no locks, a folder that we would wait for is taken for held.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield None
        return
    try:
        handle = os.open(folder, FOLDER if not wait else FOLDER & ~NO_LINK)
    except OSError:
        if wait:
            raise
        yield None  # another run has finished and removed it, or it is no folder
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:  # held by another, or a file system that knows no locks
            if not wait:
                yield None
                return
        yield handle
    finally:
        os.close(handle)
