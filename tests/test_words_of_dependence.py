"""Sentences on what the answer depends on, and on what comes next, follow from the numbers."""


from __future__ import annotations

from dataclasses import replace

from forecast.effects.checks.variant import Outcome
from forecast.effects.next_image import Image
from forecast.report.prose import forecast as outlook
from forecast.report.prose import story, verdicts
from forecast.report.prose.lead import condition
from tests.test_words import (
    T,
    findings,
    imaged,
    next_image,
    reading,
    variant,
)


# -- what it depends on -------------------------------------------------------------------------------------------
def test_the_conclusion_is_said_to_stand_or_to_turn():
    base = variant("base", "base")
    firm = findings(sensitivity=(base, variant("prior_changed", "breaks = 2", share=0.61), variant("delay_changed", "delay_days = 30")))
    assert verdicts.robust(firm) == [
        f"That “A visit” leads stands in all two ways of doing the analysis otherwise; where it does, its probability runs from "
        f"61{T}% to 70{T}%."]
    assert condition(firm) == ""
    turned = findings(sensitivity=(base, variant("publisher_left_out", "Watcher", "treaty", 0.5, Outcome.ANOTHER_LEADS),
                                   variant("choice_reversed", "unlisted = zero", "", 0.4, Outcome.NOTHING_CONCLUSIVE)))
    assert verdicts.robust(turned) == [
        "That “A visit” leads stands in 0 of 2 ways of doing the analysis otherwise.",
        f"It turns without Watcher (“A treaty” leads with 50{T}%) and with unlisted = zero (nothing is conclusive)."]
    assert story.answer(turned)[0].startswith("If Watcher is right, “A visit” fits a rise in ships seen at Port One")


def test_variants_whose_base_disagrees_with_the_analysis_say_nothing_of_it():
    made = findings(reading(log_ratio=0.1), sensitivity=(variant("base", "base"), variant("prior_changed", "breaks = 2")))
    assert "they say nothing of the conclusion" in verdicts.robust(made)[0]
    assert condition(made) == ""


def test_preferred_imagery_is_spoken_of_only_where_counts_come_from_images():
    assert "12 times as likely to be imaged" in verdicts.image_selection(imaged(12.0))
    assert verdicts.image_selection(imaged(12.0, replace(reading(), images=()))) == ""
    assert verdicts.image_selection(imaged(12.0, reading(log_ratio=0.1))) == ""


# -- what comes next --------------------------------------------------------------------------------------------
def test_golden_outlook():
    assert outlook.ahead(findings()) == (
        f"Over the three months after 31 December 2023, where its counts end, the mean since the last break, best on past dates, expects about 18 ships in all "
        f"(80{T}% interval 13 to 23). The middles of the two methods run from 18 to 20.")
    assert outlook.ranking(findings()) == (
        f"Tried on 24 counts from two past dates, the mean since the last break has the smallest mean error (1), and its 80{T}% "
        f"intervals held 18 of them, where 19 are to be expected. Better than the yardstick, ETS, by a paired test: the mean since the "
        "last break (p 0.020).")


def test_few_scored_counts_rank_nobody():
    made = findings()
    few = replace(made.backtest, table=made.backtest.table.groupby("model").head(3))
    assert outlook.ranking(replace(made, backtest=few)).endswith("Three counts are too few to rank two methods.")


def test_the_sentence_on_the_next_image_follows_its_gain():
    assert next_image(reading()) == (
        f"An archive image of 25 May 2023 is expected to narrow the date of the change most, from 31 days (90{T}% interval) to 15.")
    small = replace(reading(), images=(Image("2023-05-25", 0.01, 0.001, 31, 30.0),))
    assert next_image(small).endswith(f"That is a gain of 3{T}%: no single image settles it.")
    none = replace(reading(), images=(Image("2023-05-25", 0.0, 0.0, 31, 31.2),))
    assert next_image(none).startswith("No single image narrows the date of the change by much")
