"""Findings as plain JSON and as tables: what a script reads, the same to the byte for the same seed."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import yaml

from forecast.evidence.cells import no_formula
from forecast.experiment.findings import Findings, Reading

DIGITS = 10  # significant digits kept: below what another processor's arithmetic changes
TABLES = ("series", "statements", "explanations", "effects", "forecast", "totals", "backtest")


def as_json(findings: Findings, config: str | None = None) -> str:
    """The text of findings.json: sorted keys, floats of ten digits, NaN as null.

    Keys: `name, title, question, primary, forecast_on, simulated, frozen, settings, versions, inputs` (file -> sha256),
    `config` (in the order of its text, None unless that is given), `windows`, `readings` by series (`log_ratio,
    probability, conclusive, number, breaks, explained, asked, images, tipping, decisions`: how many statements were
    used, merged and left out), `tested`, `untested`, `sensitivity`, `together`, `counterfactual`, `forecast`, `totals`
    and `backtest` (`scores`; its long table is backtest.csv).
    """
    data = plain_data(findings, config)
    return json.dumps(dict(sorted(data.items())), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def plain_data(findings: Findings, config: str | None = None) -> dict[str, Any]:
    """What findings.json holds, as dicts and lists."""
    tested = findings.tested
    effects = [{"event": name} | dataclasses.asdict(effect) | {"persistent": effect.persistent}
               for name, effect in findings.effects.items()]
    backtest = findings.backtest
    data = {
        **{field: getattr(findings, field) for field in ("name", "title", "question", "primary", "forecast_on",
                                                         "simulated", "frozen", "untested", "settings", "versions",
                                                         "inputs")},
        "windows": [dataclasses.asdict(w.event) | {"first": w.first, "last": w.last} for w in findings.windows],
        "readings": {name: _reading(reading) for name, reading in findings.readings.items()},
        "tested": None if tested is None else {"anywhere": tested.anywhere, "effects": effects},
        "sensitivity": [dataclasses.asdict(variant) for variant in findings.sensitivity],
        "together": None if findings.together is None else dataclasses.asdict(findings.together),
        "counterfactual": None if findings.counterfactual is None else dataclasses.asdict(findings.counterfactual),
        "forecast": _records(findings.forecast), "totals": _records(findings.totals),
        "backtest": None if backtest is None else {
            "baseline": backtest.baseline, "horizon": backtest.horizon, "origins": backtest.origins,
            "scores": _records(backtest.scores)},
    }
    # models and series are run in the order of the settings, which is kept so that they can be run again
    settings = None if config is None else json.loads(json.dumps(yaml.safe_load(config), default=str))
    return {"config": settings} | {key: _plain(value) for key, value in data.items()}


def _reading(reading: Reading) -> dict[str, Any]:
    outcomes = [decision.outcome for decision in reading.account]
    return {
        "log_ratio": reading.log_ratio, "probability": reading.probability, "conclusive": reading.conclusive,
        "number": reading.number, "rows": len(reading.series), "observed": int(reading.series.observed.sum()),
        "breaks": {name: [dataclasses.asdict(b) for b in found] for name, found in reading.breaks.items()},
        "explained": [[dataclasses.asdict(e) for e in table] for table in reading.explained], "asked": reading.asked,
        "images": [dataclasses.asdict(image) for image in reading.images], "tipping": reading.tipping,
        "decisions": {outcome: outcomes.count(outcome) for outcome in ("used", "merged", "left out")},
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    """Anything of the findings as JSON knows it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in sorted(value.items(), key=lambda item: str(item[0]))}
    if isinstance(value, bool | np.bool_ | int | np.integer):
        return bool(value) if isinstance(value, bool | np.bool_) else int(value)
    if isinstance(value, float | np.floating):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, date | np.datetime64):
        return str(value)[:10]
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Iterable):
        return [_plain(entry) for entry in value]
    raise TypeError(f"findings hold {value!r} of type {type(value).__name__}, which JSON does not know")


# -- tables ---------------------------------------------------------------------------------------------------------
def csv_tables(findings: Findings) -> dict[str, list[dict[str, Any]]]:
    """Name of a CSV -> its lines: series, statements, explanations, effects, forecast, totals, backtest."""
    readings = findings.readings.items()
    series = [{"series": name} | line for name, reading in readings for line in _rows(reading)]
    statements = [line for _, reading in readings for line in ledger(reading)]
    explanations = [{"series": name, "change": k + 1} | _joined(dataclasses.asdict(each)) for name, reading in readings
                    for k, table in enumerate(reading.explained) for each in table]
    effects = [{"event": name} | dataclasses.asdict(effect) for name, effect in findings.effects.items()]
    made = (series, statements, explanations, effects, _records(findings.forecast), _records(findings.totals),
            _records(findings.backtest.table) if findings.backtest else [])
    return {name: lines for name, lines in zip(TABLES, made, strict=True) if lines}


def ledger(reading: Reading) -> list[dict[str, Any]]:
    """One line per statement: its outcome and reason, and what it says if its source is a ledger."""
    known = {s.id: s for s in reading.statements}
    lines = []
    for decision in reading.account:
        line: dict[str, Any] = {"series": reading.name, "id": decision.statement_id, "outcome": decision.outcome,
                                "reason": decision.reason, "into": decision.into}
        s = known.get(decision.statement_id)
        for field in ("publisher", "via", "start", "end", "low", "high", "qualifier", "scope", "url", "note"):
            line[field] = getattr(s, field) if s else None
        lines.append(line)
    return lines


def csv_text(lines: list[dict[str, Any]]) -> str:
    """A CSV with every cell safe to open in a spreadsheet: text that would be a formula gets an apostrophe.

    >>> csv_text([{"vessel": "=cmd()", "count": -1.0}])
    "vessel,count\\r\\n'=cmd(),-1\\r\\n"
    """
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(lines[0]))
    writer.writerow({key: _cell(key) for key in lines[0]})
    writer.writerows({key: _cell(value) for key, value in line.items()} for line in lines)
    return out.getvalue()


def _rows(reading: Reading) -> list[dict[str, Any]]:
    s = reading.series
    return [{"start": s.start[i], "end": s.end[i], "low": s.low[i], "high": s.high[i], "exposure": s.exposure[i],
             "level_05": reading.bands[0, i], "level_50": reading.bands[1, i], "level_95": reading.bands[2, i],
             "change_after": reading.gaps[i] if i < len(reading.gaps) else math.nan,
             "statements": " ".join(s.sources[i]) if s.sources else ""} for i in range(len(s))]


def _joined(line: dict[str, Any]) -> dict[str, Any]:
    return {key: " ".join(value) if isinstance(value, tuple) else value for key, value in line.items()}


def _cell(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return "" if math.isnan(value) else f"{value:.{DIGITS}g}"
    if isinstance(value, pd.Timestamp | date | np.datetime64):
        return str(value)[:10]
    text = "" if value is None else str(value)
    return text if isinstance(value, int | np.integer) else no_formula(text)
