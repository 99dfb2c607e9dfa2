"""Files of the current folder that steer what we stand on, whoever has put them there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

COMPILER = ".numba_config.yaml"  # names folders of compiled code, which numba runs as it finds it
MOST_BYTES = 1024 * 1024
PLOTS = "matplotlibrc"  # our style takes all of its settings back, but it is read before


def check_surroundings() -> None:
    """Raise ValueError for a file here that would let a stranger's code run, or hold us up."""
    if os.path.lexists(COMPILER):
        raise ValueError(f"{Path.cwd() / COMPILER} would steer the compiler, as far as running code that lies beside "
                         "it: move it away, or start in another folder")
    if os.path.lexists(PLOTS) and not _is_harmless(PLOTS):
        raise ValueError(f"{Path.cwd() / PLOTS} is no file of settings: move it away, or start in another folder")


def _is_harmless(name: str) -> bool:
    try:
        mode = os.stat(name).st_mode
    except OSError:  # a link to nothing
        return True
    return stat.S_ISDIR(mode) or (stat.S_ISREG(mode) and _is_text(Path(name)))


def _is_text(path: Path) -> bool:
    """Whether a file is as short as a file of settings is, and text; one that may not be read is passed over."""
    try:
        return path.stat().st_size <= MOST_BYTES and bool(path.read_text(encoding="utf-8") or True)
    except UnicodeDecodeError:
        return False
    except OSError:
        return True
