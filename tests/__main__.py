"""Run every check: `python3 -m tests [pytest arguments]`.

Without arguments: ruff, mypy, then the whole pytest suite. With arguments they go to pytest alone.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from forecast.support.bootstrap import NEEDED, ensure

ROOT = Path(__file__).resolve().parent.parent
CHECKS = {"pytest": (9,), "ruff": (0, 14), "mypy": (1, 19), "hypothesis": (6, 150), "build": (1, 3), "openpyxl": (3, 1),
          "pyarrow": (23,), "python-calamine": (0, 6)}


def main(arguments: list[str]) -> int:
    """Return 0 when every check passes, else the first failing exit code."""
    ensure("tests", ROOT / "tests" / "requirements.lock", {**NEEDED, **CHECKS})
    pytest = [sys.executable, "-m", "pytest", *(arguments or ["-n", "2", "--dist", "loadfile", "tests", "forecast"])]
    steps = [pytest] if arguments else [
        [sys.executable, "-m", "ruff", "check", "."],
        [sys.executable, "-m", "mypy"],
        pytest,
    ]
    codes = []
    for step in steps:
        print("$", " ".join(["python", *step[1:]]), flush=True)
        codes.append(subprocess.call(step, cwd=ROOT))  # every step runs, so that one run shows all that is wrong
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
