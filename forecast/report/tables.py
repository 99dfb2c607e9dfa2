"""The tables of a report: what the page and the terminal lay out in their own ways."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np

from forecast.effects.checks.variant import Outcome, Variant
from forecast.evidence.decisions import said
from forecast.evidence.statements import Statement
from forecast.experiment.csv_tables import ledger
from forecast.experiment.findings import Findings
from forecast.experiment.reading import Reading
from forecast.experiment.series_answers import Agreement, Answer
from forecast.report.phrases import (
    day,
    days,
    figure,
    listed,
    named,
    percent,
    plain,
    rows_of,
    share,
    subject,
    unit,
    whole,
)
from forecast.report.prose import claims as claims_prose
from forecast.report.prose import course_story, verdicts
from forecast.series.calendar import per_row, row_noun


@dataclass(frozen=True)
class Link:
    """Text that leads to an address of the web."""

    text: str
    url: str


Cell = str | Link | tuple[Link | str, ...]
OUTCOMES = ("used", "merged", "left out")


@dataclass(frozen=True)
class Table:
    """A table: `numeric` are the columns set flush right; `classes` marks rows for the script of the page.

    keys : what a column is sorted by, one value per row, where that is not its text
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: frozenset[int] = frozenset()
    classes: tuple[dict[str, str], ...] = ()
    keys: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


def link(text: str, url: str | None) -> Link | str:
    """A link where the address is one of the web; plain text otherwise, for a ledger may hold anything."""
    try:
        fit = bool(url) and urlsplit(str(url)).scheme in ("http", "https")
    except ValueError:
        fit = False
    return Link(text, str(url)) if fit else text


def published_claims(findings: Findings) -> Table | None:
    """What the counts say of each published claim; None where the experiment has none."""
    claims = findings.conclusions.claims
    if not claims:
        return None
    rows = [(link(c.claim, c.url), c.publisher, claims_prose.word(c), claims_prose.why(c), claims_prose.behind(c))
            for c in claims]
    return Table("What was published, and what the counts say of it. Assumed: the counts that decide were reported by "
                 "whoever makes the claim.", ("Claim", "By", "Verdict", "Why", "Counts"), tuple(rows))


