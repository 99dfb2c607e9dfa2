"""Statements: what a ledger may look like, and one error that lists everything that is wrong."""

import math
from dataclasses import FrozenInstanceError
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.evidence.statements import StatementError, read_statements, read_watching

HEADER = "id,site,measure,kind,start,end,count,low,high,qualifier,publisher"
GOOD = "a,yard,cars,snapshot,2023-10-05,,73,,,approx,CSIS"


def ledger(tmp_path, *rows, header=HEADER, name="cars.csv"):
    path = tmp_path / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def faults(path, **settings):
    with pytest.raises(StatementError) as error:
        read_statements(path, **settings)
    return error.value.faults


def row(**cells):
    base = dict(zip(HEADER.split(","), GOOD.split(","), strict=True))
    return ",".join({**base, **cells}.values())


def test_approx_is_rounded_outward_and_its_width_is_a_setting(tmp_path):
    (s,) = read_statements(ledger(tmp_path, GOOD))
    assert (s.count, s.low, s.high, s.start, s.end) == (73, 62, 84, date(2023, 10, 5), date(2023, 10, 5))
    (s,) = read_statements(ledger(tmp_path, GOOD), approx_width=0)
    assert (s.low, s.high) == (73, 73)


@pytest.mark.parametrize(("qualifier", "low", "high"), [("exact", 4, 4), ("at_least", 4, math.inf), ("at_most", 0, 4)])
def test_a_qualifier_becomes_bounds(tmp_path, qualifier, low, high):
    (s,) = read_statements(ledger(tmp_path, row(count="4", qualifier=qualifier)))
    assert (s.low, s.high) == (low, high)


def test_stated_bounds_outweigh_the_qualifier(tmp_path):
    (s,) = read_statements(ledger(tmp_path, row(count="", low="2", high="3", qualifier="at_least")))
    assert (s.count, s.low, s.high) == (None, 2, 3)


@pytest.mark.parametrize(("cells", "column", "words"), [
    ({"count": "abc"}, "count", "write a plain number"),
    ({"count": "1,200".replace(",", " ")}, "count", "no separators"),
    ({"count": "-3"}, "count", "cannot be negative"),
    ({"count": "nan"}, "count", "write a plain number"),
    ({"count": "1e999"}, "count", "write a plain number"),
    ({"count": ""}, "count", "or low and high"),
    ({"start": "2023-13-40"}, "start", "no such day in the calendar"),
    ({"start": "05.10.2023"}, "start", "YYYY-MM-DD"),
    ({"start": "45123"}, "start", "2023-07-16"),
    ({"start": ""}, "start", "fill it in"),
    ({"end": "2023-10-01"}, "end", "before the start"),
    ({"low": "80", "high": "70"}, "low", "above high 70"),
    ({"low": "80", "high": "90"}, "count", "outside low 80 to high 90"),
    ({"qualifier": "aprox"}, "qualifier", "did you mean 'approx'?"),
    ({"kind": "snapshots"}, "kind", "did you mean 'snapshot'?"),
    ({"publisher": ""}, "publisher", "fill it in"),
])
def test_a_fault_says_where_what_and_what_to_do(tmp_path, cells, column, words):
    (problem,) = faults(ledger(tmp_path, GOOD, row(**{"id": "b", **cells})))
    assert (problem.file, problem.row, problem.column) == ("cars.csv", 3, column)
    assert words in str(problem)
    assert str(problem).startswith(f"cars.csv row 3, {column}: got ")


def test_all_faults_of_all_rows_come_at_once(tmp_path):
    rows = [row(id=f"r{i}", count="x", kind="y") for i in range(30)]
    problems = faults(ledger(tmp_path, *rows))
    assert len(problems) == 60
    with pytest.raises(StatementError, match="and 40 more"):
        read_statements(ledger(tmp_path, *rows))


def test_row_numbers_are_those_of_a_spreadsheet(tmp_path):
    (problem,) = faults(ledger(tmp_path, GOOD, "", row(id="b", count="x")))
    assert problem.row == 4


def test_an_id_given_twice_is_refused(tmp_path):
    (problem,) = faults(ledger(tmp_path, GOOD, GOOD))
    assert "row 2 of cars.csv has it too" in str(problem)


@pytest.mark.parametrize(("link", "words"), [("b:same_call", "name the id"), ("a:same_call", "name the id"),
                                             ("b:maybe", "same_call, possible_dup"), ("b", "id:strength")])
def test_a_link_that_leads_nowhere_is_refused(tmp_path, link, words):
    (problem, *_) = faults(ledger(tmp_path, GOOD + "," + link, header=HEADER + ",same_as"))
    assert words in str(problem)


