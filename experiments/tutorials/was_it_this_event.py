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
# # Was it this event?
# A date is given before the counts are looked at: did the level change there? The answer must not be fooled by a season, by
# growth that goes on anyway, or by one odd row. The counts: car drivers killed in Great Britain by month
# (Harvey & Durbin 1986), in the five years around the law on seat belts of 31 January 1983.

# %%
import numpy as np

from forecast import Series, detect, event_effect, load

drivers = load("seatbelts").series["drivers_killed"].read().series["1980-01-01":"1984-12-31"]
drivers.plot(events={"law": "1983-01-31"});

# %%
effect = event_effect(drivers, "1983-01-31")
effect

# %%
effect.plot();

# %% [markdown]
# ## Several dates together
# Dates that are tested together are adjusted together: of ten empty dates one or the other would look significant by itself.

# %%
effects = event_effect(drivers, ["1981-06-01", "1982-03-01", "1983-01-31", "1984-03-01"])
effects.frame()[["when", "ratio", "low", "high", "p_value", "adjusted", "significant"]].round(3)

# %% [markdown]
# ## Growth that goes on anyway
# A simulated series that grows by a third a year, with no event at all. A test against a level that is taken as flat would
# find every date "significant".

# %%
weeks = np.arange(104)
growing = Series.from_values(np.random.default_rng(5).poisson(20 * np.exp(0.3 * weeks / 52)), start="2022-01-03", freq="W-MON",
                             name="growing, simulated")
event_effect(growing, "2023-01-02")

# %%
changes = detect(growing)
changes.plot();

# %% [markdown]
# ## A control
# Two simulated yards share their ups and downs (weather, holidays); from June 2023 on one of them sees a third more. Beside
# the other yard, which the event did not touch, less is left to chance.

# %%
rng = np.random.default_rng(1)
shared = np.convolve(rng.normal(0, 0.25, 112), 0.8 ** np.arange(9), "valid")
mean = 40 * np.exp(0.9 * shared)
untouched = Series.from_values(rng.poisson(mean), start="2022-01-03", freq="W-MON", name="another yard, simulated")
touched = Series.from_values(rng.poisson(mean * np.where(np.arange(104) >= 74, 1.3, 1.0)), start="2022-01-03", freq="W-MON", name="this yard, simulated")
event_effect(touched, "2023-06-05"), event_effect(touched, "2023-06-05", controls=untouched)
