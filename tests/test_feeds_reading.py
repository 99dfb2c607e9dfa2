"""Readers of feeds: dates, ends, bounds and exposures of rows as the files have them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecast.evidence.feeds.layouts import feed_series, read_feed
from forecast.evidence.long_table import LongTable
from forecast.panel.run import run_panel
from forecast.panel.settings import Settings

POINT = "<Point><coordinates>130.64,42.41,0</coordinates></Point>"


def _written(tmp_path, name: str, text: str):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


# -- Google Earth -----------------------------------------------------------------------------------------------------
def _placemark(tmp_path, inside: str):
    text = ('<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:atom="http://www.w3.org/2005/Atom"><Document>'
            f"<Placemark>{inside}<TimeStamp><when>2023-09-13</when></TimeStamp>{POINT}</Placemark></Document></kml>")
    return read_feed(_written(tmp_path, "t.kml", text)).table.iloc[0]


@pytest.mark.parametrize("data", [
    '<Data name="count"><displayName>Count</displayName><value>7</value></Data>',
    '<Data name="count"><value>7</value><displayName>2 ways</displayName></Data>',
    '<Data name="count"><value> 7 </value></Data>',
    '<SchemaData schemaUrl="#s"><SimpleData name="count">7</SimpleData></SchemaData>'])
def test_the_value_of_a_placemark_is_its_count_whatever_is_shown_beside_it(data, tmp_path):
    line = _placemark(tmp_path, f"<name>yard</name><ExtendedData>{data}</ExtendedData>")
    assert (line["unique_id"], line["y"]) == ("yard", 7)


def test_a_placemark_keeps_its_name_though_its_author_has_one(tmp_path):
    author = "<atom:author><atom:name>Jim</atom:name></atom:author><ExtendedData><description>x</description></ExtendedData>"
    line = _placemark(tmp_path, f"<name>yard</name><description>cars</description>{author}")
    assert (line["unique_id"], line["site"], line["note"]) == ("yard", "yard", "cars")


# -- calls ------------------------------------------------------------------------------------------------------------
MOVES = "MMSI,IMO,LOCODE,EVENT,TIMESTAMP,PORT,COUNTRY\n"


def _calls(tmp_path, *moves: str):
    lines = "".join(f"{ship},,X,{event},{when},{port},\n" for ship, event, when, port in (move.split(",") for move in moves))
    result = read_feed(_written(tmp_path, "x.csv", MOVES + lines))
    days = result.table[["ds", "end"]].to_numpy(dtype="datetime64[D]").astype(str).tolist()
    return sorted((first, last.replace("NaT", "")) for first, last in days), result.notes


STAYS = ["1,arrival,2023-01-01 00:00:00,A", "1,departure,2023-01-05 00:00:00,A",
         "1,arrival,2023-01-05 00:00:00,A", "1,departure,2023-01-09 00:00:00,A"]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 1, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_a_ship_in_port_leaves_before_it_comes_again_where_only_days_are_known(order, tmp_path):
    calls, notes = _calls(tmp_path, *(STAYS[i] for i in order))
    assert calls == [("2023-01-01", "2023-01-05"), ("2023-01-05", "2023-01-09")]
    assert ("movements out of the order of time, sorted" in notes) == (order == (2, 0, 3, 1))


def test_a_ship_that_is_not_in_port_comes_before_it_leaves_on_a_day(tmp_path):
    calls, _ = _calls(tmp_path, "1,departure,2023-01-05 00:00:00,A", "1,arrival,2023-01-05 00:00:00,A",
                      "2,arrival,2023-01-02 00:00:00,A", "1,arrival,2023-01-01 00:00:00,B", "1,departure,2023-01-05 00:00:00,B")
    assert calls == [("2023-01-01", "2023-01-05"), ("2023-01-02", ""), ("2023-01-05", "2023-01-05")]


def test_a_stay_of_two_years_is_one_call_and_that_is_said(tmp_path):
    calls, notes = _calls(tmp_path, "1,arrival,2023-01-01 03:00:00,A", "1,departure,2024-12-01 03:00:00,A",
                          "2,arrival,2023-01-01 03:00:00,A", "2,departure,2023-03-02 03:00:00,A")
    assert calls == [("2023-01-01", "2023-03-02"), ("2023-01-01", "2024-12-01")]
    assert [count for note, count in notes.items() if "stays of more than 60 days" in note] == [1]


# -- rows that last, or were half watched -----------------------------------------------------------------------------
HEAD = "unique_id,ds,y,end,exposure,status,image_id\n"


def _table(tmp_path, *rows: str):
    return _written(tmp_path, "t.csv", HEAD + "\n".join(row + "," * (HEAD.count(",") - row.count(",")) for row in rows) + "\n")


def _one(path, kind="flow"):
    (series,) = feed_series(path, kind=kind)
    return series


def test_a_row_keeps_its_end_its_exposure_and_that_it_is_a_part(tmp_path):
    path = _table(tmp_path, "a,2024-03-01,30,2024-03-28,0.5,partial", "a,2024-04-01,7,,0.25", "a,2024-05-01,8")
    series = _one(path)
    assert series.end.astype(str).tolist() == ["2024-03-29", "2024-04-02", "2024-05-02"]
    assert series.exposure.tolist() == [0.5, 0.25, 1]
    assert (series.low.tolist(), series.high.tolist()) == ([30, 7, 8], [np.inf, 7, 8])
    result = read_feed(path)
    assert result.table["y_high"].tolist() == [np.inf, 7, 8]
    assert [(s.low, s.high, s.count) for s in result.statements()] == [(30, np.inf, None), (7, 7, 7), (8, 8, 8)]
    assert [count for note, count in result.notes.items() if "seen in part" in note] == [1]


def test_bounds_of_a_partial_image_stand(tmp_path):
    path = _written(tmp_path, "t.csv", "unique_id,ds,y_low,y_high,status\na,2024-03-01,3,9,partial\na,2024-03-02,,,partial\n")
    series = _one(path, "stock")
    assert (series.low[0], series.high[0], series.observed.tolist()) == (3, 9, [True, False])


@pytest.mark.parametrize(("rows", "said"), [
    (["a,2024-03-01,30,2024-03-28", "a,2024-03-15,3"], "series a: the row 2024-03-01 to 2024-03-28 holds the day of another, 2024-03-15"),
    (["a,2024-03-01,30,2024-03-28,,,x", "a,2024-03-01,3,2024-03-02,,,y"], "series a: rows of 2024-03-01 differ in their end"),
    (["a,2024-03-01,30,,0.5,,", "a,2024-03-01,31,,0.25,,y"], "series a: rows of 2024-03-01 differ in their end or exposure"),
    (["a,2024-03-03,30,2024-03-01"], "it lies before 2024-03-03")])
def test_rows_that_would_count_a_day_twice_are_refused(rows, said, tmp_path):
    path = _table(tmp_path, *rows)
    with pytest.raises(ValueError, match=said):
        _one(path)


def test_images_of_a_day_add_up_what_they_saw_of_it_and_a_cloud_contradicts_nothing(tmp_path):
    series = _one(_table(tmp_path, "a,2024-03-01,3,,0.5,,x", "a,2024-03-01,4,,0.25,,y", "a,2024-03-02,3,2024-03-05",
                         "a,2024-03-02,,,,cloud,z", "a,2024-03-04,,,,cloud", "a,2024-03-07,1,,0.7,,x", "a,2024-03-07,2,,0.7,,y"))
    assert series.exposure.tolist() == [0.75, 1, 1, 1]
    assert series.low[[0, 1, 3]].tolist() == [7, 3, 3]
    assert (series.end - series.start).astype(int).tolist() == [1, 4, 1, 1]


def test_a_call_is_of_its_first_day_however_long_the_ship_stays(tmp_path):
    lines = "".join(f"{move.replace(',A', '').replace('1,', '1,,X,', 1)},A,\n" for move in STAYS)
    series = _one(_written(tmp_path, "x.csv", MOVES + lines))
    assert (series.end - series.start).astype(int).tolist() == [1, 1]


def test_a_panel_counts_rows_by_the_days_that_they_hold(tmp_path):
    from forecast.panel.grids import gridded

    rows = [f"a,{day.date()},30,{(day + pd.offsets.MonthEnd(0)).date()},0.5" for day in pd.date_range("2023-01-01", periods=9, freq="MS")]
    grid = gridded(_one(_table(tmp_path, *rows)))
    assert (grid.freq, len(grid), set(grid.exposure), set(grid.low)) == ("MS", 9, {0.5}, {30})


@pytest.mark.parametrize("row", ["a,2024-03-01,30,2024-03-28", "a,2024-03-01,30,,0.5"])
def test_an_experiment_that_would_lose_ends_and_exposures_refuses_them(row, tmp_path):
    path = _table(tmp_path, row, "a,2024-04-01,7")
    with pytest.raises(ValueError, match="series a: rows with an end or an exposure of their own cannot be read here"):
        LongTable(str(path)).read()
    series = LongTable(str(_table(tmp_path, "a,2024-03-01,30,2024-03-01,1,partial", "a,2024-04-01,7"))).read().series
    assert (series.low[0], series.high[0]) == (30, np.inf)


def test_a_panel_tells_of_rows_that_overlap_before_it_begins(tmp_path):
    path = _table(tmp_path, "a,2024-03-01,30", "b,2024-03-01,30,2024-03-28", "b,2024-03-15,3")
    with pytest.raises(ValueError, match="series b: the row 2024-03-01 to 2024-03-28 holds the day of another"):
        run_panel(path, tmp_path / "out", Settings(horizon=0))
    assert not (tmp_path / "out" / "manifest.jsonl").exists()
    assert run_panel(_table(tmp_path, "a,2024-03-01,30,2024-03-28", "a,2024-04-01,30,2024-04-30"), tmp_path / "out",
                     Settings(horizon=0))["failed"] == 0