@pytest.mark.parametrize("change", [
    lambda text: "\ufeff" + text,
    lambda text: text.replace("\n", "\r\n"),
    lambda text: text.replace(",", ";"),
    lambda text: text.replace(",", "\t"),
    lambda text: text.rstrip("\n"),
    lambda text: text + "\n\n,,,,,,,,,,\n",
])
def test_bom_crlf_semicolons_tabs_and_blank_lines_are_accepted(tmp_path, change):
    path = tmp_path / "cars.csv"
    path.write_bytes(change(f"{HEADER}\n{GOOD}\n").encode())
    assert [s.id for s in read_statements(path)] == ["a"]


@pytest.mark.parametrize(("content", "words"), [
    (b"", "an empty file"),
    (b"\n \n", "an empty file"),
    (f"{HEADER}\n{GOOD}\n".encode("utf-16"), "text in UTF-16: save it as CSV UTF-8"),
    (f"{HEADER}\n{GOOD}é\n".encode("latin-1"), "which is not UTF-8 (perhaps Latin-1)"),
    (f"{HEADER}\n{GOOD}\0\n".encode(), "NUL bytes"),
    (b"PK\x03\x04zip", "an Excel or zip file"),
    (f'{HEADER}\n{GOOD[:-4]}"CSIS\n'.encode(), "no table"),
    (f"{HEADER}\n{GOOD}{'x' * 200_000}\n".encode(), "no table"),
    (f"{HEADER}\n{GOOD}{'x' * 20_000}\n".encode(), "more than 10000 characters"),
    (f"{HEADER}\n{GOOD},extra\n".encode(), "12 cells for 11 columns"),
    (b"\x00\xff\x80", "NUL bytes"),
])
def test_a_file_that_is_no_ledger_gets_one_clear_sentence(tmp_path, content, words):
    path = tmp_path / "cars.csv"
    path.write_bytes(content)
    (problem,) = faults(path)
    assert words in str(problem)


def test_a_missing_column_names_the_nearest(tmp_path):
    problems = faults(ledger(tmp_path, GOOD, header=HEADER.replace("publisher", "publsher")))
    assert [p.column for p in problems] == ["publisher"]
    assert "is it the column 'publsher'?" in str(problems[0])


def test_a_header_alone_is_an_empty_ledger(tmp_path):
    assert read_statements(ledger(tmp_path)) == ()


def test_other_columns_are_kept(tmp_path):
    (s,) = read_statements(ledger(tmp_path, GOOD + ",Lady R", header=HEADER + ",vessel"))
    assert dict(s.details) == {"vessel": "Lady R"}


def test_a_folder_is_read_whole_without_events_and_watching(tmp_path):
    ledger(tmp_path, GOOD)
    ledger(tmp_path, row(id="b"), name="more.csv")
    (tmp_path / "events.csv").write_text("name\n", encoding="utf-8")
    assert [s.id for s in read_statements(tmp_path)] == ["a", "b"]


def test_an_unknown_path_suggests_what_lies_beside_it():
    with pytest.raises(ValueError, match=r"did you mean 'railcars.csv'"):
        read_statements("khasan_rajin/railcar.csv")


def test_watching_days_are_checked(tmp_path):
    path = tmp_path / "watching.csv"
    path.write_text("id,site,start,end,usable_days,cloudy_days,publisher\na,rajin,2023-08-26,2023-10-14,,12,VOA\n"
                    "b,rajin,2023-08-01,2023-08-10,20,,VOA\n", encoding="utf-8")
    with pytest.raises(StatementError, match=r"row 3, usable_days: got 20.0: the period has 10 days"):
        read_watching(path)


@given(st.binary(max_size=300))
def test_no_bytes_whatever_give_a_traceback(content):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_bytes(content)
        with pytest.raises(StatementError):
            read_statements(path)


@given(st.lists(st.text(alphabet=st.characters(blacklist_categories=["Cs"]), max_size=12), min_size=11, max_size=11))
def test_no_row_whatever_gives_a_traceback(cells):
    import csv
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([HEADER.split(","), cells])
        try:
            read_statements(path)
        except StatementError as error:
            assert error.faults  # noqa: PT017 - a row of blanks is no error


def test_statements_and_watches_are_values_that_nobody_changes():
    first, second = (read_statements("khasan_rajin/railcars.csv")[0] for _ in range(2))
    watch = read_watching("khasan_rajin/watching.csv")[0]
    assert len({first, second}) == 1
    for value in (first, watch):
        with pytest.raises(FrozenInstanceError):
            value.site = "elsewhere"


