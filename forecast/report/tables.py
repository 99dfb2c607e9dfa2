"""The tables of a report: what the page and the terminal lay out in their own ways."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np

from forecast.effects.checks.variant import Outcome, Variant
from forecast.effects.event_tests import Effect
from forecast.effects.explanations import NONE, NOWHERE
from forecast.evidence.decisions import said
from forecast.experiment.csv_tables import ledger
from forecast.experiment.findings import Findings, Reading
from forecast.experiment.verdicts import Verdict
from forecast.report.phrases import (
    count,
    day,
    days,
    figure,
    listed,
    named,
    p_value,
    percent,
    plain,
    ratio,
    rows_of,
    share,
    subject,
    unit,
    whole,
)
from forecast.report.prose import claims as claims_prose
from forecast.report.prose import verdicts
from forecast.series.calendar import per_row, row_noun


@dataclass(frozen=True)
class Link:
    """Text that leads to an address of the web."""

    text: str
    url: str


Cell = str | Link | tuple[Link | str, ...]
SEVERAL_CHANGES = (" The series changes several times: the ratio of one lasting step would mix its levels, and a dash "
                   "stands in its place.")
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


def explanations(findings: Findings, k: int | None = None) -> Table:
    """The table of explanations of the k-th change of the primary series, by default of the focal one."""
    k = findings.main.focal if k is None else k
    table = findings.main.explained[k]
    labels = {e.name: e.label for e in table}
    shown = [*sorted((e for e in table if e.name not in (NONE, NOWHERE)), key=lambda e: -e.probability),
             *(e for e in table if e.name in (NONE, NOWHERE))]
    rows = [(e.label, percent(e.probability), days(e.first, e.last) if e.first else "–", percent(e.within),
             percent(e.prior), _odds(e.ratio), listed(labels[name] for name in e.alike) or "–") for e in shown]
    rows.append(("Sum", share(sum(e.probability for e in table)), "", "", "", "", ""))
    found = findings.main.changes
    which = f"dated {days(found[k].low, found[k].high)}" if found else "that the posterior would pick"
    return Table(
        f"Explanations of the change {which}. Days that several windows share are divided evenly between them, so that "
        f"the first column of percents sums to 100; the second counts them in full.",
        ("Explanation", "Probability", "Window", "In window", "Before data", "Ratio", "Same days as"),
        tuple(rows), frozenset({1, 3, 4, 5}))


def lasting(e: Effect, v: Verdict) -> str:
    """The ratio of one lasting step with its interval; a dash where several changes make it say nothing."""
    return f"{ratio(e.ratio)} ({ratio(e.low)} to {ratio(e.high)})" if v.decides else "–"


def event_tests(findings: Findings) -> Table:
    """The test of every event at its date, with the verdict."""
    rows: list[tuple[Cell, ...]] = []
    for window, v in zip(findings.windows, findings.conclusions.verdicts, strict=True):
        event, e = window.event, findings.effects.get(v.event)
        name = link(event.label, event.url)
        verdict = (verdicts.word(v), "; ".join(filter(None, (
            verdicts.why(findings, v), verdicts.ruled_out(v.ruled_out)))))
        if e is None:
            rows.append((name, days(event.start, event.end), "–", "–", "–", "–", *verdict))
        else:
            rows.append((name, days(event.start, event.end), p_value(e.p_value), p_value(e.adjusted),
                         lasting(e, v), f"{figure(e.detectable)}×", *verdict))
    n = len(findings.effects)
    least = 1 / (findings.settings.get("placebos", 0) + 1)
    return Table(
        f"Level after over level before the date of each event, {count(n, 'date')} tested "
        f"{'together ' if n > 1 else ''}against no change "
        f"anywhere: an event near the true change therefore also scores. p below {p_value(least)} cannot be shown by "
        f"{findings.settings.get('placebos')} simulated series. Detectable: the smallest rise seen four times in five."
        f"{'' if all(v.decides for v in findings.conclusions.verdicts) else SEVERAL_CHANGES}",
        ("Event", "Date", "p", "p, adjusted", "Ratio (95\u202f%)", "Detectable", "Verdict", "Why"), tuple(rows),
        frozenset({2, 3, 4, 5}))


def totals(findings: Findings) -> Table | None:
    """Sum over the horizon by member; the last row of the horizon for a stock."""
    series = findings.readings[findings.forecast_on].series
    if not len(findings.forecast):
        return None
    if len(findings.totals):
        lines, what = findings.totals, f"{unit(series)} over the whole horizon"
    else:
        lines = findings.forecast.groupby("model", sort=False).last().reset_index()
        what = f"{unit(series)} {per_row(series)} at the end of the horizon"
    order = {m: k for k, m in enumerate(findings.backtest.scores["model"])} if findings.backtest else {}
    ranked = sorted(lines.to_dict("records"), key=lambda line: order.get(line["model"], 0))
    rows = tuple((named(str(r["model"])), figure(r["q0.5"]), figure(r["mean"]), f"{figure(r['q0.1'])} to "
                                                                                f"{figure(r['q0.9'])}",
                  f"{figure(r['q0.025'])} to {figure(r['q0.975'])}") for r in ranked)
    return Table(f"Forecasts by member, best score first: {what}.",
                 ("Member", "Median", "Mean", "80\u202f% "
                                              "interval", "95\u202f% interval"), rows, frozenset({1, 2, 3, 4}))


def by_step(findings: Findings) -> Table | None:
    """The best member's forecast row by row."""
    lines = findings.best_forecast
    if not len(lines):
        return None
    rows = tuple((day(r["when"]), figure(r["q0.5"]), f"{figure(r['q0.1'])} to {figure(r['q0.9'])}",
                  f"{figure(r['q0.025'])} to {figure(r['q0.975'])}") for r in lines.to_dict("records"))
    series = findings.readings[findings.forecast_on].series
    return Table(f"Forecast of {named(str(lines['model'].iloc[0]))} for each {row_noun(series)}, {unit(series)} "
                 f"{per_row(series)}.", ("From", "Median", "80\u202f% interval", "95\u202f% interval"), rows,
                 frozenset({1, 2, 3}))


