"""An error in one sentence, as a terminal may show it."""

from __future__ import annotations

import errno
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from forecast.support.terminal import printable_message, short

MOST_LETTERS = 1_000  # of one line


def said(error: Exception) -> str:
    """One sentence; characters that steer a terminal are shown by their codes."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        text += (": free some space, raise the limit, or name another folder with output=FOLDER (a panel: OUTPUT); an "
                 "earlier report is as it was")
    elif isinstance(error, PermissionError | NotADirectoryError) or getattr(error, "errno", 0) == errno.EROFS:
        text += ": name a file that you may read, and a folder that you may write with output=FOLDER (a panel: OUTPUT)"
    return "\n".join(short(line, MOST_LETTERS) for line in printable_message(text).split("\n"))


class _Said(logging.Handler):
    """Says our own warnings on standard error as well, for the log is read by nobody who does not look for it."""

    def emit(self, record: logging.LogRecord) -> None:
        print(f"forecast: {printable_message(record.getMessage())}", file=sys.stderr, flush=True)


@contextmanager
def warnings_said() -> Iterator[None]:
    """Say warnings of ours on standard error while this lasts."""
    ours = logging.getLogger("forecast")
    ours.addHandler(shown := _Said(logging.WARNING))
    try:
        yield
    finally:
        ours.removeHandler(shown)
