"""From findings to one page, its figures, tables and JSON; each part is one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.effects.explanations import NONE, NOWHERE
from forecast.experiment.csv_tables import TABLES, csv_tables, csv_text
from forecast.experiment.findings import Findings
from forecast.experiment.findings_json import as_json
from forecast.experiment.output_folders import check_output
from forecast.report import tables
from forecast.report.page import page_text
from forecast.report.phrases import THIN, count, p_value, percent
from forecast.report.prose import claims as claims_prose
from forecast.report.prose import forecast as outlook
from forecast.report.prose import story
from forecast.report.prose.excess import brought, together
from forecast.report.prose.verdicts import image_selection, robust, word
from forecast.support.atomic_files import atomic_set

if TYPE_CHECKING:
    from rich.table import Table as RichTable



def write_report(findings: Findings, folder: str | Path, config: str | None = None,
                 also: Callable[[], Mapping[str, str]] | None = None) -> Path:
    """Write report.html, figures/, findings.json and the tables as CSV into `folder`; returns the page's path.

    Everything is written beside them and moved in at the end, so that an earlier report stays whole if anything fails.
    Tables and figures of an earlier run that this one does not have go; other files in the folder are left alone.

    config : the composed settings as YAML text, printed on the page and kept in findings.json
    also : gives name -> text of further files; asked when all else is made
    Raises OSError when the folder cannot be written, ValueError when it holds something that is no report of ours.
    """
    from forecast.report.figures import draw

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
    """The whole report as the result of a notebook's cell."""
    return Page(page(findings))


def page(findings: Findings, config: str | None = None) -> str:
    """The report as one HTML text that asks no other address for anything."""
    from forecast.report.figures import draw

    return page_text(findings, draw(findings), config, _files(findings, config))


def _files(findings: Findings, config: str | None) -> dict[str, str]:
    """Name -> text of findings.json and of the tables."""
    return {"findings.json": as_json(findings, config)} | {
        f"{name}.csv": csv_text(lines) for name, lines in csv_tables(findings).items()}


def summary(findings: Findings, console: Any = None) -> None:
    """Print the answer and one table of the events on a rich console (standard output when None)."""
    from rich.console import Console
    from rich.text import Text

    out = console or Console()
    out.print(Text(findings.title + (" (simulated)" if findings.simulated else ""), style="bold"))
    for paragraph in story.answer(findings):
        out.print(Text(paragraph))
        out.print()
    if findings.conclusions.claims:
        out.print(_claims(findings))
    if findings.windows and findings.main.explained:
        out.print(_events(findings))
    for paragraph in (outlook.ahead(findings), outlook.next_image(findings.main, findings.conclusions.main)):
        if paragraph:
            out.print(Text(paragraph))
            out.print()


def _claims(findings: Findings) -> RichTable:
    """Every published claim with its verdict."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("Claim", "By", "What the counts say"):
        table.add_column(head)
    for claim in findings.conclusions.claims:
        table.add_row(Text(claim.claim), Text(claim.publisher), Text(claims_prose.word(claim)))
    return table


def _events(findings: Findings) -> RichTable:
    """Explanations of the focal change: events that hold something or pass the test, the rest as a number."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head, right in (("Explanation", False), ("Probability", True), ("p, adjusted", True), ("Ratio (95 %)", True),
                        ("Verdict", False)):
        table.add_column(head, justify="right" if right else "left", no_wrap=right)
    held = {e.name: e.probability for e in findings.main.table}
    tested = [(held.get(v.event, 0.0), findings.effects[v.event], v) for v in findings.conclusions.verdicts
              if v.event in findings.effects]
    shown = [row for row in tested if percent(row[0]) != percent(0.0) or row[2].significant]
    for probability, e, v in sorted(shown, key=lambda row: -row[0]):
        table.add_row(Text(findings.label(v.event)), percent(probability), p_value(e.adjusted),
                      tables.lasting(e, v), word(v))
    if rest := len(tested) - len(shown):
        table.add_row(f"{count(rest, 'further event').capitalize()}{', each' * (rest > 1)}", f"<1{THIN}%", "", "", "")
    for row in findings.main.table:
        if row.name in (NONE, NOWHERE):
            table.add_row(row.label, percent(row.probability), "", "", "")
    return table


def markdown(findings: Findings) -> str:
    """The answer and the main tables as Markdown."""
    mark = " (simulated)" if findings.simulated else ""
    parts = [f"# {findings.title}{mark}", f"*{findings.question}*", *story.answer(findings)]
    if claims := tables.published_claims(findings):
        parts += ["## What was claimed, and what the counts say", tables.as_markdown(claims)]
    if limits := story.limits(findings):
        parts += ["## What the evidence cannot tell", "\n".join(f"- {line}" for line in limits)]
    if findings.windows and findings.main.explained:
        parts += ["## Which explanation fits", tables.as_markdown(tables.explanations(findings)),
                  "## Each event at its own date", tables.as_markdown(tables.event_tests(findings))]
    if line := together(findings):
        parts += ["## Series that share a cause", line]
    if line := brought(findings):
        parts += ["## What the change brought", line]
    if doubts := robust(findings):
        parts += ["## What the conclusion hangs on", *doubts, image_selection(findings)]
    if ahead := outlook.ahead(findings):
        parts += ["## What comes next", ahead, outlook.ranking(findings)]
    if image := outlook.next_image(findings.main, findings.conclusions.main):
        parts += ["## The image to buy next", image]
    texts = [part if part.startswith("| ") else tables.literal(part) for part in parts if part]  # tables are literal
    return "\n\n".join(texts) + "\n"
