"""What a series is given: dates, bounds and exposure are kept on its grid, or refused in a sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecast import Series, counterfactual, detect, predict, simulate, watch
from forecast.effects.explanations import explain_together
from forecast.evidence.long_table import LongTable
from forecast.evidence.stock import Stock

NAN = float("nan")


def days(*given: str) -> np.ndarray:
    return np.array(given, dtype="datetime64[D]")


# -- rows that are named by their last day ------------------------------------------------------------------------------
@pytest.mark.parametrize(("freq", "label", "first", "after", "told"), [
    ("ME", "2022-01-31", "2022-01-01", "2022-02-01", "MS"), ("QE", "2022-03-31", "2022-01-01", "2022-04-01", "QS-JAN"),
    ("QE-NOV", "2022-02-28", "2021-12-01", "2022-03-01", "QS-DEC"), ("YE", "2022-12-31", "2022-01-01", "2023-01-01", "YS-JAN"),
    ("YE-JUN", "2022-06-30", "2021-07-01", "2022-07-01", "YS-JUL"), ("BME", "2022-04-29", "2022-04-01", "2022-05-01", "MS"),
    ("2ME", "2022-02-28", "2022-01-01", "2022-03-01", "2MS")])
def test_a_row_that_is_named_by_its_last_day_ends_on_it(freq: str, label: str, first: str, after: str, told: str) -> None:
    series = Series.from_values([5, 6, 7], start=label, freq=freq)
    assert (str(series.start[0]), str(series.end[0]), series.freq) == (first, after, told)
    assert np.array_equal(series.start[1:], series.end[:-1])
    assert series.coming(2)[0] == series.end[-1]


def test_months_are_the_same_whether_their_first_or_their_last_day_names_them() -> None:
    y = np.random.default_rng(0).poisson(np.repeat([5, 40], [18, 14]))
    by_first, by_last = (Series.from_values(y, start=start, freq=freq) for start, freq in (("2022-01-01", "MS"), ("2022-01-31", "ME")))
    assert detect(by_first) == detect(by_last)
    assert detect(by_last)[0].low <= "2023-07-01" <= detect(by_last)[0].high
    np.testing.assert_array_equal(predict(by_last, "mean", 3), predict(by_first, "mean", 3))


def test_days_in_months_that_are_named_by_their_last_day_keep_that_day() -> None:
    daily = Series.from_values(np.ones(59), start="2023-01-01", freq="D")
    months = daily.regular("ME")
    assert months.value.tolist() == [31, 28]
    assert (months.freq, str(months.start[0])) == ("MS", "2023-01-01")


def test_a_long_table_of_month_ends_holds_whole_months(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("unique_id,ds,y\na,2023-01-31,3\na,2023-02-28,4\na,2023-04-30,5\n")
    series = LongTable(str(tmp_path / "t.csv"), freq="ME").read().series
    assert series.start.astype(str).tolist() == ["2023-01-01", "2023-02-01", "2023-03-01", "2023-04-01"]
    assert str(series.end[-1]) == "2023-05-01"
    assert series.freq == "MS"
    np.testing.assert_array_equal(series.value, [3, 4, NAN, 5])
    (tmp_path / "t.csv").write_text("unique_id,ds,y\na,2023-01-31,3\na,2023-02-27,4\n")
    with pytest.raises(ValueError, match="2023-02-27 does not lie on the grid ME"):
        LongTable(str(tmp_path / "t.csv"), freq="ME").read()


def test_two_files_may_hold_a_series_of_one_name(tmp_path: Path) -> None:
    rng, made = np.random.default_rng(0), []
    for place in ("khasan", "rajin"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "chart.csv").write_text("unique_id,ds,y\n" + "".join(
            f"chart,{np.datetime64('2021-01') + k}-01,{rng.poisson(5 if k < 20 else 30)}\n" for k in range(40)))
        made.append(LongTable(str(tmp_path / place / "chart.csv")).read().series)
    assert made[0].sources[0] == (f"chart 2021-01-01 in {tmp_path.as_posix()}/khasan/chart.csv",)
    assert explain_together(made, ()).log_ratio > max(explain_together(made, ()).alone)
    with pytest.raises(ValueError, match="rest on 40 statements that are the same"):
        explain_together([made[0], replace(made[0], name="again")], ())


# -- dates that were moved -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("dates", [
    pd.date_range("2024-01-01", periods=3, tz="Asia/Tokyo"), pd.date_range("2024-01-01", periods=3, tz="Asia/Tokyo").to_pydatetime(),
    [f"2024-01-0{k}T00:00:00+09:00" for k in (1, 2, 3)], pd.date_range("2024-01-01", periods=3, tz="America/New_York")],
    ids=["Tokyo", "datetimes", "texts", "New York"])
def test_midnight_of_a_time_zone_is_the_day_there(dates: object) -> None:
    assert Series.from_counts(dates, [1, 2, 3]).start.astype(str).tolist() == ["2024-01-01", "2024-01-02", "2024-01-03"]


def test_days_across_a_change_of_clocks_are_those_of_the_place() -> None:
    dates = pd.date_range("2024-03-09", periods=3, tz="America/New_York")
    assert Series.from_counts(list(dates), [1, 2, 3]).start.astype(str).tolist() == ["2024-03-09", "2024-03-10", "2024-03-11"]


@pytest.mark.parametrize(("start", "freq", "said"), [
    ("2023-01-15", "MS", "2023-01-01 or 2023-02-01"), ("2023-01-04", "W-MON", "2023-01-02 or 2023-01-09"),
    ("2023-01-15", "ME", "2022-12-31 or 2023-01-31"), ("2023-01-07", "B", "2023-01-06 or 2023-01-09"),
    ("2023-02-01", "2QS", "2023-01-01 or 2023-04-01")])
def test_a_start_between_two_rows_is_refused_with_both(start: str, freq: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"start '{start}' with freq '{freq}': no row .* that day: name {said}"):
        Series.from_values([1, 2, 3], start=start, freq=freq)


@pytest.mark.parametrize(("freq", "first"), [("MS", "2000-02-01"), ("ME", "2000-01-01"), ("D", "2000-01-03"), ("W-SUN", "2000-01-09")])
def test_without_a_start_the_grid_begins_where_it_first_can(freq: str, first: str) -> None:
    assert str(Series.from_values([1, 2], freq=freq).start[0]) == first


@pytest.mark.parametrize(("start", "freq", "first"), [("2021-01-03", "W-MON", "2021-01-04"), ("2022-01-03", "MS", "2022-02-01"),
                                                      ("2022-01-03", "QE", "2022-01-01")])
def test_a_simulated_series_begins_where_its_grid_first_can(start: str, freq: str, first: str) -> None:
    assert str(simulate(6, start=start, freq=freq).start[0]) == first
    with pytest.raises(ValueError, match=r"start 'soon' is no day: write it as YYYY-MM-DD"):
        simulate(6, start="soon", freq=freq)


# -- spans among single days ----------------------------------------------------------------------------------------------
def spanned(dates: list[tuple[str, str, int]]) -> Series:
    start, last = (days(*(row[k] for row in dates)) for k in (0, 1))
    counts = np.array([row[2] for row in dates], dtype=float)
    return Series(start=start, end=last + 1, low=counts, high=counts.copy(), exposure=np.ones(len(counts)), kind="stock",
                  sources=tuple((f"s{k}",) for k in range(len(counts))))


IMAGES = [(f"2023-{m:02d}-{d:02d}", f"2023-{m:02d}-{d:02d}", 5 + (m * d) % 3) for m in (1, 2, 3, 4) for d in (3, 13, 23)]


def test_a_span_stands_at_its_middle_among_single_days() -> None:
    rows = sorted([*IMAGES, ("2023-03-15", "2023-05-30", 40), *((f"2023-0{m}-20", f"2023-0{m}-20", 40) for m in (5, 6, 7, 8))])
    series = spanned(rows)
    assert np.all(np.diff(series.days) > 0)
    at = int(np.flatnonzero(series.end - series.start > np.timedelta64(1, "D"))[0])
    assert (str(series.start[at]), series.value[at], series.sources[at]) == ("2023-03-15", 40, (f"s{rows.index(('2023-03-15', '2023-05-30', 40))}",))
    assert replace(series, low=series.low.copy()).sources == series.sources
    (found,) = detect(series)
    assert found.before < 10
    assert found.after > 30
    assert counterfactual(series, "2023-05-10").total[0] > 0
    news = watch(series, "2023-05-01")
    assert [each.when for each in news] == [f"2023-0{m}-20" for m in (5, 6, 7, 8)]


def test_a_ledger_of_images_may_hold_a_span(tmp_path: Path) -> None:
    import csv

    from forecast.evidence.files import locate

    with locate("khasan_rajin/railcars.csv").open(encoding="utf-8", newline="") as file:
        columns = csv.DictReader(file).fieldnames or []
    rows = [*IMAGES, ("2023-03-15", "2023-05-30", 40), *((f"2023-0{m}-20", f"2023-0{m}-20", 40) for m in (5, 6, 7, 8))]
    made = tmp_path / "cars.csv"
    with made.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for k, (start, end, count) in enumerate(rows):
            writer.writerow({"id": f"r{k}", "site": "tumangang", "scope": "yard", "measure": "railcars", "kind": "snapshot",
                             "start": start, "end": end, "count": count, "qualifier": "exact", "certainty": "seen", "date_basis": "image", "car_type": "all", "publisher": "X"})
    series = Stock(ledgers=[str(made)]).read().series
    assert np.all(np.diff(series.days) > 0)
    assert len(detect(series)) == 1


def test_rows_that_are_neither_in_order_of_starts_nor_of_middles_are_refused() -> None:
    with pytest.raises(ValueError, match="dates are not in order"):
        spanned([("2023-03-01", "2023-03-01", 1), ("2023-01-01", "2023-01-01", 2)])


def test_a_row_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="row 1 starts on 2023-02-01 and ends before 2023-02-01: `end` is the day after its last"):
        spanned([("2023-01-01", "2023-01-01", 1), ("2023-02-01", "2023-01-31", 2)])


# -- means of whole counts ------------------------------------------------------------------------------------------------
def test_a_mean_of_whole_counts_that_is_not_whole_becomes_its_whole_bounds() -> None:
    images = Series.from_counts(["2023-01-02", "2023-01-04", "2023-01-09", "2023-01-16", "2023-01-18"], [8, 9, 4, 6, 8], kind="stock")
    weeks = images.regular("W-MON")
    assert (weeks.low.tolist(), weeks.high.tolist()) == ([8, 4, 7], [9, 4, 7])
    assert weeks.is_count
    assert predict(weeks, "mean", 3, draws=10).shape == (10, 3)
    half = Series.from_counts(["2023-01-02", "2023-01-04"], [8.5, 10], kind="stock").regular("W-MON")
    assert half.value.tolist() == [9.25]
    least = Series.from_counts(["2023-01-02", "2023-01-04"], [NAN, NAN], [8, 9], [np.inf, 9], kind="stock").regular("W-MON")
    assert (least.low.tolist(), least.high.tolist()) == ([8], [np.inf])


# -- exposure, and what follows -------------------------------------------------------------------------------------------
def test_exposure_of_a_stock_is_refused_wherever_a_series_is_made() -> None:
    for make in (lambda: Series.from_values([1, 2], kind="stock", exposure=0.5),
                 lambda: Series.from_counts(["2023-01-01", "2023-01-02"], [1, 2], kind="stock", exposure=[1, 0.5])):
        with pytest.raises(ValueError, match="exposure belongs to a flow"):
            make()
    assert Series.from_values([1, 2], kind="stock", exposure=1.0).exposure.tolist() == [1, 1]


def test_a_count_without_its_exposure_is_refused_and_a_missing_row_needs_none() -> None:
    with pytest.raises(ValueError, match=r"exposure must lie in \(0, 1\] where something was seen, row 1 has nan"):
        Series.from_values([1, 2, 3], exposure=[1, NAN, 1])
    with pytest.raises(ValueError, match="row 1 has nan"):
        Series.from_counts(["2023-01-03", "2023-01-01", "2023-01-02"], [1, 2, 3], exposure=[1, 1, NAN])
    assert Series.from_values([1, NAN, 3], exposure=[1, NAN, 0.5]).exposure.tolist() == [1, 1, 0.5]


def test_rows_to_come_need_a_grid() -> None:
    with pytest.raises(ValueError, match=r"irregular dates have no rows to come: see series.regular"):
        Series.from_counts(["2023-01-01", "2023-01-05"], [1, 2]).coming(3)
