"""The report on a terminal: the answer, what was claimed and the events, in 25 lines of 80 columns."""

from __future__ import annotations

import textwrap
from typing import Any

from forecast.experiment.findings import Findings
from forecast.report import sections
from forecast.report.event_table import event_table
from forecast.report.phrases import count, percent
from forecast.report.prose import forecast as outlook
from forecast.report.prose.lead import lead, simulated

LINES, COLUMNS = 25, 80
PATH = 2  # lines that are left for whoever prints where the report is
LEAST = 2  # claims and events that are told even where all else is long


def summary(findings: Findings, console: Any = None) -> None:
    """Print the answer, the claims and the events on a rich console (standard output when None).

    The example of `forecast.Experiment` shows it.
    """
    from rich.console import Console
    from rich.text import Text

    out = console or Console()
    for n, line in enumerate(summary_lines(findings)):
        out.print(Text(line, style="bold" if n == 0 else ""), soft_wrap=True)


def summary_lines(findings: Findings) -> list[str]:
    """The lines of the summary, each of at most 80 columns, 23 at most."""
    title = findings.title + (" (simulated)" if findings.simulated else "")
    said = [*_wrapped(title), *_wrapped(findings.question), "",
            *_wrapped(" ".join(filter(None, (simulated(findings), *lead(findings)))))]
    ahead = _wrapped(outlook.ahead(findings).split(". ")[0].rstrip(".") + ".") if outlook.ahead(findings) else []
    room = LINES - PATH - len(said) - len(ahead) - 1
    lists = [_claims(findings), _events(findings)]
    for rows, what in zip(lists, ("claim", "event"), strict=True):
        if not rows:
            continue
        later = 2 + LEAST if rows is lists[0] and lists[1] else 0
        told = _fitting(rows, what, room - 1 - later)
        said += ["", *told]
        room -= len(told) + 1
    return [*said, *(["", *ahead] if ahead else [])]


def _fitting(rows: list[list[str]], what: str, room: int) -> list[str]:
    """The lines of as many rows as there is room for, `LEAST` at least, and how many there are beside them."""
    if sum(map(len, rows)) <= room:
        return [line for row in rows for line in row]
    number = LEAST - 1
    while number + 1 < len(rows) and sum(map(len, rows[:number + 1])) + 1 <= room:
        number += 1
    left = len(rows) - number
    return [*(line for row in rows[:number] for line in row), f"  and {count(left, f'further {what}')}, see the report"]


def _claims(findings: Findings) -> list[list[str]]:
    """The lines of each claim, the verdict first; none is cut, for what a claim says of a date stands at its end."""
    wide = max((len(c.word) for c in sections.claim_lines(findings)), default=0)
    return [textwrap.wrap(f"{c.word:<{wide}}  {c.claim if isinstance(c.claim, str) else c.claim.text} ({c.publisher})",
                          COLUMNS, subsequent_indent=" " * (wide + 2), break_long_words=False)
            for c in sections.claim_lines(findings)]


def _events(findings: Findings) -> list[list[str]]:
    """One line per event, what fits best first: the verdict, its probability, the event."""
    table = event_table(findings)
    if table is None:
        return []
    rows = [(str(row[1]), str(row[3]), row[0] if isinstance(row[0], str) else getattr(row[0], "text", ""))
            for row in table.rows]
    told = [row for row in rows if row[1] not in (percent(0.0), "–") or row[0] == "supported"]
    rest = len([row for row in rows if row[0]]) - len([row for row in told if row[0]])
    wide = max(len(row[0]) for row in told) if told else 0
    lines = [[_cut(f"{word:<{wide}}  {share:>5}  {name}")] for word, share, name in told]
    return lines + ([[f"{'':<{wide}}  {percent(0.0):>5}  {count(rest, 'further event')}"
                      + (", each or untested" if rest > 1 else " or untested")]] if rest else [])


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, COLUMNS, break_long_words=False)


def _cut(text: str) -> str:
    """A line that ends in an ellipsis where it is longer than the terminal."""
    return text if len(text) <= COLUMNS else text[:COLUMNS - 1].rstrip() + "…"
