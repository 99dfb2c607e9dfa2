"""findings.json: what a run writes for scripts, and what is read of one again, by the same model.

Numbers have ten digits, absent is null, keys are sorted: the same to the byte for the same seed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from forecast.experiment.conclusions import Conclusions
from forecast.experiment.findings import Findings, Reading

DIGITS = 10  # significant digits kept: below what another processor's arithmetic changes
MOST_BYTES = 256 * 1024 * 1024  # no run writes as much
Record = dict[str, float | str | None]  # one line of a long table


class _Part(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False, frozen=True)


class SavedBreak(_Part):
    """A `Break`."""

    position: int
    at: str
    low: str
    high: str
    before: float | None
    after: float | None
    probability: float | None


class SavedExplanation(_Part):
    """A row of a table of explanations."""

    label: str
    probability: float
    name: str = ""
    first: str = ""
    last: str = ""
    within: float | None = None
    prior: float | None = None
    alike: tuple[str, ...] = ()


class SavedImage(_Part):
    """An `Image`."""

    day: str
    narrowing: float
    share: float
    days_now: int
    days_then: float


class SavedReading(_Part):
    """What one series says; `decisions` counts the statements that were used, merged and left out."""

    log_ratio: float | None
    explained: list[list[SavedExplanation]]
    focal: int = Field(0, ge=0)
    probability: float | None = None
    conclusive: bool | None = None
    number: list[float] = []
    rows: int | None = None
    observed: int | None = None
    breaks: dict[str, list[SavedBreak]] = {}
    images: list[SavedImage] = []
    decisions: dict[str, int] = {}


class SavedWindow(_Part):
    """An event with the days on which a change would fit it."""

    model_config = ConfigDict(extra="allow")

    name: str
    label: str
    first: str
    last: str


class SavedTests(_Part):
    """The tests of all events; of each its `Effect` and the event's name."""

    anywhere: float
    effects: list[dict[str, float | bool | str | None]]


class SavedVariant(_Part):
    """A `Variant`."""

    check: str
    name: str
    outcome: str
    change: float
    leader: str
    share: float
    factor: float | None = None


class SavedTogether(_Part):
    """A `Together`."""

    names: list[str]
    log_ratio: float | None
    alone: list[float]
    table: list[SavedExplanation]


class SavedBacktest(_Part):
    """Scores of every member, best first; the long table is backtest.csv."""

    scores: list[Record]
    baseline: str = ""
    horizon: int | None = None
    origins: list[int] = []


class SavedFindings(_Part):
    """What findings.json holds: the settings beside the numbers, and what they amount to.

    config : the composed settings in the order of their text, None where they were not given
    inputs : name of each file that was read -> its sha256; conclusions : None in files of earlier releases
    """

    name: str
    primary: str
    settings: dict[str, Any]
    readings: dict[str, SavedReading]
    backtest: SavedBacktest | None = None
    config: dict[str, Any] | None = None
    versions: dict[str, str] = {}
    inputs: dict[str, str] = {}
    conclusions: Conclusions | None = None
    title: str = ""
    question: str = ""
    forecast_on: str = ""
    simulated: bool = False
    frozen: str = ""
    windows: list[SavedWindow] = []
    tested: SavedTests | None = None
    untested: dict[str, str] = {}
    sensitivity: list[SavedVariant] = []
    together: SavedTogether | None = None
    counterfactual: dict[str, Any] | None = None
    forecast: list[Record] = []
    totals: list[Record] = []

    @classmethod
    def of(cls, findings: Findings, config: str | None = None) -> SavedFindings:
        """The findings of a run as they are saved, with its composed settings as YAML text."""
        # models and series are run in the order of the settings, which is kept so that they can be run again
        settings = None if config is None else json.loads(json.dumps(yaml.safe_load(config), default=str))
        return cls.model_validate_json(json.dumps({**_plain(_parts(findings)), "config": settings}))

    @classmethod
    def from_json(cls, text: str | bytes, where: str = "findings.json") -> SavedFindings:
        """The findings that a run saved.

        where : what an error calls them
        Raises ValueError for what is no JSON or lacks what a run writes, with the first thing that is wrong.
        """
        try:
            found = cls.model_validate_json(text)
        except ValidationError as error:
            wrong = error.errors()[0]
            if wrong["type"] == "json_invalid":
                raise ValueError(f"{where}: cannot be read ({wrong['msg']}): run that experiment again") from error
            place = ".".join(map(str, wrong["loc"])) or "the whole"
            raise ValueError(f"{where}: {place}: {wrong['msg']}: run that experiment again") from error
        if found.primary not in found.readings:
            raise ValueError(f"{where}: no reading of its primary series {found.primary!r}: run that experiment again")
        return found

    @classmethod
    def read(cls, path: Path) -> SavedFindings:
        """The findings in a file. Raises ValueError as `from_json` does, and for a file that is too large."""
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"{path} is larger than {MOST_BYTES // 1024 ** 2} MiB: no run writes that much")
        return cls.from_json(path.read_bytes(), str(path))

    def to_json(self) -> str:
        """The text of findings.json: sorted keys but for `config`, whose order is that of the settings."""
        plain = self.model_dump(mode="json")
        data = {key: value if key == "config" else _sorted(value) for key, value in sorted(plain.items())}
        return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def digest(self) -> str:
        """A short hash of all that is saved."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()[:16]


def as_json(findings: Findings, config: str | None = None) -> str:
    """The text of findings.json, see `SavedFindings`."""
    return SavedFindings.of(findings, config).to_json()


def _parts(findings: Findings) -> dict[str, Any]:
    tested, backtest = findings.tested, findings.backtest
    effects = [{"event": name, "persistent": effect.persistent, "significant": effect.significant}
               | dataclasses.asdict(effect) for name, effect in findings.effects.items()]
    return {
        **{field: getattr(findings, field) for field in ("name", "title", "question", "primary", "forecast_on",
                                                         "simulated", "frozen", "untested", "settings", "versions",
                                                         "inputs")},
        "windows": [dataclasses.asdict(w.event) | {"first": w.first, "last": w.last} for w in findings.windows],
        "readings": {name: _reading(reading) for name, reading in findings.readings.items()},
        "tested": None if tested is None else {"anywhere": tested.anywhere, "effects": effects},
        "sensitivity": [dataclasses.asdict(variant) for variant in findings.sensitivity],
        "together": None if findings.together is None else dataclasses.asdict(findings.together),
        "counterfactual": None if findings.counterfactual is None else dataclasses.asdict(findings.counterfactual),
        "forecast": records(findings.forecast), "totals": records(findings.totals),
        "backtest": None if backtest is None else {
            "baseline": backtest.baseline, "horizon": backtest.horizon, "origins": backtest.origins,
            "scores": records(backtest.scores)},
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
