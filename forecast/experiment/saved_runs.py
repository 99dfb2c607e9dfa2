"""Runs that were written to a folder: what their findings.json holds, and their settings by dotted names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from forecast.experiment.saved_findings import SavedFindings
from forecast.support.atomic_files import MARK


def read_runs(folder: str | Path) -> dict[str, SavedFindings]:
    """Name of a run, which is its folder below `folder`, -> what its findings.json holds.

    Raises ValueError when there is none, or one cannot be read.
    """
    root = Path(folder)
    found = (path for path in sorted(root.rglob("findings.json"))
             if not any(part.startswith(MARK) for part in path.relative_to(root).parts))  # unfinished
    runs = {_run(path.parent, root): SavedFindings.read(path) for path in found}
    if not runs:
        raise ValueError(f"{folder} holds no findings.json: run an experiment into it first, or name another folder")
    return runs


def _run(place: Path, root: Path) -> str:
    """The name of a run: its folder below the root, or the root's own name."""
    return place.relative_to(root).as_posix() if place != root else root.resolve().name


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Settings by dotted name; an object is its class, its fields stand below it; members are named once."""
    made: dict[str, str] = {}
    for key, value in settings.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and prefix == "" and key in ("models", "detectors", "series", "events"):
            made[name] = ", ".join(sorted(map(str, value)))
        if isinstance(value, Mapping):
            made |= flat(value, f"{name}.")
        elif name not in ("title", "question", "name") and key != "_target_":
            made[name] = str(value)
    return made
