"""What an experiment names as evidence."""

from __future__ import annotations

from typing import Protocol

from forecast.evidence.decisions import Decision
from forecast.series.series import Series


class Source(Protocol):
    """What an experiment names as evidence; constructors are cheap and read nothing."""

    def series(self) -> tuple[Series, tuple[Decision, ...]]:
        """One series, and one decision on every statement that was read for it."""
        ...
