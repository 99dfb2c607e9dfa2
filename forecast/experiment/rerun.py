"""Run a report again from its findings.json, and say what differs: inputs, versions, or numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from forecast.experiment.saved_findings import SavedFindings
from forecast.support.terminal import quoted
from forecast.support.untrusted import trusted

LARGEST = 2**1000
CLOSE = 1e-8  # relative: findings hold ten digits
PARTS = ("windows", "readings", "tested", "untested", "sensitivity", "together", "counterfactual", "forecast", "totals",
         "backtest", "frozen", "conclusions")


def rerun(path: str | Path, trust: Sequence[str] = ()) -> list[str]:
    """What differs when the run behind a findings.json (or its folder) is repeated, a sentence each; none when equal.

    Its settings pass the same checks as a file of a stranger; `trust` is that of `load`.
    Raises ValueError when the file cannot be read or lacks its settings.
    """
    from forecast.experiment.config import build
    from forecast.experiment.experiment import run
    from forecast.experiment.findings_json import as_json
    from forecast.support.untrusted import check

    old = _read(Path(path))
    config = old.config or {}
    with trusted(trust):
        check(config, str(path))
        new = SavedFindings.from_json(as_json(run(build(config))))
    return [*_inputs(old.inputs, new.inputs), *_versions(old.versions, new.versions), *_numbers(old, new)]


def _read(path: Path) -> SavedFindings:
    file = path / "findings.json" if path.is_dir() else path
    if not file.is_file():
        raise ValueError(f"{path} is no findings.json: name one, or the folder of a report")
    found = SavedFindings.read(file)
    if not found.config:
        raise ValueError(f"{file} holds no settings: only what the command forecast wrote can be run again")
    return found


def _inputs(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            how = "was not read before" if name not in old else "is not read now" if name not in new else "has changed"
            yield f"input {name} {how}"


def _versions(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield f"version of {name}: {old.get(name, 'not written')} then, {new.get(name, 'absent')} now"


def _numbers(old: SavedFindings, new: SavedFindings) -> Iterator[str]:
    before, now = old.model_dump(mode="json"), new.model_dump(mode="json")
    for part in PARTS:
        if part != "conclusions" or old.conclusions:  # earlier releases saved none, which is no other number
            yield from _differences(before[part], now[part], part)


def _differences(old: Any, new: Any, where: str) -> Iterator[str]:
    """Where two trees of plain data differ, and by how much."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _differences(old.get(key), new.get(key), f"{where}.{key}")
    elif isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            yield f"{where}: {len(old)} entries then, {len(new)} now"
        for at, (before, after) in enumerate(zip(old, new, strict=False)):
            yield from _differences(before, after, f"{where}[{at}]")
    elif _number(old) and _number(new):
        if not math.isclose(old, new, rel_tol=CLOSE, abs_tol=1e-12):
            yield f"{where}: {old:g} then, {new:g} now ({new - old:+.3g})"
    elif old != new:
        yield f"{where}: {quoted(old, 60)} then, {quoted(new, 60)} now"


def _number(value: Any) -> bool:
    """Whether a value is a number that a float holds; a file of a stranger may have one of 400 digits."""
    return isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST)
