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
# # Ten minutes with counts of your own
# A table of dates and counts becomes a series; the series says what changed, when, and how sure that is. The counts here
# are simulated: railcars seen in images of a yard about once a week, with the words that analysts write.

# %%
import tempfile
from pathlib import Path

from forecast import RegimeModel, detect, event_effect, explain, predict, read_table

file = Path(tempfile.mkdtemp()) / "yard.csv"
file.write_text("""image date;cars;remark
02.01.2023;11;
10.01.2023;9;
16.01.2023;12;
25.01.2023;10+;clouds over the north tracks
31.01.2023;8;
07.02.2023;13;
14.02.2023;~11;
21.02.2023;7;
02.03.2023;12;
08.03.2023;10 to 14;
15.03.2023;9;
24.03.2023;11;
30.03.2023;23;
06.04.2023;27;
13.04.2023;20+;cut off at the edge
21.04.2023;31;
27.04.2023;24;
05.05.2023;29;
11.05.2023;26;
18.05.2023;22;
26.05.2023;28;
""", encoding="utf-8")
yard = read_table(file)["cars"]
yard

# %% [markdown]
# 02.01.2023 is read day first because other rows leave no doubt; "10+", "~11" and "10 to 14" became bounds. What could
# mean two things is refused, with both readings and the word that settles it. On the command line `forecast check
# yard.csv` says the same.
#
# ## What changed?

# %%
changes = detect(yard)
changes.frame()[["at", "low", "high", "before", "after", "probability", "shape"]]

# %%
changes.plot();

# %% [markdown]
# A change is dated by an interval, from image to image, and has a probability. The fit also tells what there is without a
# change: rows that stand out, a season, a trend.

# %%
fit = RegimeModel().fit(yard)
fit.changed, fit.p_value, fit.odd_rows

# %%
fit.plot(events={"bridge reopened": "2023-03-26"});

# %% [markdown]
# ## Does an event fit?
# Say the dates before you look at the answer. Events compete with "none of these" and "no change"; the shares sum to one.

# %%
explain(yard, {"bridge reopened": "2023-03-26", "visit": "2023-02-10", "holiday": "2023-05-01"}, delay_days=30)

# %%
effect = event_effect(yard, "2023-03-26")
effect

# %% [markdown]
# ## What comes next?
# Image dates are irregular, so no row comes next. On a grid of weeks one does; weeks without an image are missing, never
# zero.

# %%
weekly = yard.regular("W-MON")
paths = predict(weekly, horizon=8)
paths.frame().set_index("ds")[["median", "lo-80", "hi-80"]].round(1)

# %%
paths.plot();

# %% [markdown]
# A report with all of this, from the command line:
#
#     forecast init yard.csv mine       # writes experiments/mine.yaml and a list of events to fill in
#     forecast -cn mine                 # the report
