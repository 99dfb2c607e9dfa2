"""What every detector in conf/detectors must do: adding one adds it here."""

from __future__ import annotations

import numpy as np
import pytest

from forecast import Series, detect, detect_all, simulate
from forecast.support.registry import make, names

NAMES = names("detectors")
STEP = np.random.default_rng(0).poisson(np.repeat([12.0, 48.0], [70, 50])).astype(float)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_huge_step_is_found_where_it_is(name: str) -> None:
    found = detect(Series.from_values(STEP), name)
    assert [b.position for b in found] == pytest.approx([70], abs=1)
    (only,) = found
    assert only.low <= only.at <= only.high
    assert only.before == pytest.approx(12, rel=0.25)
    assert only.after == pytest.approx(48, rel=0.25)
    assert np.isnan(only.probability) or 0.3 <= only.probability <= 1


def test_twice_the_same(name: str) -> None:
    series = Series.from_values(STEP)
    before = series.low.copy()
    one, two = detect(series, name), make("detectors", name).detect(series)
    assert repr(tuple(one)) == repr(two)
    assert np.array_equal(series.low, before)


def test_other_dates_same_positions(name: str) -> None:
    here, there = (detect(Series.from_values(STEP, start=start), name) for start in ("2001-01-01", "2019-06-03"))
    assert [b.position for b in here] == [b.position for b in there]


def test_missing_rows_keep_their_index(name: str) -> None:
    y = STEP.copy()
    y[[0, 5, 33, 34, 35, 90, 119]] = np.nan
    assert [b.position for b in detect(Series.from_values(y), name)] == pytest.approx([70], abs=1)


@pytest.mark.parametrize("level", [0.0, 7.0, 1e6])
def test_constants_do_not_break(name: str, level: float) -> None:
    assert detect(Series.from_values([level] * 50), name) == ()


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_short_series_do_not_break(name: str, n: int) -> None:
    assert detect(Series.from_values([3.0, 9.0, 4.0, 8.0, 5.0][:n]), name) == ()


def test_irregular_dates_and_bounds_are_accepted(name: str) -> None:
    days = np.datetime64("2020-01-01") + np.cumsum(np.random.default_rng(1).integers(1, 9, 120)).astype("timedelta64[D]")
    high = np.where(np.arange(120) % 10 == 4, np.inf, STEP)
    series = Series.from_counts(days, STEP, low=STEP, high=high)
    assert [b.position for b in detect(series, name)] == pytest.approx([70], abs=2)


def test_real_numbers_are_accepted(name: str) -> None:
    if name == "regimes":
        pytest.skip("a model of counts")
    y = np.random.default_rng(2).normal(size=120) + 6.0 * (np.arange(120) >= 70) - 3
    assert 70 in [b.position for b in detect(Series.from_values(y), name)]


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean 'cusum'"):
        detect(Series.from_values(STEP), "cusums")


@pytest.mark.parametrize("name", ["cusum", "sup_f", "mosum", "chow"])
def test_a_test_that_can_never_be_significant_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: alpha must lie between 0 and 1, got 5"):
        make("detectors", name, alpha=5)
    with pytest.raises(ValueError, match=r"alpha 0\.01 needs draws of at least 99, got 98"):
        make("detectors", name, alpha=0.01, draws=98)
    make("detectors", name, alpha=0.01, draws=99)


def test_several_series_at_once_are_each_as_alone():
    several = {str(seed): simulate(40, level=8, breaks={20: 4.0} if seed % 2 else {}, seed=seed) for seed in range(4)}
    found = detect_all(several, "regimes")
    assert list(found) == list(several)
    assert found == {name: detect(series, "regimes") for name, series in several.items()}
    assert detect_all(several, "regimes", jobs=2) == found
