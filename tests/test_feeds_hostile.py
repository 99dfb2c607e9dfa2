"""Feeds and files that mean harm: bombs, entities, marks that hide, broken text; always a sentence, never a traceback."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from forecast.evidence.cells import StatementError
from forecast.evidence.feeds.layouts import read_feed
from tests.feeds import simulated
from tests.feeds.simulated import HERE, SAMPLES

LONG = "unique_id,ds,y\n"


def _written(tmp_path, name: str, data: str | bytes):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def _deflated(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()


# -- XML and archives -----------------------------------------------------------------------------------------------
ENTITIES = '<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]>'


@pytest.mark.parametrize("sample", ["simulated_cvat.xml", "simulated_places.kml"])
def test_entities_are_refused(sample, tmp_path):
    head, _, rest = (HERE / sample).read_text().partition("?>")
    with pytest.raises(ValueError, match="DOCTYPE"):
        read_feed(_written(tmp_path, sample, f"{head}?>{ENTITIES}{rest}"))


@pytest.mark.parametrize("sample", ["simulated_spreadsheet.xlsx", "simulated_spreadsheet.ods", "simulated_places.kmz"])
def test_entities_inside_an_archive_are_refused(sample, tmp_path):
    with zipfile.ZipFile(HERE / sample) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name in members:
        if name.endswith((".xml", ".kml")):
            members[name] = ENTITIES.encode() + members[name].partition(b"?>")[2]
    with pytest.raises(ValueError, match="DOCTYPE"):
        read_feed(_written(tmp_path, sample, _deflated(members)))


@pytest.mark.parametrize("name", ["xl/workbook.xml", "content.xml", "doc.kml"])
def test_an_archive_that_unpacks_to_far_more_than_it_holds_is_refused(name, tmp_path):
    members = {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", name: b" " * 30_000_000}
    with pytest.raises(ValueError, match="unpack to 300000"):
        read_feed(_written(tmp_path, "x", _deflated(members)))


def test_an_archive_that_lies_about_its_size_is_refused(tmp_path):
    data = _deflated({"doc.kml": b"<kml>" + b" " * 30_000_000 + b"</kml>"})
    size = (30_000_011).to_bytes(4, "little")
    assert data.count(size) == 2
    with pytest.raises(ValueError, match=r"broken|unpack to|no XML"):
        read_feed(_written(tmp_path, "x.kmz", data.replace(size, (90).to_bytes(4, "little"))))


def test_few_cells_that_span_a_whole_sheet_are_refused(tmp_path):
    rows = [["date", "box"], [date(2024, 1, 5), 3]]
    content = simulated.ods_content(rows)
    far = content.replace(b"<table:table-cell office:value-type=\"float\"",
                          b'<table:table-cell table:number-columns-repeated="16000" office:value-type="float"')
    far = far.replace(b"<table:table-row>", b'<table:table-row table:number-rows-repeated="50000">')
    with pytest.raises(ValueError, match="spans 16"):
        read_feed(_written(tmp_path, "x.ods", simulated.ods_file(far)))
    with zipfile.ZipFile(HERE / "simulated_spreadsheet.xlsx") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    members[sheet] = members[sheet].replace(b'<row r="25"', b'<row r="1048576"').replace(b'r="F25"', b'r="XFD1048576"')
    with pytest.raises(ValueError, match="spans 17179869184 cells"):
        read_feed(_written(tmp_path, "x.xlsx", _deflated(members)))


@pytest.mark.parametrize("place", [b'r="ZZZZZZZZ1"', b'r = "ZZZZZZZZ1"', b"r='zzzzzzz1'", b'r="' + b"Z" * 500 + b'1"', b'r="A' + b"9" * 5000 + b'"'])
def test_a_cell_beyond_any_sheet_is_refused_before_room_is_made_for_it(place, tmp_path):
    with zipfile.ZipFile(HERE / "simulated_spreadsheet.xlsx") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert b'r="A1"' in members[sheet]
    members[sheet] = members[sheet].replace(b'r="A1"', place)
    with pytest.raises(ValueError, match="beyond any sheet: save the spreadsheet again"):
        read_feed(_written(tmp_path, "x.xlsx", _deflated(members)))


@pytest.mark.parametrize("packed", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_packed_in_another_way_is_no_way_round(packed, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.kmz", "w", packed) as archive:
        archive.writestr("doc.kml", b"<kml>" + b" " * 30_000_000 + b"</kml>")
    with pytest.raises(ValueError, match="bytes unpack to 30000011"):
        read_feed(tmp_path / "x.kmz")


def test_names_inside_an_archive_are_no_places_on_this_machine(tmp_path):
    place = tmp_path / "inside" / "x.kmz"
    place.parent.mkdir()
    place.write_bytes(_deflated({"../up.kml": (HERE / "simulated_places.kml").read_bytes()}))
    assert read_feed(place).table.equals(read_feed(HERE / "simulated_places.kml").table)
    assert [path.name for path in tmp_path.rglob("*")] == ["inside", "x.kmz"]


def test_xml_in_an_encoding_that_is_not_read_is_refused_by_the_name_of_the_file(tmp_path):
    with pytest.raises(ValueError, match=r"x\.kml: XML in an encoding that is not read: save it as UTF-8"):
        read_feed(_written(tmp_path, "x.kml", '<?xml version="1.0" encoding="utf-7"?><kml></kml>'))


def test_a_file_of_another_is_not_drawn_into_xml(tmp_path):
    (tmp_path / "secret").write_text("hunter2")
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{tmp_path / "secret"}" parse="text"/>'
    place = "<Point><coordinates>1,2</coordinates></Point>"
    result = read_feed(_written(tmp_path, "x.kml", f"<kml><Placemark><name>a{include}</name>{place}</Placemark></kml>"), keep_good=True)
    assert "hunter2" not in result.table.to_csv()


# -- Parquet --------------------------------------------------------------------------------------------------------
def _parquet(path, metadata=None, **columns):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table(columns).replace_schema_metadata(metadata), path, compression="zstd")
    return path


def test_a_kilobyte_that_repeats_a_text_of_megabytes_in_every_row_is_refused(tmp_path):
    path = _parquet(tmp_path / "x.parquet", unique_id=["a" * 2_000_000] * 200, ds=["2024-01-01"] * 200, y=[1] * 200)
    assert path.stat().st_size < 10_000
    with pytest.raises(ValueError, match="column unique_id holds a text of 2000000 characters, at most 10000 are read"):
        read_feed(path)


@pytest.mark.parametrize("key", ["pandas", "PANDAS_ATTRS"])
def test_what_stands_beside_the_columns_of_parquet_is_not_opened(key, tmp_path):
    import pickle

    class Harm:
        def __reduce__(self):
            return (pytest.fail, ("it was opened",))

    told = {"pandas": b'{"attributes": {"x": 1}, "columns": [], "index_columns": ["y"]}'}.get(key, pickle.dumps(Harm()))
    path = _parquet(tmp_path / "x.parquet", {key: told}, unique_id=["a", "a"], ds=["2024-01-01", "2024-01-02"], y=[1, 2])
    assert read_feed(path).table["y"].tolist() == [1, 2]


def test_parquet_whose_counts_are_bytes_is_refused_and_not_read_as_not_counted(tmp_path):
    path = _parquet(tmp_path / "x.parquet", unique_id=["a", "a"], ds=["2024-01-01", "2024-01-02"], y=[b"1", b"2"])
    with pytest.raises(ValueError, match="column y holds bytes: write it as text or numbers"):
        read_feed(path)


def test_parquet_whose_end_lies_is_refused_by_its_name(tmp_path):
    with pytest.raises(ValueError, match=r"x\.parquet: Parquet that cannot be read"):
        read_feed(_written(tmp_path, "x.parquet", b"PAR1" + b"\xff" * 100 + b"PAR1"))


def test_the_name_of_a_file_does_not_steer_the_terminal(tmp_path, capsys):
    from forecast.cli.main import command

    for cell, code in (("1", 0), ("x", 2)):
        assert command(["check", str(_written(tmp_path, "a\x1b[31m.csv", f"{LONG}a,2024-01-01,{cell}\n"))]) == code
        said = capsys.readouterr()
        assert "\x1b" not in said.out + said.err
        assert "a\\u001b[31m.csv" in said.out


def test_a_locked_archive_is_refused(tmp_path):
    data = bytearray((HERE / "simulated_places.kmz").read_bytes())
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(ValueError, match="broken or locked"):
        read_feed(_written(tmp_path, "x.kmz", bytes(data)))


def test_formulas_give_the_value_stored_with_them_and_are_said(tmp_path):
    from openpyxl import Workbook, load_workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["date", "box"])
    sheet.append([date(2024, 1, 5), "=1+2"])
    path = tmp_path / "x.xlsx"
    book.save(path)
    with pytest.raises(StatementError, match="a formula without a stored value"):
        read_feed(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    stored = members[name].replace(b"<f>1+2</f><v />", b"<f>1+2</f><v>3</v>").replace(b"<f>1+2</f><v></v>", b"<f>1+2</f><v>3</v>")
    assert stored != members[name]
    path.write_bytes(_deflated(members | {name: stored}))
    assert load_workbook(path, data_only=True).active["B2"].value == 3
    result = read_feed(path)
    assert result.table["y"].tolist() == [3.0]
    assert any("formula" in note for note in result.notes)


# -- JSON -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 5000 + "1" + "}" * 5000, "[" * 200 + "]" * 200,
                                  '{"entries": [NaN]}', '{"entries": [' + "1" * 5000 + "]}", '{"entries": [', "[1,]"])
def test_json_that_is_deep_or_broken_is_refused_in_a_sentence(text, tmp_path):
    with pytest.raises(ValueError, match=r"JSON|number"):
        read_feed(_written(tmp_path, "x.json", text))


def test_json_that_is_too_large_is_refused_before_it_is_read(tmp_path, monkeypatch):
    from forecast.evidence.feeds import source

    monkeypatch.setattr(source, "LARGEST_DOCUMENT", 1000)
    with pytest.raises(ValueError, match="split it"):
        read_feed(HERE / "simulated_coco.json")


# -- text -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_other_encodings_are_found_and_said(encoding, tmp_path):
    text = (HERE / "simulated_portwatch.csv").read_text()
    result = read_feed(_written(tmp_path, "x.csv", text.encode(encoding)))
    assert result.table.equals(read_feed(HERE / "simulated_portwatch.csv").table)
    assert any(note.startswith("the file was decoded from utf-") for note in result.notes)


def test_a_nul_and_a_byte_that_is_no_text_are_faults_of_their_rows(tmp_path):
    data = LONG.encode() + b"a,2024-01-01,1\na\0,2024-01-02,2\nVostochn\xfdy,2024-01-03,3\n"
    result = read_feed(_written(tmp_path, "x.csv", data), keep_good=True)
    assert result.table["y"].tolist() == [1.0]
    assert [(fault.row, fault.column) for fault in result.faults] == [(3, "unique_id"), (4, "unique_id")]


def test_marks_that_hide_in_a_name_are_taken_out_and_said(tmp_path):
    text = LONG + "\u202eport\u200f,2024-01-01,1\nport,2024-01-02,2\npo\u200brt,2024-01-03,3\n"
    result = read_feed(_written(tmp_path, "x.csv", text))
    assert set(result.table["unique_id"]) == {"port"}
    assert [n for note, n in result.notes.items() if "cannot be seen" in note] == [2]


def test_a_quote_without_its_end_is_a_fault_with_its_lines(tmp_path):
    text = LONG + 'a,2024-01-01,1\na,"2024-01-02,2\na,2024-01-03,3\n'
    result = read_feed(_written(tmp_path, "x.csv", text), keep_good=True)
    assert result.table["y"].tolist() == [1.0]
    assert result.faults[0].row == 3
    assert "lines 3 to" in result.faults[0].do


def test_a_pickle_is_never_opened(tmp_path):
    import pickle

    class Harm:
        def __reduce__(self):
            return (pytest.fail, ("it was opened",))

    with pytest.raises(ValueError, match="no layout"):
        read_feed(_written(tmp_path, "x.parquet", pickle.dumps(Harm())))


@pytest.mark.parametrize(("name", "said"), [("nowhere.csv", "no such file"), (".", "a folder"), ("empty.csv", "an empty file")])
def test_what_is_no_file_is_refused(name, said, tmp_path):
    (tmp_path / "empty.csv").touch()
    with pytest.raises(ValueError, match=said):
        read_feed(tmp_path / name)


@pytest.mark.parametrize("cell", ["1e999", "-1", "1.5", "nan", "inf", "x", "1_0"])
def test_port_calls_that_are_no_whole_numbers_are_faults(cell, tmp_path):
    lines = (HERE / "simulated_portwatch.csv").read_text().splitlines()
    cells = lines[3].split(",")
    lines[3] = ",".join([*cells[:14], cell, *cells[15:]])
    result = read_feed(_written(tmp_path, "x.csv", "\n".join(lines)), keep_good=True)
    assert [(fault.row, fault.column, fault.got) for fault in result.faults] == [(4, "portcalls", repr(cell))]


# -- what would take for ever ---------------------------------------------------------------------------------------
def test_many_labels_in_many_images_are_refused_before_they_are_multiplied(tmp_path):
    many = [{"id": i, "name": f"n{i}", "file_name": "yard_2024-01-05.png"} for i in range(5000)]
    document = {"images": many, "categories": many, "annotations": []}
    with pytest.raises(ValueError, match="5000 labels in 5000 images"):
        read_feed(_written(tmp_path, "x.json", json.dumps(document)))


def test_a_very_long_cell_is_a_fault_and_soon(tmp_path):
    text = LONG + "a,2024-01-01," + "1" * 100_000 + "x\n"
    result = read_feed(_written(tmp_path, "x.csv", text), keep_good=True)
    assert [fault.got for fault in result.faults] == ["'a cell of 100001 characters'"]
    feature = {"id": "1" * 1_000_000 + "x", "properties": {"datetime": "2024-01-01", "eo:cloud_cover": "1" * 1_000_000 + "x"}}
    result = read_feed(_written(tmp_path, "x.json", json.dumps({"features": [feature]})), keep_good=True)
    assert {fault.column for fault in result.faults} == {"id", "eo:cloud_cover"}
    assert all(len(fault.got) <= 200 for fault in result.faults)


def test_an_archive_of_very_many_files_is_refused(tmp_path):
    members = {"xl/workbook.xml": b""} | {f"x{i}": b"" for i in range(3000)}
    with pytest.raises(ValueError, match="3001 files in one archive"):
        read_feed(_written(tmp_path, "x.xlsx", _deflated(members)))


def test_a_tag_made_to_be_searched_for_ever_is_not(tmp_path):
    with zipfile.ZipFile(HERE / "simulated_spreadsheet.xlsx") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    trap = b"<c x='" + b'r="A1" ' * 50_000 + b"'/>"
    members[sheet] = members[sheet].replace(b"</sheetData>", b"<row>" + trap + b"</row></sheetData>")
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    _survives(path, path.read_bytes())


# -- whatever comes -------------------------------------------------------------------------------------------------
def _survives(path, data: bytes) -> None:
    path.write_bytes(data or b"\n")
    with suppress(ValueError):
        read_feed(path, keep_good=True)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz") / "file"


QUICK = settings(max_examples=25, deadline=2000, suppress_health_check=list(HealthCheck), derandomize=True)


@QUICK
@given(st.one_of(st.binary(max_size=300), st.text(alphabet=',;\t"\n[]{}:<>/0123456789-.ab\0\u202e', max_size=200).map(str.encode)))
@example(b"PK\x03\x04")
@example(b"PAR1")
@example(b"\xff\xfe")
@example(b"<kml/>")
@example(b"{}")
@example(b'"')
def test_any_bytes_are_read_or_refused_in_a_sentence(place, data):
    _survives(place, data)


@pytest.mark.parametrize("sample", SAMPLES)
@QUICK
@given(data=st.data())
def test_a_sample_with_changed_bytes_is_read_or_refused_in_a_sentence(sample, place, data):
    raw = bytearray((HERE / sample).read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw) - 1))
        new = data.draw(st.binary(max_size=4) | st.sampled_from([b"", b"9999", b"-1", b"\0", b'"', b"null", b"[]", b"{}", b"1e999"]))
        raw[at:at + data.draw(st.integers(0, 8))] = new
    _survives(place, bytes(raw))


@pytest.mark.parametrize("sample", ["simulated_spreadsheet.xlsx", "simulated_spreadsheet.ods", "simulated_places.kmz"])
@QUICK
@given(data=st.data())
def test_an_archive_with_changed_members_is_read_or_refused_in_a_sentence(sample, place, data):
    with zipfile.ZipFile(HERE / sample) as archive:
        members = {name: bytearray(archive.read(name)) for name in archive.namelist()}
    raw = members[data.draw(st.sampled_from(sorted(members)))]
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw)))
        new = data.draw(st.sampled_from([b"", b"9", b"1e999", b"-1", b"&#0;", b"<", b"XFD99999999", b"&amp;", b'"']))
        raw[at:at + data.draw(st.integers(0, 6))] = new
    _survives(place, _deflated({name: bytes(value) for name, value in members.items()}))


@pytest.mark.parametrize("sample", [name for name in SAMPLES if name.endswith(".json")])
@QUICK
@given(data=st.data())
def test_json_with_other_values_is_read_or_refused_in_a_sentence(sample, place, data):
    document = json.loads((HERE / sample).read_text())
    for _ in range(data.draw(st.integers(1, 3))):
        node = document
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            key = data.draw(st.sampled_from(keys))
            if not (isinstance(node[key], (dict, list)) and node[key] and data.draw(st.integers(0, 5))):
                break
            node = node[key]
        node[key] = data.draw(st.sampled_from([None, [], {}, -1, 1e300, "", "2024-13-45", True, [[1]], {"a": 1}, "\u202e", "0001-01-01T00:00:01+14:00"]))
    _survives(place, json.dumps(document).encode())
