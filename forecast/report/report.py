"""From findings to one page, its figures, tables and JSON; each part is one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from forecast.experiment.csv_tables import TABLES, csv_tables, csv_text
from forecast.experiment.findings import Findings
from forecast.experiment.findings_json import as_json
from forecast.experiment.output_folders import check_output
from forecast.report import sections, tables
from forecast.report.page import page_text
from forecast.report.prose import story
from forecast.report.summary import summary
from forecast.support.atomic_files import atomic_set

__all__ = ["Page", "markdown", "page", "show_report", "summary", "write_report"]


def write_report(findings: Findings, folder: str | Path, config: str | None = None,
                 also: Callable[[], Mapping[str, str]] | None = None) -> Path:
    """Write report.html, figures/, findings.json and the tables as CSV into `folder`; returns the page's path.

    Everything is written beside them and moved in at the end, so that an earlier report stays whole if anything fails.
    Tables and figures of an earlier run that this one does not have go; other files in the folder are left alone.

    config : the composed settings as YAML text, printed on the page and kept in findings.json
    also : gives name -> text of further files; asked when all else is made
    Raises OSError when the folder cannot be written, ValueError when it holds something that is no report of ours.

    The example of `forecast.Experiment` shows it.
    """
    from forecast.report.figures import draw
    from forecast.report.share import share_image

    target = Path(folder)
    check_output(target)
    with atomic_set(target, removed=(*(f"{table}.csv" for table in TABLES), "figures")) as place:
        files = _files(findings, config)
        for name, text in files.items():
            _write(place / name, text)
        drawn = draw(findings)
        (place / "figures").mkdir()
        for name, each in drawn.items():
            _write(place / "figures" / f"{name}.svg", each.svg)
            if each.narrow is not None:
                _write(place / "figures" / f"{name}_column.svg", each.narrow)
            if each.png is not None:
                (place / "figures" / f"{name}.png").write_bytes(each.png)
        (place / "figures" / "share.png").write_bytes(share_image(findings))
        _write(place / "report.html", page_text(findings, drawn, config, files))
        for name, text in (also() if also else {}).items():
            _write(place / name, text)
    return target / "report.html"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")


@dataclass(frozen=True)
class Page:
    """The report as one text of HTML, which a notebook shows."""

    html: str

    def _repr_html_(self) -> str:
        return self.html


def show_report(findings: Findings) -> Page:
    """The whole report as the result of a notebook's cell.

    The example of `forecast.Experiment` shows it.
    """
    return Page(page(findings))


def page(findings: Findings, config: str | None = None) -> str:
    """The report as one HTML text that asks no other address for anything."""
    from forecast.report.figures import draw

    return page_text(findings, draw(findings), config, _files(findings, config))


def _files(findings: Findings, config: str | None) -> dict[str, str]:
    """Name -> text of findings.json and of the tables."""
    return {"findings.json": as_json(findings, config)} | {
        f"{name}.csv": csv_text(lines) for name, lines in csv_tables(findings).items()}


def markdown(findings: Findings) -> str:
    """The whole report but its ledgers and pictures as Markdown."""
    mark = " (simulated)" if findings.simulated else ""
    parts = [f"# {findings.title}{mark}", f"*{findings.question}*", *story.answer(findings)]
    evidence, others = sections.evidence(findings), sections.others(findings)
    if evidence["claims"]:
        parts += ["## Claim: what the counts say", tables.as_markdown(evidence["claims"])]
    parts += ["## The evidence", *evidence["lines"], evidence["image"]]
    if evidence["limits"]:
        parts += ["### What it cannot tell", "\n".join(f"- {line}" for line in evidence["limits"])]
    parts += [_table(evidence["publishers"]), evidence["brought"]]
    if others:
        parts += [f"## {others['title']}", *others["conflicts"], _table(others["table"]), *others["lines"]]
    for title, section in (("The events", sections.events(findings)), ("What comes next", sections.forecast(findings))):
        if section:
            parts += [f"## {title}", *section["lines"], _table(section.get("table"))]
    texts = [part if part.startswith("| ") else tables.literal(part) for part in parts if part]  # tables are literal
    return "\n\n".join(texts) + "\n"


def _table(table: tables.Table | None) -> str:
    return tables.as_markdown(table) if table else ""
