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

from forecast.experiment.findings import Findings
from forecast.experiment.reading import Reading
from forecast.report import sections, tables
from forecast.report.prose import course_story, method
from forecast.report.prose.captions import alt, captions
from forecast.report.prose.lead import lead, simulated

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
    statements = tables.statements(findings)
    parts: dict[str, Any] = {
        "lead": [*filter(None, [simulated(findings)]), *lead(findings)],
        "story": course_story.story(findings.main, findings.conclusions.main),
        "claims": sections.claim_lines(findings), "first": sections.first_events(findings),
        "evidence": sections.evidence(findings), "others": sections.others(findings),
        "events": sections.events(findings), "forecast": sections.forecast(findings),
        "statements": statements, "ledger_series": list(dict.fromkeys(c["series"] for c in statements.classes)),
        "method": method.method(findings), "facts": method.facts(findings), "cite": method.cite(findings)}
    names = (("others", "rail", "Other series"), ("events", "events", "Events"), ("forecast", "forecast", "Forecast"))
    parts["contents"] = [("answer", "Answer"), ("evidence", "Evidence"),
                         *((id_, name) for key, id_, name in names if parts[key]), ("about", "About")]
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
