"""What an experiment names as evidence, and what reading it gives: one `Evidence`, read once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date
from typing import Any, Protocol, runtime_checkable

import numpy as np

from forecast.evidence.decisions import Contradiction, Decision, NothingUsedError
from forecast.evidence.files import Files
from forecast.evidence.statements import Statement
from forecast.series.series import Series

WIDEST = 0.95  # half-width of "about", beyond which a ledger is refused
# choices of a source that an analyst might have made otherwise: field -> value -> what it means
REVERSED: Mapping[str, Mapping[Any, str]] = {
    "merge": {"none": "no two statements taken for one call", "same_call": "only stated repeats taken for one call",
              "possible_dup": "possible repeats taken for one call"},
    "include_inferred": {False: "inferred calls left out", True: "inferred calls taken in"},
    "exposure": {"stated": "the stated share of usable days", "full": "every watched day taken as fully seen"},
    "unlisted": {"totals": "calls bounded by the publisher's totals", "zero": "the listed calls taken as complete"},
}


class Source(Protocol):
    """What an experiment names as evidence; constructors are cheap and read nothing."""

    def read(self, files: Files | None = None) -> Evidence:
        """The evidence, from files that are read once; `files` of a run are shared by all of its sources."""
        ...


@runtime_checkable
class StatementSource(Source, Protocol):
    """A source whose series is made of statements, any of which can be left out."""

    def of(self, statements: Sequence[Statement], files: Files | None = None) -> Evidence:
        """The same from statements that are read already, or from some of them."""
        ...


class Totals(Protocol):
    """What totals over several rows say of their sum, beyond the bounds of each row."""

    def since(self, row: int) -> tuple[np.ndarray, np.ndarray]:
        """Least and most that rows `row` to each later one hold together, [n - row], inf where nothing bounds it."""
        ...


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of one series, and from whom; nothing of it is read again.

    series : the series that follows from the statements
    statements : every statement that was read, used or not; () where the source has none
    decisions : what became of each statement (or row), and why
    totals : what totals say of sums of rows; None where the rows say all
    contradictions : where statements exclude each other; the row then holds both, and neither is believed
    inputs : name of each file -> sha256 of the bytes that were used
    assumed : rows whose share of watched days no watcher states, so that one is assumed [n]; None where none is
    """

    series: Series
    decisions: tuple[Decision, ...]
    source: Source
    files: Files = field(repr=False)
    statements: tuple[Statement, ...] = ()
    totals: Totals | None = None
    contradictions: tuple[Contradiction, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    assumed: np.ndarray | None = None

    @property
    def used(self) -> tuple[Statement, ...]:
        """The statements that the series rests on, by id."""
        ids = {i for row in self.series.sources for i in row}
        return tuple(sorted((s for s in self.statements if s.id in ids), key=lambda s: s.id))

    @property
    def publishers(self) -> tuple[str, ...]:
        """Publishers of the statements that the series rests on, sorted."""
        return tuple(sorted({s.publisher for s in self.used}))

    def without(self, *, publisher: str = "", statement: str = "") -> Evidence | None:
        """The evidence without all statements of a publisher, or without one by its id; None when nothing is left.

        Raises ValueError for a source that is not made of statements.
        """
        if not isinstance(self.source, StatementSource):
            raise ValueError(f"series {self.series.name}: it is not made of statements, so none can be left out")
        kept = [s for s in self.statements if s.id != statement and (not publisher or s.publisher != publisher)]
        try:
            return self.source.of(kept, self.files)
        except NothingUsedError:  # that is the finding here
            return None

    def only(self, publisher: str) -> Evidence | None:
        """The evidence of one publisher alone; None when that is nothing.

        Raises ValueError for a source that is not made of statements.
        """
        if not isinstance(self.source, StatementSource):
            raise ValueError(f"series {self.series.name}: it is not made of statements, so none can be chosen")
        try:
            return self.source.of([s for s in self.statements if s.publisher == publisher], self.files)
        except NothingUsedError:  # that is the finding here
            return None

    def choices(self) -> Iterator[tuple[str, Evidence | None]]:
        """Every choice of the source made otherwise, one at a time: what it means, and what follows (None: nothing)."""
        for words, changes in _otherwise(self.source):
            yield words, self._remade(changes)

    def _remade(self, changes: Mapping[str, Any]) -> Evidence | None:
        try:
            return replace(self.source, **changes).read(self.files)  # type: ignore[type-var]
        except NothingUsedError:  # that is the finding here
            return None


def _otherwise(source: Source) -> Iterator[tuple[str, dict[str, Any]]]:
    """What an analyst might have chosen otherwise: words, and the fields that change."""
    if not is_dataclass(source):
        return
    chosen = {f.name: getattr(source, f.name) for f in fields(source)}
    for name, values in REVERSED.items():
        if chosen.get(name) in values:
            yield from ((words, {name: value}) for value, words in values.items() if value != chosen[name])
    if "approx_width" in chosen:
        wide = min(2 * chosen["approx_width"], WIDEST)
        yield f"“about” taken as plus or minus {100 * wide:g} %", {"approx_width": wide}
    if chosen.get("start"):
        first = date.fromisoformat(str(chosen["start"]))
        for years in (-1, 1):
            leap = (first.month, first.day) == (2, 29)
            start = str(first.replace(year=first.year + years, day=28 if leap else first.day))
            yield f"the series starting on {start}", {"start": start}
