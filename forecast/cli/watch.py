"""The command `forecast watch EXPERIMENT SINCE`: what each row from a day on adds to what the rows before say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from forecast.breaks.detection import Break
from forecast.effects.explanations import explain
from forecast.effects.monitoring import LEVEL, News, watch
from forecast.experiment.experiment import Experiment
from forecast.regime_model.posterior import Posterior
from forecast.report.phrases import day, percent
from forecast.series.series import Series

SHOWN = 6  # explanations whose probability has moved most


def news_of(experiment: Experiment, since: str,
            name: str = "") -> tuple[Series, tuple[News, ...], pd.DataFrame, Break | None]:
    """A series of an experiment (the primary), its news since a day, and how explanations of one change have moved.

    The table has a row per explanation: label, before, now (posterior probabilities), largest move first. Both are of
    the same change, which is given too: the likeliest since that day, or the last before it; None where none is found.
    Raises ValueError for an unknown series, and as `watch` does.
    """
    chosen = name or experiment.primary
    if chosen not in experiment.series:
        raise ValueError(f"watch: {chosen!r} is none of the series: {', '.join(experiment.series)}")
    series = replace(experiment.series[chosen].read().series, name=chosen)
    told = watch(series, since)
    first, detector, windows = len(series) - len(told), experiment.regimes(), experiment.windows()
    posterior = detector.posterior(series)
    found = detector.breaks(posterior, series)
    fresh = [each for each in found if each.position >= first]
    change = max(fresh, key=lambda each: each.probability) if fresh else found[-1] if found else None
    near, gaps = change.position - 1 if change else None, _own_gaps(found, change, len(series) - 1)
    past = series.rows(slice(0, first))
    before, now = ({row.name: row for row in explain(part, _only(draws, gaps[:len(part) - 1]), windows, near)}
                   for part, draws in ((past, detector.posterior(past)), (series, posterior)))
    table = pd.DataFrame([{"explanation": row.label, "before": before[row.name].probability, "now": row.probability}
                          for row in now.values()])
    moved = table.loc[(table["now"] - table["before"]).abs().sort_values(ascending=False).index]
    return series, told, moved, change


def _own_gaps(found: Sequence[Break], change: Break | None, gaps: int) -> np.ndarray:
    """Gaps that lie nearer to this change than to any other that was found, bool [gaps]."""
    own, at = np.ones(gaps, dtype=bool), np.arange(1, gaps + 1)
    for each in found:
        if change and each is not change:
            own &= np.abs(at - change.position) < np.abs(at - each.position)
    return own


def _only(posterior: Posterior, gaps: np.ndarray) -> Posterior:
    """The posterior of breaks in these gaps alone, at even prior odds; another change would pass for this one."""
    if gaps.all():
        return posterior
    jumps = posterior.jumps & gaps
    prior = posterior.problem.model.breaks * float(posterior.problem.share[gaps].sum())
    hit = int(jumps.any(axis=1).sum())
    odds = (hit + 0.5) / (len(jumps) - hit + 0.5)
    return replace(posterior, jumps=jumps, log_ratio=float(np.log(odds / np.expm1(prior))) if prior > 0 else -np.inf)


def command(words: Sequence[str]) -> int:
    """Print the news as a table; the exit code is 0.

    Raises ValueError unless an experiment and a day are named, perhaps followed by one of its series.
    """
    from forecast.experiment.config import load

    if len(words) not in (2, 3) or words[0].startswith("-"):
        raise ValueError(f"watch takes an experiment, a day and perhaps a series, got {' '.join(words) or 'nothing'}: "
                         "write forecast watch khasan_rajin 2024-06-01")
    _print(*news_of(load(words[0]), words[1], *words[2:]))
    return 0


def _print(series: Series, told: Sequence[News], moved: pd.DataFrame, change: Break | None) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(f"{series.name} since {told[0].when}"), box=None)
    for column in ("row", "count", "surprise", "evidence of a change", "changed since", "alarm"):
        table.add_column(column, justify="left" if column == "row" else "right")
    for news in told:
        seen = not np.isnan(news.low)
        table.add_row(news.when, _count(news), f"{news.surprise:.2f}" if seen else "", f"{news.evidence:.2g}",
                      percent(news.changed), "alarm" if news.alarm else "")
    console = Console()
    console.print(table)
    console.print("Surprise: chance under the present regime of a count as far out. Evidence: an e-value that may be "
                  f"read after every row; the alarm is at {1 / LEVEL:.0f}, which comes falsely to one watch in "
                  f"{1 / LEVEL:.0f} at most.")
    of = f" of the change of {day(change.at)}" if change else ""
    console.print(f"Explanations{of}, before {told[0].when} and now:", highlight=False)
    for row in moved.head(SHOWN).to_dict("records"):
        console.print(f"  {percent(row['before']):>5} -> {percent(row['now']):>5}  {escape(row['explanation'])}",
                      highlight=False)


def _count(news: News) -> str:
    if np.isnan(news.low):
        return "not seen"
    if news.low == news.high:
        return f"{news.low:.0f}"
    return f"at least {news.low:.0f}" if np.isinf(news.high) else f"{news.low:.0f} to {news.high:.0f}"
