"""What the answer hangs on: statements, publishers, choices, delays and priors changed one at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecast import Series, SimulatedYard, load, simulate
from forecast.breaks.regimes import Regimes
from forecast.effects.sensitivity import sensitivity, tipping


class Bare:
    """A source of somebody's own, with no choices of ours."""

    def read(self, files=None):
        raise AssertionError("nothing is read twice")


@pytest.fixture(scope="module")
def khasan():
    experiment = load("khasan_rajin")
    return sensitivity(experiment.series["container_ships"].read(), Regimes(), lambda delay, early: replace(
        experiment, delay_days=delay, anticipation_days=early).windows(), 60, 0)


def test_the_unchanged_case_comes_first_and_never_flips(khasan):
    assert khasan[0].kind == "base"
    assert not khasan[0].flips
    assert {v.kind for v in khasan} == {"base", "publisher left out", "statement left out", "choice", "delay", "prior"}
    assert len({(v.kind, v.name) for v in khasan}) == len(khasan)


def test_shares_are_probabilities(khasan):
    assert all(0 <= v.change <= 1 and 0 <= v.share <= 1 for v in khasan)


def test_the_only_observed_zeros_before_august_carry_the_conclusion(khasan):
    turned = {v.name for v in khasan if v.kind == "statement left out" and v.flips}
    assert turned == {"ships-2023-08-25-reuters (Reuters)"}
    assert {v.name for v in khasan if v.kind == "publisher left out" and v.flips} == {"Reuters", "VOA Korean"}


def test_a_source_without_statements_is_read_under_other_priors_alone():
    yard = SimulatedYard(n=60, level=10, breaks={30: 4.0}, missing=0.0, at_least=0.0, seed=2)
    variants = sensitivity(replace(yard.read(), source=Bare()), Regimes(), lambda delay, early: (), 60, 0)
    assert {v.kind for v in variants} == {"base", "prior"}
    assert not any(v.flips for v in variants)


def test_a_larger_change_takes_a_stronger_preference_to_feign():
    small, large = (tipping(Regimes().posterior(simulate(80, level=10, breaks={40: factor}, spread=0.2, seed=4)))
                    for factor in (2.0, 5.0))
    assert 1 <= small < large
    assert tipping(Regimes().posterior(Series.from_values(np.full(30, 5.0)))) == pytest.approx(1.0, abs=0.5)
