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
# # Forecasting counts with gaps and breaks
# Forecasts are sample paths of whole counts; means, intervals and totals follow from them. Here: car drivers killed each
# month in Great Britain, from the shipped experiment (Harvey & Durbin 1986), and a simulated series with gaps.

# %%
import numpy as np

from forecast import backtest, load, predict, scenario, simulate, totals

casualties = load("seatbelts").series["drivers_killed"].read().series
casualties

# %% [markdown]
# ## Against Prophet
# Both see the same rows at each origin. The continuous ranked probability score (CRPS) is the mean distance between
# forecast and count, in counts: lower is better. An 80 % interval should hold 80 of 100.

# %%
scores = backtest(casualties, ["auto", "prophet", "seasonal_naive"], origins=4, horizon=6)
scores.frame()[["model", "crps", "mase", "coverage_80"]].round(2)

# %%
scores.plot();

# %% [markdown]
# ## A break near the end, and gaps
# Counts that doubled ten weeks ago, a third of the weeks unseen (simulated). A model that does not know the break falls
# back to the old mean.

# %%
shifted = simulate(104, level=12, breaks={94: 2.5}, missing=0.3, seed=11)
paths = predict(shifted, horizon=8, seed=0)
paths.plot();

# %% [markdown]
# The total of the horizon has an interval of its own, from the totals of the paths, not from sums of intervals. And what if
# the level of the spring before returns?

# %%
np.quantile(totals(paths), [0.1, 0.5, 0.9])

# %%
returned = scenario(shifted, 8, since="2023-03-01", until="2023-06-01")
np.quantile(totals(returned), [0.1, 0.5, 0.9])
