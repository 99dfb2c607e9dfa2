"""Which unfinished folders are ours: they carry a code that only this user on this machine can make.

The secret lies outside every output folder, so that a folder of a stranger cannot pass for one of ours, and a copy of
one of ours, edited or not, is a stranger's.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

SECRET = "token"  # noqa: S105 - the name of a file, in a folder that only this user may read
BYTES = 32
NO_LINK = getattr(os, "O_NOFOLLOW", 0)
NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # a named pipe in the place of a file would hold us for ever
FOLDER = os.O_RDONLY | NO_LINK | NO_WAIT | getattr(os, "O_DIRECTORY", 0)


def code_of(*parts: object) -> str | None:
    """A code of these parts that nobody else can make; None where this user has no place to keep a secret."""
    secret = _secret()
    if secret is None:
        return None
    text = "\0".join(f"{len(str(part))}:{part}" for part in parts)  # lengths, so that no two lists read the same
    return hmac.new(secret, text.encode("utf-8", errors="surrogateescape"), "sha256").hexdigest()


def is_ours(code: object, *parts: object) -> bool:
    """Whether `code` is the one that `code_of` makes of these parts."""
    own = code_of(*parts)
    return own is not None and isinstance(code, str) and hmac.compare_digest(code.encode(), own.encode())


def _secret() -> bytes | None:
    """The secret of this user, made on first use; None where it cannot be kept or is not private."""
    folder = _state_folder()
    if folder is None:
        return None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _read(folder / SECRET) or _made(folder)
    except OSError:  # no home, or one that may not be written: nothing of an earlier run is taken up
        return None


def _state_folder() -> Path | None:
    """Where programs keep what is neither a setting nor a cache (XDG Base Directory Specification 0.8)."""
    named = os.environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(named):  # the specification says to pass over any other
        return Path(named, "forecast")
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home / ".local" / "state" / "forecast" if home.is_absolute() and home.is_dir() else None


def _read(path: Path) -> bytes | None:
    """The secret that lies there, if it is whole and a file of this user that nobody else may read."""
    try:
        handle = os.open(path, os.O_RDONLY | NO_LINK | NO_WAIT)
    except OSError:
        return None
    try:
        facts = os.fstat(handle)
        private = not hasattr(os, "geteuid") or (facts.st_uid == os.geteuid() and not facts.st_mode & 0o077)
        found = os.read(handle, BYTES + 1) if stat.S_ISREG(facts.st_mode) and private else b""
    finally:
        os.close(handle)
    return found if len(found) == BYTES else None


def _made(folder: Path) -> bytes | None:
    """A new secret; of two processes that make one at once, both have the one that came first."""
    part = folder / f".{SECRET}-{secrets.token_hex(8)}"
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_LINK, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(BYTES))
        with suppress(FileExistsError):
            os.link(part, folder / SECRET)  # unlike a rename it never takes the place of another's
    finally:
        part.unlink()
    return _read(folder / SECRET)
