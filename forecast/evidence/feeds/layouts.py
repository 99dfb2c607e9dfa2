"""Layouts of feeds, one file each: a module of this folder that holds a `FEED` is one, and needs no list.

    result = read_feed("portwatch.csv", only="port1374/*")     # FeedResult: .table, .faults, .notes
    series = feed_series("portwatch.csv", only="*/portcalls")  # one Series after the other, in bounded memory
"""

from __future__ import annotations

import pkgutil
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fnmatch import translate
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.evidence.cells import StatementError
from forecast.support.registry import offered
from forecast.support.regular_files import expanded

if TYPE_CHECKING:
    import pandas as pd

    from forecast.evidence.feeds.reading import Feed, FeedResult, RowFault
    from forecast.evidence.feeds.source import Source
    from forecast.evidence.tables.options import Options
    from forecast.series.series import Series
    from forecast.series.values import Kind

TABLES = ("long_table", "spreadsheet", "digitised_chart")  # layouts that options are for
MOST_ROWS = 3_000_000  # of one result in memory; `feed_series` and `stream` have no such bound


def feeds() -> tuple[Feed, ...]:
    """Every layout that this folder holds, by name, and those that trusted packages offer (`registry.offered`)."""
    theirs = [point.load() for _, point in sorted(offered("feeds").items())]
    return (*_own(), *theirs)


@cache
def _own() -> tuple[Feed, ...]:
    here = pkgutil.iter_modules([str(Path(__file__).parent)])
    modules = (import_module(f"{__package__}.{each.name}") for each in here)
    return tuple(sorted((module.FEED for module in modules if hasattr(module, "FEED")), key=lambda feed: feed.name))


def read_feed(path: str | Path, keep_good: bool = False, only: str = "*", **given: Any) -> FeedResult:
    """Everything that a file says: of any known layout, or any table of dates and counts.

    keep_good : give the good rows although others have faults, which are listed in `.faults`
    only : pattern of the series wanted (unique_id), such as "port1374/*"
    given : what is said of a table, see `forecast.evidence.tables.options.Options`

    Raises StatementError listing every fault, unless `keep_good`; ValueError for a file that is unknown, broken,
    or so long (3 million rows) that `feed_series` should read it.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "counts.csv")
    ...     _ = file.write_text("unique_id,ds,y\\na,2023-01-02,4\\na,2023-01-09,\\n")
    ...     result = read_feed(file)
    >>> result.feed, result.table["y"].tolist()
    ('long_table', [4.0, nan])
    """
    import pandas as pd

    from forecast.evidence.feeds.reading import MOST_FAULTS, TEXTS, FeedResult, long_table

    source, feed = detected(path, said(given, "read_feed"))
    pattern, parts, notes = re.compile(translate(only)), list[pd.DataFrame](), Counter[str]()
    faults: list[RowFault] = []
    for batch in feed.read(source):
        parts.append(_chosen(batch.table, pattern))
        faults += batch.faults
        notes.update(batch.notes)
        if len(faults) > MOST_FAULTS and not keep_good:
            raise StatementError(faults)
        if sum(map(len, parts)) > MOST_ROWS:
            raise ValueError(f"{source.name}: more than {MOST_ROWS} rows: name the series (only='port1374/*'), or take "
                             "them one after the other with feed_series")
    if faults and not keep_good:
        raise StatementError(faults)
    filled = [part for part in parts if len(part)]
    table = pd.concat(filled, ignore_index=True) if filled else long_table([])
    table = table.astype(dict.fromkeys(TEXTS, "str")).sort_values(["unique_id", "ds"], kind="stable", ignore_index=True)
    return FeedResult(feed.name, source.name, feed.kind, feed.publisher, table, tuple(faults), dict(notes))


def feed_series(path: str | Path, keep_good: bool = False, only: str = "*", kind: Kind = "flow",
                **given: Any) -> Iterator[Series]:
    """One Series of irregular days after the other, by name; about 45 bytes a row at the peak, in whatever order.

    Days with several rows: calls (and rows of a flow that name an image) add up, others keep the widest bounds. `kind`
    is for layouts that do not say. A row of a table lasts to its `end`, and keeps its exposure.
    Raises as `read_feed` does, and ValueError for rows of a flow that overlap.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "counts.csv")
    ...     _ = file.write_text("unique_id,ds,y\\na,2023-01-02,4\\nb,2023-01-02,7\\n")
    ...     [series.name for series in feed_series(file)]
    ['a', 'b']
    """
    from forecast.evidence.feeds.gather import gathered

    source, feed = detected(path, said(given, "feed_series"))
    pattern = re.compile(translate(only))
    made = gathered(feed, source, pattern, keep_good, lasting=True)
    yield from (made.series(name, kind) for name in sorted(made.codes) if pattern.match(name))


def _chosen(table: pd.DataFrame, pattern: re.Pattern[str]) -> pd.DataFrame:
    if pattern.pattern == translate("*"):
        return table
    wanted = {name: bool(pattern.match(name)) for name in table["unique_id"].unique()}
    return table[table["unique_id"].map(wanted).astype(bool)]


def said(given: Mapping[str, Any], who: str) -> Options:
    """Options of a table from keywords; ValueError for one that is none."""
    from forecast.evidence.tables.options import options

    return options(given, who)


def detected(path: str | Path, told: Options | None = None) -> tuple[Source, Feed]:
    """The file and the one layout that it has, by its content; any other table of dates and counts is a `table`.

    Raises ValueError for a file of several layouts, a broken one, or one that is no table, and for options that a feed
    with a layout of its own does not take.
    """
    from forecast.evidence.feeds.archives import opened
    from forecast.evidence.feeds.table import table_feed
    from forecast.evidence.tables.options import Options

    told = told or Options()
    source = replace(opened(expanded(path)), kind=told.kind)
    found = [feed for feed in feeds() if feed.recognise(source)]
    if len(found) > 1:
        raise ValueError(f"{source.name}: could be {' or '.join(feed.name for feed in found)}: leave out the columns "
                         "of the other")
    if not found:
        return source, table_feed(source, told, tuple(feed.name for feed in feeds()))
    feed, words = found[0], [name for name in told.said if name not in ("kind", "freq")]
    if feed.name in TABLES and (words or not _strict(feed, source)):
        return source, table_feed(source, told, layout=feed)
    if words:
        raise ValueError(f"{source.name}: a {feed.name} file has a layout of its own: leave out {', '.join(words)}")
    if feed.name == "spreadsheet":
        return source, table_feed(source, told, layout=feed)
    return source, feed


def _strict(feed: Feed, source: Source) -> bool:
    """Whether a long table is written as its reader takes it, so that it can be streamed."""
    from forecast.evidence.feeds.long_table import plain

    return feed.name != "long_table" or plain(source)
