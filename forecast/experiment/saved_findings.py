"""The model of what stands in findings.json: scripts, `rerun`, `compare` and MLflow read one by it, no other way."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from forecast.experiment.conclusions import Conclusions
from forecast.experiment.findings_json import json_text
from forecast.support.regular_files import check_regular

MOST_BYTES = 256 * 1024 * 1024  # no run writes as much
Record = dict[str, int | float | str | None]  # one line of a long table


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
    shape: str = "step"
    until: str = ""
    until_low: str = ""
    until_high: str = ""
    total: float | None = None
    total_low: float | None = None
    total_high: float | None = None


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


class SavedEffect(_Part):
    """An `Effect`, with the name of its event."""

    event: str
    when: str
    position: int
    p_value: float
    adjusted: float
    ratio: float | None
    low: float | None
    high: float | None
    probability: float
    before: float | None
    after: float | None
    detectable: float | None
    drift: float
    placebo_rank: int
    placebos: int
    shape: str = "step"
    until: str = ""
    total: float | None = None
    total_low: float | None = None
    total_high: float | None = None
    observed_before: float | None = None
    observed_after: float | None = None
    trend: float = 0.0
    season: list[str] = []
    others: int = 0
    persistent: bool
    significant: bool


class SavedTests(_Part):
    """The tests of all events together."""

    anywhere: float
    effects: list[SavedEffect]


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


class SavedScores(_Part):
    """The scores of one member, with further columns as the run gave them."""

    model_config = ConfigDict(extra="allow")

    model: str = ""
    crps: float | None = None
    log_score: float | None = None
    mase: float | None = None
    coverage_80: float | None = None
    coverage_95: float | None = None


class SavedBacktest(_Part):
    """Scores of every member, best first; the long table is backtest.csv."""

    scores: list[SavedScores]
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
    other_forecasts: list[dict[str, Any]] = []

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
        """The findings in a file. Raises ValueError as `from_json` does, and for no regular file or one too large."""
        check_regular(path)
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"{path} is larger than {MOST_BYTES // 1024 ** 2} MiB: no run writes that much")
        return cls.from_json(path.read_bytes(), str(path))

    def to_json(self) -> str:
        """The text of findings.json, as it was written."""
        return json_text(self.model_dump(mode="json"))

    def digest(self) -> str:
        """A short hash of all that is saved."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()[:16]
