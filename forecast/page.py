"""The page: sentences, tables and figures of findings put into the template, as one HTML text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast import outlook, sections, story
from forecast.experiment import Findings, Reading
from forecast.verdicts import persistence
from forecast.words import count, figure, listed, named, percent, row_noun, sentence, unit, whole

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

    from forecast.figures import Drawn

TEMPLATES = Path(__file__).parent / "templates"


def page_text(findings: Findings, drawn: Mapping[str, Drawn], config: str | None = None) -> str:
    """The HTML of the report with its figures inside; it asks no other address for anything."""
    from markupsafe import Markup

    from forecast.figures import inline

    captions = _captions(findings)
    figures = {name: Markup(inline(each.svg, name, escape(alt(findings, name), quote=True)))  # noqa: S704 - our own SVG
               for name, each in drawn.items()}
    return template("report.html").render(f=findings, figures=figures, captions=captions, config=config,
                                          css=asset("report.css"), js=asset("report.js"), **_parts(findings))


def _parts(findings: Findings) -> dict[str, Any]:
    """Everything that the template names, in words."""
    some_events = bool(findings.windows and findings.main.explained)
    parts: dict[str, Any] = {
        "answer": story.answer(findings), "limits": story.limits(findings),
        "explanations": [sections.explanations(findings, k) for k in range(len(findings.main.explained))],
        "agreement": story.agreement(findings), "detectors": sections.detectors(findings.main),
        "elsewhere": [line for line in (story.looked_elsewhere(findings), persistence(findings)) if line],
        "tests": sections.event_tests(findings) if some_events else None,
        "ahead": outlook.ahead(findings), "ranking": outlook.ranking(findings), "totals": sections.totals(findings),
        "scores": sections.scores(findings), "by_step": sections.by_step(findings),
        "image": outlook.next_image(findings.main), "images": sections.images(findings.main),
        "others": [_other(findings, reading) for reading in story.others(findings)],
        "account": sections.account(findings), "statements": sections.statements(findings),
        "method": _method(findings), "facts": _facts(findings), "cite": _cite(findings)}
    parts["ledger_series"] = list(dict.fromkeys(c["series"] for c in parts["statements"].classes))
    names = (("explanations", "Explanations"), ("tests", "Events"), ("ahead", "Forecast"), ("image", "Next image"),
             ("others", "Other series"))
    parts["contents"] = [pair for pair in names if parts[pair[0]]] + [
        ("evidence", "Evidence"), ("method", "Method"), ("again", "Settings and citing")]
    return parts


@cache
def template(name: str) -> Template:
    """A template of ours; everything put into it is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return made.get_template(name)


def asset(name: str) -> Markup:
    """A style or a script of ours, which a page takes in as it stands."""
    from markupsafe import Markup

    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704 - our own file


def _other(findings: Findings, reading: Reading) -> dict[str, Any]:
    from forecast.figures import safe

    heading = story.subject(reading)
    return {"id": safe(reading.name), "heading": heading[:1].upper() + heading[1:],
            "lines": [story.change(reading), story.confidence(reading), outlook.next_image(reading)],
            "detectors": sections.detectors(reading)}


def alt(findings: Findings, name: str) -> str:
    """What a figure shows, for those who cannot see it: the finding itself."""
    mark = "Simulated data. " if findings.simulated else ""
    if name == "key":
        return mark + f"{_seen(findings.main)} {story.change(findings.main)}"
    if name == "explanations":
        rows = sorted(findings.main.explained[0], key=lambda e: -e.probability)
        held = listed(f"{e.label} {percent(e.probability)}" for e in rows[:4])
        return mark + f"Posterior probability by explanation: {held}."
    if name == "effects":
        effects = findings.tested.effects if findings.tested else ()
        beat = sum(e.adjusted <= 0.05 for e in effects)
        return mark + (f"Ratio of the levels after and before {count(len(effects), 'date')}: {count(beat, 'date')} "
                       "with an adjusted p of at most 0.05.")
    if name == "forecast":
        return mark + outlook.ahead(findings)
    reading = next(r for r in story.others(findings) if name == f"series_{_safe(r.name)}")
    return mark + f"{_seen(reading)} {story.change(reading)}"


def _safe(name: str) -> str:
    from forecast.figures import safe

    return safe(name)


def _seen(reading: Reading) -> str:
    s = reading.series
    return f"{unit(s)[:1].upper()}{unit(s)[1:]} by {row_noun(s)}, {whole(s.start[0], s.end[-1])}."


