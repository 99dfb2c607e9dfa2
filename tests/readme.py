"""Put the program's own answer and key picture into the README, and the lists of names into `conf/README.md`.

`python -m tests.readme`
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

from forecast.experiment.findings import Findings

ROOT = Path(__file__).resolve().parent.parent
OPEN, CLOSE = "<!-- answer: the report's own words, held by a test -->\n", "<!-- end of answer -->"


def answer(markdown: str) -> str:
    """The paragraphs of the answer, quoted for the README."""
    paragraphs = markdown.split("\n\n## ", maxsplit=1)[0].split("\n\n")[2:]
    return "\n>\n".join(f"> {paragraph}" for paragraph in paragraphs) + "\n"


def between(text: str) -> str:
    """What the README shows at present."""
    return text.split(OPEN)[1].split(CLOSE, maxsplit=1)[0]


def inventory(text: str) -> str:
    """`conf/README.md` with its lists of experiments, detectors, models and public names as the code has them."""
    import forecast
    from forecast.experiment.config import experiments
    from forecast.support.registry import names

    there = {"experiments": sorted(experiments()), "detectors": names("detectors"), "models": names("models")}
    for group, known in there.items():
        row = f"| {group} | {' '.join(f'`{name}`' for name in known)} |"
        text = re.sub(rf"^\| {group} \| .* \|$", lambda _, row=row: row, text, flags=re.M)
    rows = "".join(f"| `{name}` | {first(getattr(forecast, name))} |\n" for name in forecast._HOMES)
    return re.sub(r"(?<=^\| name \| what \|\n\|---\|---\|\n)(\| `.*\n)*", lambda _: rows, text, flags=re.M)


def first(item: Any) -> str:
    """The first line of a docstring, up to where it begins to explain."""
    line = str(inspect.getdoc(item)).splitlines()[0]
    return re.split(r"[.:;](?:\s|$)| \(", line, maxsplit=1)[0]


def picture(findings: Findings) -> str:
    """The key picture as SVG."""
    from forecast.report.figures import draw

    return draw(findings)["key"].svg


def outline(svg: str) -> list[str]:
    """Its texts, which carry dates, counts and names; curves may differ in the last digit between machines."""
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def main() -> None:
    from dataclasses import replace

    from forecast import load, run
    from forecast.report.report import markdown

    findings = run(replace(load("khasan_rajin"), models={}))
    file = ROOT / "README.md"
    lists = ROOT / "conf" / "README.md"
    lists.write_text(inventory(lists.read_text(encoding="utf-8")), encoding="utf-8")
    before, rest = file.read_text(encoding="utf-8").split(OPEN)
    file.write_text(before + OPEN + answer(markdown(findings)) + CLOSE + rest.split(CLOSE)[1], encoding="utf-8")
    (ROOT / "experiments" / "khasan_rajin" / "key.svg").write_text(picture(findings), encoding="utf-8")


if __name__ == "__main__":
    main()
