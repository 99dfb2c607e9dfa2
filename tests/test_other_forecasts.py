"""Further series are forecast beside the headline's: counts, amounts and irregular images, or a sentence says why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from forecast import Series, load
from forecast.experiment.other_forecasts import other_forecasts
from forecast.support.registry import make

MODELS = {"mean": make("models", "mean")}
MONTHLY = Series.from_values([4, 6, 5, 4, 6, 5, 4, 6] * 3, start="2022-01-01", freq="MS", name="ships")


def test_the_sum_of_a_flow_and_the_end_of_a_stock_are_given():
    images = Series.from_counts(["2024-01-02", "2024-01-09", "2024-01-17", "2024-01-24", "2024-01-30"], [10, 12, 11, 9, 13], kind="stock",
                                name="cars")
    ships, cars = other_forecasts([MONTHLY, images], MODELS, 6, 2000, 0)
    assert (ships.member, ships.first, ships.last) == ("mean", date(2024, 1, 1), date(2024, 6, 30))
    assert ships.low < 30 < ships.high
    assert ships.middle == pytest.approx(30, abs=3)
    assert cars.low <= 11 <= cars.high < 30
    assert cars.last > date(2024, 2, 28), "six rows of a week after the last image"


def test_what_cannot_be_forecast_says_why():
    irregular = Series(start=np.array(["2024-01-01", "2024-02-01"], "M8[D]"), end=np.array(["2024-01-20", "2024-02-11"], "M8[D]"),
                       low=np.array([1.0, 2.0]), high=np.array([1.0, 2.0]), exposure=np.ones(2), kind="flow", name="calls", freq=None)
    (calls,) = other_forecasts([irregular], MODELS, 6, 100, 0)
    assert calls.reason.startswith("irregular dates")
    assert other_forecasts([MONTHLY], {}, 6, 100, 0) == ()


def test_the_first_of_a_list_is_the_headline():
    made = load("khasan_rajin")
    assert made.forecast_names[0] == "container_calls"
    assert replace(made, forecast_on="railcars").forecast_names == ("railcars",)
    assert replace(made, forecast_on="").forecast_names == ("container_ships",)
    with pytest.raises(ValueError, match="forecast_on 'ships' is none of the series"):
        replace(made, forecast_on=["railcars", "ships"])
    with pytest.raises(ValueError, match="forecast_on must be a name or a list of names, got 3"):
        replace(made, forecast_on=3)
