"""Bai-Perron against R's strucchange: dates, RSS, BIC, intervals; and the rules that strucchange has not."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from forecast import Series
from forecast.breaks import bai_perron
from forecast.breaks.bai_perron import BaiPerron, argmax_law, best_partitions, interval, log_normal

HERE = Path(__file__).parent / "reference"
ROWS = list(csv.DictReader((HERE / "strucchange_numbers.csv").read_text(encoding="utf-8").splitlines()))


def data(name: str, regressors: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Values, regressors with the constant, and the minimum segment of a reference series."""
    if name == "nile":
        from statsmodels.datasets import nile

        y = nile.load_pandas().data["volume"].to_numpy()
        return y, np.ones((len(y), 1)), 15
    table = np.genfromtxt(HERE / "strucchange_data.csv", delimiter=",", skip_header=1)
    columns = np.column_stack([np.ones(len(table)), table[:, 1:]])
    return table[:, 0], columns[:, :regressors], 15


def ints(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split())


@pytest.fixture(params=["plain", "compiled"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both the numpy path of short series and the compiled one of long series."""
    monkeypatch.setattr(bai_perron, "SMALL", 0 if request.param == "compiled" else 400)
    monkeypatch.setattr(bai_perron, "compiled", lambda loop: request.param == "compiled")


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r['series']}-{r['regressors']}-{r['breaks']}")
def test_dates_rss_and_bic_are_those_of_strucchange(row: dict[str, str]) -> None:
    y, X, h = data(row["series"], int(row["regressors"]))
    fit = best_partitions(y, X, h, 5)
    m = int(row["breaks"])
    assert fit is not None
    assert fit.cuts[m] == ints(row["cuts"])
    assert fit.rss[m] == pytest.approx(float(row["rss"]), rel=1e-9)
    assert fit.bic[m] == pytest.approx(float(row["bic"]), rel=1e-9)


@pytest.mark.parametrize("row", [r for r in ROWS if r["low"]], ids=lambda r: f"{r['series']}-{r['regressors']}-{r['breaks']}")
def test_intervals_are_those_of_strucchange(row: dict[str, str]) -> None:
    y, X, _ = data(row["series"], int(row["regressors"]))
    cuts = ints(row["cuts"])
    for hac, tail in ((False, ""), (True, "_hac")):
        if row["low" + tail]:
            got = [interval(y, X, cuts, i, confidence=0.95, hac=hac) for i in range(len(cuts))]
            assert [low + 1 for low, _ in got] == list(ints(row["low" + tail]))
            assert [high + 1 for _, high in got] == list(ints(row["high" + tail]))


def test_the_nile_breaks_after_1898() -> None:
    y, _, _ = data("nile", 1)
    series = Series.from_values(y, start="1871-01-01", freq="YS")
    for select in ("bic", "lwz", "sequential"):
        (found,) = BaiPerron(select=select).detect(series)
        assert (found.position, found.at) == (28, "1899-01-01")
        assert (found.low, found.high) == ("1895-01-01", "1902-01-01")
        assert (found.before, found.after) == pytest.approx((1097.75, 849.972), abs=1e-3)


def test_missing_rows_keep_their_index() -> None:
    y = np.where(np.arange(60) < 40, 1.0, 9.0) + np.random.default_rng(0).normal(scale=0.3, size=60)
    y[[3, 10, 11, 39]] = np.nan
    assert [b.position for b in BaiPerron().detect(Series.from_values(y))] == [40]


def test_regressors_of_one_s_own_take_what_they_explain() -> None:
    rng = np.random.default_rng(1)
    x = np.repeat([0.0, 1.0, 0.0], 40)
    y = 5 * x + rng.normal(scale=0.5, size=120)
    assert len(BaiPerron().detect(Series.from_values(y))) == 2
    assert BaiPerron(regressors=x).detect(Series.from_values(y)) == ()


def test_trend_season_and_lag_are_regressors() -> None:
    rng = np.random.default_rng(2)
    t = np.arange(120)
    assert BaiPerron(trend=True).detect(Series.from_values(0.2 * t + rng.normal(size=120))) == ()
    assert BaiPerron(season=12).detect(Series.from_values(9.0 * (t % 12 == 3) + rng.normal(size=120))) == ()
    walk = np.cumsum(rng.normal(size=120))
    assert len(BaiPerron(lag=1).detect(Series.from_values(walk))) < len(BaiPerron().detect(Series.from_values(walk)))


def test_sequential_keeps_its_size_on_white_noise() -> None:
    found = [BaiPerron(select="sequential").detect(Series.from_values(np.random.default_rng(s).normal(size=100)))
             for s in range(100)]
    assert sum(len(f) > 0 for f in found) <= 12


def test_the_law_of_the_date_is_a_distribution() -> None:
    grid = np.linspace(-60, 60, 241)
    law = [argmax_law(float(x), 1.0, 1.0) for x in grid]
    assert np.all(np.diff(law) >= -1e-12)
    assert law[0] == pytest.approx(0, abs=1e-3)
    assert law[-1] == pytest.approx(1, abs=1e-3)
    assert argmax_law(7.7, 1.0, 1.0) == pytest.approx(0.95, abs=5e-3)  # Bai 1997: 7 and 11 at 90 and 95 %, two-sided
    assert log_normal(-29.999) == pytest.approx(log_normal(-30.001), rel=2e-4)


def test_a_wrong_rule_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="select must be one of bic, lwz, sequential, got 'aic'"):
        BaiPerron(select="aic")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="regressors has 3 rows, series series has 20"):
        BaiPerron(regressors=[1, 2, 3]).detect(Series.from_values(np.arange(20)))


@pytest.mark.parametrize("x", [np.ones(80), np.full(80, 7.0), np.column_stack([np.sin(np.arange(80.0)), 2 * np.sin(np.arange(80.0))])])
def test_regressors_that_say_nothing_new_change_nothing(x: np.ndarray) -> None:
    rng = np.random.default_rng(3)
    step = np.r_[rng.normal(0, 1, 40), rng.normal(4, 1, 40)]
    assert [b.position for b in BaiPerron(regressors=x).detect(Series.from_values(step, start="2020-01-06", freq="W-MON"))] == [40]
