"""The page: sentences, tables and figures of findings put into the template, as one HTML text."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.experiment.findings import Findings, Reading
from forecast.report import tables
from forecast.report.phrases import count, figure, safe, subject, whole
from forecast.report.prose import forecast as outlook
from forecast.report.prose import series_story, story
from forecast.report.prose.captions import alt, captions
from forecast.report.prose.excess import brought, together
from forecast.report.prose.verdicts import image_selection, persistence, robust
from forecast.series.calendar import row_noun

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

    from forecast.report.figures import Drawn

TEMPLATES = Path(__file__).parent / "templates"


def page_text(findings: Findings, drawn: Mapping[str, Drawn], config: str | None = None,
              files: Mapping[str, str] | None = None) -> str:
    """The HTML of the report with its figures inside; it asks no other address for anything.

    files : name -> text of the tables that the page hands out again
    """
    script = asset("report.js")
    return template("report.html").render(
        f=findings, figures={name: _charts(findings, name, each) for name, each in drawn.items()},
        captions=captions(findings), config=config, css=asset("report.css"), js=script, js_hash=_hash(script),
        counts=_counts(findings.main, drawn["key"]), downloads=_downloads(files or {}), **_parts(findings))


def _charts(findings: Findings, name: str, drawn: Drawn) -> list[tuple[str, Markup]]:
    """The drawings of one figure with the class that says where each is shown."""
    from markupsafe import Markup

    from forecast.report.figures import inline

    words = escape(alt(findings, name), quote=True)
    if drawn.narrow is None:
        return [("column", Markup(inline(drawn.svg, name, words)))]  # noqa: S704 - our own SVG
    return [("wide", Markup(inline(drawn.svg, name, words))),  # noqa: S704 - our own SVG
            ("narrow", Markup(inline(drawn.narrow, f"{name}-narrow", words)))]  # noqa: S704 - our own SVG


def _counts(reading: Reading, key: Drawn) -> tables.Table:
    """The rows of the key picture with their places in it, which the script shows at the place pointed at."""
    places = [{"wide": f"{wide[0]:.4f} {wide[1]:.4f}", "narrow": f"{narrow[0]:.4f} {narrow[1]:.4f}"}
              for wide, narrow, seen in zip(key.spots, key.narrow_spots, reading.series.observed, strict=True) if seen]
    return replace(tables.counts(reading), classes=tuple(places))


def _downloads(files: Mapping[str, str]) -> list[tuple[str, str]]:
    """Name and address of each file inside the page itself."""
    kinds = {"csv": "text/csv", "json": "application/json"}
    return [(name, f"data:{kinds[name.rpartition('.')[2]]};base64,{b64encode(text.encode()).decode()}")
            for name, text in files.items()]


def _hash(script: str) -> str:
    """What the policy of the page knows its one script by."""
    return b64encode(sha256(script.encode()).digest()).decode()


def _parts(findings: Findings) -> dict[str, Any]:
    """Everything that the template names, in words."""
    some_events = bool(findings.windows and findings.main.explained)
    doubts, main = robust(findings), findings.conclusions.main
    parts: dict[str, Any] = {
        "answer": story.answer(findings), "limits": story.limits(findings),
        "claims": tables.published_claims(findings),
        "explanations": [tables.explanations(findings, k) for k in main.explained] if some_events else [],
        "agreement": [line for line in (
            *story.agreement(findings), together(findings), story.unfitted(findings)) if line],
        "brought": brought(findings), "detectors": tables.detectors(findings.main),
        "elsewhere": [line for line in (story.looked_elsewhere(findings), persistence(findings)) if line],
        "tests": tables.event_tests(findings) if some_events else None,
        "ahead": outlook.ahead(findings), "ranking": outlook.ranking(findings), "totals": tables.totals(findings),
        "scores": tables.scores(findings), "by_step": tables.by_step(findings),
        "doubts": [line for line in (*doubts, image_selection(findings)) if line] if doubts else [],
        "variants": tables.sensitivity(findings) if findings.sensitivity else None,
        "image": outlook.next_image(findings.main, main), "images": tables.images(findings.main),
        "others": [_other(findings, reading) for reading in findings.others],
        "account": tables.account(findings), "statements": tables.statements(findings),
        "method": _method(findings), "facts": _facts(findings), "cite": _cite(findings)}
    parts["ledger_series"] = list(dict.fromkeys(c["series"] for c in parts["statements"].classes))
    names = (("explanations", "Explanations"), ("tests", "Events"), ("brought", "Size"), ("doubts", "Sensitivity"),
             ("ahead", "Forecast"), ("image", "Next image"), ("others", "Other series"))
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
    heading, answer = subject(reading.series), findings.conclusions.series[reading.name]
    return {"id": safe(reading.name), "heading": heading[:1].upper() + heading[1:],
            "lines": [series_story.change(reading, answer), series_story.confidence(reading, answer),
                      outlook.next_image(reading, answer)],
            "detectors": tables.detectors(reading)}


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
                     f"{findings.frozen}. Between two rows every day is taken to be equally likely: the counts cannot "
                     "say on which side of a day between them the change lies."))
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
                                   "counts that it may show"
                     + (f", for the days that {g['imaged']} has an image of, by how clear each is." if "imaged" in g
                        else ".")))
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
