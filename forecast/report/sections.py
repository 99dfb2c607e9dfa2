"""What each of the five sections of a report holds: its sentences and tables, in the order of the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from forecast.experiment.findings import Findings
from forecast.experiment.reading import Reading
from forecast.experiment.series_answers import Advice, Answer
from forecast.report import forecast_tables, tables
from forecast.report.event_table import event_table
from forecast.report.phrases import count, safe, subject
from forecast.report.prose import claims as claims_prose
from forecast.report.prose import forecast as outlook
from forecast.report.prose import series_story, story
from forecast.report.prose.excess import brought, together
from forecast.report.prose.verdicts import persistence
from forecast.report.tables import Link, Table, link

FIGURES = 2  # other series whose pictures stand open; those of the rest are folded
FIRST = 4  # events on the first screen
RAIL = ("railcars", "trains")  # measures that make a series one of the rails


@dataclass(frozen=True)
class ClaimLine:
    """One published claim as the box on the first screen has it."""

    claim: Link | str
    publisher: str
    word: str
    brief: str


def claim_lines(findings: Findings) -> list[ClaimLine]:
    """Every published claim with what the counts say of it."""
    return [ClaimLine(link(c.claim, c.url), c.publisher, claims_prose.word(c), claims_prose.brief(c).partition(": ")[2])
            for c in findings.conclusions.claims]


def evidence(findings: Findings) -> dict[str, Any]:
    """What the answer rests on, and what it cannot tell."""
    main = findings.main
    image = findings.conclusions.main.image
    next_image = outlook.next_image(main, findings.conclusions.main)
    return {"lines": story.evidence(findings), "limits": story.limits(findings),
            "publishers": tables.publishers(main), "image": next_image,
            "images": tables.images(main) if image and image.advice is Advice.NARROWS else None,
            "brought": brought(findings), "detectors": tables.detectors(main),
            "variants": tables.sensitivity(findings) if findings.sensitivity else None,
            "account": tables.account(findings), "claims": tables.published_claims(findings)}


def others(findings: Findings) -> dict[str, Any] | None:
    """The other series: those that date a change in a table, the rest in one line; None where there are none."""
    if not findings.others:
        return None
    told = findings.conclusions.series
    changed = [r for r in findings.others if told[r.name].answer is Answer.CHANGED]
    changed.sort(key=lambda r: (r.series.measure not in RAIL, bool((b := told[r.name].beside) and b.check),
                                -r.probability))
    open_ = [safe(r.name) for r in changed[:FIGURES]]
    rail = any(r.series.measure in RAIL for r in findings.others) and findings.main.series.measure not in RAIL
    lines = [line for line in (*story.agreement(findings), together(findings)) if line]
    return {"title": "Rail, and the other series" if rail else "The other series", "lines": lines,
            "conflicts": story.contradictions(findings.others), "table": tables.other_series(findings), "open": open_,
            "folded": [_other(findings, r) for r in findings.others if safe(r.name) not in open_],
            "shown": [_other(findings, r) for r in changed[:FIGURES]]}


def _other(findings: Findings, reading: Reading) -> dict[str, Any]:
    heading, answer = subject(reading.series), findings.conclusions.series[reading.name]
    return {"id": safe(reading.name), "heading": heading[:1].upper() + heading[1:],
            "lines": [series_story.change(reading, answer), series_story.season(answer),
                      series_story.confidence(reading, answer),
                      outlook.next_image(reading, answer)],
            "detectors": tables.detectors(reading)}


def events(findings: Findings) -> dict[str, Any] | None:
    """Which dated events fit; None without any."""
    table = event_table(findings)
    if table is None:
        return None
    lines = (story.events(findings), story.order(findings), story.unfitted(findings), persistence(findings))
    only = (f"All this is of days alone: whether an event could act on {subject(findings.main.series)} at all is not "
            "asked.")
    return {"lines": [*(line for line in lines if line), only], "table": table}


def forecast(findings: Findings) -> dict[str, Any] | None:
    """What comes next, and how good such forecasts were; None where nothing is said of it."""
    ahead = outlook.ahead(findings)
    if not ahead:
        return None
    return {"lines": [line for line in (ahead, outlook.ranking(findings), outlook.others(findings)) if line],
            "totals": forecast_tables.totals(findings), "scores": forecast_tables.scores(findings),
            "by_step": forecast_tables.by_step(findings)}


def first_events(findings: Findings) -> Table | None:
    """The events as the first screen has them where no claims were published: verdict and probability alone."""
    whole = event_table(findings)
    if findings.conclusions.claims or whole is None:
        return None
    rows = [(row[0], row[1], row[3]) for row in whole.rows if row[1]]
    if left := len(rows) - FIRST:
        rows[FIRST:] = [(count(left, "further event"), "see the events", "")] if left > 0 else []
    return Table("", ("Event", "What the counts say", "Probability"), tuple(rows), frozenset({2}))
