"""Text that a terminal only shows, whatever a stranger has put into it."""

from __future__ import annotations

import re

# control characters, marks that turn the direction of text, and blanks that are none
STEERING = re.compile(r"[^\S \n]|[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """The text with characters that steer a terminal shown by their codes.

    >>> printable("a\\x1b[31mb")
    'a\\\\u001b[31mb'
    """
    return STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