def test_a_period_may_lack_its_start_or_both_days_and_nothing_else_may(tmp_path):
    def read(*rows: str):
        (tmp_path / "open.csv").write_text("\n".join([HEADER, *rows]) + "\n")
        return read_statements(tmp_path / "open.csv")

    found = read("a,port,ships,period,,2023-10-05,7,,,exact,P", "b,port,ships,period,,,7,,,exact,P", "c,port,ships,period,2023-10-01,,7,,,exact,P",
                 "d,port,ships,sighting,2023-10-05,,1,,,exact,P")
    day = date(2023, 10, 5)
    assert [(s.start, s.end) for s in found] == [(None, day), (None, None), (date(2023, 10, 1), None), (day, day)]
    for kind in ("sighting", "snapshot"):
        with pytest.raises(StatementError, match="start: got 'nothing': fill it in"):
            read(f"a,port,ships,{kind},,2023-10-05,7,,,exact,P")


@pytest.mark.parametrize("width", [-0.01, 1, 1.5])
def test_approx_is_a_width_below_the_whole(width):
    with pytest.raises(ValueError, match="approx_width must lie in"):
        read_statements("khasan_rajin/railcars.csv", approx_width=width)
    exact = {s.id: s for s in read_statements("khasan_rajin/railcars.csv", approx_width=0)}
    assert exact["cars-2023-10-05-csis-tmg"].low == exact["cars-2023-10-05-csis-tmg"].high == 73


# -- what a changed operator had survived ---------------------------------------------------------------------------
@pytest.mark.parametrize("column", ["id", "site", "measure", "publisher"])
def test_a_statement_without_a_needed_word_is_refused_in_that_column(column, tmp_path):
    assert [(p.column, "fill it in" in p.do) for p in faults(ledger(tmp_path, row(**{column: ""})))] == [(column, True)]


WATCHED = dict(zip(("id", "site", "start", "end", "usable_days", "cloudy_days", "publisher"),
                   ("w", "port", "2023-01-01", "2023-01-10", "", "", "P"), strict=True))


def watching(tmp_path, **cells):
    line = {**WATCHED, **cells}
    return ledger(tmp_path, ",".join(line.values()), header=",".join(line), name="watching.csv")


@pytest.mark.parametrize("column", ["id", "site", "start", "end", "publisher"])
def test_a_watch_without_a_needed_cell_is_refused_in_that_column(column, tmp_path):
    with pytest.raises(StatementError) as error:
        read_watching(watching(tmp_path, **{column: ""}))
    assert [(p.column, "fill it in" in p.do) for p in error.value.faults] == [(column, True)]


@pytest.mark.parametrize(("cells", "share"), [({}, None), ({"usable_days": "4"}, 0.4), ({"cloudy_days": "3"}, 0.7), ({"cloudy_days": "0"}, 1.0),
                                              ({"usable_days": "4", "cloudy_days": "3"}, 0.4)])
def test_the_days_watched_are_those_usable_or_else_those_without_cloud(cells, share, tmp_path):
    (watched,) = read_watching(watching(tmp_path, **cells))
    assert watched.share == share


def test_a_period_of_nothing_but_cloud_was_not_watched_and_is_refused(tmp_path):
    with pytest.raises(StatementError, match="write a number from 1 to 10"):
        read_watching(watching(tmp_path, cloudy_days="10"))
    with pytest.raises(StatementError, match="write a number from 1 to 10"):
        read_watching(watching(tmp_path, cloudy_days="12"))


def test_a_row_that_names_itself_or_nobody_as_the_same_is_told_the_nearest_other(tmp_path):
    header = f"{HEADER},same_as"
    rows = [f"{row(id='cars-1')},cars-1:same_call", f"{row(id='cars-3')},", f"{row(id='cars-2')},cars-33:same_call", f"{row(id='zz')},qq:same_call",
            f"{row(id='cars-9')},cars-11:same_call"]
    found = faults(ledger(tmp_path, *rows, header=header))
    assert [(p.row, p.column, p.do) for p in found] == [
        (2, "same_as", "name the id of another row (did you mean 'cars-9'?)"), (4, "same_as", "name the id of another row (did you mean 'cars-3'?)"),
        (5, "same_as", "name the id of another row"), (6, "same_as", "name the id of another row (did you mean 'cars-1'?)")]


@pytest.mark.parametrize(("count", "qualifier"), [("3", "exact"), ("0", "exact"), ("1", "at_least"), ("1", "approx")])
def test_a_sighting_is_one_call_and_nothing_else(tmp_path, count, qualifier):
    (fault,) = faults(ledger(tmp_path, row(kind="sighting", count=count, qualifier=qualifier)))
    assert (fault.column, "a sighting is one dated call" in fault.do) == ("count", True)
