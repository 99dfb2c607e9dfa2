"""Readers of feeds: what was once read wrongly stays read rightly."""

from __future__ import annotations

import pytest

from forecast.feeds import read_feed

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
