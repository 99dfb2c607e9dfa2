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
