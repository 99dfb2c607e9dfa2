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
