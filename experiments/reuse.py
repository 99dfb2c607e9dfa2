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
# # Reuse in a notebook
# The evidence, or counts of your own, through the same few calls as the command. The same cells stand in `reuse.py` and in
# `reuse.ipynb`: run them in Jupyter, in marimo, or as a plain script; nothing depends on which.

# %%
from matplotlib.figure import Figure

from forecast import Series, detect, event_effect, feed_series, load, predict, run, show_report
from forecast.report import plots
from forecast.report.figures import observed
from forecast.support.registry import folder

experiment = load("khasan_rajin")
evidence = experiment.series["container_ships"].read()
ships, account = evidence.series, evidence.decisions
ships

# %% [markdown]
# ## When did it change, does a date fit, what comes next?

# %%
[(b.at, b.low, b.high, round(b.before, 2), round(b.after, 2), round(b.probability, 2)) for b in detect(ships)]

# %%
event_effect(ships, "2023-07-25")

# %%
calls = experiment.series["container_calls"].read().series
paths = predict(calls, model="auto", horizon=6, draws=1000, seed=0)
paths.sum(axis=1).mean()

# %% [markdown]
# ## Counts of your own
# A chart that somebody digitised: two columns, dates and heights (this one is simulated). Any layout that `forecast feeds`
# names is read the same way.

# %%
(chart,) = feed_series(folder("experiments") / "simulated_chart.csv")
detect(chart)

# %% [markdown]
# Or a list of dates and counts; bounds, gaps and watching effort are optional.

# %%
own = Series.from_counts(
    dates=["2024-01-05", "2024-01-19", "2024-02-02", "2024-02-20", "2024-03-01", "2024-03-15", "2024-04-02", "2024-04-20"],
    counts=[4, 6, None, 5, 21, 25, None, 19],
    low=[None, None, 3, None, None, None, 15, None],  # "at least 3", "at least 15"
    kind="stock", name="my yard")
detect(own)

# %% [markdown]
# ## The whole experiment, no files written, and any picture of it

# %%
findings = run(load("simulated_yard", "horizon=4", "origins=2", "models=[mean,regimes]"))
with plots.style():
    figure = Figure(figsize=(plots.PAGE, 3))
    observed(findings.main, findings.windows, figure.add_axes((0.1, 0.3, 0.87, 0.6)))
figure

# %%
findings

# %%
show_report(findings)
