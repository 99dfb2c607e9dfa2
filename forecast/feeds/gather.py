"""From batches to one series after the other, holding a few bytes a row and no text."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from forecast.feeds.reading import MOST_FAULTS, Batch, Feed, RowFault, long_table
from forecast.feeds.source import Source
from forecast.ledgers import StatementError
from forecast.series import DAY, Kind, Series


@dataclass
class Gathered:
    """Rows of the series that were wanted, as columns, and the names of all series that were there.

    columns : day from 1970, low, high, whether the row names an image; arrays of one length
    order : the rows by name; starts : where in it each code begins
    """

    feed: Feed
    codes: dict[str, int]
    labels: dict[str, tuple[str, str]]
    columns: list[np.ndarray]
    order: np.ndarray
    starts: np.ndarray

    def series(self, name: str, kind: Kind) -> Series:
        """The series called `name`, one row a day; `kind` where the layout does not say."""
        code = self.codes[name]
        chosen = self.order[self.starts[code]:self.starts[code + 1]]
        day, low, high, image = (column[chosen] for column in self.columns)
        told: Kind = "stock" if self.feed.kind == "stock" else "flow" if self.feed.kind in ("flow", "call") else kind
        days, low, high = _daily(day, low.astype(float), high.astype(float), image if told == "flow" else image & False)
        start = days.astype("datetime64[D]")
        site, measure = self.labels[name]
        return Series(start=start, end=start + DAY, low=low, high=high, exposure=np.ones(len(days)), kind=told,
                      name=name, site=site, measure=measure)


def gathered(feed: Feed, source: Source, pattern: re.Pattern[str], keep_good: bool) -> Gathered:
    """What `feed_series` gives out, of series whose name fits `pattern`."""
    if feed.kind in ("watch", "place"):
        raise ValueError(f"{source.name}: a {feed.name} file is no series of counts (kind {feed.kind}): use read_feed")
    codes: dict[str, int] = {}
    labels: dict[str, tuple[str, str]] = {}
    parts, faults = [_packed(Batch(long_table([])), pattern, codes, labels)], list[RowFault]()
    for batch in feed.read(source):
        faults += batch.faults
        if len(faults) > MOST_FAULTS and not keep_good:
            raise StatementError(faults)
        parts.append(_packed(batch, pattern, codes, labels))
    if faults and not keep_good:
        raise StatementError(faults)
    lengths = [len(part[0]) for part in parts]
    stacks = [list(stack) for stack in zip(*parts, strict=True)]
    parts.clear()
    names, day, low = (_joined(stack) for stack in stacks[:3])
    # most files hold exact counts and no images: then these two columns cost nothing
    exact = all(len(high) == 0 for high in stacks[3])
    high = low if exact else np.concatenate([h if len(h) else part for h, part in zip(
        stacks[3], np.split(low, np.cumsum(lengths)[:-1]), strict=True)])
    image = np.concatenate(stacks[4]) if any(part.any() for part in stacks[4]) else np.broadcast_to(False, len(low))
    starts = np.concatenate([[0], np.cumsum(np.bincount(names, minlength=len(codes)))])
    order = names.astype(np.int64) << 32
    order += np.arange(len(names), dtype=np.int32)
    order.sort()  # in place: by name, then as they came
    order &= 0xFFFFFFFF
    return Gathered(feed, codes, labels, [day, low, high, image], order, starts)


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    """One column from its parts, which are let go."""
    joined = np.concatenate(parts)
    parts.clear()
    return joined


def _packed(batch: Batch, pattern: re.Pattern[str], codes: dict[str, int],
            labels: dict[str, tuple[str, str]]) -> tuple[np.ndarray, ...]:
    """The columns of a batch: counts in four bytes where those hold them, no `high` where it is `low` throughout."""
    table = batch.table[batch.table["ds"].notna()]
    heads = table.drop_duplicates("unique_id")
    for name, site, measure in zip(heads["unique_id"], heads["site"], heads["measure"], strict=True):
        codes.setdefault(name, len(codes))
        labels.setdefault(name, (site, measure))
    wanted = {name: bool(pattern.match(name)) for name in heads["unique_id"]}
    table = table[table["unique_id"].map(wanted).astype(bool)]
    bounds = table[["y_low", "y_high"]].to_numpy(dtype=float)
    small = bounds.astype(np.float32)
    low, high = (small if np.array_equal(small, bounds, equal_nan=True) else bounds).T
    exact = np.array_equal(low, high, equal_nan=True)
    return (table["unique_id"].map(codes).to_numpy(dtype=np.int32),
            table["ds"].to_numpy(dtype="datetime64[D]").astype(np.int32), low.copy(),
            high[:0].copy() if exact else high.copy(),
            (table["image_id"] != "").to_numpy(dtype=bool))


def _daily(day: np.ndarray, low: np.ndarray, high: np.ndarray,
           adds: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days, low and high: rows of a day add up where all of `adds`, otherwise they widen the bounds."""
    order = np.argsort(day, kind="stable")
    days, first = np.unique(day[order], return_index=True)
    low, high, adds = low[order], high[order], adds[order]
    if len(days) == len(day):
        return days, low, high
    summed = np.logical_and.reduceat(adds, first)
    return (days, np.where(summed, np.add.reduceat(low, first), np.fmin.reduceat(low, first)),
            np.where(summed, np.add.reduceat(high, first), np.fmax.reduceat(high, first)))
