"""`python3 -m forecast`: the command, in an environment of its own where this Python lacks the packages."""

from __future__ import annotations

import sys

from forecast.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
