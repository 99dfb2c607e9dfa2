"""Every number that decides what a report concludes, each once and with its source; no room above compares with any.

What results themselves answer is decided where they are made: LEVEL, DRIFTS and PERSISTENT by `effects/event_tests`,
WORTH (below it nobody asks of an event) by `effects/explanations`, SIZE (of the test of a constant level) and WANDERS
by `regime_model/change_test`.
"""

from __future__ import annotations

# -- events, in shares of the posterior: the edges of the terms of Intelligence Community Directive 203 (2015) ------
SUPPORTED = 0.55  # least share in the window of an event that is supported: "likely" begins there
LIKELY = 0.45  # below it ("unlikely") an event that leads fits nothing
CONTENDER = 0.20  # below it ("very unlikely") a window is no rival's equal: the event is simply not supported
SEVERAL = 0.20  # from it on the chance of a further change is mentioned
# A window that holds this share of another's is not told apart from it: a Bayes factor below 3 is "not worth more than
# a bare mention" (Kass & Raftery 1995, JASA 90, 773-795, section 3.2).
RIVAL = 1 / 3
USEFUL = 3.0  # a bound on the ratio beyond threefold rules out nothing that anybody said; a convention of ours

# Bayes factor against a change from which the counts speak against one: "substantial" (Jeffreys 1961, appendix B)
AGAINST = 3.0

# -- evidence: conventions of ours, in the spirit of the standards of ICD 206 (2015) and GRADE (Guyatt et al. 2008) --
FEWEST_SINCE = 3  # rows since the last change below which nobody knows whether it lasts
SHARED = 0.25  # share of common statements from which a series is a check and no evidence of its own
LOW_ROWS = 10  # fewer observed rows: low
LOW_ALONE = 0.4  # this share of the rows on one statement: low
HIGH_PUBLISHERS, HIGH_ROWS = 3, 30  # high takes at least so many of both
HIGH_EXACT, HIGH_OBSERVED = 0.8, 0.9  # and at least such shares of exact counts, and of rows that were observed

# -- forecasts ------------------------------------------------------------------------------------------------------
# Scored counts below which a ranking of members is not one: with 20, a paired difference of half a standard deviation
# is seen in 56 cases of 100 (two-sided t test of size 5 %; Cohen 1988, Statistical Power Analysis, chapter 2).
RANKABLE = 20
# Standard errors by which a coverage must miss its nominal value to be told: horizons overlap, so two would be too few.
MISSED = 3.0

VAGUE = 100.0  # times the low end of an 80 % interval that its high end is, from which it says nothing: ours

# -- images: conventions of ours ------------------------------------------------------------------------------------
WORTHWHILE = 0.1  # a date interval that is shortened by less than this share is no gain that anybody would pay for
OPEN_DAYS = 14  # days of the 90 % date interval from which a picture shows what would shorten it