def scores(findings: Findings) -> Table | None:
    """Scores of every member in the backtest."""
    if findings.backtest is None:
        return None
    b = findings.backtest
    rows = tuple((named(str(r["model"])), figure(r["crps"], 3), figure(r["log_score"], 3), figure(r["mase"], 3),
                  share(r["coverage_80"]), share(r["coverage_95"]), f"{r['pit_mean']:.2f}", p_value(r["dm_p"]))
                 for r in b.scores.to_dict("records"))
    return Table(
        f"Backtest: {count(len(b.origins), 'origin')}, {count(b.horizon, 'row')} ahead. CRPS, log score and MASE: "
        f"lower is better; the mean PIT is 0.5 without bias; p of Diebold and Mariano against {named(b.baseline)}.",
        ("Member", "CRPS", "Log score", "MASE", "In 80\u202f%", "In 95\u202f%", "PIT", "p"), rows,
        frozenset(range(1, 8)))


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
    rows = tuple((verdicts.label(v), percent(v.change), verdicts.leader(findings, v), percent(v.share),
                  verdicts.outcome(v)) for v in ranked(findings.sensitivity))
    return Table("The analysis done otherwise, one thing at a time: probability of any change, best explanation, and "
                 "how probable it is. All are read with fewer draws or a coarser grid: the base may differ a little.",
                 ("Variant", "Any change", "Best explanation", "Probability", "Conclusion"), rows, frozenset({1, 3}))


def ranked(variants: Sequence[Variant]) -> list[Variant]:
    """The base, then what was read otherwise: first what turns the conclusion, then what moves its share most."""
    base, *others = variants
    read = [v for v in others if v.outcome is not Outcome.MEASURED]
    return [base, *sorted(read, key=lambda v: (not v.turns, -abs(v.share - base.share), v.name))]


def _odds(x: float) -> str:
    return "<0.1" if x < 0.1 else figure(x)


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
