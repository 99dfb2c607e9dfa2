"""Text that a terminal only shows, whatever a stranger has put into it, and streams that stop no run."""

from __future__ import annotations

import codecs
import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

# what a reader does not see, or what turns the text around it; blanks and line ends stay
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
ODD_BLANKS = re.compile(r"[^\S \n]")  # in a message they would hide where a name ends
# for a terminal of ASCII alone
PLAIN = {"\u2013": "-", "\u2014": "-", "\u2019": "'", "\u00d7": "x", "\u2265": ">=", "\u2264": "<=", "\u00a0": " ",
         "\u2009": " ", "\u202f": " "}
STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def printable(text: str) -> str:
    """The text with characters that steer a terminal shown by their codes.

    >>> printable("a\\x1b[31mb")
    'a\\\\u001b[31mb'
    """
    return STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def short(text: str, most: int = 300) -> str:
    """A text of a stranger of which the middle goes where it is long."""
    return text if len(text) <= most else f"{text[:most // 2]} ... {text[-most // 2:]}"


def quoted(value: object, most: int = 80) -> str:
    """A value of a stranger as a message quotes it: its `repr`, of which the middle goes where it is long.

    >>> quoted("a" * 1000, 12)
    "'aaaa...aaaa'"
    """
    if isinstance(value, str | bytes) and len(value) > most:
        half = max((most - 4) // 2, 1)
        value = value[:half] + (b"..." if isinstance(value, bytes) else "...") + value[-half:]  # type: ignore[operator]
        return repr(value)
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, lists in lists
        text = f"a {type(value).__name__} too large to show"
    return text if len(text) <= most else f"{text[:most - 3]}..."


def printable_message(text: str) -> str:
    """As `printable`, with blanks that are no plain ones shown as well."""
    return ODD_BLANKS.sub(lambda found: f"\\u{ord(found[0]):04x}", printable(text))


class Shown(io.TextIOBase):
    """A stream on which everything is printable; one that cannot be written is given up, and `failed` says why."""

    def __init__(self, raw: TextIO, drawn: bool) -> None:
        """drawn : whether progress may be drawn on it, which goes past this stream, to `raw`"""
        self.raw, self.drawn, self.failed = raw, drawn, ""

    def write(self, text: str) -> int:
        """Write the text as it may be shown; BrokenPipeError where the reader has seen enough."""
        self._tried(lambda: self.raw.write(printable(text)))
        return len(text)

    def flush(self) -> None:
        self._tried(self.raw.flush)

    def _tried(self, act: Any) -> None:
        if self.failed:
            return
        try:
            act()
        except BrokenPipeError:
            raise
        except (OSError, ValueError) as error:
            self.failed = getattr(error, "strerror", None) or str(error)

    def isatty(self) -> bool:
        return self.drawn and self.raw.isatty()

    def fileno(self) -> int:
        return self.raw.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self.raw, "encoding", None) or "utf-8"


def raw_stderr() -> TextIO:
    """Standard error for what steers the terminal itself: a bar that moves; names in it must be made printable."""
    return sys.stderr.raw if isinstance(sys.stderr, Shown) else sys.stderr


@contextmanager
def shown_streams() -> Iterator[Shown]:
    """Let all that is printed in the block be printable; yields standard output."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, told = Shown(before[0], drawn=False), Shown(before[1], drawn=True)
    try:
        yield out
    finally:
        told.flush()
        sys.stdout, sys.stderr = before


def open_streams() -> None:
    """Give a process that was started without one of the three streams an empty one; no stream refuses a character.

    Otherwise the next file that is opened would take its place, and what is said would be written into that file.
    """
    codecs.register_error("forecast_plain", _plain)
    for number, (name, mode) in enumerate(STREAMS):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="forecast_plain")


def give_up(stream: TextIO) -> None:
    """Let what is still to be written to a stream that cannot be written go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _plain(error: UnicodeError) -> tuple[str, int]:
    """What stands for characters that a stream cannot show; codes as JSON has them."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start:error.end]
    return "".join(PLAIN.get(c) or _code(c) for c in text), error.end


def _code(character: str) -> str:
    number = ord(character)
    if number < 0x10000:
        return f"\\u{number:04x}"
    high, low = divmod(number - 0x10000, 0x400)
    return f"\\u{0xd800 + high:04x}\\u{0xdc00 + low:04x}"
