"""The experiments that ship, with two cheap members; `python -m tests.shipped` writes their prose to tests/golden anew."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from forecast import load, run
from forecast.experiment.findings import Findings
from forecast.report.report import markdown
from forecast.support.registry import folder

FOLDER = Path(__file__).parent / "golden"
EXPERIMENTS = sorted(path.stem for path in folder("experiments").glob("*.yaml"))


@cache
def found(name: str) -> Findings:
    """Its findings; with few members, for the prose on them is the same for many."""
    return run(load(name, "models=[mean,seasonal_naive]"))


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in EXPERIMENTS:
        (FOLDER / f"{name}.md").write_text(markdown(found(name)), encoding="utf-8")


if __name__ == "__main__":
    main()
