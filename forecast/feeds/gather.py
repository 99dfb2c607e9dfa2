"""From batches to one series after the other, holding a few bytes a row and no text."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from forecast.feeds.reading import Batch, Fault, Feed
from forecast.feeds.source import Source
from forecast.ledgers import StatementError
from forecast.series import DAY, Kind, Series

SMALL, LARGE = (np.dtype([("name", np.int32), ("day", np.int32), ("low", real), ("high", real), ("image", np.bool_)])
                for real in (np.float32, np.float64))


@dataclass
class Gathered:
    """Rows of the series that were wanted, and the names of all that were there."""

    feed: Feed
    rows: np.ndarray
    codes: dict[str, int]
    labels: dict[str, tuple[str, str]]

    def series(self, name: str, kind: Kind) -> Series:
        """The series called `name`, one row a day; `kind` where the layout does not say."""
        first, last = np.searchsorted(self.rows["name"], [self.codes[name], self.codes[name] + 1])
        rows = self.rows[first:last]
        told: Kind = "stock" if self.feed.kind == "stock" else "flow" if self.feed.kind in ("flow", "call") else kind
        days, low, high = _daily(rows, told)
        start = days.astype("datetime64[D]")
        site, measure = self.labels[name]
        return Series(start=start, end=start + DAY, low=low, high=high, exposure=np.ones(len(days)), kind=told,
                      name=name, site=site, measure=measure)


def gathered(feed: Feed, source: Source, pattern: re.Pattern[str], keep_good: bool) -> Gathered:
    """What `feed_series` gives out, of series whose name fits `pattern`."""
    if feed.kind in ("watch", "place"):
        raise ValueError(f"{source.name}: a {feed.name} file is no series of counts (kind {feed.kind}): use read_feed")
    made = Gathered(feed, np.zeros(0, dtype=SMALL), {}, {})
    parts, faults = [made.rows], list[Fault]()
    for batch in feed.read(source):
        faults += batch.faults
        parts.append(_packed(batch, pattern, made))
    if faults and not keep_good:
        raise StatementError(faults)
    made.rows = np.concatenate(parts)
    parts.clear()
    made.rows = made.rows[np.lexsort((made.rows["day"], made.rows["name"]))]
    return made


def _packed(batch: Batch, pattern: re.Pattern[str], made: Gathered) -> np.ndarray:
    table = batch.table[batch.table["ds"].notna()]
    heads = table.drop_duplicates("unique_id")
    for name, site, measure in zip(heads["unique_id"], heads["site"], heads["measure"], strict=True):
        made.codes.setdefault(name, len(made.codes))
        made.labels.setdefault(name, (site, measure))
    wanted = {name: bool(pattern.match(name)) for name in heads["unique_id"]}
    table = table[table["unique_id"].map(wanted).astype(bool)]
    bounds = table[["y_low", "y_high"]].to_numpy(dtype=float)
    exact = np.array_equal(bounds.astype(np.float32), bounds, equal_nan=True)
    rows = np.zeros(len(table), dtype=SMALL if exact else LARGE)
    rows["name"] = table["unique_id"].map(made.codes).to_numpy(dtype=np.int32)
    rows["day"] = table["ds"].to_numpy(dtype="datetime64[D]").astype(np.int32)
    rows["low"], rows["high"] = bounds.T
    rows["image"] = (table["image_id"] != "").to_numpy(dtype=bool)
    return rows


def _daily(rows: np.ndarray, kind: Kind) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days, low and high: what passed adds up where rows name what they saw; other rows of a day widen it."""
    days, first = np.unique(rows["day"], return_index=True)
    low, high = rows["low"].astype(float), rows["high"].astype(float)
    if len(days) == len(rows):
        return days, low, high
    adds = np.logical_and.reduceat(rows["image"], first) & (kind == "flow")
    return (days, np.where(adds, np.add.reduceat(low, first), np.fmin.reduceat(low, first)),
            np.where(adds, np.add.reduceat(high, first), np.fmax.reduceat(high, first)))
