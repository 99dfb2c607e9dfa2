"""Runs side by side: what was set differently, and which scored best."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from forecast.words import figure


def compare(folder: str | Path) -> pd.DataFrame:
    """Rank every run below `folder` by the CRPS of its best member; writes compare.csv and compare.html there.

    One line per run and member, best first: `run, member, crps, log_score, mase, coverage_80`, the evidence of a change
    (`bayes_factor_log`), the likeliest explanation with its probability, then one column for each setting that differs.
    Runs of different experiments are ranked within their experiment: scores of different series do not compare.
    Raises ValueError when no findings.json lies below the folder, or one cannot be read.
    """
    root = Path(folder)
    runs = {str(path.parent.relative_to(root)): _read(path) for path in sorted(root.rglob("findings.json"))}
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
    rows = [row for row in (main["explained"] or [[]])[0]]
    top = max(rows, key=lambda row: row["probability"], default=None)
    shared = {"log_bayes_factor": main["log_ratio"], "explanation": top["label"] if top else "",
              "probability": top["probability"] if top else None}
    scores = (found.get("backtest") or {}).get("scores") or [{}]
    return [{"experiment": found["name"], "run": run, "member": score.get("model", ""), "crps": score.get("crps"),
             "log_score": score.get("log_score"), "mase": score.get("mase"), "coverage_80": score.get("coverage_80"),
             **shared} for score in scores]


def _differences(runs: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Per run the settings that are not the same in all runs of its experiment, by their dotted names."""
    flat = {run: _flat(found.get("config") or found["settings"]) for run, found in runs.items()}
    made: dict[str, dict[str, str]] = {run: {} for run in runs}
    for name in {found["name"] for found in runs.values()}:
        mine = [run for run, found in runs.items() if found["name"] == name]
        for key in sorted({key for run in mine for key in flat[run]}):
            if len({flat[run].get(key, "") for run in mine}) > 1:
                for run in mine:
                    made[run][key] = flat[run].get(key, "")
    columns = sorted({key for run in made.values() for key in run})
    return {run: {key: made[run].get(key, "") for key in columns} for run in runs}


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Settings by dotted name; an object is its class, its fields stand below it; members are named once."""
    made: dict[str, str] = {}
    for key, value in settings.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and prefix == "" and key in ("models", "detectors"):
            made[name] = ", ".join(sorted(map(str, value)))
        if isinstance(value, Mapping):
            made |= _flat(value, f"{name}.")
        elif key != "_target_":
            made[name] = str(value)
    return made


def _html(table: pd.DataFrame) -> str:
    """The table as a page of its own."""
    from forecast.page import TEMPLATES

    css = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    head = "".join(f'<th scope="col">{escape(str(name))}</th>' for name in table.columns)
    body = "\n".join("<tr>" + "".join(f"<td>{escape(_shown(value))}</td>" for value in line) + "</tr>"
                     for line in table.itertuples(index=False))
    return (f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, '
            f'initial-scale=1"><title>Runs compared</title><style>{css}</style></head><body><main><h1>Runs compared</h1>'
            f'<div class="scroll" tabindex="0" role="region" aria-label="Runs"><table><caption>Best CRPS first within each '
            f'experiment; only the settings that differ.</caption><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody>'
            f'</table></div></main></body></html>\n')


def _shown(value: Any) -> str:
    return figure(value, 3) if isinstance(value, float) else str(value)
