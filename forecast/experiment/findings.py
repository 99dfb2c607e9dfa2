"""What a run says, as plain data: `Reading` of one series, `Findings` of the whole experiment.

Sentences, tables and pictures are made of these further up; what several of them ask is answered here, once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from forecast.breaks.detection import Break
from forecast.effects.counterfactuals import Counterfactual
from forecast.effects.event_tests import Effect, Tested
from forecast.effects.explanations import NONE, NOWHERE, WORTH, Explanation, Together, Window
from forecast.effects.next_image import Image, Worth
from forecast.effects.sensitivity import Variant
from forecast.evidence.decisions import Decision
from forecast.evidence.statements import Statement
from forecast.models.backtesting import Backtest
from forecast.series.series import Series

LARGEST = 700.0  # a larger logarithm is more than a float holds


@dataclass(frozen=True, eq=False)
class Reading:
    """What one series says.

    account : one decision on every statement
    log_ratio : log Bayes factor of any change against none; needed : the factor from which it is acted on
    number : posterior probability of 0, 1, 2 ... changes; bands : per row the 5, 50 and 95 % of the level
    gaps : posterior probability of a change in each gap [n - 1]; breaks : by detector
    explained : per change of the count regime model (or of the likeliest, if none is conclusive) its table
    images, worth : the best days for an image for the change that is dated worst, and what each day is worth
    tipping : how much likelier a row one standard deviation busier must be imaged to feign the whole change (1 = none)
    statements : what the decisions of the account are about (empty for sources that are no ledgers)
    """

    name: str
    series: Series
    account: tuple[Decision, ...]
    log_ratio: float
    needed: float
    number: tuple[float, ...]
    bands: np.ndarray
    gaps: np.ndarray
    breaks: Mapping[str, tuple[Break, ...]]
    explained: tuple[tuple[Explanation, ...], ...]
    images: tuple[Image, ...]
    tipping: float = 1.0
    statements: tuple[Statement, ...] = ()
    worth: Worth | None = None

    @property
    def conclusive(self) -> bool:
        """Whether the series by itself shows a change."""
        return bool(self.log_ratio >= np.log(self.needed))

    @property
    def probability(self) -> float:
        """Posterior probability of any change at even prior odds."""
        return float(1 / (1 + np.exp(-self.log_ratio)))

    @property
    def bayes_factor(self) -> float:
        """Evidence of any change against none; as large a number as a float holds at most."""
        return float(np.exp(min(self.log_ratio, LARGEST)))

    @property
    def changes(self) -> tuple[Break, ...]:
        """The changes that the count regime model names."""
        return self.breaks.get("regimes", ())

    @property
    def asked(self) -> int:
        """Which of the changes an event fits best: the one that the answer is about."""
        return best_fitted(self.explained)

    @property
    def table(self) -> tuple[Explanation, ...]:
        """The explanations of that change; () without any."""
        return self.explained[self.asked] if self.explained else ()

    def likely(self, windows: Sequence[Window]) -> list[Window]:
        """Those of `windows` that hold enough of any table of explanations to be named in a picture."""
        held = {e.name for table in self.explained for e in table if e.probability >= WORTH}
        return [w for w in windows if w.event.name in held]


def best_fitted(tables: Sequence[Sequence[Explanation]]) -> int:
    """Which of several tables of explanations holds the likeliest event; the first where none has events."""
    fits = [max((e.probability for e in table if e.name not in (NONE, NOWHERE)), default=0.0) for table in tables]
    return fits.index(max(fits)) if fits else 0


@dataclass(frozen=True, eq=False)
class Findings:
    """Everything the report says, as plain data.

    forecast : per model and row ahead `when, mean` and the quantiles of `backtest.QUANTILES`
    totals : per model the quantiles of the sum over the horizon (flows only)
    sensitivity : the answer of the primary series with one thing changed at a time, the unchanged one first
    together : the shared change of the series that are said to share a cause
    counterfactual : rows after the primary's best dated change, against what the level before would have brought
    untested : events that the data cannot test, with the reason; frozen : hash of the list of events before the run
    inputs : name of each file that was read -> its sha256
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
    untested: Mapping[str, str]
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
        """How the event of that name is written."""
        return next(w.event.label for w in self.windows if w.event.name == event)

    def _repr_html_(self) -> str:
        from forecast.support.notebook import frame_html

        rows = self.main.table
        return frame_html(f"{self.title}{' (simulated)' if self.simulated else ''}: {self.main.name}", pd.DataFrame(
            {"explanation": [row.label for row in rows], "probability": [f"{row.probability:.2f}" for row in rows]}))
