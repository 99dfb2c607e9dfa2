"""If a level returns: paths at that level, with the scatter and the season of the series."""

from __future__ import annotations

import numpy as np
import pytest

from forecast import Series, predict, scenario

RNG = np.random.default_rng(1)
LEVELS = np.repeat([12.0, 60.0, 5.0], [30, 20, 20])
VALUES = RNG.poisson(LEVELS).astype(float)
VALUES[[3, 33, 40, 66]] = np.nan
SERIES = Series.from_values(VALUES, start="2019-01-01", freq="MS", name="ships")  # 60 a month from July 2021


def test_the_level_of_a_span_returns() -> None:
    paths = scenario(SERIES, 6, since="2021-09-01", until="2022-06-01")
    assert paths.shape == (1000, 6)
    assert paths.dtype == np.int64
    assert paths.min() >= 0
    assert paths.mean() == pytest.approx(60, rel=0.1)
    assert np.median(predict(SERIES, "regimes", 6)) < 10
    assert np.median(scenario(SERIES, 6, until="2020-06-01")) == pytest.approx(12, abs=2)


def test_a_named_level_is_the_mean_of_the_counts() -> None:
    assert scenario(SERIES, 6, level=30, draws=4000).mean() == pytest.approx(30, rel=0.06)
    assert scenario(SERIES, 6, level=0).max() == 0


def test_a_scenario_keeps_the_season() -> None:
    level = 80 * (1 + 0.6 * np.sin(2 * np.pi * np.arange(96) / 12))
    series = Series.from_values(RNG.poisson(level[:84]), start="2015-01-01", freq="MS")
    middle = np.median(scenario(series, 12, level=40), axis=0)
    assert np.corrcoef(middle, level[84:])[0, 1] > 0.9
    assert middle.mean() == pytest.approx(40, rel=0.15)


def test_what_is_seen_is_a_share_of_what_is_there() -> None:
    assert scenario(SERIES, 6, level=30, exposure=0.5, draws=4000).mean() == pytest.approx(15, rel=0.06)


def test_the_same_seed_gives_the_same_paths_and_the_future_is_not_looked_at() -> None:
    one, two = (scenario(SERIES, 4, level=9, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(("given", "said"), [
    ({}, "one of the two"), ({"since": "2020-01-01", "level": 3}, "one of the two"), ({"level": -1}, "got -1"),
    ({"since": "2031-01-01"}, "no row of ships lies from 2031-01-01"),
])
def test_a_wrong_condition_says_so(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        scenario(SERIES, 6, **given)  # type: ignore[arg-type]
