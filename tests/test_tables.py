"""Any table: what a person would read of it is read, guesses are said, and what could be two things is asked."""

from __future__ import annotations

import gzip
import math
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from forecast import read_table
from forecast.cli.main import command
from forecast.evidence.cells import StatementError
from forecast.evidence.feeds.layouts import read_feed
from forecast.evidence.tables.dates import Order, numbers_of, when
from forecast.evidence.tables.numbers import Marks, count_of
from tests.tables import COUNTS, DAYS, MONTHS, book, everywhere, long_table, values, written


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
                                  long_table().replace("a,", "Хасан,").encode("cp1251"),
                                  long_table().replace("a,", "羅津港,").encode("cp932"), long_table().replace("a,", "コンテナ,").encode("cp932")])
def test_packed_files_and_other_encodings_are_read(data, tmp_path, capsys):
    (series,) = everywhere(written(tmp_path, data), capsys).values()
    assert values(series) == COUNTS
    assert series.name in ("a", "Züge", "나진항", "Хасан", "羅津港", "コンテナ")


def test_the_one_table_of_an_archive_is_read_and_several_are_asked_about(tmp_path, capsys):
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("counts.csv", long_table())
    assert values(everywhere(path, capsys)["a"]) == COUNTS
    command(["check", str(path)])
    assert f"forecast init {path}. Or in one: _target_: forecast.Table, path: {path}," in capsys.readouterr().out
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
def test_a_year_a_month_and_a_date_are_days_however_the_day_is_called(tmp_path, capsys):
    for head in ("year,month,date", "year,month,day", "年,月,日"):
        path = written(tmp_path, f"{head},cars\n" + "".join(f"{d.year},{d.month},{d.day},{n}\n" for d, n in zip(DAYS, COUNTS, strict=True)))
        (series,) = everywhere(path, capsys).values()
        assert (series.freq, str(series.start[0]), values(series)) == ("D", "2023-01-01", COUNTS)


def test_a_table_of_years_by_months_is_named_after_no_month(tmp_path, capsys):
    rows = "".join(f"{year},{','.join(str((year + m) % 7) for m in range(12))}\n" for year in range(2019, 2022))
    (series,) = everywhere(written(tmp_path, f"YEAR,{','.join(MONTHS)}\n{rows}"), capsys).values()
    assert (series.name, series.freq, len(series)) == ("count", "MS", 36)


def test_counts_that_never_fall_are_said_to_look_like_a_running_total(tmp_path, capsys):
    path = written(tmp_path, "date,deaths,beds\n" + "".join(f"{day},{3 * k},{k % 4}\n" for k, day in enumerate(DAYS)))
    assert command(["check", str(path)]) == 0
    assert "'deaths' never falls: of a running total cumulative=true takes what came since the row before" in capsys.readouterr().out
    assert command(["check", str(path), "--cumulative", "false"]) == 0
    assert "never falls" not in capsys.readouterr().out


def test_digits_without_end_are_no_dates(tmp_path):
    with pytest.raises(ValueError, match="write a date"):
        read_table(written(tmp_path, f"{'9' * 400},1\n{'9' * 400},2\n2023.5,3\n"))
    assert numbers_of([float("9" * 400), 2023.5]) == ""


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


def test_a_count_without_the_name_of_its_series_is_refused_and_a_row_without_either_is_not(tmp_path):
    rows = "port,date,count\na,2020-01-01,3\n,2020-02-01,{}\na,2020-03-01,5\na,2020-04-01,5\n"
    with pytest.raises(StatementError, match=r"row 3, port: got 'nothing': a count without the name of its series: write it"):
        read_table(written(tmp_path, rows.format(4)))
    assert list(read_table(written(tmp_path, rows.format("")))) == ["a"]


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


def test_a_key_that_stands_twice_in_a_record_and_a_year_beyond_all_calendars_are_refused(tmp_path):
    with pytest.raises(ValueError, match="'count' stands twice in one object"):
        read_table(written(tmp_path, '[{"date": "2023-01-01", "count": 1, "count": 2}]', "t.json"))
    months = "".join(f"2023,{m},5\n" for m in range(1, 13))
    with pytest.raises(StatementError, match="row 14"):
        read_table(written(tmp_path, f"year,month,cars\n{months}{'9' * 15},1,5\n"), date="year")


def test_a_fault_that_many_cells_share_is_one_line(tmp_path, capsys):
    path = written(tmp_path, "date,cars,ships\n" + "".join(f"{day},{n},many\n" for day, n in zip(DAYS * 4, range(80), strict=True)))
    assert command(["check", str(path), "--value", "ships"]) == 2
    said = capsys.readouterr()
    assert "column ships: 80 cells (rows 2, 3, 4 ...), such as 'many'" in said.out


# -- what is said -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("told", "said"), [
    ({"dates": "x"}, "'dates' is no option of a table: did you mean 'date'"), ({"kind": "stok"}, "kind must be flow or stock"),
    ({"decimal": ",", "thousands": ","}, "name two different marks"), ({"skip_rows": "two"}, "skip_rows must be a whole number"),
    ({"date_format": "%Y%Y"}, "date_format '%Y%Y' is no format of dates"), ({"date_format": "%d %b"}, "date_format '%d %b' holds no year"),
    ({"freq": "0D"}, "freq '0D': shorter than a day"), ({"freq": "9" * 18 + "D"}, "too large"), ({"freq": "W-XXX"}, "freq 'W-XXX': Invalid"),
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