def publishers(reading: Reading) -> Table | None:
    """Who is behind the counts of a series: how many statements of each, on which days; None where nobody is named."""
    used = {d.statement_id for d in reading.account if d.outcome == "used"}
    by: dict[str, list[Statement]] = {}
    for s in reading.statements:
        if s.id in used:
            by.setdefault(s.publisher, []).append(s)
    if len(by) < 2:
        return None
    rows = []
    for name, told in sorted(by.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        held = [i for i, ids in enumerate(reading.series.sources) if {s.id for s in told} & set(ids)]
        alone = sum(set(ids) <= {s.id for s in told} for ids in reading.series.sources if ids)
        ends = [day for s in told for day in (s.start, s.end) if day]
        address = next((s.url for s in told if s.url), None)
        rows.append((link(name, address), str(len(told)), str(len(held)), str(alone),
                     days(min(ends), max(ends)) if ends else "undated"))
    noun = row_noun(reading.series, 2)
    return Table(f"Who counted {subject(reading.series)}: the statements used, the {noun} that they speak of, and the "
                 f"{noun} that rest on that publisher alone.",
                 ("Publisher", "Statements", noun.capitalize(), "Alone", "Days"), tuple(rows), frozenset({1, 2, 3}))


def other_series(findings: Findings) -> Table | None:
    """One row for each other series that dates a change: what was counted, when it changed, how it stands beside."""
    told = findings.conclusions.series
    rows: list[tuple[Cell, ...]] = []
    for r in findings.others:
        answer = told[r.name]
        if answer.answer is not Answer.CHANGED or answer.beside is None:
            continue
        b = None if answer.beside.change is None else r.changes[answer.beside.change]
        when = "no single date" if b is None else f"{days(b.low, b.high)} ({percent(b.probability)})"
        beside = {Agreement.OVERLAPS: "overlaps", Agreement.ELSEWHERE: "on other days"}.get(
            answer.beside.agreement, "no date to compare")
        check = "; a check, not evidence of its own" if answer.beside.check else ""
        rows.append((_capital(subject(r.series)), course_story.counted(r, answer), when, beside + check))
    if not rows:
        return None
    return Table(f"The other series that date a change, and how its days stand to those of "
                 f"{subject(findings.main.series)}.",
                 ("Series", "Counted", "Change dated (probability)", "Beside it"), tuple(rows))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def images(reading: Reading) -> Table | None:
    """The days worth an image."""
    if not reading.images:
        return None
    rows = tuple((day(i.day), f"{figure(i.narrowing)} ({percent(i.share)})", str(i.days_now), figure(i.days_then, 3))
                 for i in reading.images)
    return Table("Days worth an image: expected narrowing of the date of the change in bits (and as a share of what is "
                 "open), and the length of its 90\u202f% interval.",
                 ("Day", "Narrowing", "Days now", "Days after"), rows, frozenset({1, 2, 3}))


def detectors(reading: Reading) -> Table | None:
    """The changes that each detector names."""
    rows = tuple((named(name), days(b.low, b.high), day(b.at), figure(b.before), figure(b.after),
                  percent(b.probability) if np.isfinite(b.probability) else "–")
                 for name, found in reading.breaks.items() for b in found)
    silent = [named(name) for name, found in reading.breaks.items() if not found]
    if not rows:
        return None
    tail = f" No change by {listed(silent)}." if silent else ""
    return Table(f"Changes of {plain(reading.name)} by detector, {unit(reading.series)} "
                 f"{per_row(reading.series)}.{tail}",
                 ("Detector", "Dated", "First row after", "Before", "After", "Probability"), rows, frozenset({3, 4, 5}))


def account(findings: Findings) -> Table:
    """How many statements each series used, merged and left out, and why most were left out."""
    rows = []
    for name, reading in findings.readings.items():
        outcomes = Counter(d.outcome for d in reading.account)
        why = Counter(d.reason for d in reading.account if d.outcome == "left out").most_common(2)
        rows.append((plain(name), str(outcomes["used"]), str(outcomes["merged"]), str(outcomes["left out"]),
                     "; ".join(f"{reason} ({n})" for reason, n in why) or "–"))
    return Table("What became of the statements in each series.",
                 ("Series", "Used", "Merged", "Left out", "Left out most often "
                                                          "since"), tuple(rows), frozenset({1, 2, 3}))


def statements(findings: Findings) -> Table:
    """One row per statement and series; series whose rows are their own statements come by their reasons alone.

    What counts something else was never in question: it is listed in statements.csv alone.
    """
    rows: list[tuple[Cell, ...]] = []
    classes, dates, counts = [], [], []
    for reading in findings.readings.values():
        if not reading.statements:
            continue
        alike = {s.id for s in reading.statements if s.measure == reading.series.measure}
        lines = [line for line in ledger(reading) if line["outcome"] != "left out" or line["id"] in alike]
        for line in sorted(lines, key=lambda line: OUTCOMES.index(line["outcome"])):
            by = " via ".join(str(line[k]) for k in ("publisher", "via") if line[k]) or "unknown"
            known = line["low"] is not None
            into = f"; into {line['into']}" if line["into"] and line["into"] not in line["reason"] else ""
            rows.append((line["id"], _when(line) if known else "–", said(line["low"], line["high"]) if known else "–",
                         link(by, line["url"]), plain(reading.name), line["outcome"], line["reason"] + into))
            dates.append(str(line["start"] or line["end"] or ""))
            counts.append(f"{line['low']:.12g}" if known else "")
            paper = reading is findings.main and line["outcome"] != "left out"
            classes.append({"series": reading.name, "outcome": line["outcome"], "paper": "yes" if paper else "no"})
    return Table("Every statement on what a series counts, once per series; statements.csv holds the others too.",
                 ("Statement", "Date", "Count", "Publisher", "Series", "Outcome", "Reason"), tuple(rows),
                 frozenset({2}), tuple(classes), {1: tuple(dates), 2: tuple(counts)})


def counts(reading: Reading) -> Table:
    """The observed rows of a series as they stand in its picture: when, the count or its bounds, and who says so."""
    s = reading.series
    known = {statement.id: statement for statement in reading.statements}
    watched = bool((s.observed & (s.exposure < 1)).any())
    rows: list[tuple[Cell, ...]] = []
    for i in np.flatnonzero(s.observed):
        behind = [known[name] for name in (s.sources[i] if s.sources else ()) if name in known]
        first = {statement.publisher: statement.url for statement in reversed(behind)}
        by = tuple(link(name, url) for name, url in sorted(first.items()))
        rows.append((whole(s.start[i], s.end[i]), said(s.low[i], s.high[i]),
                     *((share(float(s.exposure[i])),) if watched else ()),
                     *((by or "–",) if known else ())))
    what = subject(s)
    return Table(f"{what[:1].upper()}{what[1:]} as drawn, {rows_of(s, len(rows))}.",
                 ("Date", unit(s)[:1].upper() + unit(s)[1:], *(("Days watched",) if watched else ()),
                  *(("Publisher",) if known else ())), tuple(rows))


def sensitivity(findings: Findings) -> Table:
    """Every variant of the analysis beside the base, those that turn the conclusion first."""
    rows = tuple((verdicts.label(findings, v), percent(v.change), verdicts.leader(findings, v), percent(v.share),
                  verdicts.outcome(v)) for v in ranked(findings.sensitivity))
    return Table("The analysis done otherwise, one thing at a time: probability of any change, best explanation, and "
                 "how probable it is. All are read with fewer draws or a coarser grid: the base may differ a little.",
                 ("Variant", "Any change", "Best explanation", "Probability", "Conclusion"), rows, frozenset({1, 3}))


def ranked(variants: Sequence[Variant]) -> list[Variant]:
    """The base, then what was read otherwise: first what turns the conclusion, then what moves its share most."""
    base, *others = variants
    read = [v for v in others if v.outcome is not Outcome.MEASURED]
    return [base, *sorted(read, key=lambda v: (not v.turns, -abs(v.share - base.share), v.name))]


def _when(line: dict[str, object]) -> str:
    start, end = line["start"], line["end"]
    if start and end:
        return days(start, end)
    return f"to {day(end)}" if end else (f"from {day(start)}" if start else "undated")


def as_markdown(table: Table) -> str:
    """A table for the terminal and for Markdown."""
    lines: Sequence[Sequence[Cell]] = [table.head, *table.rows]
    cells = [[literal(_text(cell)).replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines]
    text = ["| " + " | ".join(line) + " |" for line in cells]
    rule = "|" + "|".join(" ---: " if k in table.numeric else " --- " for k in range(len(table.head))) + "|"
    return "\n".join([text[0], rule, *text[1:], "", f"*{literal(table.caption)}*"])


def literal(text: str) -> str:
    """Text in which Markdown sees neither HTML nor links nor code, whatever a ledger holds.

    >>> literal("<b>[x](javascript:y)</b>, <1 %")
    '&lt;b>\\\\[x](javascript:y)&lt;/b>, <1 %'
    """
    return re.sub(r"([\\\[`])", r"\\\1", re.sub(r"<(?=[A-Za-z/!?])", "&lt;", text))


def _text(cell: Cell) -> str:
    if isinstance(cell, tuple):
        return listed(_text(each) for each in cell)
    return cell.text if isinstance(cell, Link) else cell
