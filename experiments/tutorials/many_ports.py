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
# # Two thousand ports
# One table of many series, the same questions of each: did it change, at the time of an event, and what comes next? The
# ports are simulated: 2,000 of them, sixty weeks, of which one in ten loses 60 % of its calls in the week of the
# event.

# %%
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

rng = np.random.default_rng(1)
weeks = pd.date_range("2022-01-03", periods=60, freq="W-MON")
level = rng.gamma(2, 6, size=2000)
hit = rng.random(2000) < 0.1
mean = level[:, None] * np.where(hit[:, None] & (np.arange(60) >= 40), 0.4, 1.0)
counts = rng.poisson(mean * rng.gamma(8, 1 / 8, mean.shape))
table = pd.DataFrame({"unique_id": np.repeat([f"port{k:04}" for k in range(2000)], 60), "ds": np.tile(weeks, 2000),
                      "y": counts.ravel()})
folder = Path(tempfile.mkdtemp())
table.to_csv(folder / "ports.csv", index=False)
table.head(3)

# %% [markdown]
# The same as `forecast panel ports.csv out --event 2022-10-10 --horizon 4`:

# %%
from forecast.cli.main import command

command(["panel", str(folder / "ports.csv"), str(folder / "out"), "--event", weeks[40].strftime("%Y-%m-%d"), "--horizon", "4",
         "--jobs", "2", "--quiet"])

# %%
series = pd.read_parquet(folder / "out" / "series.parquet")
effects = pd.read_parquet(folder / "out" / "effects.parquet")
effects[["unique_id", "event", "ratio", "low", "high", "q_value", "affected"]].head(3)

# %% [markdown]
# Of the ports that are listed as affected, at most one in ten is expected to be wrong; here the truth is known.

# %%
truth = dict(zip(table["unique_id"].unique(), hit, strict=True))
listed = effects.loc[effects["affected"], "unique_id"]
{"listed": len(listed), "of these hit": int(listed.map(truth).sum()), "hit in all": int(hit.sum())}

# %%
series[["unique_id", "rows", "mean", "breaks", "probability", "changed"]].head(3)
