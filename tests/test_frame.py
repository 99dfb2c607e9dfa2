"""A long table in, a long table out: gaps are missing, a series' figures are its own, failures are named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from forecast import Series, forecast_frame, predict

RNG = np.random.default_rng(0)


def table(freq: str = "MS", n: int = 30) -> pd.DataFrame:
    return pd.concat([pd.DataFrame({"unique_id": name, "ds": pd.date_range("2021-03-01", periods=n, freq=freq),
                                    "y": RNG.poisson(level, n).astype(float)})
                      for name, level in (("rajin", 20), ("khasan", 3))], ignore_index=True)


@pytest.mark.parametrize("freq", ["MS", "ME", "QS", "YS", "W-WED", "D"])
def test_the_rows_that_come_follow_the_last_one_on_the_same_grid(freq: str) -> None:
    given = table(freq).drop(index=[4, 5, 17])
    out = forecast_frame(given, 3, "mean", draws=50)
    assert out.columns.tolist() == ["unique_id", "ds", "mean", "median", "lo-80", "hi-80", "lo-95", "hi-95"]
    for name, part in out.groupby("unique_id"):
        last = given.loc[given["unique_id"] == name, "ds"].iloc[-1]
        assert part["ds"].tolist() == pd.date_range(last, periods=4, freq=freq)[1:].tolist()
    assert (out["lo-95"] <= out["lo-80"]).all()
    assert (out["lo-80"] <= out["median"]).all()
    assert (out["hi-80"] <= out["hi-95"]).all()
    assert (out["lo-95"] >= 0).all()


def test_a_row_left_out_and_a_row_without_a_count_are_the_same() -> None:
    whole = table()
    gone, empty = whole.drop(index=[7, 8]), whole.copy()
    empty.loc[[7, 8], "y"] = np.nan
    pd.testing.assert_frame_equal(forecast_frame(gone, 4), forecast_frame(empty, 4))
    assert not forecast_frame(whole.assign(y=whole["y"].where(whole.index != 7, 0)), 4).equals(forecast_frame(gone, 4))


def test_figures_depend_on_the_series_and_the_seed_alone() -> None:
    given = table()
    alone, both = forecast_frame(given[30:], 4, draws=200), forecast_frame(given, 4, draws=200)
    pd.testing.assert_frame_equal(alone, both[both["unique_id"] == "khasan"].reset_index(drop=True))
    turned = forecast_frame(given.sample(frac=1, random_state=1), 4, draws=200)
    pd.testing.assert_frame_equal(both.sort_values(["unique_id", "ds"], ignore_index=True),
                                  turned.sort_values(["unique_id", "ds"], ignore_index=True))
    assert not forecast_frame(given, 4, draws=200, seed=1).equals(both)


def test_intervals_are_those_of_predict() -> None:
    given = table()[:30]
    out = forecast_frame(given, 6, level=(50,), draws=4000)
    paths = predict(Series.from_values(given["y"], start="2021-03-01", freq="MS"), horizon=6, draws=4000)
    np.testing.assert_allclose(out["mean"], paths.mean(axis=0), rtol=0.05)
    np.testing.assert_allclose(out[["lo-50", "hi-50"]], np.quantile(paths, [0.25, 0.75], axis=0).T, atol=1.5)


def test_series_that_cannot_be_forecast_are_named_all() -> None:
    given = table()
    given.loc[3, "y"] = 1.5
    bad = pd.concat([given, pd.DataFrame({"unique_id": "dark", "ds": given["ds"][:5], "y": np.nan})])
    with pytest.raises(ValueError, match=r"2 of 3 series cannot be forecast \(rajin: .*whole counts.*; dark: .*no row"):
        forecast_frame(bad, 3, "mean")
    out = forecast_frame(bad, 3, "mean", errors="report").set_index("unique_id")
    assert out.loc[["rajin", "dark"], "mean"].isna().all()
    assert "whole counts" in str(out.loc["rajin", "error"])
    assert out.loc["khasan", "mean"].notna().all()


@pytest.mark.parametrize(("change", "said"), [
    (lambda t: t.rename(columns={"y": "count"}), "frame lacks y, got unique_id, ds, count"),
    (lambda t: t[:0], "no row"), (lambda t: t.assign(ds=range(len(t))), "ds holds numbers"),
    (lambda t: pd.concat([t, t[:1]]), "2021-03-01 stands twice"),
    (lambda t: t.assign(ds=t["ds"] + pd.Timedelta(hours=5)), "times of day"),
    (lambda t: t.assign(y="many"), "y holds what is no number"),
    (lambda t: t.assign(unique_id=t["unique_id"].where(t.index > 1)), "unique_id is missing in 2 rows"),
])
def test_a_wrong_table_says_so(change: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        forecast_frame(change(table()), 3, "mean")


def test_a_thousand_failures_are_counted_and_twenty_named() -> None:
    dates = pd.date_range("2021-03-01", periods=3, freq="MS")
    dark = pd.concat([pd.DataFrame({"unique_id": f"dark {k}", "ds": dates, "y": np.nan}) for k in range(30)])
    with pytest.raises(ValueError, match=r"^30 of 30 series .*; and 10 more\)") as said:
        forecast_frame(dark, 2, "mean")
    assert "dark 19:" in str(said.value)
    assert "dark 20:" not in str(said.value)


def test_a_wrong_setting_says_so() -> None:
    with pytest.raises(TypeError, match="takes a pandas DataFrame, got a dict"):
        forecast_frame({"unique_id": "a"}, 3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="in percent"):
        forecast_frame(table(), 3, level=(0, 95))
    with pytest.raises(ValueError, match="one of raise, report, got 'skip'"):
        forecast_frame(table(), 3, errors="skip")
    with pytest.raises(ValueError, match="lies off the grid QS"):
        forecast_frame(table(), 3, freq="QS")


GRIDS = {"YS": "YS-JAN", "YE": "YE-DEC", "YS-JUL": "YS-JUL", "QS": "QS-JAN", "QS-FEB": "QS-FEB", "QE": "QE-MAR", "QE-JAN": "QE-JAN",
         "MS": "MS", "ME": "ME", "2MS": "2MS", "2ME": "2ME", "W-WED": "W-WED", "2W-MON": "2W-MON", "10D": "10D", "B": "B", "D": "D"}


@pytest.mark.parametrize("freq", GRIDS)
def test_a_row_stays_as_long_as_it_is(freq: str) -> None:
    dates = pd.date_range("2010-01-04", periods=24, freq=freq)
    given = pd.DataFrame({"unique_id": "a", "ds": dates, "y": 100.0}).drop(index=[5, 6, 14])
    out = forecast_frame(given, 3, "mean", draws=200)
    assert out["ds"].tolist() == pd.date_range(dates[-1], periods=4, freq=freq)[1:].tolist()
    assert (out["median"] - 100).abs().max() < 15
    pd.testing.assert_frame_equal(out, forecast_frame(given, 3, "mean", draws=200, freq=GRIDS[freq]))


def one(ds: Any) -> pd.DataFrame:
    return pd.DataFrame({"unique_id": "a", "ds": ds, "y": [float(k % 7) for k in range(len(ds))]})


@pytest.mark.parametrize(("ds", "said"), [
    (["01/02/2024", "02/02/2024"], "ds holds '01/02/2024', which may be one day or another: write YYYY-MM-DD"),
    (["2024-01-01", "20240201"], "ds holds '20240201'"), (["2024-02-01", "2024-02-30"], "cannot read all dates"),
    (pd.Series([20240101, "2024-01-02"], dtype=object), "ds holds 20240101"), (["2024-01-01", None], "ds is missing in 1 rows"),
    (pd.to_datetime(["2024-01-01", None, None]), "ds is missing in 2 rows"),
    (pd.period_range("2024-01-01", periods=9, freq="h"), "times of day"),
    (pd.date_range("2024-01-01", periods=12, freq="SMS"), "no grid of days, .* mostly 1[45]"),
    (["2024-01-01"], "2024-01-01 alone, which lies on any grid")])
def test_dates_that_could_be_others_are_refused(ds: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        forecast_frame(one(ds), 2, "mean")


@pytest.mark.parametrize(("freq", "starts"), [("M", "MS"), ("Q-JAN", "QS-FEB"), ("Y-DEC", "YS"), ("W-SUN", "W-MON"), ("D", "D"), ("2M", "2MS")])
def test_periods_count_as_their_first_day(freq: str, starts: str) -> None:
    ds = pd.period_range("2020-01-06", periods=9, freq=freq)[[0, 1, 2, 4, 6, 8]]
    out = forecast_frame(one(ds), 2, "mean", draws=50)
    pd.testing.assert_frame_equal(out, forecast_frame(one(ds.to_timestamp()), 2, "mean", draws=50, freq=starts))
    assert len(forecast_frame(one(ds[[0, 5]]), 1, "mean", draws=50)) == 1


def test_texts_and_dates_are_the_same_day() -> None:
    stamps = pd.date_range("2024-01-01", periods=6, freq="W-MON")
    made = [forecast_frame(one(ds), 2, "mean", draws=50) for ds in (stamps, stamps.strftime("%Y-%m-%d"), list(stamps.date))]
    assert made[0].equals(made[1].astype(made[0].dtypes))
    assert made[0].equals(made[2].astype(made[0].dtypes))


def test_a_horizon_and_a_level_may_be_any_number() -> None:
    given = table()
    pd.testing.assert_frame_equal(forecast_frame(given, 2.0, "mean", level=80, draws=50),  # type: ignore[arg-type]
                                  forecast_frame(given, 2, "mean", level=[80], draws=50))
    for horizon in (2.5, 0, "2", np.inf):
        with pytest.raises(ValueError, match="horizon must be a whole number of at least 1, got"):
            forecast_frame(given, horizon, "mean")  # type: ignore[arg-type]
    for level in ("80", None, [80, "90"], 100):
        with pytest.raises(ValueError, match="level is in percent"):
            forecast_frame(given, 2, "mean", level=level)  # type: ignore[arg-type]


def test_where_all_fail_the_columns_are_those_that_are_read() -> None:
    dark = table().assign(y=np.nan)
    out = forecast_frame(dark, 2, "mean", level=80, errors="report")
    assert out.columns.tolist() == ["unique_id", "ds", "mean", "median", "lo-80", "hi-80", "error"]
    assert out[["ds", "mean", "median", "lo-80", "hi-80"]].isna().all(axis=None)
    assert out["error"].notna().all()
    assert pd.api.types.is_datetime64_any_dtype(out["ds"])


def test_months_named_by_one_of_their_days_are_months_named_by_it_in_the_forecast_too() -> None:
    ds = pd.date_range("2024-01-01", periods=12, freq="MS")
    out = forecast_frame(one(ds + pd.Timedelta(days=14)), 2, "mean", draws=50)
    assert out["ds"].dt.strftime("%Y-%m-%d").tolist() == ["2025-01-15", "2025-02-15"]
    assert out["mean"].equals(forecast_frame(one(ds), 2, "mean", draws=50)["mean"])


def test_working_days_end_on_a_friday_and_go_on_on_a_monday_in_frames_and_panels_alike() -> None:
    from forecast.panel.grids import gridded
    from forecast.series.series import Series

    ds = pd.bdate_range("2024-01-01", periods=20)
    assert forecast_frame(one(ds), 1, "mean", draws=50)["ds"].dt.day_name().tolist() == ["Monday"]
    grid = gridded(Series.from_counts(ds, [3] * 20))
    assert (grid.freq, str(grid.coming(1)[0]), len(grid)) == ("B", "2024-01-29", 20)


def test_quarters_in_the_company_of_months_are_not_taken_for_months():
    months = pd.DataFrame({"unique_id": "m", "ds": pd.date_range("2020-01-01", periods=36, freq="MS"), "y": 30})
    quarters = pd.DataFrame({"unique_id": "q", "ds": pd.date_range("2020-01-01", periods=12, freq="QS"), "y": 90})
    both = pd.concat([months, quarters])
    with pytest.raises(ValueError, match=r"q: its dates lie on the grid QS-JAN, those of the table on MS: give freq='MS'"):
        forecast_frame(both, 2, "mean")
    told = forecast_frame(both, 2, "mean", errors="report").set_index("unique_id")
    assert told.loc["m", "mean"].between(25, 35).all()
    assert "QS-JAN" in told.loc["q", "error"]
    assert len(forecast_frame(both, 2, "mean", freq="MS")) == 4
