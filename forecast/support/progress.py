"""How long work tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int, str], None]  # done, of how many, what


def silent(done: int, total: int, what: str) -> None:
    """Progress of which nobody is told."""
