"""Files of the current folder that steer what we stand on, whoever has put them there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

COMPILER = ".numba_config.yaml"  # names folders of compiled code, which numba runs as it finds it
PLOTS = "matplotlibrc"  # our style takes all of its settings back, but it is read before


def check_surroundings() -> None:
    """Raise ValueError for a file here that would let a stranger's code run, or hold us up."""
    if os.path.lexists(COMPILER):
        raise ValueError(f"{Path.cwd() / COMPILER} would steer the compiler, as far as running code that lies beside "
                         "it: move it away, or start in another folder")
    if os.path.lexists(PLOTS) and not _is_harmless(PLOTS):
        raise ValueError(f"{Path.cwd() / PLOTS} is no regular file: move it away, or start in another folder")


def _is_harmless(name: str) -> bool:
    try:
        mode = os.stat(name).st_mode
    except OSError:  # a link to nothing
        return True
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)
