"""What is known of the horizon reaches the forecast: exposure, covariates, several seasons; totals come from paths."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecast import Series, predict, totals
from forecast.support.registry import names

RNG = np.random.default_rng(0)
VISIT = (RNG.uniform(size=132) < 0.3).astype(float)
VALUES = RNG.poisson(20 * np.exp(0.8 * VISIT[:120])).astype(float)
VALUES[[0, 1, 2, 50]] = np.nan
SERIES = Series.from_values(VALUES, start="2020-01-06", freq="W-MON")
KNOWN = pd.DataFrame({"visit": VISIT}, index=pd.date_range("2020-01-06", periods=132, freq="W-MON"))
ABLE = ("negative_binomial", "prophet", "sarimax")


@pytest.mark.parametrize("name", ABLE)
def test_a_covariate_known_ahead_moves_the_rows_that_it_marks(name: str) -> None:
    middle = np.median(predict(SERIES, name, 12, draws=400, known=KNOWN), axis=0)
    assert middle[VISIT[120:] == 1].mean() == pytest.approx(20 * np.exp(0.8), rel=0.15)
    assert middle[VISIT[120:] == 0].mean() == pytest.approx(20, rel=0.15)


@pytest.mark.parametrize("name", [name for name in names("models") if name not in ABLE])
def test_other_members_refuse_covariates_and_say_who_takes_them(name: str) -> None:
    with pytest.raises(ValueError, match="no covariates known ahead: choose one of negative_binomial, prophet, sarimax"):
        predict(SERIES, name, 12, known=KNOWN)


@pytest.mark.parametrize(("known", "said"), [
    (KNOWN[:125], r"no line for 2022-05-30 \(rows without one: 7\)"),
    (pd.concat([KNOWN, KNOWN[:1]]), "2020-01-06 stands twice"),
    (KNOWN.assign(visit=np.where(np.arange(132) == 126, np.nan, VISIT)), "'visit' is not finite on 2022-06-06"),
    (KNOWN.assign(late=(np.arange(132) > 120) * 1.0), "'late' never varies"),
    (KNOWN.assign(kind="a"), "not all are numbers"),
])
def test_covariates_with_a_gap_are_refused(known: pd.DataFrame, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        predict(SERIES, "negative_binomial", 12, known=known)


def test_lines_of_other_dates_do_no_harm() -> None:
    early = pd.DataFrame({"visit": [9.0]}, index=[pd.Timestamp("2019-01-01")])
    one, two = (predict(SERIES, "negative_binomial", 12, known=known) for known in (KNOWN, pd.concat([early, KNOWN])))
    np.testing.assert_array_equal(one, two)


def test_ships_seen_are_that_share_of_the_ships_there() -> None:
    there = predict(SERIES, "mean", 4, draws=4000)
    half, rising = (predict(SERIES, "mean", 4, draws=4000, exposure=share) for share in (0.5, [0.1, 0.4, 0.7, 1.0]))
    assert half.mean() == pytest.approx(there.mean() / 2, rel=0.03)
    np.testing.assert_allclose(rising.mean(axis=0), there.mean(axis=0) * [0.1, 0.4, 0.7, 1.0], rtol=0.05)
    np.testing.assert_array_equal(rising[:, 3], there[:, 3])
    assert half.dtype == np.int64


def test_a_wrong_exposure_says_so() -> None:
    for wrong, said in ((0.0, r"in \(0, 1\], got 0"), (1.2, "got 1.2"), ([0.5, 0.5], r"shape \(2,\), the horizon is 4")):
        with pytest.raises(ValueError, match=said):
            predict(SERIES, "mean", 4, exposure=wrong)
    with pytest.raises(ValueError, match="exposure belongs to a flow"):
        predict(Series.from_values(VALUES, kind="stock"), "mean", 4, exposure=0.5)


def test_the_interval_of_a_total_is_narrower_than_the_sum_of_intervals() -> None:
    paths = predict(SERIES, "negative_binomial", 12, draws=4000)
    total = totals(paths)
    assert total.shape == (4000,)
    np.testing.assert_array_equal(total, paths.sum(axis=1))
    low, high = np.quantile(total, [0.1, 0.9])
    ends = np.quantile(paths, [0.1, 0.9], axis=0).sum(axis=1)
    assert high - low < 0.8 * (ends[1] - ends[0])


@pytest.mark.parametrize("name", ["negative_binomial", "unobserved", "prophet"])
def test_days_have_a_week_and_a_year(name: str) -> None:
    day = np.arange(1100)
    level = 40 * np.exp(0.4 * np.sin(2 * np.pi * day / 365.25) + 0.3 * (day % 7 == 0))
    y = np.where(RNG.uniform(size=1000) < 0.2, np.nan, RNG.poisson(level[:1000]))
    middle = np.median(predict(Series.from_values(y, start="2020-01-01", freq="D"), name, 100, draws=200), axis=0)
    assert np.corrcoef(middle, level[1000:])[0, 1] > 0.93
    assert np.mean(np.abs(middle / level[1000:] - 1)) < 0.1
