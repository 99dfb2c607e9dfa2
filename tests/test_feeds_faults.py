"""What is wrong in one place of a feed is said with its row or its column; what is decided is said as a note."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from forecast.evidence.cells import StatementError
from forecast.evidence.feeds.layouts import feed_series, read_feed
from forecast.evidence.feeds.reading import MOST_FAULTS

HERE = Path(__file__).resolve().parent / "feeds"

# sample, what is replaced once, by what, what is said
FAULTS = {
    "a month that is none": ("places.kml", "<when>2023-09-13<", "<when>2023-13<", "no such month: write YYYY-MM-DD"),
    "a year nought": ("places.kml", "<when>2023-09-13<", "<when>0000<", "no such month"),
    "a span that ends before it starts": ("places.kml", "<TimeStamp><when>2023-09-13</when></TimeStamp>",
                                          "<TimeSpan><begin>2023-09-13</begin><end>2023-08</end></TimeSpan>", "it lies before 2023-09-13: swap them"),
    "a placemark nowhere": ("places.kml", "<Point><coordinates>130.64,42.41,0</coordinates></Point>", "", "a placemark needs a place"),
    "a place beyond the pole": ("places.kml", "130.64,42.41", "130.64,142.41", "write degrees from -90 to 90"),
    "a word for a longitude": ("places.kml", "130.64,42.41", "east,42.41", "write degrees from -180 to 180"),
    "a label that the task lacks": ("cvat.xml", 'label="box"', 'label="bxo"', "the task has the labels box, tank, flat"),
    "a box without a label": ("cvat.xml", 'label="box"', 'label=""', "the task has the labels"),
    "cloud beyond all": ("stac.json", '"eo:cloud_cover": 22.0', '"eo:cloud_cover": 220.0', "write percent, 0 to 100"),
    "an event that is none": ("vesselfinder.csv", "arrival", "arival", "write one of"),
    "a ship without a number": ("vesselfinder.csv", "273000001,,XXSIM,arrival", ",,XXSIM,arrival", "a ship needs MMSI or IMO"),
    "no time": ("vesselfinder.csv", "arrival,2024-01-01 15:20:00 UTC", "arrival,", "fill it in"),
    "a time zone that is none": ("marinetraffic.csv", "2024-01-02 00:20:00", "2024-01-02 00:27:00", "which no time zone does"),
    "no time in UTC nor at home": ("marinetraffic.csv", "2024-01-02 00:20:00,2024-01-01 15:20:00", ",", "fill it in"),
    "a visit that ends before it starts": ("port_visits.json", '"end": "2024-01-03', '"end": "2023-01-03', "it lies before the start"),
    "an event of another type": ("port_visits.json", '"type": "port_visit"', '"type": "fishing"', "only events of type port_visit are calls"),
    "a count under cloud": ("long_table.csv", ",,4,,ok", ",3,,,cloud", "nothing can be counted then"),
    "a status that is none": ("long_table.csv", ",,4,,ok", ",,4,,okay", "did you mean 'ok'"),
    "a count outside its own bounds": ("long_table.csv", ",,4,,ok", ",3,4,9,ok", "it lies outside y_low 4 to y_high 9"),
    "a port without an id": ("portwatch.csv", "1,1,port1,", "1,1,,", "write the id of the port"),
    "a day that is none": ("portwatch.csv", "2024-01-02 00:00:00+00:00", "2024-02-30 00:00:00+00:00", "write the date as YYYY-MM-DD"),
    "a chart below its axis": ("digitised_chart.csv", "2023.69863, 8.396", "2023.69863, -8.396", "a count cannot be negative: calibrate the axis again"),
    "a range that falls": ("long_table.csv", ",,4,,ok", ",,4,3,ok", "it lies above"),
    "a time of a word": ("vesselfinder.csv", "2024-01-01 15:20:00 UTC", "2024-01-01 noon", "write the time as"),
    "a time that is none": ("long_table.csv", "2023-09-10,", "2023-09-10 25:00:00,", "no such time in the calendar"),
}
NOTES = {
    "a line stands for a place": ("places.kml", "<Point><coordinates>130.64,42.41,0</coordinates></Point>",
                                  "<LineString><coordinates>130.64,42.41,0 131,43,0</coordinates></LineString>", "lines and areas stand for their first point"),
    "a link is not followed": ("places.kml", "<Document>", "<Document><NetworkLink><Link><href>http://x.org</href></Link></NetworkLink>", "links to other files not followed"),
    "a visit that is hardly sure": ("port_visits.json", '"confidence": "4"', '"confidence": "2"', "confidence"),
    "a ship that came at midnight": ("vesselfinder.csv", "2024-01-01 15:20:00", "2024-01-01 00:00:00", "times at 00:00:00 taken as dates"),
    "other shapes": ("cvat.xml", "</image>", '<points label="box" points="1,2"/></image>', "not counted"),
}


def _changed(folder: Path, sample: str, old: str, new: str) -> Path:
    text = (HERE / f"simulated_{sample}").read_text(encoding="utf-8")
    assert old in text
    path = folder / sample
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(("sample", "old", "new", "said"), FAULTS.values(), ids=FAULTS)
def test_one_thing_wrong_is_one_fault_and_the_other_rows_stay(sample, old, new, said, tmp_path):
    path = _changed(tmp_path, sample, old, new)
    result = read_feed(path, keep_good=True)
    assert {said in str(fault) for fault in result.faults} == {True}
    assert len({fault.row for fault in result.faults}) == 1
    whole = read_feed(HERE / f"simulated_{sample}")
    least = 0 if whole.kind == "call" else 1  # of a call, the departure alone is kept
    assert least <= len(whole.table) - len(result.table) <= max(3, len(whole.table) // 8)
    with pytest.raises(StatementError):
        read_feed(path)


@pytest.mark.parametrize(("sample", "old", "new", "said"), NOTES.values(), ids=NOTES)
def test_what_is_passed_over_is_said_and_nothing_else_changes(sample, old, new, said, tmp_path):
    result = read_feed(_changed(tmp_path, sample, old, new))
    whole = read_feed(HERE / f"simulated_{sample}")
    assert any(said in note for note in result.notes)
    assert result.table[["unique_id", "y_low", "y_high"]].equals(whole.table[["unique_id", "y_low", "y_high"]])


@pytest.mark.parametrize(("when", "first", "last"), [("2023", (2023, 1, 1), (2023, 12, 31)), ("2024-02", (2024, 2, 1), (2024, 2, 29))])
def test_a_date_known_to_the_month_or_the_year_spans_it(when, first, last, tmp_path):
    result = read_feed(_changed(tmp_path, "places.kml", "<when>2023-09-13<", f"<when>{when}<"))
    rows = [(line["ds"].date(), line["end"].date()) for line in result.table.dropna(subset=["ds", "end"]).to_dict("records")]
    assert (date(*first), date(*last)) in rows


def test_tracks_of_a_video_are_refused_with_the_export_that_would_do(tmp_path):
    path = _changed(tmp_path, "cvat.xml", '<image id="0"', '<track id="0" label="box"></track><image id="0"')
    with pytest.raises(ValueError, match="tracks of a video: export it as 'CVAT for images'"):
        read_feed(path)


def test_a_port_and_day_that_stand_twice_with_other_figures_are_a_fault_and_word_for_word_a_note(tmp_path):
    lines = (HERE / "simulated_portwatch.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "again.csv").write_text("\n".join([*lines, lines[1]]) + "\n")
    again = read_feed(tmp_path / "again.csv")
    assert again.notes["rows that repeat an earlier row word for word dropped"] == 1
    assert len(again.table) == len(read_feed(HERE / "simulated_portwatch.csv").table)
    cells = lines[1].split(",")
    cells[8] = str(int(cells[8]) + 1)
    (tmp_path / "other.csv").write_text("\n".join([*lines, ",".join(cells)]) + "\n")
    with pytest.raises(StatementError, match="an earlier row says something else of 2024-01-01: keep one"):
        read_feed(tmp_path / "other.csv")


@pytest.mark.parametrize("read", [read_feed, lambda path: list(feed_series(path))])
def test_a_file_of_nothing_but_faults_is_given_up_soon(read, tmp_path):
    rows = "".join(f"a,2023-01-01,x{k}\n" for k in range(2 * MOST_FAULTS))
    (tmp_path / "bad.csv").write_text("unique_id,ds,y\n" + rows)
    with pytest.raises(StatementError) as error:
        read(tmp_path / "bad.csv")
    assert len(error.value.faults) >= MOST_FAULTS


def test_bounds_of_a_long_table_hold_whichever_of_the_three_columns_are_filled(tmp_path):
    (tmp_path / "t.csv").write_text("unique_id,ds,y,y_low,y_high\na,2023-01-01,3,,\na,2023-01-02,,2,\na,2023-01-03,,,5\na,2023-01-04,3,2,5\na,2023-01-05,,,\n")
    table = read_feed(tmp_path / "t.csv").table
    assert table["y_low"].tolist()[:4] == [3, 2, 0, 2]
    assert table["y_high"].tolist()[:4] == [3, np.inf, 5, 5]
    assert table[["y_low", "y_high"]].isna().iloc[4].all()


@pytest.mark.parametrize("sample", [path.name for path in sorted(HERE.iterdir()) if path.suffix in (".json", ".xml", ".csv", ".kml")])
def test_a_file_read_in_small_parts_says_the_same(sample, monkeypatch):
    from forecast.evidence.feeds import reading

    whole = read_feed(HERE / sample)
    monkeypatch.setattr(reading, "BATCH", 2)
    parts = read_feed(HERE / sample)
    assert parts.table.equals(whole.table)
    assert parts.notes == whole.notes


def test_more_rows_than_are_held_at_once_are_refused_with_the_way_round(monkeypatch):
    import forecast.evidence.feeds.layouts

    monkeypatch.setattr(forecast.evidence.feeds.layouts, "MOST_ROWS", 20)
    with pytest.raises(ValueError, match="more than 20 rows: name the series"):
        read_feed(HERE / "simulated_portwatch.csv")


def test_an_item_that_stands_twice_counts_once(tmp_path):
    text = (HERE / "simulated_stac.json").read_text(encoding="utf-8")
    first, second = '"id": "S1_0"', '"id": "S2_0"'
    assert first in text
    (tmp_path / "twice.json").write_text(text.replace(second, first, 1), encoding="utf-8")
    result = read_feed(tmp_path / "twice.json")
    assert result.notes["items that stand twice dropped"] == 1
    assert len(result.table) == len(read_feed(HERE / "simulated_stac.json").table) - 1


def test_days_out_of_order_are_sorted_and_said(tmp_path):
    lines = (HERE / "simulated_portwatch.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "t.csv").write_text("\n".join([lines[0], lines[2], lines[1], *lines[3:]]) + "\n")
    result = read_feed(tmp_path / "t.csv")
    assert result.notes["rows out of the order of time, sorted"] == 1
    assert result.table[["unique_id", "ds", "y"]].equals(read_feed(HERE / "simulated_portwatch.csv").table[["unique_id", "ds", "y"]])


def test_a_share_of_a_day_that_is_none_is_a_fault(tmp_path):
    (tmp_path / "t.csv").write_text("unique_id,ds,y,exposure\na,2023-01-01,3,0.5\na,2023-01-02,3,1.5\na,2023-01-03,3,0\n")
    result = read_feed(tmp_path / "t.csv", keep_good=True)
    assert result.table["exposure"].tolist() == [0.5]
    assert [(fault.row, fault.column) for fault in result.faults] == [(3, "exposure"), (4, "exposure")]


def test_an_image_without_a_date_in_its_name_has_the_day_it_was_taken(tmp_path):
    text = (HERE / "simulated_coco.json").read_text(encoding="utf-8")
    old = '"file_name": "yard_2023-09-13.png"'
    (tmp_path / "coco.json").write_text(text.replace(old, '"file_name": "yard.png", "date_captured": "2023-09-14 02:00:00"'), encoding="utf-8")
    days = set(read_feed(tmp_path / "coco.json").table["ds"].dt.date)
    assert date(2023, 9, 14) in days
    assert date(2023, 9, 13) not in days
    (tmp_path / "none.json").write_text(text.replace(old, '"file_name": "yard.png", "date_captured": 0'), encoding="utf-8")
    with pytest.raises(StatementError, match="file_name"):
        read_feed(tmp_path / "none.json")


def test_xml_nested_a_thousand_deep_is_refused(tmp_path):
    (tmp_path / "t.kml").write_text("<kml>" + "<Folder>" * 1000 + "</Folder>" * 1000 + "</kml>")
    with pytest.raises(ValueError, match="nested deeper than"):
        read_feed(tmp_path / "t.kml")


# -- spreadsheets -----------------------------------------------------------------------------------------------------
def _book(path: Path, **sheets: list[list[object]]) -> Path:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_sheets_without_dates_are_passed_over_and_said_and_empty_ones_and_rows_in_silence(tmp_path):
    table = [["yard", None], ["date", "box"], [date(2024, 1, 5), 3], [None, None], [date(2024, 1, 7), "4+"]]
    result = read_feed(_book(tmp_path / "t.xlsx", counts=table, legend=[["box", "a car"]], empty=[]))
    assert result.table["y_low"].tolist() == [3, 4]
    assert [note for note in result.notes if "no column of dates" in note] == ["sheet 'legend' has no column of dates: not read"]


def test_a_workbook_without_dates_anywhere_is_refused_with_the_heading_that_would_do(tmp_path):
    with pytest.raises(ValueError, match="no column of dates, got 'box': say date=COLUMN"):
        read_feed(_book(tmp_path / "t.xlsx", counts=[["box"], *[[k] for k in range(40)]]))


@pytest.mark.parametrize(("cell", "said"), [("12-10", "swap them"), (">=4+", "write a whole number"), ("4-6+", "write a whole number"), ("many", "write a whole number")])
def test_a_cell_that_states_no_bounds_is_a_fault_of_its_row_alone(cell, said, tmp_path):
    book = _book(tmp_path / "t.xlsx", counts=[["date", "box"], [date(2024, 1, 5), cell], [date(2024, 1, 7), 4]])
    result = read_feed(book, keep_good=True)
    assert result.table["y"].tolist() == [4]
    assert [(fault.row, fault.column, said in fault.do) for fault in result.faults] == [(2, "box", True)]


def test_a_spreadsheet_whose_parts_are_not_utf_8_is_refused(tmp_path):
    import zipfile

    book = _book(tmp_path / "t.xlsx", counts=[["date", "box"], [date(2024, 1, 5), 3]])
    with zipfile.ZipFile(book) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(tmp_path / "u.xlsx", "w") as archive:
        for each, data in members.items():
            archive.writestr(each, data.decode().encode("utf-16") if each == name else data)
    with pytest.raises(ValueError, match="is not UTF-8: save the spreadsheet again"):
        read_feed(tmp_path / "u.xlsx")


# -- Parquet ----------------------------------------------------------------------------------------------------------
def _parquet(path: Path, **columns: list[object]) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table(columns), path)
    return path


def test_parquet_without_a_needed_column_is_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match=r"no layout|no column ds"):
        read_feed(_parquet(tmp_path / "t.parquet", unique_id=["a"], y=[1]))
    with pytest.raises(ValueError, match=r"no layout|no column y"):
        read_feed(_parquet(tmp_path / "u.parquet", unique_id=["a"], ds=["2024-01-01"]))


def test_parquet_of_more_rows_than_are_read_is_refused_before_it_is_read(tmp_path, monkeypatch):
    from forecast.evidence.feeds import parquet

    monkeypatch.setattr(parquet, "MOST_ROWS", 2)
    with pytest.raises(ValueError, match="3 rows, at most 2 are read: split the file"):
        read_feed(_parquet(tmp_path / "t.parquet", unique_id=["a"] * 3, ds=["2024-01-01", "2024-01-02", "2024-01-03"], y=[1, 2, 3]))


def test_rows_of_parquet_that_contradict_each_other_are_faults(tmp_path):
    path = _parquet(tmp_path / "t.parquet", unique_id=["a"] * 3, ds=["2024-01-01", "2024-01-02", "2024-01-02"], y=[1, 2, 3])
    result = read_feed(path, keep_good=True)
    assert result.table["y"].tolist() == [1, 2]
    assert len(result.faults) == 1


def test_a_clock_that_keeps_utc_is_told_from_one_nine_hours_ahead(tmp_path):
    ahead = read_feed(HERE / "simulated_marinetraffic.csv")
    same = read_feed(_changed(tmp_path, "marinetraffic.csv", "2024-01-02 00:20:00,", "2024-01-01 15:20:00,"))
    ((note, times),) = [(note, times) for note, times in ahead.notes.items() if note.startswith("local times +9 h from UTC")]
    assert same.notes[note] == times - 1
    assert same.table["ds"].equals(ahead.table["ds"])
