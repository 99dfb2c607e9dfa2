"""Runs that were written to a folder: what their findings.json holds, and their settings by dotted names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from forecast.support.atomic_files import MARK

MOST_BYTES = 256 * 1024 * 1024


def read_runs(folder: str | Path) -> dict[str, dict[str, Any]]:
    """Name of a run, which is its folder below `folder`, -> what its findings.json holds.

    Raises ValueError when there is none, or one cannot be read.
    """
    root = Path(folder)
    found = (path for path in sorted(root.rglob("findings.json"))
             if not any(part.startswith(MARK) for part in path.relative_to(root).parts))  # unfinished
    runs = {_run(path.parent, root): read_findings(path) for path in found}
    if not runs:
        raise ValueError(f"{folder} holds no findings.json: run an experiment into it first, or name another folder")
    return runs


def _run(place: Path, root: Path) -> str:
    """The name of a run: its folder below the root, or the root's own name."""
    return place.relative_to(root).as_posix() if place != root else root.resolve().name


class _Explanation(BaseModel):
    label: str
    probability: float


class _Reading(BaseModel):
    log_ratio: float | None
    explained: list[list[_Explanation]]
    asked: int = Field(0, ge=0)


class _Backtest(BaseModel):
    scores: list[dict[str, float | str | None]]


class _Findings(BaseModel):
    """What is read of a findings.json; whatever else it holds stays as it is."""

    name: str
    primary: str
    settings: dict[str, Any]
    readings: dict[str, _Reading]
    backtest: _Backtest | None = None
    config: dict[str, Any] | None = None
    versions: dict[str, str] = {}
    inputs: dict[str, str] = {}


def read_findings(path: Path) -> dict[str, Any]:
    """What a findings.json holds.

    Raises ValueError for a file that is too large, no JSON, or that lacks what a run writes.
    """
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"{path} is larger than {MOST_BYTES // 1024 ** 2} MiB: no run writes that much")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        primary = _Findings.model_validate(found).primary
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{path}: cannot be read ({error}): run that experiment again") from error
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(map(str, wrong["loc"])) or "the whole"
        raise ValueError(f"{path}: {where}: {wrong['msg']}: run that experiment again") from error
    if primary not in found["readings"]:
        raise ValueError(f"{path}: no reading of its primary series {primary!r}: run that experiment again")
    return dict(found)


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
