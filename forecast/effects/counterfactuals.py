"""What would have been seen without the change: the level before, run on over the rows after, as whole counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.effects.event_tests import position_of
from forecast.regime_model.fit import RegimeModel
from forecast.regime_model.posterior import ahead, present
from forecast.regime_model.problem import discretise
from forecast.series.season import evident_season
from forecast.series.series import Series, check_series
from forecast.support.results import Shown, drawn
from forecast.support.validation import check_paths

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

LEVELS = (0.025, 0.5, 0.975)
FEWEST = 4  # observed rows before the date, below which nothing can be run on


@dataclass(frozen=True, eq=False)
class Counterfactual(Shown):
    """Rows from one date on, all arrays [m]; bands are 95 %.

    when : start of each row; observed : the count, or the middle of its bounds; NaN where nobody looked
    low, middle, high : counts that the level before the date would have brought, with the row's own exposure
    cumulative_low, cumulative_middle, cumulative_high : sum so far of observed minus expected, over observed rows only;
        the low end takes the least that may have been seen, the high end the most, the middle lies between. A sum
        without an upper bound stands at its least throughout, and is `open`
    ratio : low, middle and high of the sum of observed over that of expected; inf where none was expected (1 if none
        was seen either)
    """

    when: np.ndarray
    observed: np.ndarray
    low: np.ndarray
    middle: np.ndarray
    high: np.ndarray
    cumulative_low: np.ndarray
    cumulative_middle: np.ndarray
    cumulative_high: np.ndarray
    ratio: tuple[float, float, float]
    open: bool = False

    def __repr__(self) -> str:
        low, middle, high = self.total
        return (f"Counterfactual(since {self.when[0]}: {middle:.4g} ({low:.4g} to {high:.4g}) more than expected in "
                f"{len(self.when)} rows)")

    def heading(self) -> str:
        return f"observed and expected since {self.when[0]}"

    def plot(self, ax: Axes | None = None, *, unit: str = "count") -> Axes:
        """Draw what was observed against what was expected; unit : the label of the counts."""
        return drawn(self, ax, unit=unit)

    def frame(self) -> pd.DataFrame:
        """One line a row: when (datetime), observed, low, middle, high, and the three cumulative_ sums."""
        import pandas as pd

        columns = ("observed", "low", "middle", "high", "cumulative_low", "cumulative_middle", "cumulative_high")
        return pd.DataFrame({"when": self.when.astype("datetime64[s]"),
                             **{name: getattr(self, name) for name in columns}})

    @property
    def total(self) -> tuple[float, float, float]:
        """Low, middle and high of all that was seen beyond what was expected."""
        return float(self.cumulative_low[-1]), float(self.cumulative_middle[-1]), float(self.cumulative_high[-1])


def counterfactual(series: Series, when: Any, *, draws: int = 2000, seed: int = 0, model: RegimeModel | None = None,
                   sums: Callable[[int], tuple[np.ndarray, np.ndarray]] | None = None) -> Counterfactual:
    """Run the rows before `when` on over those after it; nothing after the date is looked at.

    sums : least and most of the sum from a row to each later one, where more is known of it than of each row (see
        `Flow.sums`)
    Raises ValueError when fewer than four observed rows lie before the date, counts are not whole, or draws or seed are
    no whole numbers; TypeError for what is no series.

    >>> rise = Series.from_values([5, 3, 6, 4, 5, 5, 4, 6, 5, 4] * 2 + [14, 16, 15, 13], start="2023-01-02")
    >>> counterfactual(rise, "2023-05-22").total[0] > 10
    True
    """
    check_series(series, "counterfactual")
    check_paths(1, draws, seed)
    first, draws = position_of(series, when), int(draws)
    before, after = series.rows(slice(0, first)), series.rows(slice(first, len(series)))
    if not series.is_count or before.observed.sum() < FEWEST:
        raise ValueError(f"counterfactual: {series.name} has {int(before.observed.sum())} observed whole counts before "
                         f"{when}: {FEWEST} are needed to run them on")
    season = evident_season(before)
    problem = discretise(model or RegimeModel(), before, season.over(np.arange(first)))
    rng = np.random.default_rng(seed)
    exposure = after.exposure if series.kind == "flow" else np.ones(len(after))
    typical = float(np.median(np.diff(before.days)))
    gaps = np.diff(series.days)[first - 1:] / typical
    paths = ahead(present(problem, draws, rng), exposure * season.over(np.arange(first, len(series))), gaps, rng,
                  breaks=False)
    seen = after.observed
    least, most = sums(first) if sums else (np.cumsum(np.where(seen, bound, 0.0)) for bound in (after.low, after.high))
    return _compared(after, paths, least, most)


def _compared(after: Series, paths: np.ndarray, least: np.ndarray, most: np.ndarray) -> Counterfactual:
    """Observed rows, of which `least` to `most` were seen so far [m], against counterfactual counts [draws, m]."""
    seen, unbounded = after.observed, bool(np.isinf(most[-1]))
    most = least if unbounded else most
    so_far = (least, (least + most) / 2, most)
    expected = np.cumsum(np.where(seen, paths, 0.0), axis=1)
    low, middle, high = (np.quantile(bound - expected, level, axis=0)
                         for bound, level in zip(so_far, LEVELS, strict=True))
    band = np.quantile(paths, LEVELS, axis=0)
    whole = np.sort(expected[:, -1])[::-1]  # the most expected gives the least ratio
    at = [int(level * (len(paths) - 1)) for level in LEVELS]
    ratios = [_ratio(float(bound[-1]), float(whole[k])) for bound, k in zip(so_far, at, strict=True)]
    return Counterfactual(when=after.start, observed=after.middle, low=band[0], middle=band[1], high=band[2],
                          cumulative_low=low, cumulative_middle=middle, cumulative_high=high,
                          ratio=(ratios[0], ratios[1], ratios[2]), open=unbounded)


def _ratio(seen: float, expected: float) -> float:
    """Seen over expected; none where none was expected are as many."""
    if expected:
        return seen / expected
    return float("inf") if seen else 1.0
