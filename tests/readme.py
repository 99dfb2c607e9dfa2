"""Put the program's own answer and key picture into the README: `python -m tests.readme`."""

from __future__ import annotations

import re
from pathlib import Path

from forecast.experiment import Findings

ROOT = Path(__file__).resolve().parent.parent
OPEN, CLOSE = "<!-- answer: the report's own words, held by a test -->\n", "<!-- end of answer -->"


def answer(markdown: str) -> str:
    """The paragraphs of the answer, quoted for the README."""
    paragraphs = markdown.split("\n\n## ", maxsplit=1)[0].split("\n\n")[2:]
    return "\n>\n".join(f"> {paragraph}" for paragraph in paragraphs) + "\n"


def between(text: str) -> str:
    """What the README shows at present."""
    return text.split(OPEN)[1].split(CLOSE, maxsplit=1)[0]


def picture(findings: Findings) -> str:
    """The key picture as SVG."""
    from forecast.figures import draw

    return draw(findings)["key"].svg


def outline(svg: str) -> list[str]:
    """Its texts, which carry dates, counts and names; curves may differ in the last digit between machines."""
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def main() -> None:
    from dataclasses import replace

    from forecast import load, run
    from forecast.report import markdown

    findings = run(replace(load("khasan_rajin"), models={}))
    file = ROOT / "README.md"
    text = file.read_text(encoding="utf-8")
    before, rest = text.split(OPEN)
    file.write_text(before + OPEN + answer(markdown(findings)) + CLOSE + rest.split(CLOSE)[1], encoding="utf-8")
    (ROOT / "experiments" / "khasan_rajin" / "key.svg").write_text(picture(findings), encoding="utf-8")


if __name__ == "__main__":
    main()
