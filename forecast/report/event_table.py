"""One table of the events: the verdict on each, how probable it is that the change fell in its window, and its test."""

from __future__ import annotations

from forecast.effects.event_tests import Effect
from forecast.effects.explanations import NONE, NOWHERE, Explanation, Window
from forecast.experiment.findings import Findings
from forecast.experiment.verdicts import Verdict
from forecast.report.phrases import count, days, p_value, percent, ratio, subject, whole_percent
from forecast.report.prose import verdicts
from forecast.report.tables import Cell, Table, link

NUMERIC = frozenset({3, 4, 5})


def sized(e: Effect | None) -> str:
    """The ratio of an effect at the date with its interval; a dash where there was no test."""
    return f"{ratio(e.ratio)} ({ratio(e.low)} to {ratio(e.high)})" if e is not None else "–"


def event_table(findings: Findings) -> Table | None:
    """Every event: those that hold some of the change first, then by date; last that none of them fits."""
    if not (findings.windows and findings.main.explained):
        return None
    pairs = list(zip(findings.windows, findings.conclusions.verdicts, strict=True))
    pairs.sort(key=lambda pair: -whole_percent(probability(findings, pair[1])))
    rows = [_row(findings, window, v) for window, v in pairs]
    for name in (NONE, NOWHERE):
        row = next(row for row in findings.main.table if row.name == name)
        rows.append((row.label, "", "", percent(row.probability), "", "", ""))
    head = ("Event", "Verdict", "Date", "Probability", "p of a step", "Ratio (95\u202f%)", "Why")
    return Table(_caption(findings), head, tuple(rows), NUMERIC)


def row_of(findings: Findings, v: Verdict) -> Explanation | None:
    """The row of the explanations that a verdict rests on: of the change that its window holds most of."""
    if v.change is None or v.change >= len(findings.main.explained):
        return None
    return next((row for row in findings.main.explained[v.change] if row.name == v.event), None)


def probability(findings: Findings, v: Verdict) -> float | None:
    """How probable it is that the change fell in the window of an event, shared days divided; None untested."""
    row = row_of(findings, v)
    return None if row is None else row.probability


def _row(findings: Findings, window: Window, v: Verdict) -> tuple[Cell, ...]:
    event, effect, share = window.event, findings.effects.get(v.event), probability(findings, v)
    return (link(event.label, event.url), verdicts.word(v), days(event.start, event.end),
            "–" if share is None else percent(share), "–" if effect is None else p_value(effect.adjusted),
            sized(effect), verdicts.why(findings, v))


def _caption(findings: Findings) -> str:
    """What the columns mean, and which change they speak of."""
    changes, focal = findings.main.changes, findings.conclusions.focal
    which = ("the likeliest change" if focal is None else f"the change of {days(focal.low, focal.high)}"
             if len(changes) == 1 else f"one of the {count(len(changes), 'change')} (the one that fits it best)")
    said = [f"Verdicts on {subject(findings.main.series)}. Probability: that {which} fell in the window of the event, "
            "which is its date and the days after it on which an effect is looked for; days that several windows "
            "share are divided between them, the more to an event the nearer it lies."]
    if findings.tested:
        least = 1 / (findings.settings.get("placebos", 0) + 1)
        said.append(f"p of a step: chance of as clear a step at that date without one, trend, season and other changes "
                    f"taken into account, adjusted for {count(len(findings.effects), 'date')}; below {p_value(least)} "
                    "cannot be shown. Dates near the true change may pass it too, so it supports an event only "
                    "together with the probability. Ratio: mean after the date over mean before, if a lasting step lay "
                    "there.")
    return " ".join(said)
