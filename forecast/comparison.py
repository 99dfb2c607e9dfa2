"""Runs side by side: what was set differently, and which scored best."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from forecast.words import count, figure, plain


def compare(folder: str | Path) -> pd.DataFrame:
    """Rank every run below `folder` by the CRPS of its best member; writes compare.csv and compare.html there.

    One line per run and member, best first: `run, member, crps, log_score, mase, coverage_80`, the evidence of a change
    (`bayes_factor_log`), the likeliest explanation with its probability, then one column for each setting that differs.
    Runs of different experiments are ranked within their experiment: scores of different series do not compare.
    Raises ValueError when no findings.json lies below the folder, or one cannot be read.
    """
    root = Path(folder)
    runs = {_run(path.parent, root): _read(path) for path in sorted(root.rglob("findings.json"))}
    if not runs:
        raise ValueError(f"{folder} holds no findings.json: run an experiment into it first, or name another folder")
    differing = _differences(runs)
    lines = [line | differing[run] for run, found in runs.items() for line in _lines(run, found)]
    table = pd.DataFrame(lines)
    keys = [key for key in ("experiment", "crps", "run") if key in table]
    table = table.sort_values(keys, ignore_index=True, kind="stable", na_position="last")
    from forecast.findings_json import csv_text

    records = [{str(key): value for key, value in line.items()} for line in table.to_dict("records")]
    (root / "compare.csv").write_text(csv_text(records), encoding="utf-8", newline="")
    (root / "compare.html").write_text(_html(table), encoding="utf-8")
    return table


def command(words: Sequence[str]) -> int:
    """Print the table of a folder of reports; raises ValueError as `compare` does, or for several folders."""
    folder = Path(words[0] if words else "reports")
    if len(words) > 1:
        raise ValueError(f"compare takes one folder, got {', '.join(words)}")
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder: run an experiment first, or name the folder of its reports")
    print(compare(folder).to_string(index=False))
    return 0


def _run(place: Path, root: Path) -> str:
    """The name of a run: its folder below the root, or the root's own name."""
    return place.relative_to(root).as_posix() if place != root else root.resolve().name


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        missing = {"name", "settings", "readings", "primary"} - set(found)
    except (json.JSONDecodeError, TypeError) as error:
        raise ValueError(f"{path}: cannot be read ({error}): run that experiment again") from error
    if missing:
        raise ValueError(f"{path}: {', '.join(sorted(missing))} missing: run that experiment again")
    return dict(found)


def _lines(run: str, found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One line per member of one run; a run without members keeps one line."""
    main = found["readings"][found["primary"]]
    rows = (main["explained"] or [[]])[0]
    top = max(rows, key=lambda row: row["probability"], default=None)
    shared = {"log_bayes_factor": main["log_ratio"], "explanation": top["label"] if top else "",
              "probability": top["probability"] if top else None}
    scores = (found.get("backtest") or {}).get("scores") or [{}]
    return [{"experiment": found["name"], "run": run, "member": score.get("model", ""), "crps": score.get("crps"),
             "log_score": score.get("log_score"), "mase": score.get("mase"), "coverage_80": score.get("coverage_80"),
             **shared} for score in scores]


def _differences(runs: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Per run the settings that are not the same in all runs of its experiment, by their dotted names.

    The settings of an object count only where every run has it: that it is there at all is said by its group.
    """
    made: dict[str, dict[str, str]] = {run: {} for run in runs}
    for name in {found["name"] for found in runs.values()}:
        mine = [run for run, found in runs.items() if found["name"] == name]
        whole = all(runs[run].get("config") for run in mine)  # runs written without their settings share fewer of them
        flat = {run: _flat(runs[run]["config" if whole else "settings"]) for run in mine}
        for key in sorted(set.union(*(set(flat[run]) for run in mine))):
            values = [flat[run].get(key) for run in mine]
            if len(set(values)) > 1 and ("." not in key or None not in values):
                made |= {run: made[run] | {key: flat[run].get(key, "")} for run in mine}
    columns = sorted({key for run in made.values() for key in run})
    return {run: {key: made[run].get(key, "") for key in columns} for run in runs}


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Settings by dotted name; an object is its class, its fields stand below it; members are named once."""
    made: dict[str, str] = {}
    for key, value in settings.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and prefix == "" and key in ("models", "detectors", "series", "events"):
            made[name] = ", ".join(sorted(map(str, value)))
        if isinstance(value, Mapping):
            made |= _flat(value, f"{name}.")
        elif name not in ("title", "question", "name") and key != "_target_":
            made[name] = str(value)
    return made


def _html(table: pd.DataFrame) -> str:
    """The table as a page of its own."""
    from forecast.page import asset, template

    runs, experiments = table["run"].nunique(), table["experiment"].nunique()
    caption = (f"{count(runs, 'run').capitalize()} of {count(experiments, 'experiment')}, best CRPS first within each; "
               "of the settings only those that differ.")
    rows = [[_shown(value) for value in line] for line in table.itertuples(index=False)]
    return template("compare.html").render(css=asset("report.css"), caption=caption, rows=rows,
                                           head=[plain(str(name)) for name in table.columns])


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return figure(value, 3)
    return "–" if value is None else str(value)
