"""From batches to one series after the other, holding a few bytes a row and no text."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecast.evidence.cells import StatementError
from forecast.evidence.feeds.reading import MOST_FAULTS, Batch, Feed, RowFault, long_table
from forecast.evidence.feeds.source import Source
from forecast.series.days import DAY
from forecast.series.series import Series
from forecast.series.values import Kind


@dataclass
class Gathered:
    """Rows of the series that were wanted, as columns, and the names of all series that were there.

    columns : day from 1970, low, high, whether the row names an image, days that it lasts, exposure; of one length
    order : the rows by name; starts : where in it each code begins
    lasting : whether series may hold rows that last for days or were watched for a share of them
    """

    feed: Feed
    codes: dict[str, int]
    labels: dict[str, tuple[str, str, str]]
    columns: list[np.ndarray]
    order: np.ndarray
    starts: np.ndarray
    lasting: bool

    @property
    def uneven(self) -> bool:
        """Whether any row lasts for more than its day, or was watched for a share of it."""
        return bool((self.columns[4] != 1).any() or (self.columns[5] != 1).any())

    def own_kind(self, name: str) -> str:
        """What the file says a series is: stock, flow, count (the user says which) or call."""
        return self.labels[name][2] or self.feed.kind

    def series(self, name: str, kind: Kind) -> Series:
        """The series called `name`, one row for each first day; `kind` where the layout does not say.

        Raises ValueError where rows of a day last or were watched differently, where a day would be counted twice, and
        for rows that are more or less than a day where these are not `lasting`.
        """
        code = self.codes[name]
        chosen = self.order[self.starts[code]:self.starts[code + 1]]
        day, low, high, image, length, exposure = (column[chosen] for column in self.columns)
        site, measure, _ = self.labels[name]
        told = _kind(self.own_kind(name), kind)
        adds = image if told == "flow" else image & False
        try:
            lasts = _of_a_day(day, np.where(np.isnan(low), np.nan, length), adds & False)
            share = _of_a_day(day, np.where(np.isnan(low), np.nan, exposure), adds)
            days, low, high = _daily(day, low.astype(float), high.astype(float), adds)
            seen = ~np.isnan(low)
            self._check(days[seen], lasts[seen], share[seen], told)
        except ValueError as error:
            raise ValueError(f"series {name}: {error}") from error
        start = days.astype("datetime64[D]")
        return Series(start=start, end=start + lasts.astype(np.int64) * DAY, low=low, high=high, exposure=share,
                      kind=told, name=name, site=site, measure=measure)

    def _check(self, days: np.ndarray, lasts: np.ndarray, share: np.ndarray, kind: Kind) -> None:
        """Raise ValueError for rows of a flow that overlap, and for what a reader of days would lose."""
        if not self.lasting and ((lasts > 1).any() or (kind == "flow" and (share < 1).any())):
            raise ValueError("rows with an end or an exposure of their own cannot be read here: leave these columns "
                             "out where every row is a whole one, or take the series from feed_series")
        long = np.flatnonzero(lasts > 1)
        after = np.minimum(long + 1, len(days) - 1)
        over = (days[long] + lasts[long] > days[after]) & (after > long)
        if kind == "flow" and over.any():
            row = int(long[over][0])
            first, last, then = (str(np.datetime64(int(day), "D")) for day in (
                days[row], days[row] + lasts[row] - 1, days[row + 1]))
            raise ValueError(f"the row {first} to {last} holds the day of another, {then}: a day counts once: mend an "
                             "end, or give the rows names of their own")


def _kind(own: str, kind: Kind) -> Kind:
    """The kind that a row or its layout says, else the one that the user says."""
    return "stock" if own == "stock" else "flow" if own in ("flow", "call") else kind


def gathered(feed: Feed, source: Source, pattern: re.Pattern[str], keep_good: bool, lasting: bool = False) -> Gathered:
    """What `feed_series` gives out, of series whose name fits `pattern`; `lasting` for who takes ends and exposures."""
    if feed.kind in ("watch", "place"):
        raise ValueError(f"{source.name}: a {feed.name} file is no series of counts (kind {feed.kind}): use read_feed")
    codes: dict[str, int] = {}
    labels: dict[str, tuple[str, str, str]] = {}
    calls = feed.kind == "call"  # on the day that they begin, however long the ship stays
    parts, faults = [_packed(Batch(long_table([])), pattern, codes, labels, calls)], list[RowFault]()
    for batch in feed.read(source):
        faults += batch.faults
        if len(faults) > MOST_FAULTS and not keep_good:
            raise StatementError(faults)
        parts.append(_packed(batch, pattern, codes, labels, calls))
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
    length, exposure = (_ones_or(stack, lengths) for stack in stacks[5:])
    starts = np.concatenate([[0], np.cumsum(np.bincount(names, minlength=len(codes)))])
    order = names.astype(np.int64) << 32
    order += np.arange(len(names), dtype=np.int32)
    order.sort()  # in place: by name, then as they came
    order &= 0xFFFFFFFF
    return Gathered(feed, codes, labels, [day, low, high, image, length, exposure], order, starts, lasting)


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    """One column from its parts, which are let go."""
    joined = np.concatenate(parts)
    parts.clear()
    return joined


def _ones_or(parts: list[np.ndarray], lengths: list[int]) -> np.ndarray:
    """One column from its parts, of which an empty one holds ones; it costs nothing where all do."""
    if not any(map(len, parts)):
        return np.broadcast_to(np.float32(1), sum(lengths))
    return np.concatenate([part if len(part) else np.ones(n) for part, n in zip(parts, lengths, strict=True)])


def _packed(batch: Batch, pattern: re.Pattern[str], codes: dict[str, int],
            labels: dict[str, tuple[str, str, str]], calls: bool) -> tuple[np.ndarray, ...]:
    """The columns of a batch: counts in four bytes where those hold them, no `high` where it is `low` throughout, no
    days that a row lasts and no exposure where they are one."""
    table = batch.table[batch.table["ds"].notna()]
    heads = table.drop_duplicates(["unique_id", "kind"])
    for name, *label in zip(*(heads[column] for column in ("unique_id", "site", "measure", "kind")), strict=True):
        codes.setdefault(name, len(codes))
        if labels.setdefault(name, (label[0], label[1], label[2]))[2] != label[2]:
            raise ValueError(f"series {name}: rows of two kinds, {label[2] or 'none'} and {labels[name][2] or 'none'}: "
                             "a series is a stock or a flow: give each a name of its own")
    wanted = {name: bool(pattern.match(name)) for name in heads["unique_id"]}
    table = table[table["unique_id"].map(wanted).astype(bool)]
    bounds = table[["y_low", "y_high"]].to_numpy(dtype=float)
    small = bounds.astype(np.float32)
    low, high = (small if np.array_equal(small, bounds, equal_nan=True) else bounds).T
    exact = np.array_equal(low, high, equal_nan=True)
    return (table["unique_id"].map(codes).to_numpy(dtype=np.int32),
            table["ds"].to_numpy(dtype="datetime64[D]").astype(np.int32), low.copy(),
            high[:0].copy() if exact else high.copy(),
            (table["image_id"] != "").to_numpy(dtype=bool), *(2 * (low[:0],) if calls else _lasting(table)))


def _lasting(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Days that each row lasts, from `ds` to `end`, and its exposure; nothing where all are one."""
    if table["end"].isna().all() and table["exposure"].isna().all():
        return np.zeros(0), np.zeros(0)
    length = ((table["end"] - table["ds"]).dt.days + 1).fillna(1).to_numpy(dtype=float)
    exposure = table["exposure"].fillna(1).to_numpy(dtype=float)
    return length[:0] if (length == 1).all() else length, exposure[:0] if (exposure == 1).all() else exposure


def _of_a_day(day: np.ndarray, said: np.ndarray, adds: np.ndarray) -> np.ndarray:
    """What the rows of each day say, which is one number unless they add up (then it is at most 1); NaN says nothing.

    Raises ValueError where rows of a day contradict each other.
    """
    order = np.argsort(day, kind="stable")
    days, first = np.unique(day[order], return_index=True)
    said, adds = said[order], adds[order]
    if len(days) < len(day):
        summed = np.logical_and.reduceat(adds, first)
        low, high = np.fmin.reduceat(said, first), np.fmax.reduceat(said, first)
        if (against := ~summed & (low < high)).any():
            raise ValueError(f"rows of {np.datetime64(int(days[against][0]), 'D')} differ in their end or exposure: "
                             "keep one, or mend it")
        said = np.where(summed, np.minimum(np.add.reduceat(np.nan_to_num(said), first), 1.0), high)
    return np.where(np.isnan(said), 1.0, said)


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
