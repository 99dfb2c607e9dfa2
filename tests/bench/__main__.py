"""Benches by name: `python -m tests.bench NAME ...` runs `tests/bench/NAME.py`."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

if __name__ == "__main__":
    known = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))
    if len(sys.argv) < 2 or sys.argv[1] not in known:
        sys.exit(f"usage: python -m tests.bench NAME ...; NAME is one of {', '.join(known)}")
    sys.exit(import_module(f"tests.bench.{sys.argv[1]}").main(sys.argv[2:]))
