# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A detector and a model of one's own
# A detector is anything with `detect(series)`, a model anything with `paths(series, horizon, draws, rng)`. They are
# taken wherever a name is, and what they give is checked.

# %%
from dataclasses import dataclass

import numpy as np

from forecast import Break, backtest, detect, predict, simulate

series = simulate(104, level=10, breaks={60: 2.0}, missing=0.1, seed=3)


@dataclass(frozen=True)
class LargestJump:
    """One change where the means of the eight rows before and after lie furthest apart, if that is twofold."""

    rows: int = 8

    def detect(self, series):
        y = series.value
        with np.errstate(invalid="ignore"):
            jumps = {k: np.nanmean(y[k:k + self.rows]) / np.nanmean(y[k - self.rows:k])
                     for k in range(self.rows, len(y) - self.rows)}
        at = max(jumps, key=lambda k: abs(np.log(jumps[k])))
        if not 0.5 < jumps[at] < 2:  # nothing is said of how sure that is
            day = str(series.start[at])
            return (Break(position=at, at=day, low=day, high=day, before=float(np.nanmean(y[:at])),
                          after=float(np.nanmean(y[at:])), probability=float("nan")),)
        return ()


detect(series, LargestJump()).frame()[["at", "before", "after"]]

# %%
detect(series).frame()[["at", "low", "high", "before", "after", "probability"]]

# %% [markdown]
# ## A model
# Whole counts of at least zero, all chance from `rng`; rows that nobody observed are NaN.


# %%
@dataclass(frozen=True)
class LastRows:
    """Poisson counts around the mean of the last rows."""

    rows: int = 8

    def paths(self, series, horizon, draws, rng):
        level = np.nanmean(series.value[-self.rows:])
        return rng.poisson(level, size=(draws, horizon))


predict(series, LastRows(), horizon=4).frame().set_index("ds")[["median", "lo-80", "hi-80"]]

# %% [markdown]
# ## Is it better than what is there?
# A rolling-origin backtest against the shipped models: each origin sees only what lies before it.

# %%
scores = backtest(series, {"last rows": LastRows(), "auto": "auto", "seasonal naive": "seasonal_naive"}, origins=8, horizon=4)
scores.frame()[["model", "crps", "mase", "coverage_80"]].round(2)

# %%
scores.plot();
