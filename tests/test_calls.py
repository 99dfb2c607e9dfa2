"""The calls of a notebook: what each takes, refuses and gives back."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forecast import (
    Event,
    Series,
    backtest,
    counterfactual,
    detect,
    event_effect,
    explain,
    predict,
    scenario,
    simulate,
    watch,
)
from forecast.breaks.changes import Changes
from forecast.effects.event_tests import event_effects
from forecast.series.breaks import Break

MONDAYS = pd.date_range("2022-01-03", periods=60, freq="W-MON")
COUNTS = np.r_[np.random.default_rng(0).poisson(10, 30), np.random.default_rng(1).poisson(30, 30)]
STEP = Series.from_values(COUNTS, start="2022-01-03")
MIDDLE = "2022-08-01"  # of the row where the level rises


# -- days -----------------------------------------------------------------------------------------------------------------
TAKE_A_DAY: dict[str, Callable[[Any], Any]] = {
    "event_effect": lambda day: event_effect(STEP, day, placebos=19).position,
    "event_effects": lambda day: event_effects(STEP, [day], placebos=19).effects[0].position,
    "counterfactual": lambda day: str(counterfactual(STEP, day, draws=50).when[0]),
    "watch": lambda day: watch(STEP, day)[0].when,
    "scenario": lambda day: scenario(STEP, 2, since=day, draws=20).tolist(),
    "until": lambda day: len(STEP.until(day)),
    "explain": lambda day: [row.first for row in explain(STEP, {"gate": day}, draws=200)],
    "slice": lambda day: len(STEP[day:]),
    "start": lambda day: str(Series.from_values([1, 2], start=day, freq="D").start[0]),
    "from_counts": lambda day: str(Series.from_counts([day], [1]).start[0]),
}


@pytest.mark.parametrize("name", TAKE_A_DAY)
def test_a_day_is_text_a_date_or_a_timestamp(name):
    took = [TAKE_A_DAY[name](day) for day in ("2022-08-01", date(2022, 8, 1), datetime(2022, 8, 1, 14), pd.Timestamp("2022-08-01"),
                                              pd.Timestamp("2022-08-01 23:00", tz="Asia/Tokyo"), np.datetime64("2022-08-01"), "2022-08-01 09:30")]
    assert all(each == took[0] for each in took)


@pytest.mark.parametrize("wrong", ["03/01/2022", "20220801", 20220801, "2022-08", "1 August 2022", 2022.5, "2022-02-30", None, True, [1], pd.Period("2022-08"),
                                   np.datetime64("2022-08", "M"), pd.NaT, ""], ids=repr)
@pytest.mark.parametrize("name", sorted(set(TAKE_A_DAY) - {"slice", "scenario", "from_counts", "event_effect"}))
def test_what_is_no_day_is_refused_everywhere_alike(name, wrong):
    with pytest.raises(ValueError, match=r"is no day: write it as YYYY-MM-DD, or give a date or a timestamp"):
        TAKE_A_DAY[name](wrong)


@pytest.mark.parametrize("wrong", ["03/01/2022", "20220801", 20220801, "2022-08", "soon"], ids=repr)
@pytest.mark.parametrize("name", ["scenario", "from_counts", "event_effect"])
def test_and_where_nothing_or_a_list_has_a_meaning_too(name, wrong):
    with pytest.raises(ValueError, match=r"is no day: write it as YYYY-MM-DD"):
        TAKE_A_DAY[name](wrong)


# -- pandas ---------------------------------------------------------------------------------------------------------------
def test_a_pandas_series_keeps_its_dates():
    weekly = pd.Series(COUNTS, index=MONDAYS, name="cars")
    for series in (Series.from_pandas(weekly), Series.from_values(weekly), Series.from_values(weekly, start="2022-01-03", freq="W-MON")):
        assert (series.freq, str(series.start[0]), series.name, len(series)) == ("W-MON", "2022-01-03", "cars", 60)
        assert np.array_equal(series.value, COUNTS)
    assert Series.from_pandas(weekly, kind="stock", name="yard").kind == "stock"


@pytest.mark.parametrize(("index", "freq", "first"), [
    (pd.date_range("2023-01-31", periods=4, freq="ME"), "MS", "2023-01-01"),
    (pd.to_datetime(["2023-01-31", "2023-02-28", "2023-03-31", "2023-05-31"]), "MS", "2023-01-01"),
    (pd.period_range("2023-01", periods=4, freq="M"), "MS", "2023-01-01"),
    (pd.period_range("2023Q2", periods=4, freq="Q"), "QS-JAN", "2023-04-01"),
    (pd.period_range("2023-01-02", periods=4, freq="W-SUN"), "W-MON", "2023-01-02"),
    (pd.period_range("2020", periods=4, freq="Y"), "YS-JAN", "2020-01-01"),
    (pd.date_range("2023-01-01", periods=4, tz="Asia/Tokyo"), "D", "2023-01-01"),
    (pd.date_range("2023-01-02", periods=30, freq="B"), "B", "2023-01-02"),
], ids=str)
def test_the_grid_is_that_of_the_index(index, freq, first):
    series = Series.from_pandas(pd.Series(np.arange(len(index)), index=index))
    assert (series.freq, str(series.start[0])) == (freq, first)
    assert series.value[series.observed].tolist() == list(range(len(index)))


def test_rows_that_were_left_out_are_missing_and_rows_are_put_in_order():
    series = Series.from_pandas(pd.Series([7, 1, 3], index=pd.to_datetime(["2023-01-23", "2023-01-02", "2023-01-09"])))
    assert series.freq == "W-MON"
    np.testing.assert_array_equal(series.value, [1, 3, np.nan, 7])


def test_irregular_dates_stay_single_days():
    series = Series.from_pandas(pd.Series([30, 73, None], index=pd.to_datetime(["2023-08-21", "2023-10-05", "2023-10-07"])), kind="stock")
    assert series.freq is None
    assert series.start.astype(str).tolist() == ["2023-08-21", "2023-10-05", "2023-10-07"]
    assert series.observed.tolist() == [True, True, False]


def test_a_frame_of_dates_and_counts_and_what_frame_writes():
    frame = pd.DataFrame({"site": "Rajin", "Date": ["2023-01-02", "2023-01-09", "2023-01-16"], "ships": [1, 2, 4]})
    series = Series.from_pandas(frame)
    assert (series.name, series.freq, series.value.tolist()) == ("ships", "W-MON", [1, 2, 4])
    bounded = Series.from_values([3, None, 5], low=[3, 2, 5], high=[3, np.inf, 5], exposure=[1, 1, 0.5], name="a")
    back = Series.from_pandas(bounded.frame())
    for field in ("start", "low", "high", "exposure"):
        np.testing.assert_array_equal(getattr(back, field), getattr(bounded, field))


class Stranger:
    """An object of a library that need not be installed."""

    shape = (3, 2)


@pytest.mark.parametrize(("obj", "error", "said"), [
    (pd.Series([1, 2]), ValueError, "the index is a RangeIndex without dates"),
    (pd.Series([1, 2], index=pd.to_datetime(["2023-01-02"] * 2)), ValueError, "2023-01-02 stands twice"),
    (pd.Series([1, 2], index=pd.to_datetime(["2023-01-02", None])), ValueError, "1 of 2 dates are missing"),
    (pd.Series([1, 2], index=pd.date_range("2023-01-01", periods=2, freq="h")), ValueError, "rows shorter than a day"),
    (pd.Series(["x", "y"], index=MONDAYS[:2]), ValueError, "not all are numbers"),
    (pd.Series([], dtype=float), ValueError, "without dates|no row"),
    (pd.DataFrame({"a": [1], "b": [2]}), ValueError, "0 columns hold dates"),
    (pd.DataFrame({"a": [1, 2], "b": [2, 3]}, index=MONDAYS[:2]), ValueError, r"2 columns hold numbers \(a, b\)"),
    (pd.DataFrame({"unique_id": ["a", "b"], "ds": MONDAYS[:2], "y": [1, 2]}), ValueError, r"holds 2 series \(a, b\)"),
    (pd.DataFrame({"date": ["03/01/2022"], "count": [1]}), ValueError, "0 columns hold dates"),
    ([1, 2], TypeError, "got a list: give Series.from_values"),
    (type("DataFrame", (Stranger,), {"__module__": "polars.dataframe.frame"})(), TypeError, r"got a polars DataFrame: give its to_pandas\(\)"),
    (type("DataArray", (Stranger,), {"__module__": "xarray.core.dataarray"})(), TypeError, r"got a xarray DataArray: give its to_series\(\)"),
], ids=range(13))
def test_what_from_pandas_cannot_read_is_named(obj, error, said):
    with pytest.raises(error, match=said):
        Series.from_pandas(obj)


@pytest.mark.parametrize("values", [{1: 2}, {1, 2}, frozenset([1]), b"abc", bytearray(b"a"), [1j, 2], np.array([1j]), [b"1"], MONDAYS[:3], [pd.Timestamp("2023-01-01")],
                                    pd.DataFrame({"a": [1]}), "12", type("DataArray", (Stranger,), {"__module__": "xarray.core.dataarray"})()], ids=lambda v: type(v).__name__)
def test_what_are_no_values_is_refused(values):
    with pytest.raises(ValueError, match=r"^values: "):
        Series.from_values(values)
    with pytest.raises(ValueError, match=r"^counts: "):
        Series.from_counts(["2023-01-01"], values)


def test_dated_values_with_another_start_are_refused():
    weekly = pd.Series([1, 2], index=MONDAYS[:2])
    for other in ({"start": "2023-01-02"}, {"freq": "D"}):
        with pytest.raises(ValueError, match="have dates of their own, from 2022-01-03 on"):
            Series.from_values(weekly, **other)


@pytest.mark.parametrize("call", [detect, predict, backtest, lambda s: explain(s, {"a": MIDDLE}), lambda s: event_effect(s, MIDDLE)])
def test_a_pandas_series_where_ours_is_meant_is_told_from_it(call):
    with pytest.raises(TypeError, match=r"takes a Series, got a pandas Series: make one with Series\.from_pandas"):
        call(pd.Series([1, 2]))


# -- a series shows and slices itself --------------------------------------------------------------------------------------
def test_a_series_is_short_in_words_and_sliced_by_dates_or_places():
    assert repr(STEP) == "Series('series': 60 rows of W-MON, 2022-01-03 to 2023-02-26; flow, 60 observed)"
    part = STEP["2022-02-07":"2022-03-07"]
    assert part.start.astype(str).tolist() == ["2022-02-07", "2022-02-14", "2022-02-21", "2022-02-28", "2022-03-07"]
    assert (part.freq, len(STEP[:date(2022, 1, 9)]), len(STEP[10:]), len(STEP[-3:])) == ("W-MON", 1, 50, 3)
    for wrong, said in ((5, "take rows by a slice"), (slice("2022-01-03", None, 2), "step"), (slice("2030-01-01", None), "no row lies there")):
        with pytest.raises((TypeError, ValueError), match=said):
            STEP[wrong]
    with pytest.raises(TypeError, match="not iterable"):
        list(STEP)


# -- results ---------------------------------------------------------------------------------------------------------------
def test_changes_are_a_tuple_that_tabulates_itself():
    changes = detect(STEP)
    assert isinstance(changes, tuple)
    assert changes == tuple(changes)
    assert changes[0].position == 30
    table = changes.frame()
    assert list(table.columns[:7]) == ["position", "at", "low", "high", "before", "after", "probability"]
    assert table["at"].dt.strftime("%Y-%m-%d").tolist() == [MIDDLE]
    assert table["ratio"].iloc[0] == pytest.approx(3, rel=0.25)
    assert repr(changes).startswith("1 change in series: 2022-08-01 (")
    assert pickle.loads(pickle.dumps(changes)) == changes  # noqa: S301 - our own bytes
    quiet = detect(STEP[:25])
    assert quiet == ()
    assert repr(quiet).startswith("no change detected in Series('series': 25 rows")
    assert len(quiet.frame()) == 0
    assert "no change in series" in quiet._repr_html_()


def test_changes_that_are_no_step_say_so_in_one_line():
    gradual = Break(3, "2022-04-01", "2022-02-15", "2022-05-15", 10.0, 40.0, 1.0, "gradual", until="2023-01-01")
    spell = Break(3, "2022-04-01", "2022-03-16", "2022-04-15", 10.0, 40.0, 0.9, "temporary", until="2022-08-01")
    told = repr(Changes([gradual, spell], STEP))
    assert told == ("2 changes in series: gradually from 2022-04-01 (2022-02-15 to 2022-05-15) until 2023-01-01: 10 to 40, "
                    "probability 1.00; for a time from 2022-04-01 (2022-03-16 to 2022-04-15) until 2022-08-01: 40 beside "
                    "10, probability 0.90")


def test_an_object_that_finds_no_breaks_is_refused():
    class Mine:
        def detect(self, series: Series) -> Any:
            return [30]

    with pytest.raises(TypeError, match=r"gave \[30\]: let detect\(\) return a tuple of forecast.Break"):
        detect(STEP, Mine())
    for wrong in (Mine, 3, None):
        with pytest.raises(TypeError, match=r"has no detect\(\): name one of conf/detectors"):
            detect(STEP, wrong)


def test_explanations_sum_to_one_and_name_the_gate():
    table = explain(STEP, {"gate": "2022-07-25", "older": "2022-03-01"}, delay_days=14)
    assert [row.name for row in table] == ["gate", "older", "none of these", "no change"]
    assert sum(row.probability for row in table) == pytest.approx(1)
    assert table[0].probability > 0.9
    assert table.frame().set_index("name")["probability"]["gate"] == table[0].probability
    events = [Event("gate", "The gate", date(2022, 7, 25), date(2022, 7, 25)), Event("older", "Older", date(2022, 3, 1), date(2022, 3, 1))]
    assert [row.probability for row in explain(STEP, events, 14)] == [row.probability for row in table]
    assert "gate" in table._repr_html_()


@pytest.mark.parametrize(("events", "error", "said"), [
    ({}, ValueError, "give at least one event"), ([], ValueError, "give at least one event"), (["gate"], TypeError, "a mapping of names to days"),
    ("gate", TypeError, "a mapping of names to days"), ({"no change": MIDDLE}, ValueError, "rename it"),
    ([Event("a", "A", date(2022, 1, 1), date(2022, 1, 1))] * 2, ValueError, "each name once")])
def test_what_are_no_events_is_said(events, error, said):
    with pytest.raises(error, match=said):
        explain(STEP, events)
    with pytest.raises(ValueError, match="delay_days must be a whole number from 0"):
        explain(STEP, {"gate": MIDDLE}, delay_days=-1)


def test_a_list_of_dates_gives_a_list_of_effects_tested_together():
    effects = event_effect(STEP, [MIDDLE, "2022-03-01"])
    assert isinstance(effects, list)
    assert [each.when for each in effects] == [MIDDLE, "2022-03-01"]
    assert effects[0].adjusted <= 0.05 < effects[1].adjusted
    assert effects.frame()["significant"].tolist() == [True, False]
    assert event_effect(STEP, MIDDLE).frame()["when"].tolist() == [MIDDLE]
    assert repr(effects[0]).startswith("Effect(2022-08-01: ratio ")
    assert effects.tested.anywhere <= 0.05
    with pytest.raises(ValueError, match="got no date"):
        event_effect(STEP, [])
    with pytest.raises(ValueError, match="placebos must be a whole number from 19"):
        event_effect(STEP, MIDDLE, placebos=5)


def test_paths_are_an_array_that_knows_its_rows():
    paths = predict(STEP, "mean", horizon=3, draws=200)
    assert (paths.shape, paths.dtype) == ((200, 3), np.dtype("int64"))
    table = paths.frame()
    assert list(table.columns) == ["unique_id", "ds", "mean", "median", "lo-80", "hi-80", "lo-95", "hi-95"]
    assert table["ds"].dt.strftime("%Y-%m-%d").tolist() == ["2023-02-27", "2023-03-06", "2023-03-13"]
    np.testing.assert_allclose(table["mean"], np.asarray(paths).mean(axis=0))
    assert type(paths.mean(axis=0)) is type(paths + 1) is np.ndarray
    assert pickle.loads(pickle.dumps(paths)).frame().equals(table)  # noqa: S301 - our own bytes
    with pytest.raises(ValueError, match="a part of a forecast"):
        paths[:, 1:].frame()
    assert "the next 3 rows" in paths._repr_html_()


def test_a_backtest_takes_names_and_objects():
    class Mine:
        def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
            return rng.poisson(np.nanmean(series.value), (draws, horizon))

    settings = {"horizon": 2, "origins": 3, "draws": 50}
    table = backtest(STEP, ["mean", Mine()], **settings).frame()
    assert sorted(table["model"]) == ["Mine", "mean"]
    one = backtest(STEP, "mean", **settings).frame()
    assert one["crps"].iloc[0] == table.set_index("model")["crps"]["mean"]
    assert backtest(STEP, {"my own": Mine()}, **settings).frame()["model"].tolist() == ["my own"]
    for wrong, error, said in (([], ValueError, "got no model"), (["mean", "mean"], ValueError, "each name once"), (3, TypeError, "give a name"),
                               ("maen", ValueError, "did you mean 'mean'"), ([Mine], TypeError, r"has no paths\(\)")):
        with pytest.raises(error, match=said):
            backtest(STEP, wrong, **settings)


@pytest.mark.parametrize(("made", "said"), [
    (lambda d, h: np.full((d, h), -1), "gave -1: return counts of at least zero"), (lambda d, h: np.zeros((h, d), int), r"gave the shape \(2, 50\): return 50 paths of 2 rows"),
    (lambda d, h: np.full((d, h), 1.5), "gave 1.5: return whole counts"), (lambda d, h: np.full((d, h), np.nan), "not all of them numbers"),
    (lambda d, h: None, r"gave the shape \(\)"), (lambda d, h: np.full((d, h), "3"), "not all of them numbers")])
def test_what_a_model_of_ones_own_gives_is_checked(made, said):
    class Mine:
        def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> Any:
            return made(draws, horizon)

    with pytest.raises(ValueError, match=f"model Mine: paths.* {said}|model Mine: .*{said}"):
        predict(STEP, Mine(), horizon=2, draws=50)
    with pytest.raises(ValueError, match="model Mine: "):
        backtest(STEP, Mine(), horizon=2, origins=2, draws=50)


def test_whole_counts_in_floats_are_taken():
    class Mine:
        def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
            return np.full((draws, horizon), 3.0)

    assert predict(simulate(20), Mine(), horizon=2, draws=5).tolist() == [[3, 3]] * 5


# -- pictures --------------------------------------------------------------------------------------------------------------
@pytest.fixture
def closed() -> Any:
    """Figures of pyplot are closed after a test."""
    yield
    from matplotlib import pyplot

    pyplot.close("all")


DRAW_THEMSELVES: dict[str, Callable[[], Any]] = {
    "series": lambda: STEP, "changes": lambda: detect(STEP), "no change": lambda: detect(STEP[:25]),
    "effect": lambda: event_effect(STEP, MIDDLE, placebos=19), "effects": lambda: event_effect(STEP, [MIDDLE, "2022-03-01"], placebos=19),
    "tested": lambda: event_effects(STEP, [MIDDLE], placebos=19), "explanations": lambda: explain(STEP, {"gate": MIDDLE}, draws=200),
    "counterfactual": lambda: counterfactual(STEP, MIDDLE, draws=50), "paths": lambda: predict(STEP, "mean", 3, 50),
    "backtest": lambda: backtest(STEP, "mean", horizon=2, origins=2, draws=20),
}


@pytest.mark.parametrize("name", DRAW_THEMSELVES)
def test_every_result_draws_itself_on_axes_given_and_on_a_figure_of_its_own(name, closed):
    import matplotlib as mpl
    from matplotlib.figure import Figure

    result, before = DRAW_THEMSELVES[name](), dict(mpl.rcParams)
    given = Figure().subplots()
    assert result.plot(given) is given
    own = result.plot()
    for ax in (given, own):
        assert ax.has_data()
        ax.figure.canvas.draw()
    assert own.figure.texts[0].get_text()  # a title
    assert own.get_tightbbox().y0 >= -1  # its keys lie inside the figure
    assert dict(mpl.rcParams) == before
    assert result._repr_html_().startswith("<p><strong>")
    assert len(repr(result)) < 400
    assert isinstance(result.frame(), pd.DataFrame)


def test_changes_and_events_are_drawn_on_the_counts(closed):
    changes = detect(STEP)
    for ax in (STEP.plot(breaks=changes, events={"gate": MIDDLE}), changes.plot(events={"gate": MIDDLE})):
        assert "gate" in [text.get_text() for text in ax.texts]
        assert {"change dated in here", "level", "exact count"} <= {text.get_text() for text in ax.get_legend().get_texts()}
    for wrong, said in (({"breaks": [3]}, "breaks are what detect gives"), ({"events": "gate"}, "a mapping of names to days"),
                        ({"events": {"gate": "03/01/2022"}}, "is no day")):
        with pytest.raises((TypeError, ValueError), match=said):
            STEP.plot(**wrong)
    with pytest.raises(ValueError, match="a part of a forecast"):
        predict(STEP, "mean", 3, 50)[:, 1:].plot()


def test_what_is_no_result_does_not_draw_itself():
    from forecast.report.plots import draw

    with pytest.raises(TypeError, match="a list is no result that draws itself: give one of Series, Changes"):
        draw([1, 2])
    with pytest.raises(TypeError, match="plot of a Paths takes no colour"):
        draw(predict(STEP, "mean", 3, 50), colour="red")
