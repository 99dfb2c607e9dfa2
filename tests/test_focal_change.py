"""Of several changes one is asked about: answer, tables, pictures and verdicts speak of the same, and of no mixture."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from forecast import Event, Series, detect, simulate
from forecast.effects.checks.variant import Outcome
from forecast.effects.counterfactuals import counterfactual
from forecast.effects.explanations import NONE, NOWHERE, Window, _table
from forecast.evidence.flow import Flow
from forecast.evidence.long_table import LongTable
from forecast.experiment.verdicts import Word
from forecast.report.event_table import event_table
from forecast.report.prose.lead import condition
from forecast.report.prose.story import events
from forecast.report.prose.verdicts import image_selection, persistence
from forecast.report.report import summary
from forecast.report.tables import other_series
from forecast.series.breaks import Break
from tests.test_words import Together, changed, effect, explanation, findings, imaged, reading, said_of, variant

OLD = Break(3, "2023-04-01", "2023-03-16", "2023-04-15", 1.0, 5.0, 0.9)
NEW = Break(7, "2023-08-01", "2023-07-16", "2023-08-15", 5.0, 20.0, 0.9)


def two_changes(first: float = 0.05, treaty: float = 0.6):
    """Findings of two changes: no event fits the first one by much, “A treaty” the second."""
    def rows(visit: float, other: float):
        return (explanation("visit", "A visit", visit), explanation("treaty", "A treaty", other),
                explanation(NONE, "A change at a date outside every window", 0.98 - visit - other, prior=0.4),
                explanation(NOWHERE, "No change of level at all", 0.02, prior=0.5))
    tested = Together((effect("2023-05-10", 0.7), effect("2023-09-01", 0.6)), 0.4)
    return findings(replace(reading(breaks=(OLD, NEW)), explained=(rows(first, 0.01), rows(0.01, treaty))), tested=tested)


def test_the_change_that_an_event_fits_best_is_the_one_asked_about():
    found = two_changes()
    assert found.main.focal == 1
    assert "“A treaty” (10 May to 10 July 2023) fits the change of 16 July to 15 August 2023 best" in events(found)
    table = event_table(found)
    assert "one of the two changes (the one that fits it best)" in table.caption
    assert (table.rows[0][0], table.rows[0][3]) == ("A treaty", "60\u202f%")
    assert "no step shows at its date" in table.rows[0][-1]
    assert list(found.main.named) == ["visit", "treaty"]


def test_the_shares_of_one_change_add_up_on_the_terminal(capsys):
    summary(findings())
    said = capsys.readouterr().out
    assert sum(int(share) for share in re.findall(r"(\d+)\u202f%  A", said.replace("No change", "A"))) == pytest.approx(100, abs=1)


def test_an_event_that_fits_another_change_is_named_too_and_one_that_fits_none():
    both = events(two_changes(first=0.5))
    assert "“A visit” fits the change of 16 March to 15 April 2023 best: roughly even chance (50" in both
    assert "None of the changes lies in the window of “A visit” (5\u202f% at most)." in events(two_changes())


def test_the_test_at_its_own_date_counts_where_there_are_two_changes_too():
    word, _ = said_of("treaty", two_changes())
    assert word == "not supported"
    assert "trend, season and other changes taken into account" in event_table(two_changes()).caption
    alone = findings(tested=two_changes().tested)
    assert {v.word for v in alone.conclusions.verdicts} == {Word.NOT_SUPPORTED}
    assert "The test at its own date does not bear that out (adjusted p 0.70)" in events(alone)
    assert image_selection(imaged(3.0, two_changes().main)) == ""


def test_other_series_are_compared_with_the_change_asked_about():
    main = two_changes()
    other = replace(reading(breaks=(OLD,)), name="railcars")
    said = other_series(replace(main, readings={"ships_seen": main.main, "railcars": other}))
    assert said.rows[0][2:] == ("16 March to 15 April 2023 (90\u202f%)", "on other days; a check, not evidence of its own")


def test_a_change_that_rests_on_its_last_row_is_said_to():
    last = Break(9, "2023-10-01", "2023-09-16", "2023-10-15", 5.0, 20.0, 0.9)
    assert "Only one month was counted since: whether it lasts is not known." in changed(reading(breaks=(last,)))
    assert "Only" not in changed(reading())
    assert "chance that there was more than one" not in changed(reading())
    assert "It is unlikely (32\u202f%) that there was more than one." in changed(replace(reading(), number=(0.05, 0.65, 0.3)))


def test_levels_of_zeros_alone_are_said_as_they_were_counted():
    assert "from none in five observed months to about 10 ships a month" in changed(reading())
    gone = reading(counts=(9, 11, 10, 12, 8, 0, 0, 0, 0, 0), breaks=(Break(5, "2023-06-01", "2023-05-16", "2023-06-15", 10.0, 0.1, 0.9),))
    assert "from about 10 ships a month to none in five observed months" in changed(gone)


def test_windows_of_which_only_one_holds_the_other_are_told_apart():
    days = np.zeros(60)
    days[10:50] = 1 / 40
    wide, narrow = (Window(Event(n, n, date(2023, 1, a), date(2023, 1, a)), date(2023, 1, a), date(2023, 2, b))
                    for n, a, b in (("wide", 1, 27), ("narrow", 31, 4)))
    table = {e.name: e for e in _table(days, days, np.datetime64("2023-01-01"), (wide, narrow), 0.9)}
    assert (table["wide"].alike, table["narrow"].alike) == ((), ())


def test_what_turns_is_named():
    base = variant("base", "base")
    assert condition(findings(sensitivity=(
        base, variant("publisher_left_out", "P", "", 0.4, Outcome.NOTHING_CONCLUSIVE),
        variant("publisher_left_out", "Q", "", 0.5, Outcome.NO_SERIES)))) == "If P and Q are right, "


def test_counts_that_drift_are_said_to():
    tested = Together((replace(effect("2023-05-10"), drift=0.8), effect("2023-09-01", 0.4)), 0.005)
    assert persistence(findings(tested=tested)) == (
        "At “A visit” the counts persist too long to date a change: “not supported” says nothing there.")


def test_breaks_are_dated_from_the_jumps_beside_them_however_many_a_path_has_elsewhere():
    for b in detect(LongTable("border_rail/railcars.csv", unique_id="brownsville", omission_above=1000).read().series, "regimes"):
        assert (np.datetime64(b.high) - np.datetime64(b.low)).astype(int) < 500


def test_each_of_several_changes_is_dated_by_the_paths_that_have_it():
    level = np.repeat([40.0, 90.0, 45.0, 100.0], 48)
    y = np.random.default_rng(3).negative_binomial(20, 20 / (20 + level))
    y[[20, 75, 130]] = (110, 30, 105)  # odd rows, to which some paths give changes of their own
    series = Series.from_values(y, start="2008-01-01", freq="MS")
    found = detect(series, "regimes")
    assert [each.shape for each in found] == ["step"] * 3
    for each, row in zip(found, (48, 96, 144), strict=True):
        assert each.low <= str(series.start[row]) <= each.high
        assert (np.datetime64(each.high) - np.datetime64(each.low)).astype(int) < 200


# -- sums that totals bound ---------------------------------------------------------------------------------------
def test_a_sum_over_rows_is_bounded_by_the_total_that_they_share():
    evidence = Flow(publishers=["VOA Korean"]).read()
    ships, sums = evidence.series, evidence.totals.since
    first = int(np.flatnonzero(ships.start == np.datetime64("2023-08-01"))[0])
    least, most = sums(first)
    rows = ships.rows(slice(first, len(ships)))
    assert (least[-1], most[-1]) == (52, 72)  # what the publisher states for the whole: 62, about
    assert np.nansum(rows.high) > 200
    assert np.all(np.diff(least) >= 0)
    assert np.all(np.diff(most) >= 0)
    assert np.all(least >= np.cumsum(np.where(rows.observed, rows.low, 0.0)) - 1e-9)
    since = counterfactual(ships, "2023-08-02", sums=sums)
    assert since.total[2] <= 72
    assert counterfactual(ships, "2023-08-02").total[2] > 200


def test_a_sum_of_lower_bounds_has_no_upper_end():
    values = np.r_[simulate(30, level=4, seed=1).value, [9.0, 9.0, np.nan, 9.0]]
    low = np.where(np.isnan(values), 12.0, np.nan)
    series = Series.from_values(values, start="2023-01-02", freq="W-MON", low=low)
    found = counterfactual(series, series.start[30])
    assert found.open
    assert found.total[2] < 39
    assert not counterfactual(Series.from_values(values[:32], start="2023-01-02", freq="W-MON"), "2023-07-31").open


def test_days_beyond_the_start_or_the_end_of_a_series_are_not_watched():
    whole = Flow(unlisted="zero", start="2023-08-01", end="2023-10-31").read().series
    part = Flow(unlisted="zero", start="2023-08-01", end="2023-10-10").read().series
    assert part.exposure[-1] <= 10 / 31
    assert part.high[-1] < whole.high[-1]
