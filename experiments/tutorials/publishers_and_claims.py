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
# # Conflicting publishers, and claims with their answer
# The evidence of the shipped experiment: statements of many publishers about ships at Rajin and railcars at Tumangang,
# each with its address. The code reconciles them, and says what became of each; of those that are left out, why.

# %%
import pandas as pd

from forecast import conclude, detect, load, run

experiment = load("rail")
evidence = experiment.series["railcars"].read()
evidence.series

# %%
pd.Series([decision.reason for decision in evidence.decisions if decision.outcome == "left out"]).value_counts().head(5)

# %% [markdown]
# ## Contradictions are told first

# %%
pd.DataFrame([(each.day, each.low, ", ".join(each.lows), each.high, ", ".join(each.highs)) for each in evidence.contradictions],
             columns=["day", "at least", "by statements", "at most", "by statements "]).head(3)

# %% [markdown]
# ## What a publisher alone would say

# %%
for publisher in evidence.publishers:
    alone = evidence.only(publisher)
    if alone is not None and alone.series.observed.sum() >= 8:
        print(publisher, [(each.at, round(each.before), round(each.after)) for each in detect(alone.series)])

# %% [markdown]
# ## Claims
# A claim is a row of `claims.csv`: what a publication says, in our words, and the test that the counts can make of it.
# The verdict is computed: change the counts and it changes.

# %%
findings = run(load("khasan_rajin", "models=[]", "placebos=39"))
conclusions = conclude(findings)
pd.DataFrame([(claim.claim[:60], claim.word.value) for claim in conclusions.claims], columns=["claim", "verdict"])