def _captions(findings: Findings) -> dict[str, str]:
    """What each figure's marks mean, as far as they occur in it."""
    from forecast.figures import likely_windows

    held = likely_windows(findings.main, findings.windows)
    made = {"key": _marks(findings.main, findings) + " Below: the probability of a change between neighbouring rows"
            + (", and the windows of the events that hold most of it." if held else ".")}
    made["explanations"] = ("Posterior probability that the change lies in the window of each event; hollow: what the "
                            "length of the window alone would give.")
    if findings.tested:
        made["effects"] = (f"{count(len(findings.tested.effects), 'date').capitalize()} tested; filled marks have an "
                           "adjusted p of at most 0.05. An event near the true change also scores.")
    if len(findings.forecast):
        best = named(outlook.best_member(findings))
        made["forecast"] = (f"Observed counts and {findings.settings.get('draws')} sample paths of {best}; bars: "
                            "counts known as a range.")
    return made | {f"series_{_safe(r.name)}": _marks(r, findings) for r in story.others(findings)}


def _marks(reading: Reading, findings: Findings) -> str:
    s = reading.series
    partly = s.observed & (s.exposure < 1) & (s.kind == "flow")
    per = f" per fully watched {row_noun(s)}" if partly.any() else ""
    said = [f"Line and band: the level{per} and its 90 % band"]
    if (s.observed & (s.low != s.high)).any():
        said.append("bars: counts known as a range")
    if story.main_breaks(reading):
        said.append("tall box: the dates between which a change lies")
    if not s.observed.all() and s.freq:
        said.append("hatched: not observed")
    if findings.windows:
        said.append("dashed: events" + (", dotted: events read from these counts" if any(
            not w.event.outside for w in findings.windows) else ""))
    if partly.any():
        said.append(f"counts stand as seen, in {int(partly.sum())} of {int(s.observed.sum())} rows on part of the days "
                    f"({percent(float(np.median(s.exposure[partly])))} of them in the middle)")
    publishers = story.weigh(reading).publishers
    end = f" Statements by {listed(publishers)}." if publishers else ""
    return sentence("; ".join(said)) + end


def _method(findings: Findings) -> list[tuple[str, str]]:
    """The method in one screen, with the settings of this run."""
    g = findings.settings
    bounds = any((r.series.observed & (r.series.low != r.series.high)).any() for r in findings.readings.values())
    said = [("Change", "A level that may jump, with deviations that persist and counts more scattered than Poisson; "
                       "its settings are integrated over a grid with stated priors, at even odds of any change "
                       "against none."
             + (" A count known as a range enters as that range." if bounds else "")
             + " Nothing is assumed of rows that nobody observed.")]
    if findings.windows:
        said.append(("Explanations", f"The probability of the date is summed over the window of each of "
                     f"{count(sum(w.event.outside for w in findings.windows), 'event')}; the list of "
                     f"{len(findings.windows)} was fixed before the run and has the hash "
                     f"{findings.frozen}."))
    if findings.tested:
        said.append(("Events", f"A likelihood ratio at each known date, compared with {g.get('placebos')} series "
                               "simulated from the fitted model without a step, with the same gaps, bounds and "
                               "watched days; p adjusted over the list by step-down maxima (Westfall and Young)."))
    if findings.backtest:
        said.append(("Forecasts", f"{count(len(findings.backtest.scores), 'member').capitalize()} forecast "
                     f"{count(findings.backtest.horizon, 'row')} from "
                     f"{count(len(findings.backtest.origins), 'origin')}, each "
                     "from what was known then; scored by CRPS on exact counts."))
    if findings.main.images:
        said.append(("Next image", "Expected entropy of the date of the change after an image of each day, over the "
                                   "counts that it may show."))
    said.append(("Words", "Terms of probability follow ICD 203: almost no chance to 5 %, very unlikely to 20 %, "
                          "unlikely to 45 %, roughly even chance to 55 %, likely to 80 %, very likely to 95 %, almost "
                          "certain above. They stand for posterior probabilities only."))
    return said


def _facts(findings: Findings) -> list[tuple[str, str]]:
    settings, versions = (", ".join(f"{key} {value}" for key, value in sorted(pairs.items()))
                          for pairs in (findings.settings, findings.versions))
    return [("Experiment", findings.name), ("Settings", settings), ("Versions", versions),
            ("Hash of the list of events", findings.frozen)]


def _cite(findings: Findings) -> str:
    from forecast import __version__

    what = "Simulated data. " if findings.simulated else ""
    return (f"{what}{findings.title}: {findings.name}, run with forecast {__version__}, seed "
            f"{findings.settings.get('seed')}, event list {findings.frozen}; series of "
            f"{figure(len(findings.main.series), 6)} {row_noun(findings.main.series, 2)}, "
            f"{whole(findings.main.series.start[0], findings.main.series.end[-1])}.")
