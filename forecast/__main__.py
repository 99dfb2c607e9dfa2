"""`python3 -m forecast`: the command, in an environment of its own where this Python lacks the packages."""

from __future__ import annotations

import sys

from forecast.cli.main import main

if __name__ == "__main__":
    # a spawned worker (of Dask, say) then begins with this file, and with it with what lets it end when we do
    sys.modules[__name__].__spec__ = None
    sys.exit(main())
