"""The command `forecast watch EXPERIMENT SINCE`: what each row from a day on adds to what the rows before say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from forecast.experiment import Experiment
from forecast.explanations import Explanation, explain
from forecast.series import Series
from forecast.watch import News, watch

SHOWN = 6  # explanations whose probability has moved most


def news_of(experiment: Experiment, since: str, name: str = "") -> tuple[Series, tuple[News, ...], pd.DataFrame]:
    """A series of an experiment (the primary), its news since a day, and how its explanations have moved.

    The table has a row per explanation: label, before, now (posterior probabilities), largest move first.
    Raises ValueError for an unknown series, and as `watch` does.
    """
    chosen = name or experiment.primary
    if chosen not in experiment.series:
        raise ValueError(f"watch: {chosen!r} is none of the series: {', '.join(experiment.series)}")
    series = replace(experiment.series[chosen].series()[0], name=chosen)
    told = watch(series, since)
    first = int(np.searchsorted(series.start, np.datetime64(told[0].when, "D")))
    before, now = (_explained(part, experiment) for part in (series.rows(slice(0, first)), series))
    table = pd.DataFrame([{"explanation": row.label, "before": before[row.name].probability, "now": row.probability}
                          for row in now.values()])
    return series, told, table.loc[(table["now"] - table["before"]).abs().sort_values(ascending=False).index]


def _explained(series: Series, experiment: Experiment) -> dict[str, Explanation]:
    detector = experiment.regimes()
    posterior = detector.posterior(series)
    found = detector.breaks(posterior, series)
    near = max(found, key=lambda b: b.probability).position - 1 if found else None
    return {row.name: row for row in explain(series, posterior, experiment.windows(), near)}


def command(words: Sequence[str]) -> int:
    """Print the news as a table; the exit code is 0.

    Raises ValueError unless an experiment and a day are named, perhaps followed by one of its series.
    """
    from forecast.config import load

    if len(words) not in (2, 3) or words[0].startswith("-"):
        raise ValueError(f"watch takes an experiment, a day and perhaps a series, got {' '.join(words) or 'nothing'}: "
                         "write forecast watch khasan_rajin 2024-06-01")
    series, told, moved = news_of(load(words[0]), words[1], *words[2:])
    _print(series, told, moved)
    return 0


def _print(series: Series, told: Sequence[News], moved: pd.DataFrame) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(f"{series.name} since {told[0].when}"), box=None)
    for column in ("row", "count", "surprise", "evidence of a change", "changed since", "alarm"):
        table.add_column(column, justify="left" if column == "row" else "right")
    for news in told:
        seen = not np.isnan(news.low)
        table.add_row(news.when, _count(news), f"{news.surprise:.2f}" if seen else "", f"{news.evidence:.2g}",
                      f"{100 * news.changed:.0f} %", "alarm" if news.alarm else "")
    console = Console()
    console.print(table)
    console.print("Surprise: chance under the present regime of a count as far out. Evidence: an e-value that may be "
                  "read after every row; the alarm is at 20, which comes falsely to one watch in 20 at most.")
    console.print(f"Explanations, before {told[0].when} and now:", highlight=False)
    for row in moved.head(SHOWN).itertuples(index=False):
        console.print(f"  {row.before:4.0%} -> {row.now:4.0%}  {escape(str(row.explanation))}", highlight=False)


def _count(news: News) -> str:
    if np.isnan(news.low):
        return "not seen"
    if news.low == news.high:
        return f"{news.low:.0f}"
    return f"at least {news.low:.0f}" if np.isinf(news.high) else f"{news.low:.0f} to {news.high:.0f}"
