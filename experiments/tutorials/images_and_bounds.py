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
# # Images, bounds and the next image
# Images are few and partly cloudy. What they show is often a bound: "at least 15" where clouds hide a track, "about 20 at
# most" in a sentence about a year. This tutorial uses a simulated yard, whose truth is known.

# %%
import numpy as np

from forecast import RegimeModel, Series, best_images, detect, simulate

truth = simulate(60, level=12, breaks={35: 2.2}, missing=0.45, at_least=0.25, kind="stock", seed=5)
truth.plot();

# %% [markdown]
# Of 60 weeks about half were imaged, and a quarter of these are known as "at least" alone. Left out, these rows cost
# certainty; taken as exact, they are wrong. As bounds they count for what they say.

# %%
exact = truth.low == truth.high
counted = Series.from_counts(truth.start[exact], truth.value[exact], kind="stock", name="exact rows alone")
taken = Series.from_counts(truth.start[truth.observed], truth.low[truth.observed], kind="stock", name="bounds as counts")
for series in (counted, taken, truth):
    for each in detect(series):
        print(f"{series.name}: {each.low} to {each.high}, {each.before:.0f} to {each.after:.0f}, {each.probability:.2f}")

# %% [markdown]
# ## An odd row is named, not explained by two changes

# %%
values = np.where(truth.observed, truth.low, np.nan)
values[20] = 90
odd = Series.from_values(values, start=str(truth.start[0]), kind="stock", name="with one train of 90")
fit = RegimeModel().fit(odd)
[str(odd.start[row]) for row in fit.odd_rows], [each.at for each in fit.breaks]

# %% [markdown]
# ## Which image to buy next?
# The day whose image would tell most about the date of the change, and what it is expected to leave of it.

# %%
days = np.r_[np.arange("2023-01-01", "2023-03-20", 9, dtype="M8[D]"), np.arange("2023-06-10", "2023-09-01", 9, dtype="M8[D]")]
counts = np.random.default_rng(4).poisson(np.where(days < np.datetime64("2023-05-01"), 8, 22))
winter = Series.from_counts(days, counts, kind="stock", name="a yard not imaged from March to June, simulated")
[(each.low, each.high) for each in detect(winter)]

# %%
best = best_images(RegimeModel().fit(winter))
[(each.day, each.days_now, round(each.days_then)) for each in best]

# %% [markdown]
# An image from the middle of the gap is worth most: whatever it shows rules out about half of the days.
