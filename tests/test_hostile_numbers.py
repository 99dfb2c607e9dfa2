"""Numbers at the edge of sense: a finite answer with honest width, or a refusal that says what to do."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecast import Series, backtest, counterfactual, detect, event_effect, predict, watch
from forecast.support.registry import make

RNG = np.random.default_rng(8)


def _weekly(values, **named) -> Series:
    return Series.from_values(values, start="2020-01-06", freq="W-MON", **named)


def _poisson(mean: float, n: int = 40) -> np.ndarray:
    return RNG.poisson(mean, n).astype(float)


NOTHING = np.full(40, np.nan)
SERIES = {
    "zeros": _weekly(np.zeros(40)), "one": _weekly([3.0]), "two": _weekly([3.0, 4.0]), "three": _weekly([3.0, 4.0, 9.0]),
    "four": _weekly([3.0, 4.0, 5.0, 9.0]), "five": _weekly([3.0, 4.0, 5.0, 9.0, 0.0]), "none": _weekly([]), "constant": _weekly(np.full(40, 7.0)),
    "one huge": _weekly(np.where(np.arange(40) == 25, 1e9, _poisson(3))), "billions": _weekly(_poisson(1e9)),
    "a step of billions": _weekly(np.r_[_poisson(1e9, 20), _poisson(2e9, 20)]), "1e15": _weekly(np.full(40, 1e15)),
    "at least": _weekly(NOTHING, low=_poisson(9), high=np.full(40, np.inf)), "unseen": _weekly(NOTHING),
    "seen once": _weekly(np.where(np.arange(40) == 20, 5.0, np.nan)), "wide": _weekly(NOTHING, low=np.zeros(40), high=np.full(40, 1e9)),
    "hardly watched": _weekly(_poisson(9), exposure=np.full(40, 1e-6)),
    "watched by turns": _weekly(_poisson(9), exposure=np.where(np.arange(40) % 2, 1e-6, 1.0)),
    "a leap day": Series.from_values(_poisson(9), start="2020-02-10", freq="D"), "year 1": Series.from_values(_poisson(9), start="0001-01-01", freq="D"),
    "twenty years unseen": Series.from_values(np.r_[_poisson(9, 20), np.full(240, np.nan), _poisson(9, 20)], start="2000-01-01", freq="MS"),
}
CALLS = {
    "detect": lambda s, day: detect(s), "segments": lambda s, day: detect(s, "segments"), "consensus": lambda s, day: detect(s, "consensus"),
    "effect": lambda s, day: event_effect(s, day, placebos=19), "an event outside": lambda s, day: event_effect(s, "1990-01-01", placebos=19),
    "counterfactual": lambda s, day: counterfactual(s, day, draws=50), "watch": watch,
    **{name: lambda s, day, name=name: predict(s, name, 4, draws=20) for name in
       ("windows", "count_state_space", "mean", "seasonal_naive", "structural", "negative_binomial")},
}
MAY_BE_NAN = {("consensus", "probability")}  # detectors that state no probability


def _unsound(value: object, path: str = "") -> list[str]:
    """Where a result holds what is no finite number; the bounds of an open count may be infinite."""
    if isinstance(value, Series):
        return []
    if isinstance(value, float | np.floating):
        return [] if np.isfinite(value) else [f"{path}={value}"]
    if isinstance(value, np.ndarray):
        return [] if value.dtype.kind != "f" or np.isfinite(value).all() else [path]
    if isinstance(value, tuple | list):
        return [found for k, each in enumerate(value) for found in _unsound(each, path)]
    if dataclasses.is_dataclass(value):
        return [found for f in dataclasses.fields(value) for found in _unsound(getattr(value, f.name), f.name)]
    return []


@pytest.mark.parametrize("name", SERIES)
@pytest.mark.parametrize("call", CALLS)
def test_an_answer_is_finite_or_refused_with_what_to_do(name, call):
    series = SERIES[name]
    day = series.start[len(series) // 2] if len(series) else "2020-02-03"
    try:
        result = CALLS[call](series, day)
    except ValueError as error:
        refused = str(error)
    else:
        refused = ""
    if refused:
        assert ":" in refused
        assert "series" in refused or "event" in refused
        return
    allowed = ("low", "high") if call == "watch" else ()
    assert [found for found in _unsound(result) if found.partition("=")[0] not in allowed and (call, found.partition("=")[0]) not in MAY_BE_NAN] == []
    if isinstance(result, np.ndarray):
        assert result.dtype.kind == "i"
        assert (result >= 0).all()


def test_nothing_is_found_in_zeros_and_constants_and_one_or_two_counts():
    for name in ("zeros", "constant", "one", "two"):
        assert detect(SERIES[name]) == ()


def test_a_count_far_out_of_every_tail_is_an_alarm_and_the_watch_goes_on():
    counts = np.where(np.arange(40) == 25, 1e9, _poisson(3))
    news = watch(_weekly(counts), "2020-06-01")
    assert [each.alarm for each in news][:4].count(True) == 0
    assert next(each for each in news if each.low == 1e9).alarm
    assert all(np.isfinite(each.evidence) for each in news)


@pytest.mark.parametrize("model", ["windows", "mean", "seasonal_naive", "count_state_space", "negative_binomial"])
def test_a_horizon_of_ten_thousand_is_answered(model):
    assert predict(_weekly(_poisson(5, 48)), model, 10_000, draws=5).shape == (5, 10_000)


@pytest.mark.parametrize("given", [
    {"horizon": 0}, {"horizon": -1}, {"horizon": 1.5}, {"horizon": "x"}, {"horizon": None}, {"horizon": float("nan")}, {"draws": 0}, {"draws": 10**12},
    {"seed": -1}, {"seed": "a"}, {"model": "etz"}, {"model": None}, {"model": "structural", "horizon": 10_000}])
def test_predict_says_which_argument_is_wrong(given):
    with pytest.raises((ValueError, TypeError), match="|".join([*given, "known", "rows ahead"])):
        predict(_weekly(_poisson(5)), **{"model": "windows", **given})


@pytest.mark.parametrize("call", [detect, predict, lambda s: event_effect(s, "2020-01-01"), lambda s: watch(s, "2020-01-01"),
                                  lambda s: backtest(s, {"mean": make("models", "mean")})])
@pytest.mark.parametrize("given", [[1, 2, 3], None, pd.DataFrame({"y": [1.0]}), "series", np.zeros(3)], ids=["list", "none", "frame", "text", "array"])
def test_what_is_no_series_is_refused_with_how_to_make_one(call, given):
    with pytest.raises(TypeError, match=r"takes a Series, got a [\w ]+: make one with"):
        call(given)


@pytest.mark.parametrize("values", [[-1.0] * 30, [0.5] * 30])
def test_a_backtest_takes_counts_alone(values):
    with pytest.raises(ValueError, match="whole counts of at least zero"):
        backtest(_weekly(values), {"mean": make("models", "mean")}, origins=2, horizon=2)


BAD_VALUES = {"infinite": [1, np.inf], "words": ["a"], "a text": "123", "none": None, "a number": 3, "two dimensions": [[1, 2], [3, 4]],
              "ragged": [[1, 2], [3]], "complex": [1j], "days": [pd.Timestamp("2020-01-01")], "1e300": [1e300], "huge": [10**400]}


@pytest.mark.parametrize("values", BAD_VALUES.values(), ids=BAD_VALUES)
def test_values_that_are_no_counts_are_refused(values):
    with pytest.raises(ValueError, match=r"^values: "):
        _weekly(values)


@pytest.mark.parametrize("given", [
    {"freq": "ns"}, {"freq": "h"}, {"freq": "QQ"}, {"freq": "-1D"}, {"freq": "0D"}, {"freq": None}, {"freq": 5}, {"start": "2023-02-30"}, {"start": None},
    {"start": pd.NaT}, {"start": "9999-12-31", "freq": "YS"}, {"start": "299999-12-31"}, {"low": [np.inf, 1]}, {"low": ["x", 1]}, {"low": [7, 7], "high": [6, 6]},
    {"low": 3}, {"high": [-np.inf, 1]}, {"exposure": [0, 1]}, {"exposure": [-1, 1]}, {"exposure": [np.inf, 1]}, {"exposure": "x"}, {"exposure": [1, 1, 1]},
    {"kind": "flw"}], ids=str)
def test_settings_of_a_series_that_make_no_sense_are_refused(given):
    with pytest.raises((ValueError, TypeError), match=r": |Series"):
        Series.from_values([1, 2], **{"start": "2020-01-06", **given})


@pytest.mark.parametrize("days", [["2020-02-29", "2020-02-29"], ["01/02/2020"], ["2020-02-28", "29/02/2020"], ["2021-02-29"], [45123], [2023.5], [None], [""],
                                  ["today"], ["10000-01-01"], ["2020-01-01T00:00+09:00", "2020-01-02T00:00Z"], ["2020-13-01"]], ids=str)
def test_days_that_could_be_misread_are_refused(days):
    with pytest.raises(ValueError, match=r"^dates: "):
        Series.from_counts(days, [1] * len(days))


def test_a_leap_day_is_a_day_and_a_grid_is_bounded():
    series = Series.from_counts(["2020-02-28", "2020-02-29", "2020-03-01"], [1, 2, 4])
    assert series.regular("D").value.tolist() == [1, 2, 4]
    assert series.regular("MS").low.tolist() == [3, 4]
    with pytest.raises(ValueError, match="choose a coarser frequency"):
        Series.from_counts(["0001-01-01", "9999-12-31"], [1, 2]).regular("D")
    with pytest.raises(ValueError, match=r"freq 'h': shorter than a day"):
        series.regular("h")
