"""Any table: what a person would read of it is read, guesses are said, and what could be two things is asked."""

from __future__ import annotations

import gzip
import json
import math
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from forecast import Table, read_table
from forecast.cli.main import command
from forecast.evidence.cells import StatementError
from forecast.evidence.feeds.layouts import read_feed
from forecast.evidence.tables.dates import Order, when
from forecast.evidence.tables.numbers import Marks, count_of

COUNTS = [5, 12, 8, 15, 11, 7, 14, 10, 6, 13, 9, 5, 12, 8, 15, 11, 7, 14, 10, 6]  # simulated
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = [date(2023, 1, 1) + timedelta(days=i) for i in range(20)]


def written(tmp_path: Path, text: str | bytes, name: str = "t.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def book(tmp_path: Path, **sheets: list[list[Any]]) -> Path:
    from openpyxl import Workbook

    made = Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(tmp_path / "t.xlsx")
    return tmp_path / "t.xlsx"


def long_table(day: str = "%Y-%m-%d", mark: str = ",", number: str = "{}") -> str:
    rows = [mark.join(["a", d.strftime(day), number.format(n)]) for d, n in zip(DAYS, COUNTS, strict=True)]
    return "\n".join([mark.join(["unique_id", "ds", "y"]), *rows]) + "\n"


def everywhere(path: Path, capsys: pytest.CaptureFixture[str], **told: Any) -> dict[str, Any]:
    """The series of a file as every way in reads them, which must be the same."""
    flags = [word for name, value in told.items() for word in (f"--{name.replace('_', '-')}", str(value).lower()
             if isinstance(value, bool) else str(value))]
    capsys.readouterr()
    assert command(["check", str(path), "--json", *flags]) == 0
    checked = json.loads(capsys.readouterr().out)["series"]
    series = dict(read_table(path, **told))
    assert set(checked) == set(series)
    for name, each in series.items():
        one = Table(str(path), name, **told).read().series
        assert (one.kind, one.freq, one.start.tolist()) == (each.kind, each.freq, each.start.tolist())
        assert np.array_equal(one.low, each.low, equal_nan=True)
        assert np.array_equal(one.high, each.high, equal_nan=True)
        assert checked[name]["sum"] == pytest.approx(np.nansum(each.low))
        assert (checked[name]["kind"], checked[name]["first"][:7]) == (each.kind, str(each.start[0])[:7])
    return series


def values(series: Any) -> list[float]:
    return [float(value) for value in series.value]


# -- layouts of one series --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("text", [
    long_table(), long_table(number="{}.0"), long_table(mark=";", number="{},0"), "Port calls 2023\n\n" + long_table(),
    long_table("%d/%m/%Y"), long_table("%m/%d/%Y"), long_table("%d.%m.%Y"), long_table("%d %b %Y"), long_table("%Y%m%d"),
    long_table("%Y/%m/%d 00:00:00+00"), long_table() + "a,2023-01-04,15\n", long_table() + "Source: simulated\n",
    long_table(mark="\t"), long_table(number='"{}"')])
def test_days_and_counts_are_read_however_they_are_written(text, tmp_path, capsys):
    (series,) = everywhere(written(tmp_path, text), capsys).values()
    assert (series.name, series.freq, values(series)) == ("a", "D", COUNTS)
    assert str(series.start[0]) == "2023-01-01"


@pytest.mark.parametrize("data", [gzip.compress(long_table().encode()), long_table().encode("utf-16"),
                                  long_table().replace("a,", "Züge,").encode("latin-1"),
                                  long_table().replace("a,", "나진항,").encode("cp949"),
                                  long_table().replace("a,", "Хасан,").encode("cp1251")])
def test_packed_files_and_other_encodings_are_read(data, tmp_path, capsys):
    (series,) = everywhere(written(tmp_path, data), capsys).values()
    assert values(series) == COUNTS
    assert series.name in ("a", "Züge", "나진항", "Хасан")


def test_the_one_table_of_an_archive_is_read_and_several_are_asked_about(tmp_path, capsys):
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("counts.csv", long_table())
    assert values(everywhere(path, capsys)["a"]) == COUNTS
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("more.csv", long_table())
    with pytest.raises(ValueError, match=r"an archive of 2 files \(counts.csv, more.csv\): unpack it, name one"):
        read_table(path)


