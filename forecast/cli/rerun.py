"""`forecast rerun REPORT`: run a report again from its findings.json, and say what differs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from forecast.cli.parser import Parser

SHOWN = 20  # differences that are printed one by one


def command(words: Sequence[str]) -> int:
    """Print what differs; 0 when nothing does, else 1.

    Raises ValueError as `rerun` does, or unless one report is named.
    """
    from forecast.experiment.rerun import rerun

    given = _parser().read(words)
    if len(given.report) != 1:
        raise ValueError("rerun takes one findings.json or the folder of a report, got "
                         f"{' '.join(given.report) or 'nothing'}")
    found = rerun(given.report[0], given.trust)
    if given.json:
        print(json.dumps(found, ensure_ascii=False))
    elif not given.quiet:
        print(*found[:SHOWN], *([f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []), sep="\n",
              end="\n" if found else "")
        print("The findings are the same." if not found else f"{len(found)} differences." if len(found) > 1
              else "One difference.")
    return 1 if found else 0


def _parser() -> Parser:
    parser = Parser("rerun", "Run a report again with the settings in its findings.json, and say what differs: inputs, "
                    "versions,\nnumbers. The exit code is 0 when nothing does, else 1.",
                    ("forecast rerun reports/khasan_rajin", "forecast rerun findings.json --trust mypackage"))
    parser.add_argument("report", nargs="*", metavar="REPORT", help="a findings.json, or the folder of a report")
    parser.offer_trust("build classes")
    parser.add_argument("--json", action="store_true", help="print the differences as a JSON list")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors; the exit code tells")
    return parser
