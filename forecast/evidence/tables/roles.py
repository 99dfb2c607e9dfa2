"""What each column beside the dates is: counts, names of series, bounds, words, or nothing that counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from forecast.evidence.tables.columns import MOST, Columns, is_count, is_date, share
from forecast.evidence.tables.date_columns import Dates
from forecast.evidence.tables.words import (
    ENDS,
    EXPOSURES,
    HIGHS,
    IDENTITIES,
    LOWS,
    NOTES,
    SITES,
    heading,
    is_aside,
    is_measure,
    is_total,
)


@dataclass(frozen=True)
class Roles:
    """The columns of counts (several: a series each), of names of series, bounds, and words about rows."""

    value: tuple[int, ...] = ()
    id: tuple[int, ...] = ()
    low: int | None = None
    high: int | None = None
    exposure: int | None = None
    end: int | None = None
    kind: int | None = None
    words: dict[str, int] = field(default_factory=dict)


def roles_of(columns: Columns, dates: Dates, missing: Callable[[str], bool], note: Callable[[str], None]) -> Roles:
    """What the columns beside the dates are; guesses and columns left aside go to `note`.

    Raises ValueError where no column counts anything, or a heading that is used stands twice.
    """
    told = columns.told
    ids = tuple(columns.named(name, "id") for name in told.id)
    values = tuple(columns.named(name, "value") for name in told.value)
    low = columns.named(told.low, "low") if told.low else None
    high = columns.named(told.high, "high") if told.high else None
    exposure = columns.named(told.exposure, "exposure") if told.exposure else _first(columns, EXPOSURES)
    kind = _first(columns, ("kind",), lambda cell: str(cell).lower() in ("stock", "flow"))
    if low is None and high is None:
        low, high = _bounds(columns, missing)
    end = _first(columns, ENDS, is_date)
    words = {
        name: k
        for name, headings in NOTES.items()
        for k in columns.by_heading(headings)[:1]
        if name != "source" or not _names_parts(columns, k)
    }
    columns.used |= set(words.values())
    if dates.wide:
        values = dates.wide
        _leave_out(columns, missing, note)
    elif not values and ((low is None and high is None) or _y(columns)):
        values = _counts(columns, missing, note) if low is None and high is None else _y(columns)
    if not values and low is None and high is None:
        raise ValueError(
            f"{columns.file}: no column holds counts, got {', '.join(map(repr, columns.names[:12]))}: say value=COLUMN"
        )
    if not ids:
        ids = _identities(columns, dates, values, missing)
    twice = {name for name in columns.names if columns.names.count(name) > 1}
    for k in (*values, *ids):
        if columns.names[k] in twice and not dates.wide:
            raise ValueError(
                f"{columns.file}: the column {columns.names[k]!r} stands twice: give each a heading of its own"
            )
    return Roles(values, ids, low, high, exposure, end, kind, words)


def _bounds(columns: Columns, missing: Callable[[str], bool]) -> tuple[int | None, int | None]:
    """The columns of bounds: y_low and y_high, or low and high beside at most one column of counts."""
    lows, highs = columns.by_heading(LOWS), columns.by_heading(HIGHS)
    sure = any(heading(columns.names[k]) in ("y low", "y high") for k in lows + highs)
    others = [
        k
        for k in columns.free()
        if k not in lows + highs and share(columns, k, is_count, missing) >= MOST and not _counts_nothing(columns, k)
    ]
    if not sure and (not lows or not highs or len(others) > 1):
        return None, None
    low, high = next(iter(lows), None), next(iter(highs), None)
    columns.used |= {k for k in (low, high) if k is not None}
    return low, high


def _first(columns: Columns, words: Sequence[str], fits: Callable[[Any], bool] | None = None) -> int | None:
    for k in columns.by_heading(words):
        cells = columns.filled(k)
        if fits is None or (cells and all(map(fits, cells))):
            columns.used.add(k)
            return k
    return None


def _y(columns: Columns) -> tuple[int, ...]:
    return tuple(columns.by_heading(("y", "count", "n", "value"))[:1])


def _counts(columns: Columns, missing: Callable[[str], bool], note: Callable[[str], None]) -> tuple[int, ...]:
    """Columns of numbers that count something, and what is left aside; totals of the others are not among them."""
    numeric = [k for k in columns.free() if share(columns, k, is_count, missing) >= MOST]
    doubtful = [
        k
        for k in columns.free()
        if k not in numeric
        and columns.filled(k)
        and not is_aside(columns.names[k])
        and share(columns, k, is_count, missing) >= 0.3
    ]
    numeric += [k for k in doubtful if not IDENTITIES.search(heading(columns.names[k]))]
    aside = [k for k in numeric if _counts_nothing(columns, k)]
    kept = sorted(k for k in numeric if k not in aside)
    if any(_whole(columns, k) and not is_measure(columns.names[k]) for k in kept):
        measures = [k for k in kept if is_measure(columns.names[k])]
        aside, kept = aside + measures, [k for k in kept if k not in measures]
    if not kept and len(aside) == 1 and not _is_index(columns, aside[0]) and not _identity(columns, aside[0]):
        raise ValueError(
            f"{columns.file}: no column holds counts ({columns.names[aside[0]]!r} looks like something else): say "
            f"value={columns.names[aside[0]]!r} if it is one"
        )
    totals = [k for k in kept if is_total(columns.names[k], means=False)]
    if totals and len(totals) < len(kept) and not columns.told.totals:
        note(f"columns of totals left out (totals=true keeps them): {', '.join(columns.names[k] for k in totals)}")
        kept = [k for k in kept if k not in totals]
        columns.used |= set(totals)
    left = [columns.names[k] for k in aside if not _identity(columns, k)]
    if left:
        note(f"columns that count nothing left out (value=COLUMN reads one): {', '.join(left[:12])}")
    columns.used |= {k for k in aside if not _identity(columns, k)} | set(kept)
    return tuple(kept)


def _names_parts(columns: Columns, k: int) -> bool:
    """Whether a column headed source names parts of the counts (coal, wind), and not where each row was read."""
    cells = [str(cell) for cell in columns.filled(k)]
    return 1 < len(cells) <= len(columns.numbers) / 2 and not any("://" in cell or "www." in cell for cell in cells)


def _counts_nothing(columns: Columns, k: int) -> bool:
    name = columns.names[k]
    return is_aside(name) or _is_index(columns, k) or _negative(columns, k) or heading(name) in SITES[:2]


def _whole(columns: Columns, k: int) -> bool:
    """Whether all numbers of a column are whole, as counts are."""
    return not any(
        (isinstance(c, float) and not c.is_integer()) or (isinstance(c, str) and re.search(r"\d[.,]\d{1,2}(?!\d)", c))
        for c in columns.filled(k)
    )


def _leave_out(columns: Columns, missing: Callable[[str], bool], note: Callable[[str], None]) -> None:
    left = [k for k in columns.free() if share(columns, k, is_count, missing) >= MOST and not _identity(columns, k)]
    left = [k for k in left if heading(columns.names[k]) not in SITES]
    columns.used |= set(left)
    if left:
        note(f"columns beside those of dates left out: {', '.join(columns.names[k] for k in left[:12])}")


def _identity(columns: Columns, k: int) -> bool:
    """Whether a column of numbers names things (port id, station code) that stand again and again."""
    return bool(IDENTITIES.search(heading(columns.names[k]))) and 2 * len(columns.filled(k)) <= len(columns.numbers)


def _negative(columns: Columns, k: int) -> bool:
    """Whether many cells lie below zero, as a temperature or a change does."""
    cells = columns.filled(k)
    below = sum(
        (isinstance(c, float) and c < 0) or (isinstance(c, str) and re.match(r"[-−]\s?\d", c) is not None)
        for c in cells
    )
    return below > max(0.1 * len(cells), 1)


def _is_index(columns: Columns, k: int) -> bool:
    """Whether a column numbers the rows, under no heading or one that says so."""
    word = heading(columns.names[k])
    if not (
        word.startswith(("column ", "unnamed"))
        or word in ("", "index", "idx", "row", "no", "nr", "#", "id", "rownames")
    ):
        return False
    try:
        values = [float(cell) for cell in columns.cells[k][:200] if cell is not None]
    except ValueError:
        return False
    return len(values) > 1 and columns.table.headed and all(b - a == 1 for a, b in pairwise(values))


def _identities(
    columns: Columns, dates: Dates, values: Sequence[int], missing: Callable[[str], bool]
) -> tuple[int, ...]:
    """The columns that name series: those under such a heading, and then as few others as part rows of one day."""
    rows = len(columns.numbers)
    texts = []
    for k in columns.free():
        cells = columns.filled(k)
        if not cells or (len(cells) > 1 and share(columns, k, is_date, missing) >= MOST):
            continue
        if share(columns, k, is_count, missing) < MOST or _identity(columns, k) or heading(columns.names[k]) in SITES:
            texts.append(k)
    chosen = [k for k in texts if heading(columns.names[k]) in SITES or _site(columns.names[k])][:1]
    chosen = [k for k in texts if heading(columns.names[k]) == "unique id"] or chosen
    if not dates.wide and _parts(columns, dates, chosen):
        return tuple(chosen)
    if dates.wide and _parts(columns, dates, chosen) and chosen:
        return tuple(chosen)
    rest = [
        k
        for k in texts
        if k not in chosen and 1 < len(set(columns.cells[k])) <= max(rows / (1 if dates.wide else 2), 1)
    ]
    tries = (
        [[*chosen, k] for k in rest]
        + ([[k] for k in rest] if dates.wide else [])
        + [[*chosen, a, b] for i, a in enumerate(rest) for b in rest[i + 1 :]][:60]
    )
    for each in tries:
        if _parts(columns, dates, each):
            return tuple(sorted(each))
    return tuple(chosen)


def _site(name: str) -> bool:
    return bool(set(heading(name).split()) & {"site", "yard", "port", "station", "location", "crossing", "terminal"})


def _parts(columns: Columns, dates: Dates, ids: Sequence[int]) -> bool:
    """Whether no two rows, unless they are alike word for word, are of one series and one date."""
    keys: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    by = [columns.cells[k] for k in (*dates.columns, *ids)]
    if not by:
        return len(columns.numbers) <= 1
    for i, key in enumerate(zip(*by, strict=True)):
        row = tuple(column[i] for column in columns.cells)
        if keys.setdefault(key, row) != row:
            return False
    return True
