"""findings.json as a run writes it: ten digits, absent as null, sorted keys, the same bytes for the same seed.

`saved_findings` holds the model of what stands in it, which whoever reads one uses; a run need not import that.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import yaml

from forecast.experiment.findings import Findings
from forecast.experiment.reading import Reading

DIGITS = 10  # significant digits kept: below what another processor's arithmetic changes


def as_json(findings: Findings, config: str | None = None) -> str:
    """The text of findings.json; config : the composed settings as YAML text. See `SavedFindings` for what it holds."""
    # models and series are run in the order of the settings, which is kept so that they can be run again
    settings = None if config is None else json.loads(json.dumps(yaml.safe_load(config), default=str))
    return json_text({"config": settings} | _plain(_parts(findings)))


def json_text(parts: Mapping[str, Any]) -> str:
    """The text of plain parts: sorted keys but for those of `config`."""
    data = {key: value if key == "config" else _sorted(value) for key, value in sorted(parts.items())}
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _parts(findings: Findings) -> dict[str, Any]:
    tested, backtest = findings.tested, findings.backtest
    effects = [{"event": name, "persistent": effect.persistent, "significant": effect.significant}
               | dataclasses.asdict(effect) for name, effect in findings.effects.items()]
    return {
        **{field: getattr(findings, field) for field in ("name", "title", "question", "primary", "forecast_on",
                                                         "simulated", "frozen", "untested", "settings", "versions",
                                                         "inputs")},
        "windows": [dataclasses.asdict(w.event) | {"first": w.first, "last": w.last, "mean_delay": w.mean_delay}
                    for w in findings.windows],
        "readings": {name: _reading(reading) for name, reading in findings.readings.items()},
        "tested": None if tested is None else {"anywhere": tested.anywhere, "effects": effects},
        "sensitivity": [dataclasses.asdict(variant) for variant in findings.sensitivity],
        "together": None if findings.together is None else dataclasses.asdict(findings.together),
        "counterfactual": None if findings.counterfactual is None else dataclasses.asdict(findings.counterfactual),
        "forecast": records(findings.forecast), "totals": records(findings.totals),
        "backtest": None if backtest is None else {
            "baseline": backtest.baseline, "horizon": backtest.horizon, "origins": backtest.origins,
            "scores": records(backtest.scores)},
        "other_forecasts": [dataclasses.asdict(each) for each in findings.other_forecasts],
        "conclusions": dataclasses.asdict(findings.conclusions),
    }


def _reading(reading: Reading) -> dict[str, Any]:
    outcomes = [decision.outcome for decision in reading.account]
    return {
        "log_ratio": reading.log_ratio, "probability": reading.probability, "conclusive": reading.conclusive,
        "number": reading.number, "rows": len(reading.series), "observed": int(reading.series.observed.sum()),
        "breaks": {name: [dataclasses.asdict(b) for b in found] for name, found in reading.breaks.items()},
        "explained": [[dataclasses.asdict(e) for e in table] for table in reading.explained], "focal": reading.focal,
        "images": [dataclasses.asdict(image) for image in reading.images],
        "decisions": {outcome: outcomes.count(outcome) for outcome in ("used", "merged", "left out")},
    }


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The lines of a table."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    """Anything of the findings as JSON knows it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
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


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(entry) for key, entry in sorted(value.items())}
    return [_sorted(entry) for entry in value] if isinstance(value, list) else value
