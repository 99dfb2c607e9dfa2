"""What a run says, as plain data: `Findings` of the whole experiment, with a `Reading` of each series.

Sentences, tables and pictures are made of these further up; what several of them ask is answered here, once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from forecast.effects.checks.variant import Variant
from forecast.effects.counterfactuals import Counterfactual
from forecast.effects.event_tests import Effect, Tested, Untestable
from forecast.effects.explanations import LABELS, Together, Window
from forecast.experiment.claims import Claim
from forecast.experiment.conclusions import Conclusions, conclude
from forecast.experiment.other_forecasts import OtherForecast
from forecast.experiment.reading import Reading
from forecast.models.backtesting import Backtest


@dataclass(frozen=True, eq=False)
class Findings:
    """Everything the report says, as plain data.

    forecast : per model and row ahead `when, mean` and the quantiles of `backtest.QUANTILES`
    totals : per model the quantiles of the sum over the horizon (flows only)
    sensitivity : the answer of the primary series with one thing changed at a time, the unchanged one first
    together : the shared change of the series that are said to share a cause
    counterfactual : rows after the primary's best dated change, against what the level before would have brought
    untested : events that the data cannot test, with the reason; frozen : hash of the list of events before the run
    inputs : name of each file that was read -> its sha256; claims : what the counts say of published claims
    other_forecasts : of the series that are forecast beside `forecast_on`

    The example of `forecast.Experiment` shows it.
    """

    name: str
    title: str
    question: str
    primary: str
    forecast_on: str
    simulated: bool
    readings: Mapping[str, Reading]
    windows: tuple[Window, ...]
    tested: Tested | None
    untested: Mapping[str, Untestable]
    sensitivity: tuple[Variant, ...]
    forecast: pd.DataFrame
    totals: pd.DataFrame
    backtest: Backtest | None
    frozen: str
    versions: Mapping[str, str]
    settings: Mapping[str, Any]
    together: Together | None = None
    counterfactual: Counterfactual | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    other_forecasts: tuple[OtherForecast, ...] = ()

    @cached_property
    def conclusions(self) -> Conclusions:
        """What these findings amount to; made once, for everything that is said of them."""
        return conclude(self)

    @property
    def main(self) -> Reading:
        """The reading of the primary series."""
        return self.readings[self.primary]

    @property
    def others(self) -> list[Reading]:
        """Readings of the series that are not the primary one."""
        return [reading for name, reading in self.readings.items() if name != self.primary]

    @property
    def effects(self) -> dict[str, Effect]:
        """The effect of each event that was tested, by the event's name, in order of date."""
        names = [w.event.name for w in self.windows if w.event.name not in self.untested]
        return dict(zip(names, self.tested.effects, strict=True)) if self.tested else {}

    @property
    def since_change(self) -> Counterfactual | None:
        """Rows since the change against the level before; None where there are several, for a sum would mix them."""
        return self.counterfactual if len(self.main.changes) == 1 else None

    @property
    def best_member(self) -> str:
        """The member with the best score in the backtest; the first one where there was none; "" without members."""
        if self.backtest is not None and len(self.backtest.scores):
            return str(self.backtest.scores["model"].iloc[0])
        return str(self.forecast["model"].iloc[0]) if len(self.forecast) else ""

    @property
    def best_forecast(self) -> pd.DataFrame:
        """The rows of `forecast` by the best member."""
        return self.forecast[self.forecast["model"] == self.best_member]

    @property
    def scored(self) -> int:
        """Number of counts that each member was scored on."""
        if self.backtest is None:
            return 0
        table = self.backtest.table
        return int(table.loc[table["model"] == self.best_member, "observed"].notna().sum())

    def label(self, event: str) -> str:
        """How an explanation of that name is written: an event, none of them, or no change."""
        return LABELS.get(event) or next(w.event.label for w in self.windows if w.event.name == event)

    def _repr_html_(self) -> str:
        from forecast.support.notebook import frame_html

        rows = self.main.table
        return frame_html(f"{self.title}{' (simulated)' if self.simulated else ''}: {self.main.name}", pd.DataFrame(
            {"explanation": [row.label for row in rows], "probability": [f"{row.probability:.2f}" for row in rows]}))
