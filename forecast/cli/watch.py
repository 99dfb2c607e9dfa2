"""`forecast watch EXPERIMENT SINCE`: what each row from a day on adds to what the rows before say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from forecast.cli.parser import Parser

if TYPE_CHECKING:
    import pandas as pd

    from forecast.effects.monitoring import News
    from forecast.series.breaks import Break
    from forecast.series.series import Series

SHOWN = 6  # explanations whose probability has moved most


def command(words: Sequence[str]) -> int:
    """Print the news as a table; the exit code is 0.

    Raises ValueError unless an experiment and a day are named, perhaps followed by one of its series.
    """
    from forecast.experiment.config import load
    from forecast.experiment.news import news_of
    from forecast.support.untrusted import trusted

    given = _parser().read(words)
    if len(given.words) not in (2, 3):
        raise ValueError("watch takes an experiment, a day and perhaps a series, got "
                         f"{' '.join(given.words) or 'nothing'}: write forecast watch khasan_rajin 2024-06-01")
    with trusted(given.trust):
        found = news_of(load(given.words[0]), given.words[1], *given.words[2:])
    if given.json:
        print(_json(*found))
    else:
        _print(*found)
    return 0


def _parser() -> Parser:
    does = ("What each row from a day on adds to what the rows before it say, and how the explanations of a change\n"
            "have moved since.")
    parser = Parser("watch", does, ("forecast watch khasan_rajin 2024-06-01",
                                    "forecast watch khasan_rajin 2024-06-01 container_calls --json"))
    parser.add_argument("words", nargs="*", metavar="EXPERIMENT SINCE [SERIES]",
                        help="an experiment, a day (YYYY-MM-DD), and a series of it (the primary one)")
    parser.offer_trust("build classes")
    parser.add_argument("--json", action="store_true", help="print rows and explanations as JSON")
    return parser


def _json(series: Series, told: Sequence[News], moved: pd.DataFrame, change: Break | None) -> str:
    """Rows, explanations and the change they are of; what nobody saw is null."""
    def plain(value: object) -> object:
        if isinstance(value, float | np.floating):
            return float(value) if np.isfinite(value) else None
        return value.item() if isinstance(value, np.generic) else value

    rows = [{key: plain(value) for key, value in asdict(news).items()} for news in told]
    return json.dumps({"series": series.name, "rows": rows, "change": None if change is None else change.at,
                       "explanations": moved.to_dict("records")}, ensure_ascii=False, indent=1)


def _print(series: Series, told: Sequence[News], moved: pd.DataFrame, change: Break | None) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from forecast.effects.monitoring import LEVEL
    from forecast.report.phrases import day, percent

    console = Console()
    console.print(answer(series, told), highlight=False, markup=False)
    table = Table(box=None)
    for column in ("row", "count", "surprise", "evidence of a change", "changed since", "alarm"):
        table.add_column(column, justify="left" if column == "row" else "right")
    for news in told:
        seen = not np.isnan(news.low)
        table.add_row(news.when, _count(news), f"{news.surprise:.2f}" if seen else "", f"{news.evidence:.2g}",
                      percent(news.changed), "alarm" if news.alarm else "")
    console.print(table)
    console.print("Surprise: chance under the present regime of a count as far out. Evidence: an e-value that may be "
                  f"read after every row; the alarm is at {1 / LEVEL:.0f}, which comes falsely to one watch in "
                  f"{1 / LEVEL:.0f} at most.")
    of = f" of the change of {day(change.at)}" if change else ""
    console.print(f"Explanations{of}, before {told[0].when} and now:", highlight=False)
    for row in moved.head(SHOWN).to_dict("records"):
        console.print(f"  {percent(row['before']):>5} -> {percent(row['now']):>5}  {escape(row['explanation'])}",
                      highlight=False)


def answer(series: Series, told: Sequence[News]) -> str:
    """What the watch has found so far, in one sentence or two."""
    from forecast.report.phrases import count, day, percent, subject

    seen = [news for news in told if not np.isnan(news.low)]
    alarms = [news for news in told if news.alarm]
    what, rows = subject(series), count(len(seen), "new count")
    opening = f"{what[:1].upper()}{what[1:]} since {day(told[0].when)}: {rows}"
    if not seen:
        return f"{opening}; nobody looked."
    if not alarms:
        return f"{opening}, no alarm; a change since is {percent(told[-1].changed)} probable."
    last = "it still stands" if told[-1].alarm else "it has fallen off again"
    return (f"{opening}, alarm first on {day(alarms[0].when)}, {last}; a change since is {percent(told[-1].changed)} "
            "probable.")


def _count(news: News) -> str:
    if np.isnan(news.low):
        return "not seen"
    if news.low == news.high:
        return f"{news.low:.0f}"
    return f"at least {news.low:.0f}" if np.isinf(news.high) else f"{news.low:.0f} to {news.high:.0f}"
