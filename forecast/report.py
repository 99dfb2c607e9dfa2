"""From findings to one page, its figures, tables and JSON; each part is one call."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from forecast.experiment import Findings
from forecast.findings_json import as_json, csv_text, tables

__all__ = ["compare", "markdown", "page", "summary", "write_report"]

TEMPLATES = Path(__file__).parent / "templates"


def write_report(findings: Findings, folder: str | Path, config: str | None = None) -> Path:
    """Write report.html, figures/, findings.json and the tables as CSV into `folder`; returns the page's path.

    Everything is made beside the folder first and moved in at the end, so that an earlier report stays whole if
    anything fails. Other files in the folder are left alone.

    config : the composed settings as YAML text, printed on the page and kept in findings.json
    """
    target = Path(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        (aside / "findings.json").write_text(as_json(findings, config), encoding="utf-8")
        for name, lines in tables(findings).items():
            (aside / f"{name}.csv").write_text(csv_text(lines), encoding="utf-8", newline="")
        drawn = _figures(findings)
        (aside / "figures").mkdir()
        for name, content in drawn.items():
            (aside / "figures" / name).write_bytes(content)
        (aside / "report.html").write_text(_page(findings, drawn, config), encoding="utf-8")
        _move_in(aside, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return target / "report.html"


def page(findings: Findings, config: str | None = None) -> str:
    """The report as one HTML text that asks no other address for anything."""
    return _page(findings, _figures(findings), config)


def summary(findings: Findings, console: Any = None) -> None:
    """Print the answer and the main tables on a rich console (standard output when None)."""
    from rich.console import Console
    from rich.markdown import Markdown

    (console or Console()).print(Markdown(markdown(findings)))


def markdown(findings: Findings) -> str:
    """The answer and the main tables as Markdown."""
    return f"# {findings.title}\n"


def compare(folder: str | Path) -> Any:
    """Rank the runs and sweeps below a folder."""
    raise NotImplementedError(folder)


def _figures(findings: Findings) -> Mapping[str, bytes]:
    return {}


def _page(findings: Findings, drawn: Mapping[str, bytes], config: str | None) -> str:
    from html import escape

    return f"<!doctype html><title>{escape(findings.title)}</title><pre>{escape(as_json(findings, config))}</pre>"


def _move_in(aside: Path, target: Path) -> None:
    """Put every new file in the place of the old one; the page last, for it is what people open."""
    target.mkdir(exist_ok=True)
    for path in sorted(aside.iterdir(), key=lambda path: path.name == "report.html"):
        place = target / path.name
        if path.is_dir():
            shutil.rmtree(place, ignore_errors=True)
        path.replace(place)
