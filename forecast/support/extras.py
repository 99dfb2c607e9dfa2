"""Libraries that only some feeds need: imported where they are used, and named where they are missing."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

PACKAGES = {"parquet": "pyarrow"}


def needs(module: str, extra: str) -> Any:
    """The module; raises ValueError with the command that installs it."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ValueError(f"this file needs {PACKAGES[extra]} (the extra {extra!r}): run {_command(extra)}") from error


def _command(extra: str) -> str:
    """What installs it here: an environment of ours holds uv and no pip."""
    uv = Path(sys.executable).with_name("uv.exe" if os.name == "nt" else "uv")
    if uv.is_file():
        return f"{uv} pip install --python {sys.executable} {PACKAGES[extra]}"
    return f"{sys.executable} -m pip install {PACKAGES[extra]}"
