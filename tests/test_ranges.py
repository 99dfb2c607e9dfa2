"""Whatever number a setting is given, a detector or a forecaster refuses it in a sentence, or ends soon and well."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest

from forecast import detect, predict, simulate
from forecast.regime_model.fit import RegimeModel
from forecast.support.registry import make, names
from forecast.support.validation import check_number, check_share, check_whole

EVIL = (10**9, 10**18, 1e300, 0, -1, 1e-9, float("nan"), float("inf"), float("-inf"), True)
SHORT = simulate(30, level=8, breaks={15: 3.0}, seed=3)


def numbers_of(thing: Any) -> dict[str, Any]:
    """Settings of a dataclass that hold a number, or several."""
    found = {}
    for each in fields(thing):
        value = getattr(thing, each.name)
        first = value[0] if isinstance(value, list | tuple) and value else value
        unset = value is None and each.name in ("season", "max_breaks")
        if unset or (isinstance(first, int | float) and not isinstance(first, bool)):
            found[each.name] = value
    return found


SETTINGS = [(group, name, key) for group in ("detectors", "models") for name in names(group)
            for key in numbers_of(make(group, name))]


@pytest.mark.parametrize(("group", "name", "key"), SETTINGS)
def test_a_setting_is_refused_or_does_no_harm(group, name, key):
    usual = getattr(make(group, name), key)
    refused = 0
    for evil in EVIL:
        try:
            made = make(group, name, **{key: [evil] if isinstance(usual, list | tuple) else evil})
        except (ValueError, TypeError) as error:
            refused += key in str(error) or pytest.fail(f"{key}={evil}: {error}")
            continue
        if group == "detectors":
            assert isinstance(detect(SHORT, made), tuple)
        else:
            paths = predict(SHORT, model=made, horizon=3, draws=50)
            assert np.issubdtype(paths.dtype, np.integer)
            assert paths.min() >= 0
    assert refused >= 3  # no number, and not endless


@pytest.mark.parametrize("key", list(numbers_of(RegimeModel())))
def test_a_prior_of_the_regime_model_is_refused_or_does_no_harm(key):
    for evil in EVIL:
        several = isinstance(getattr(RegimeModel(), key), tuple)
        try:
            made = make("detectors", "regimes", model={key: [evil] if several else evil})
        except (ValueError, TypeError) as error:
            told = str(error)
        else:
            told = f"{key}: {len(detect(SHORT, made))} breaks"
        assert key in told


def test_settings_are_what_the_field_says_they_are():
    assert ("models", "mean", "prior") in SETTINGS
    assert ("detectors", "mosum", "bandwidths") in SETTINGS
    assert is_dataclass(make("detectors", "auto"))


class Held:
    def __init__(self, value: Any) -> None:
        self.value = value


@pytest.mark.parametrize(("check", "value", "said"), [
    (lambda held: check_number(held, 0, 1, "value"), 1.5, r"test_ranges: value must lie from 0 to 1, got 1\.5"),
    (lambda held: check_number(held, 0, 1, "value"), "x", "got 'x'"),
    (lambda held: check_number(held, 0, 1, "value"), (0.5, float("nan")), "got nan"),
    (lambda held: check_share(held, "value"), 1, "value must lie between 0 and 1, got 1"),
    (lambda held: check_whole(held, 1, 9, "value"), 2.0, r"value must be a whole number from 1 to 9, got 2\.0"),
    (lambda held: check_whole(held, 1, 9, "value"), True, "got True"),
])
def test_a_refusal_says_what_and_got(check, value, said):
    with pytest.raises(ValueError, match=said):
        check(Held(value))


def test_a_default_and_the_ends_pass():
    check_whole(Held(None), 1, 9, "value")
    check_whole(Held([1, np.int64(9)]), 1, 9, "value")
    check_number(Held(np.float64(1)), 0, 1, "value")


