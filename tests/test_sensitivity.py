"""What the answer depends on: statements, publishers, choices, delays and priors changed one at a time."""

from __future__ import annotations

import inspect
from dataclasses import fields, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from forecast import Event, Series, SimulatedYard, load, simulate
from forecast.breaks.regimes import Regimes
from forecast.effects.candidates import Candidates
from forecast.effects.checks.analysis import Analysis, Case
from forecast.effects.checks.check import Group
from forecast.effects.checks.image_selection import preference
from forecast.effects.checks.variant import Outcome
from forecast.effects.explanations import Window
from forecast.effects.sensitivity import QUICK, checks, sensitivity
from forecast.evidence.decisions import Contradiction


class Bare:
    """A source of somebody's own, with no choices of ours."""

    def read(self, files=None):
        raise AssertionError("nothing is read twice")


@pytest.fixture(scope="module")
def khasan():
    experiment = load("khasan_rajin")
    return sensitivity(experiment.series["container_ships"].read(), Regimes(), experiment.candidates())


def test_the_unchanged_case_comes_first_and_never_flips(khasan):
    assert khasan[0].check == "base"
    assert not khasan[0].turns
    assert {v.check for v in khasan} == {"base", *checks()} - {"image_selection", "publisher_alone"}  # not imaged; nobody excludes another
    assert len({(v.check, v.name) for v in khasan}) == len(khasan)


@pytest.fixture(scope="module")
def analysis():
    """An analysis that every check applies to: statements that exclude each other, choices, events with a delay, images."""
    experiment = load("khasan_rajin")
    evidence = experiment.series["container_ships"].read()
    told = Contradiction(date(2023, 8, 1), 2, ("a",), 1, ("b",))
    evidence = replace(evidence, contradictions=(told,))

    quick, events = Regimes(draws=200, model=QUICK), experiment.candidates()
    return Analysis(evidence, Case("as reported", evidence.series, quick, events.windows()), events,
                    quick.posterior(evidence.series))


@pytest.mark.parametrize("name", checks())
def test_a_check_makes_the_analysis_otherwise_in_one_respect(name, analysis):
    check = checks()[name]
    assert check.name == name == Path(inspect.getfile(check.cases)).stem
    assert check.phrase.count("{name}") == 1
    before = analysis.base.series.low.copy()
    found = list(check.cases(analysis))
    assert found
    assert len({case.name for case in found}) == len(found)
    for case in found:
        changed = [each.name for each in fields(case)
                   if each.name != "name" and getattr(case, each.name) is not getattr(analysis.base, each.name)]
        assert len(changed) == 1, f"{case.name}: {changed}"
    np.testing.assert_array_equal(analysis.base.series.low, before)


def test_each_publisher_is_read_alone_where_publishers_exclude_each_other():
    rail = load("rail", "models=[]")
    found = sensitivity(rail.series["railcars"].read(), Regimes(draws=200, model=QUICK), rail.candidates())
    alone = {v.name: v.outcome for v in found if v.check == "publisher_alone"}
    assert {"CSIS Beyond Parallel", "RFA", "VOA Korean"} <= set(alone)
    assert alone["RFA"] is Outcome.NO_SERIES  # three dates are no series


def test_evidence_left_out_is_told_before_choices_made_otherwise():
    groups = [check.group for check in checks().values()]
    assert groups == sorted(groups, key=list(Group).index)


def test_what_became_of_the_conclusion_is_one_of_five(analysis):
    calm, late, early = (SimulatedYard(n=40, level=10, breaks=at, missing=0.0, at_least=0.0, seed=2).read().series
                         for at in ({}, {30: 4.0}, {10: 4.0}))
    when = {name: date.fromisoformat(str(late.start[row])) for name, row in (("late", 30), ("early", 10))}
    windows = tuple(Window(Event(name, name, day, day), day - timedelta(days=14), day + timedelta(days=14))
                    for name, day in when.items())
    made, quiet = (Analysis(analysis.evidence, Case("as reported", series, Regimes(draws=500), windows), Candidates())
                   for series in (late, calm))
    assert (made.conclusion.leader, quiet.conclusion.leader) == ("late", "")
    told = [of.otherwise("prior_changed", replace(of.base, name="it", series=series)) for of, series in (
        (made, late), (made, early), (made, calm), (made, late.rows(slice(0, 3))), (quiet, late))]
    assert [v.outcome for v in told] == [Outcome.STANDS, Outcome.ANOTHER_LEADS, Outcome.NOTHING_CONCLUSIVE, Outcome.NO_SERIES,
                                         Outcome.CONCLUSIVE]
    assert [v.leader for v in told] == ["late", "early", "", "", "late"]
    assert [v.turns for v in told] == [False, True, True, True, True]


def test_shares_are_probabilities(khasan):
    assert all(0 <= v.change <= 1 and 0 <= v.share <= 1 for v in khasan)


def test_the_only_observed_zeros_before_august_carry_the_conclusion(khasan):
    turned = {v.name for v in khasan if v.check == "statement_left_out" and v.turns}
    assert turned == {"ships-2023-08-25-reuters (Reuters)"}
    assert {v.name for v in khasan if v.check == "publisher_left_out" and v.turns} == {"Reuters", "VOA Korean"}


def test_a_source_without_statements_is_read_under_other_priors_alone():
    yard = SimulatedYard(n=60, level=10, breaks={30: 4.0}, missing=0.0, at_least=0.0, seed=2)
    variants = sensitivity(replace(yard.read(), source=Bare()), Regimes(), Candidates())
    assert {v.check for v in variants} == {"base", "prior_changed"}
    assert not any(v.turns for v in variants)


def test_a_larger_change_takes_a_stronger_preference_to_feign():
    small, large = (preference(Regimes().posterior(simulate(80, level=10, breaks={40: factor}, spread=0.2, seed=4)))
                    for factor in (2.0, 5.0))
    assert 1 <= small < large
    assert preference(Regimes().posterior(Series.from_values(np.full(30, 5.0)))) == pytest.approx(1.0, abs=0.5)
