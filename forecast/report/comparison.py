"""Runs side by side: what was set differently, and which scored best."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from forecast.experiment.csv_tables import csv_text
from forecast.experiment.output_folders import check_tables
from forecast.experiment.saved_findings import SavedFindings, SavedScores
from forecast.experiment.saved_runs import flat, read_runs
from forecast.report.phrases import count, figure, listed, named, plain
from forecast.support.atomic_files import write_text
from forecast.support.terminal import short
from forecast.support.untrusted import HIDDEN

MOST_LETTERS = 200  # of a cell
# how the page calls the columns of compare.csv
HEADS = {"member": "method", "crps": "error (CRPS, the continuous ranked probability score)", "log_score": "log score",
         "mase": "scaled error (MASE, the mean absolute scaled error)", "coverage_80": "share in 80 % interval",
         "log_bayes_factor": "log of how much likelier with a change than without"}


def compare(folder: str | Path) -> pd.DataFrame:
    """Rank every run below `folder` by the CRPS of its best member; writes compare.csv and compare.html there.

    One line per run and member, best first: `run, member, crps, log_score, mase, coverage_80`, the evidence of a change
    (`log_bayes_factor`), the likeliest explanation with its probability, then one column for each setting that differs.
    Runs of different experiments are ranked within their experiment: scores of different series do not compare.
    Raises ValueError when no findings.json lies below the folder, one cannot be read, or a compare.csv or compare.html
    lies there that is not ours.
    """
    root = Path(folder)
    check_tables(root)
    runs = read_runs(folder)
    differing = _differences(runs)
    lines = [line | differing[run] for run, found in runs.items() for line in _lines(run, found)]
    table = pd.DataFrame(lines)
    keys = [key for key in ("experiment", "crps", "run") if key in table]
    table = table.sort_values(keys, ignore_index=True, kind="stable", na_position="last")
    table = table.rename(columns=_clean).map(lambda cell: _clean(cell) if isinstance(cell, str) else cell)
    records = [{str(key): value for key, value in line.items()} for line in table.to_dict("records")]
    for name, text in (("compare.csv", csv_text(records)), ("compare.html", _html(table))):
        write_text(root / name, text)
    return table


def _clean(text: str) -> str:
    """A text of a stranger without what steers a terminal, as long as a cell of a table is."""
    return short(HIDDEN.sub("", text), MOST_LETTERS)


def _lines(run: str, found: SavedFindings) -> list[dict[str, Any]]:
    """One line per member of one run; a run without members keeps one line."""
    main = found.readings[found.primary]
    rows = main.explained[main.focal] if main.focal < len(main.explained) else []
    top = max(rows, key=lambda row: row.probability, default=None)
    shared = {"log_bayes_factor": main.log_ratio, "explanation": top.label if top else "",
              "probability": top.probability if top else None}
    scores = (found.backtest.scores if found.backtest else []) or [SavedScores()]
    return [{"experiment": found.name, "run": run, "member": score.model, "crps": score.crps,
             "log_score": score.log_score, "mase": score.mase, "coverage_80": score.coverage_80,
             **shared} for score in scores]


def _differences(runs: Mapping[str, SavedFindings]) -> dict[str, dict[str, str]]:
    """Per run the settings that are not the same in all runs of its experiment, by their dotted names.

    The settings of an object count only where every run has it: that it is there at all is said by its group.
    """
    made: dict[str, dict[str, str]] = {run: {} for run in runs}
    for name in {found.name for found in runs.values()}:
        mine = [run for run, found in runs.items() if found.name == name]
        whole = all(runs[run].config for run in mine)  # runs written without their settings share fewer of them
        settings = {run: flat((runs[run].config if whole else None) or runs[run].settings) for run in mine}
        for key in sorted(set.union(*(set(settings[run]) for run in mine))):
            values = [settings[run].get(key) for run in mine]
            if len(set(values)) > 1 and ("." not in key or None not in values):
                made |= {run: made[run] | {key: settings[run].get(key, "")} for run in mine}
    columns = sorted({key for run in made.values() for key in run})
    return {run: {key: made[run].get(key, "") for key in columns} for run in runs}


def _html(table: pd.DataFrame) -> str:
    """The table as a page of its own."""
    from forecast.report.page import asset, template

    runs, experiments = table["run"].nunique(), table["experiment"].nunique()
    caption = (f"{count(runs, 'run').capitalize()} of {count(experiments, 'experiment')}, smallest error of the whole "
               "forecast first within each; of the settings only those that differ.")
    rows = [[_shown(value) for value in line] for line in table.itertuples(index=False)]
    return template("compare.html").render(css=asset("report.css"), caption=caption, rows=rows, lines=lead(table),
                                           head=[HEADS.get(str(name), plain(str(name))) for name in table.columns])


def lead(table: pd.DataFrame) -> list[str]:
    """Which run and method forecast best in each experiment, and whether runs agree on what explains the change."""
    said: list[str] = []
    if "explanation" not in table or "experiment" not in table:
        return said
    for name, mine in table.groupby("experiment", sort=False):
        best, runs = mine.iloc[0], count(mine["run"].nunique(), "run")
        leads = [text for text in dict.fromkeys(mine["explanation"]) if text]
        score = "" if pd.isna(best["crps"]) else (f" The smallest mean error, {figure(best['crps'], 3)}, is that of "
                                                  f"{named(str(best['member']))} in {best['run']}.")
        agree = (f" All agree on “{leads[0]}”." if len(leads) == 1 and len(set(mine["run"])) > 1 else
                 f" They differ in what explains the change: {listed(f'“{text}”' for text in leads)}." if len(leads) > 1
                 else f" “{leads[0]}” explains the change best." if leads else "")
        said.append(f"{plain(str(name)).capitalize()}, {runs}.{score}{agree}")
    return said


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return figure(value, 3)
    return "–" if value is None else str(value)
