"""Prophet through its own sampler, made valid for counts."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from forecast.models.history import history, season_length, whole
from forecast.models.mean import Mean
from forecast.series.series import Series
from forecast.support.parameters import Tunable
from forecast.support.validation import check_number

ENOUGH = 6  # observations below which a trend with changepoints has nothing to hold on to


@dataclass(frozen=True)
class Prophet(Tunable):
    """Prophet on the square root of the counts: draws go back squared and rounded, so none is negative or broken.

    changepoints : ISO dates at which the trend may bend, e.g. detected breaks; None leaves them to Prophet
    detector : name in `conf/detectors` whose breaks become the changepoints, found again at each origin
    holidays : event name -> ISO dates, known ahead like any calendar; those after the last row count too
    changepoint_scale : Prophet's prior scale of the bends
    Rows without an observation are dropped: Prophet takes irregular dates. Fewer than six observations, or all
    alike, get the conjugate mean. Source: Taylor & Letham 2018.
    It does not know the steps of a level: its trend bends and never jumps, so that soon after a change it still
    forecasts a level between the old one and the new; `panel` says so where it is chosen.
    """

    knows_steps: ClassVar[bool] = False

    changepoints: Sequence[str] | None = None
    detector: str | None = None
    holidays: Mapping[str, Sequence[str]] = field(default_factory=dict)
    changepoint_scale: float = 0.05

    def __post_init__(self) -> None:
        if self.changepoints is not None and self.detector is not None:
            raise ValueError("prophet: give changepoints or a detector, not both")
        check_number(self, 1e-6, 1e6, "changepoint_scale")

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator,
              known: np.ndarray | None = None) -> np.ndarray:
        """Sample paths, int64 [draws, horizon]; `known` [n + horizon, k] standardised covariates, its regressors."""
        series = series.points()
        seen = series.observed
        y = history(series)[seen]
        if len(y) < ENOUGH or np.all(y == y[0]):
            return Mean().paths(series, horizon, draws, rng)
        import pandas as pd

        coming = pd.date_range(series.start[-1], periods=horizon + 1, freq=series.freq)[1:]
        past = pd.DataFrame({"ds": series.start[seen].astype("datetime64[ns]"), "y": np.sqrt(y)})
        future = pd.DataFrame({"ds": coming})
        with _seeded(rng), _quiet():
            model = self._model(series, draws)
            for k, column in enumerate(() if known is None else known.T):
                past[f"known_{k}"], future[f"known_{k}"] = column[:len(series)][seen], column[len(series):]
                model.add_regressor(f"known_{k}", standardize=False)
            model.fit(past, seed=int(rng.integers(2**31 - 1)))
            z = model.predictive_samples(future)["yhat"]
        return whole(np.maximum(np.asarray(z, dtype=float).T, 0) ** 2)

    def _model(self, series: Series, draws: int) -> Any:
        from prophet import Prophet as Model

        cycle, seen = season_length(series), series.observed
        when = series.start[seen]
        days = float((when[-1] - when[0]).astype(float))
        bends = self._bends(series)
        # below a year of monthly or weekly rows, and in a yearly cycle seen once, season and trend are one
        return Model(changepoints=bends, n_changepoints=min(25, int(seen.sum()) // 3), holidays=self._holidays(),
                     changepoint_prior_scale=self.changepoint_scale, daily_seasonality=False,
                     weekly_seasonality=bool(cycle in {5, 7} and days >= 14),
                     yearly_seasonality=(3 if days < 4 * 365 else 10) if days >= 2 * 365 and cycle > 1 else False,
                     uncertainty_samples=draws)

    def _bends(self, series: Series) -> Any:
        """Changepoints strictly inside what was observed (Prophet refuses others), or None for its own."""
        found: Sequence[str] | None = self.changepoints
        if self.detector is not None:
            from forecast.breaks.detection import detect

            found = [each.at for each in detect(series, self.detector)]
        if found is None:
            return None
        start = series.start[series.observed]
        import pandas as pd

        return [pd.Timestamp(date) for date in found if start[0] < np.datetime64(date, "D") < start[-1]]

    def _holidays(self) -> Any:
        if not self.holidays:
            return None
        import pandas as pd

        rows = [(name, pd.Timestamp(date)) for name, dates in self.holidays.items() for date in dates]
        return pd.DataFrame(rows, columns=["holiday", "ds"])


@contextmanager
def _seeded(rng: np.random.Generator) -> Iterator[None]:
    """Prophet draws from numpy's global generator: seed that from ours, and put it back as it was."""
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(int(rng.integers(2**32 - 1)))  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002


@contextmanager
def _quiet() -> Iterator[None]:
    """No line of Stan's per fit, and not the one warning that Prophet 1.5 owes to pandas 3.1; errors still show."""
    from pandas.errors import Pandas4Warning

    levels = {name: logging.getLogger(name).level for name in ("cmdstanpy", "prophet", "prophet.plot")}
    logging.getLogger("prophet.plot").setLevel(logging.CRITICAL)  # says at import that plotly is not there
    import prophet  # noqa: F401 - this and get_logger set levels of their own, once, so they come before ours
    from cmdstanpy.utils import get_logger

    get_logger()

    for name in ("cmdstanpy", "prophet"):
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            # DataFrame.drop(inplace=True) in prophet/forecaster.py; the dependency is capped at pandas < 4
            warnings.filterwarnings("ignore", category=Pandas4Warning, module=r"prophet\.")
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