@pytest.mark.parametrize(("cells", "first", "freq"), [
    ([f"2023-W{i:02d}" for i in range(1, 21)], "2023-01-02", "W-MON"),
    ([date(2022 + i // 12, i % 12 + 1, 1).strftime("%b %Y") for i in range(20)], "2022-01-01", "MS"),
    ([f"2020M{i:02d}" for i in range(1, 13)], "2020-01-01", "MS"),
    ([f"{2015 + i // 4}-Q{i % 4 + 1}" for i in range(20)], "2015-01-01", "QS-JAN"),
    ([str(2001 + i) for i in range(20)], "2001-01-01", "YS-JAN"),
    ([str(44927 + i) for i in range(20)], "2023-01-01", "D"),
    ([f"2023년 {i}월" for i in range(1, 13)], "2023-01-01", "MS"),
    ([str(date(2022 + i // 12, i % 12 + 1, 15)) for i in range(20)], "2022-01-01", "MS"),
    ([str(day) for day in np.busday_offset(np.datetime64("2023-01-02"), range(20))], "2023-01-02", "B")])
def test_weeks_months_quarters_years_and_working_days_are_told_by_their_dates(cells, first, freq, tmp_path, capsys):
    text = "date,trains\n" + "".join(f"{cell},{n}\n" for cell, n in zip(cells, COUNTS, strict=False))
    series = everywhere(written(tmp_path, text), capsys)["trains"]
    assert (str(series.start[0]), series.freq, values(series)) == (first, freq, COUNTS[:len(cells)])


def test_a_column_of_dates_and_one_of_counts_have_any_names(tmp_path, capsys):
    text = "Datum;Anzahl\n" + "".join(f"{day};{n}\n" for day, n in zip(DAYS, COUNTS, strict=True))
    assert values(everywhere(written(tmp_path, text), capsys)["Anzahl"]) == COUNTS
    named = read_table(written(tmp_path, text), date="Datum", value="Anzahl", decimal=",")["Anzahl"]
    assert values(named) == COUNTS


def test_numbers_are_dates_only_under_a_heading_or_an_option_that_says_so(tmp_path):
    text = "postcode,count\n" + "".join(f"{1950 + i},{n}\n" for i, n in enumerate(COUNTS))
    path = written(tmp_path, text)
    with pytest.raises(ValueError, match=r"no column of dates, got 'postcode', 'count': say date=COLUMN"):
        read_table(path)
    assert str(read_table(path, date="postcode")["count"].start[0]) == "1950-01-01"
    assert str(read_table(written(tmp_path, text.replace("postcode", "year")))["count"].start[0]) == "1950-01-01"


# -- two readings -----------------------------------------------------------------------------------------------------
def test_a_date_that_may_be_two_days_is_asked_about(tmp_path, capsys):
    path = written(tmp_path, "date,calls\n" + "".join(f"{i:02d}/01/2023,{i}\n" for i in range(1, 11)))
    with pytest.raises(ValueError, match=r"'02/01/2023' could be 2023-01-02 or 2023-02-01: say dayfirst=true or dayfirst=false"):
        read_table(path)
    assert command(["check", str(path)]) == 2
    assert "dayfirst=true" in capsys.readouterr().err
    assert everywhere(path, capsys, dayfirst=True)["calls"].freq == "D"
    months = everywhere(path, capsys, dayfirst=False)["calls"]
    assert (months.freq, str(months.start[-1])) == ("MS", "2023-10-01")
    assert read_table(path, date_format="%d/%m/%Y")["calls"].freq == "D"


def test_a_number_that_may_be_a_thousand_times_another_is_asked_about(tmp_path, capsys):
    text = 'date,calls\n2023-01-01,"1,250"\n2023-01-02,"1,318"\n2023-01-03,"1,290"\n'
    path = written(tmp_path, text)
    with pytest.raises(ValueError, match=r"'1,250' could be 1250 or 1.25: say thousands=',' or decimal=','"):
        read_table(path)
    assert values(everywhere(path, capsys, thousands=",")["calls"]) == [1250, 1318, 1290]
    points = written(tmp_path, text.replace('"1,', "1.").replace('"', ""), "p.csv")
    with pytest.raises(ValueError, match=r"'1.250' could be 1250 or 1.25"):
        read_table(points)
    assert values(everywhere(points, capsys, thousands=".")["calls"]) == [1250, 1318, 1290]
    sure = written(tmp_path, text.replace("1,318", "1,318,000"), "s.csv")
    assert values(everywhere(sure, capsys)["calls"]) == [1250, 1318000, 1290]


def test_rows_of_one_day_are_parts_or_looks_as_the_user_says(tmp_path, capsys):
    path = written(tmp_path, "date,cars\n2023-01-01,10\n2023-01-01,12\n2023-01-05,3\n2023-01-18,4\n")
    with pytest.raises(ValueError, match=r"could be parts that add up to 22, or looks at one count of 10 to 12: say kind=flow or kind=stock"):
        read_table(path)
    looks = everywhere(path, capsys, kind="stock")["cars"]
    assert (looks.low[0], looks.high[0], looks.kind) == (10, 12, "stock")
    parts = everywhere(path, capsys, kind="flow")["cars"]
    assert (parts.low[0], parts.high[0], parts.kind) == (22, 22, "flow")


@pytest.mark.parametrize("head", ["", "x,y\n"])
def test_points_of_a_chart_are_looks_at_whole_counts(head, tmp_path, capsys):
    text = head + "".join(f"2023/01/{i:02d}, {i + 9}.2\n" for i in range(1, 11)) + "2023/01/01, 10.8\n"
    series = everywhere(written(tmp_path, text), capsys, **({"kind": "stock"} if head else {}))
    (chart,) = series.values()
    assert (chart.low[0], chart.high[0], len(chart)) == (10, 11, 10)


def test_hours_are_summed_to_the_days_of_their_place(tmp_path, capsys):
    text = "time,n\n" + "".join(f"2023-01-{day:02d}T{hour:02d}:00:00+09:00,{hour + 1}\n" for day in range(1, 6) for hour in range(24))
    assert values(everywhere(written(tmp_path, text), capsys)["n"]) == [300.0] * 5


# -- tables of several series -----------------------------------------------------------------------------------------
def test_headings_that_are_months_make_a_series_of_each_row_and_totals_are_left_out(tmp_path, capsys):
    path = written(tmp_path, "site,Jan-23,Feb-23,Mar-23,Apr-23\nnorth,1,2,3,4\nsouth,5,6,7,8\nTotal,6,8,10,12\n")
    series = everywhere(path, capsys)
    assert {name: values(each) for name, each in series.items()} == {"north": [1, 2, 3, 4], "south": [5, 6, 7, 8]}
    assert {each.freq for each in series.values()} == {"MS"}
    assert set(read_table(path, totals=True)) == {"north", "south", "Total"}


def test_a_total_beside_its_parts_is_left_out_and_said(tmp_path, capsys):
    rows = [f"{name},{day},{n * (1 + (name == 'Total'))}" for day, n in zip(DAYS, COUNTS, strict=True) for name in ("north", "south", "Total")]
    path = written(tmp_path, "unique_id,ds,y\n" + "\n".join(rows))
    assert set(everywhere(path, capsys)) == {"north", "south"}
    assert read_feed(path).notes["rows of totals left out (totals=true keeps them)"] == 20


@pytest.mark.parametrize("text", [
    "Year,Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec,Total\n2022,1,2,3,4,5,6,7,8,9,10,11,12,78\n2023,2,3,4,5,6,7,8,9,10,11,12,13,90\n",
    "Month,2022,2023\n" + "".join(f"{m},{i + 1},{i + 2}\n" for i, m in enumerate(MONTHS)),
    "Year,Month,Trains\n" + "".join(f"{2022 + i // 12},{i % 12 + 1},{i % 12 + 1 + i // 12}\n" for i in range(24))])
def test_a_year_beside_its_months_is_one_monthly_series(text, tmp_path, capsys):
    (series,) = everywhere(written(tmp_path, text), capsys).values()
    assert (series.freq, str(series.start[0]), values(series)) == ("MS", "2022-01-01", [*range(1, 13), *range(2, 14)])


def test_a_head_of_two_lines_names_each_column_by_both(tmp_path, capsys):
    rows = [["Railcars at the yard"], [None, "North", None, "South"], ["Date", "box", "tank", "box", "tank"],
            *[[date(2023, m, 1), 10 + m, m, 20 + m, 5 + m] for m in range(1, 13)]]
    path = book(tmp_path, counts=rows)
    from openpyxl import load_workbook

    made = load_workbook(path)
    made["counts"].merge_cells("B2:C2")
    made["counts"].merge_cells("D2:E2")
    made.save(path)
    series = everywhere(path, capsys)
    assert {name: each.low.sum() for name, each in series.items()} == {"North box": 198, "North tank": 78, "South box": 318, "South tank": 138}


def test_a_heading_that_stands_twice_is_refused(tmp_path):
    path = book(tmp_path, counts=[["Date", "box", "box"], *[[date(2023, m, 1), m, m + 1] for m in range(1, 13)]])
    with pytest.raises(ValueError, match="the column 'box' stands twice: give each a heading of its own"):
        read_table(path)


def test_sheets_that_go_on_from_one_another_are_joined_and_hidden_ones_left_out(tmp_path, capsys):
    def year(y: int) -> list[list[Any]]:
        return [["Date", "box"], *[[date(y, m, 1), m] for m in range(1, 13)]]

    path = book(tmp_path, **{"2023": year(2023), "2024": year(2024), "Notes": [["nothing"]], "old": year(2020)})
    from openpyxl import load_workbook

    made = load_workbook(path)
    made["old"].sheet_state = "hidden"
    made.save(path)
    series = everywhere(path, capsys)["box"]
    assert (len(series), series.low.sum(), str(series.start[0])) == (24, 156, "2023-01-01")
    assert any("sheet 'old' is hidden" in note for note in read_feed(path).notes)
    assert str(read_table(path, sheet="old")["box"].start[0]) == "2020-01-01"


def test_columns_that_count_nothing_are_left_out_and_said(tmp_path, capsys):
    rows = [["Date", "Year", "Week", "Cloud %", "box"], *[[date(2023, 1, d), 2023, 1, 20 * d, 6 + d] for d in range(1, 6)]]
    path = book(tmp_path, counts=rows)
    assert {name: values(each) for name, each in everywhere(path, capsys).items()} == {"box": [7, 8, 9, 10, 11]}
    assert any("Year, Week, Cloud %" in note for note in read_feed(path).notes)


def test_sites_in_a_column_are_series_of_their_own(tmp_path, capsys):
    rows = [["Date", "site", "count"], *[[date(2023, m, 1), site, m + k] for k, site in enumerate(("north", "south")) for m in range(1, 13)]]
    assert {name: each.low.sum() for name, each in everywhere(book(tmp_path, counts=rows), capsys).items()} == {"north": 78, "south": 90}


def test_running_totals_become_what_came_since_the_row_before(tmp_path, capsys):
    path = written(tmp_path, "date,cumulative ships\n" + "".join(f"2023-{m:02d}-01,{10 * m + m * m}\n" for m in range(1, 9)))
    series = everywhere(path, capsys)["cumulative ships"]
    assert np.array_equal(series.value, [math.nan, *[10 + 2 * m - 1 for m in range(2, 9)]], equal_nan=True)
    assert read_table(path, cumulative=False)["cumulative ships"].low[0] == 11


# -- words of analysts ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("cell", "low", "high"), [
    ("20+", 20, math.inf), (">= 20", 20, math.inf), ("more than 20", 21, math.inf), ("~15", 12, 18), ("approx 20", 17, 23),
    ("c. 30", 25, 35), ("10-12", 10, 12), ("10 to 12", 10, 12), ("<5", 0, 4), (">12", 13, math.inf), ("12?", 10, 14), ("12 cars", 12, 12),
    ("at most 9", 0, 9), ("1 250", 1250, 1250), ("n/a", math.nan, math.nan), ("-", math.nan, math.nan), ("12*", 12, 12)])
@pytest.mark.parametrize("kind", ["csv", "long", "xlsx"])
def test_words_of_analysts_are_bounds_in_every_kind_of_file(cell, low, high, kind, tmp_path):
    rows = [[date(2023, 1, 1), cell], *[[date(2023, 1, d), d] for d in range(2, 9)]]
    if kind == "xlsx":
        path = book(tmp_path, counts=[["date", "cars"], *rows])
    else:
        head, first = ("unique_id,ds,y", "cars,") if kind == "long" else ("date,cars", "")
        path = written(tmp_path, head + "\n" + "".join(f"{first}{day},{n}\n" for day, n in rows))
    series = read_table(path)["cars"]
    assert np.array_equal([series.low[0], series.high[0]], [low, high], equal_nan=True)


@pytest.mark.parametrize("cell", ["many", "12-10", ">=4+", "4-6+", "-3", "1e400", "twelve", "12;13"])
def test_a_cell_that_states_no_count_is_a_fault_of_its_row(cell, tmp_path):
    path = written(tmp_path, "date,cars\n" + "".join(f"2023-01-{d:02d},{d}\n" for d in range(1, 19)) + f'2023-01-19,"{cell}"\n')
    with pytest.raises(StatementError, match=r"row 20, cars"):
        read_table(path)
    assert read_feed(path, keep_good=True).table["y"].tolist() == list(range(1, 19))


def test_a_fault_that_many_cells_share_is_one_line(tmp_path, capsys):
    path = written(tmp_path, "date,cars,ships\n" + "".join(f"{day},{n},many\n" for day, n in zip(DAYS * 4, range(80), strict=True)))
    assert command(["check", str(path), "--value", "ships"]) == 2
    said = capsys.readouterr()
    assert "column ships: 80 cells (rows 2, 3, 4 ...), such as 'many'" in said.out


# -- what is said -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("told", "said"), [
    ({"dates": "x"}, "'dates' is no option of a table: did you mean 'date'"), ({"kind": "stok"}, "kind must be flow or stock"),
    ({"decimal": ",", "thousands": ","}, "name two different marks"), ({"skip_rows": "two"}, "skip_rows must be a whole number"),
    ({"dayfirst": "perhaps"}, "dayfirst must be true or false"), ({"value": "carz"}, "no such column: did you mean 'cars'")])
def test_an_option_that_is_none_is_refused_in_a_sentence(told, said, tmp_path):
    path = written(tmp_path, "date,cars\n2023-01-01,1\n2023-01-02,2\n")
    with pytest.raises(ValueError, match=said):
        read_table(path, **told)


def test_a_file_with_a_layout_of_its_own_takes_no_options(tmp_path):
    sample = Path(__file__).parent / "feeds" / "simulated_portwatch.csv"
    with pytest.raises(ValueError, match="a portwatch file has a layout of its own: leave out date"):
        read_table(sample, date="date")


def test_a_date_and_a_count_are_what_they_say():
    assert str(when("Jan-23").day) == "2023-01-01"
    assert when("31/02/2023", Order(True)) is None
    assert count_of("1.234,5", Marks(",", ".")).low == 1234.5
    assert count_of("", Marks()).note == ""


# -- images -----------------------------------------------------------------------------------------------------------
def coco(tmp_path: Path, **boxes: int) -> Path:
    """Simulated boxes of railcars: name of an image -> how many."""
    images = [{"id": i, "file_name": f"{name}.png"} for i, name in enumerate(boxes)]
    annotations = [{"id": 0, "image_id": i, "category_id": 1} for i, n in enumerate(boxes.values()) for _ in range(n)]
    return written(tmp_path, json.dumps({"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "railcar"}]}), "t.json")


def test_tiles_of_a_scene_are_asked_about_and_added_where_a_table_says_so(tmp_path):
    path = coco(tmp_path, yard_20230910_tile_0=10, yard_20230910_tile_1=12, yard_20230910_tile_2=0, yard_20230910_tile_3=4)
    with pytest.raises(ValueError, match=r"could be tiles of one scene, 26 of railcar together, or looks at the whole place, 0 to 12"):
        read_table(path)
    looks = read_table(path, kind="stock")["railcar"]
    assert (looks.low[0], looks.high[0]) == (0, 12)
    rows = "".join(f"yard_20230910_tile_{i}.png,2023-09-10,yard,first\n" for i in range(4))
    written(tmp_path, "image,date,site,scene\n" + rows, "t.images.csv")
    assert values(read_table(path)["railcar"]) == [26]


def test_images_of_two_places_are_two_series_and_two_times_of_a_day_two_looks(tmp_path):
    series = read_table(coco(tmp_path, north_20230910=5, south_20230910=30, north_20230911=6, south_20230911=31))
    assert {name: values(each) for name, each in series.items()} == {"north/railcar": [5, 6], "south/railcar": [30, 31]}
    looks = read_table(coco(tmp_path, yard_20230910T0215=30, yard_20230910T0900=34, yard_20230911T0215=31))["railcar"]
    assert (looks.low.tolist(), looks.high.tolist(), looks.kind) == ([30, 31], [34, 31], "stock")
    satellites = read_table(coco(tmp_path, S2A_20230910T0215=30, S2B_20230912T0215=34))
    assert set(satellites) == {"railcar"}


def test_images_without_a_date_in_their_names_are_dated_by_the_table_beside(tmp_path):
    path = coco(tmp_path, scene_a=3, scene_b=4)
    with pytest.raises(StatementError, match=r"list it in t.images.csv beside the file"):
        read_table(path)
    written(tmp_path, "image,date,site,scene\nscene_a.png,2023-09-10,yard,\nscene_b.png,2023-09-14,yard,\n", "t.images.csv")
    assert values(read_table(path, freq=None)["railcar"]) == [3, 4]


# -- feeds as they come today -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("key", ["port_visit", "portVisit"])
@pytest.mark.parametrize("wrapped", [True, False])
def test_port_visits_are_read_in_either_spelling(key, wrapped, tmp_path):
    entry = {"id": "simulated", "type": "port_visit", "start": "2026-06-04T06:18:14.000Z", "end": "2026-06-06T12:01:31.000Z",
             "position": {"lat": 22.5, "lon": 69.6}, "vessel": {"name": None, "ssvid": "1", "type": "other"},
             key: {"visitId": "v", "confidence": "3", "startAnchorage": {"anchorageId": "s", "name": "SIMULATED"}}}
    path = written(tmp_path, json.dumps({"entries": [entry], "total": 1} if wrapped else [entry]), "t.json")
    series = read_table(path)["SIMULATED"]
    assert (series.low.tolist(), series.high.tolist(), str(series.start[0])) == ([1], [math.inf], "2026-06-04")


def test_calls_as_records_in_wrappers_are_read(tmp_path):
    def call(event: str, day: int) -> dict[str, Any]:
        return {"MMSI": 1, "IMO": 2, "LOCODE": "XXSIM", "EVENT": event, "TIMESTAMP": f"2023-01-{day:02d} 12:00:00 UTC", "PORT": "Simulated", "COUNTRY": "X"}

    moves = [call("Arrival", 1), call("Departure", 2), call("Arrival", 5), call("Departure", 7)]
    for document in ([{"PORTCALL": each} for each in moves], moves, {"data": moves}):
        result = read_feed(written(tmp_path, json.dumps(document), "t.json"))
        assert (result.feed, result.table["ds"].dt.day.tolist()) == ("vesselfinder", [1, 5])


def test_portwatch_of_every_release_is_read(tmp_path):
    head = "date,year,month,day,portid,portname,portcalls_tanker,portcalls,import"
    for said in ("2019/07/05 00:00:00+00", "7/5/2019 12:00:00 AM", "2019-07-05", "1562284800000"):
        path = written(tmp_path, f"{head}\n{said},2019,7,5,port1,Simulated,2,3,10.5\n")
        assert str(read_table(path)["port1/portcalls"].start[0]) == "2019-07-05"
    row = dict(zip(head.split(","), [1562284800000, 2019, 7, 5, "port1", "Simulated", 2, 3, 10.5], strict=True))
    path = written(tmp_path, json.dumps({"features": [{"attributes": row}]}), "t.json")
    assert values(read_table(path)["port1/portcalls"]) == [3]
    wrong = written(tmp_path, f"{head}\n7/5/2019,2019,9,5,port1,Simulated,2,3,10.5\n")
    with pytest.raises(StatementError, match="row 2, date"):
        read_table(wrong)


def test_one_item_of_stac_is_a_day_imaged(tmp_path):
    item = {"type": "Feature", "id": "S", "properties": {"datetime": "2024-01-05T02:15:40Z", "eo:cloud_cover": 25.0}, "geometry": None}
    result = read_feed(written(tmp_path, json.dumps(item), "t.json"))
    assert (result.feed, result.table["exposure"].tolist()) == ("stac", [0.75])


# -- kinds ------------------------------------------------------------------------------------------------------------
def test_a_stock_that_was_kept_comes_back_as_a_stock(tmp_path, capsys):
    rows = [["date", "image", "box"], *[[date(2023, 1, 1) + timedelta(days=d * d + d), f"i{d}", 8 + d] for d in range(1, 9)]]
    out = tmp_path / "good.csv"
    assert command(["check", str(book(tmp_path, counts=rows)), "--keep-good", str(out)]) == 0
    series = everywhere(out, capsys)["box"]
    assert (series.kind, series.freq, series.low.max()) == ("stock", None, 16)
    with pytest.raises(ValueError, match="the file says that it is a stock, kind=flow does not"):
        read_table(out, kind="flow")


def test_a_kind_is_guessed_from_headings_and_dates_and_said(tmp_path):
    images = "date,n\n" + "".join(f"{date(2023, 1, 1) + timedelta(days=d * d + d)},{d}\n" for d in range(1, 9))
    assert read_table(written(tmp_path, images))["n"].kind == "stock"
    assert read_table(written(tmp_path, images.replace(",n", ",port calls")))["port calls"].kind == "flow"
    assert any("taken as a stock" in note and "kind=flow" in note for note in read_feed(written(tmp_path, images)).notes)


# -- an experiment from a file ----------------------------------------------------------------------------------------
def test_init_writes_an_experiment_that_runs_as_it_is(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    counts = [3, 4, 3, 5, 4, 12, 11, 13, 12]  # simulated: nine irregular images of a yard
    days = [date(2023, 1, 2) + timedelta(days=d) for d in (0, 7, 18, 34, 58, 77, 90, 109, 123)]
    written(tmp_path, "Datum;Autos\n" + "".join(f"{d:%d.%m.%Y};{n}\n" for d, n in zip(days, counts, strict=True)))
    assert command(["init", "t.csv", "yard"]) == 0
    assert "forecast -cn yard" in capsys.readouterr().out
    settings = (tmp_path / "experiments" / "yard.yaml").read_text(encoding="utf-8")
    assert "kind: stock" in settings
    assert "freq: null" in settings
    assert command(["-cn", "yard", "placebos=19", "draws=50"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Nothing is forecast: the dates of Autos are irregular" in said
    assert (tmp_path / "reports" / "yard" / "report.html").is_file()
    assert command(["init", "t.csv", "yard"]) == 2
    assert "experiments/yard.yaml exists" in capsys.readouterr().err


def test_init_keeps_what_was_said_of_the_table(tmp_path, monkeypatch, capsys):
    from forecast import load

    monkeypatch.chdir(tmp_path)
    written(tmp_path, "day,cars\n" + "".join(f'{d:02d}/01/2023,"1,{d:03d}"\n' for d in range(1, 10)))
    assert command(["init", "t.csv", "--dayfirst", "true", "--thousands", ","]) == 0
    series = load("t").series["cars"].read().series
    assert (series.freq, values(series)) == ("D", [1000 + d for d in range(1, 10)])
    capsys.readouterr()


def test_a_column_called_source_names_series_where_it_names_parts(tmp_path, capsys):
    rows = "".join(f"{year},{source},{year - 2000 + k}\n" for year in range(2001, 2011) for k, source in enumerate(("coal", "wind")))
    series = everywhere(written(tmp_path, "year,source,generation\n" + rows), capsys)
    assert {name: each.low.sum() for name, each in series.items()} == {"coal": 55, "wind": 65}


@pytest.mark.parametrize(("text", "names"), [
    ("date,open,high,low,close,volume\n2024-01-02,3,5,2,4,90\n2024-01-03,4,6,3,5,80\n2024-01-04,4,6,3,5,70\n", {"open", "high", "low", "close", "volume"}),
    ("date,low,high\n2024-01-02,3,5\n2024-01-03,4,6\n2024-01-04,4,6\n", {"count"}),
    ("year,mean,error\n2001,3.5,.1\n2002,3.6,.1\n2003,3.7,.1\n", {"mean", "error"})])
def test_prices_are_no_bounds_and_means_no_totals(text, names, tmp_path):
    assert set(read_table(written(tmp_path, text))) == names


def test_a_name_and_its_value_above_years_are_no_headings(tmp_path):
    text = ('"Source","Simulated"\n\n"Updated","2019-07-10"\n\n"Country","Code","2015","2016","2017","2018"\n"Nowhere","XXX","","","",""\n'
            '"Here","XXA","1","2","3","4"\n')
    series = read_table(written(tmp_path, text))
    assert values(series["Here"]) == [1, 2, 3, 4]


def test_measurements_within_days_are_asked_about(tmp_path):
    text = "time,speed\n" + "".join(f"2024-01-0{d} {h:02d}:00,{50 + h / 3:.1f}\n" for d in (1, 2, 3) for h in range(24))
    with pytest.raises(ValueError, match="say kind=flow or kind=stock"):
        read_table(written(tmp_path, text))
