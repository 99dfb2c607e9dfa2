"""Feeds: every layout gives back what was written into it, is known by its content, and says what was decided."""

from __future__ import annotations

import json
import math
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.evidence.cells import StatementError
from forecast.evidence.feeds.layouts import detected, feed_series, feeds, read_feed
from forecast.evidence.feeds.reading import KINDS
from forecast.evidence.feeds.source import Source
from tests.feeds import simulated
from tests.feeds.simulated import HERE, SAMPLES


def _rows(table: pd.DataFrame) -> list[tuple[str, date, float, float]]:
    return [(name, day.date(), low, high) for name, day, low, high in
            zip(table["unique_id"], table["ds"], table["y_low"], table["y_high"], strict=True)]


def _same(found, truth) -> bool:
    def key(rows):
        return sorted(tuple("" if isinstance(v, float) and math.isnan(v) else str(v) for v in row) for row in rows)

    return key(found) == key(truth)


def _written(tmp_path, name: str, text: str | bytes):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# -- layouts --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_gives_back_the_truth_it_was_written_from(name):
    result = read_feed(HERE / name)
    _, truth = SAMPLES[name][1]()
    assert not result.faults
    assert _same(_rows(result.table[result.table["ds"].notna()]), truth)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_has_exactly_its_own_layout_whatever_it_is_called(name, tmp_path):
    copy = _written(tmp_path, "unnamed.bin", (HERE / name).read_bytes())
    assert [feed.name for feed in feeds() if feed.recognise(Source(copy))] == [SAMPLES[name][0]]


@pytest.mark.parametrize("name", [name for name in SAMPLES if not name.endswith((".xlsx", ".parquet"))])
def test_the_samples_are_those_that_the_simulation_writes(name):
    assert (HERE / name).read_bytes() == SAMPLES[name][1]()[0]


def test_every_layout_has_a_sample_and_says_what_it_is():
    assert {layout for layout, _ in SAMPLES.values()} == {feed.name for feed in feeds()}
    for feed in feeds():
        assert SAMPLES[feed.sample][0] == feed.name
        assert feed.kind in KINDS
        assert "\n" not in feed.what


def test_a_file_that_is_neither_a_feed_nor_a_table_is_refused_with_what_would_help(tmp_path):
    with pytest.raises(ValueError, match=r"no column of dates, got 'a', 'b', 'c': say date=COLUMN"):
        read_feed(_written(tmp_path, "x.csv", "a,b,c\n1,2,3\n"))
    with pytest.raises(ValueError, match=r"no layout of a feed that is known .*portwatch"):
        read_feed(_written(tmp_path, "x.xml", "<a><b/></a>"))


def test_a_file_of_two_layouts_is_refused(tmp_path):
    both = "unique_id,ds,y,date,portid,portcalls\na,2024-01-01,1,2024-01-01,p,1\n"
    with pytest.raises(ValueError, match="could be long_table or portwatch"):
        read_feed(_written(tmp_path, "x.csv", both))


# -- kinds of rows --------------------------------------------------------------------------------------------------
def test_blank_is_not_counted_and_zero_is_zero():
    table = read_feed(HERE / "simulated_spreadsheet.xlsx").table
    blank = {(day, kind) for day, _, counts in simulated.yard() for kind, n in counts.items() if n is None}
    zero = {(day, kind) for day, _, counts in simulated.yard() for kind, n in counts.items() if n == 0}
    assert blank
    assert zero
    assert {(d.date(), k) for d, k in table[table["y"].isna()][["ds", "unique_id"]].to_numpy().tolist()} == blank
    assert {(d.date(), k) for d, k in table[table["y"] == 0][["ds", "unique_id"]].to_numpy().tolist()} == zero


def test_a_spreadsheet_takes_bounds_sites_and_a_title_above_the_heading(tmp_path):
    rows = [["Simulated yards"], ["site", "date", "box", "tank"], ["north", date(2024, 1, 5), "4+", "10-12"],
            ["south", date(2024, 1, 5), "<=20", None]]
    result = read_feed(_written(tmp_path, "x.ods", simulated.ods_file(simulated.ods_content(rows))))
    day = date(2024, 1, 5)
    assert _same(_rows(result.table), [("north/box", day, 4.0, math.inf), ("north/tank", day, 10.0, 12.0),
                                       ("south/box", day, 0.0, 20.0), ("south/tank", day, math.nan, math.nan)])


def test_an_image_without_a_box_is_a_zero_only_where_the_label_was_looked_for():
    for name, said in (("simulated_cvat.xml", "label of the task"), ("simulated_coco.json", "category of the file"),
                       ("simulated_label_studio.json", "used anywhere in it")):
        result = read_feed(HERE / name)
        assert any(said in note for note in result.notes)
        assert (result.table["y"] == 0).any()


def test_a_task_that_nobody_submitted_counts_nothing(tmp_path):
    tasks = json.loads((HERE / "simulated_label_studio.json").read_text())
    tasks[0]["annotations"] = []
    tasks[1]["annotations"][0]["was_cancelled"] = True
    result = read_feed(_written(tmp_path, "x.json", json.dumps(tasks)))
    assert len(result.table) == 3 * (len(tasks) - 2)
    assert result.notes["tasks without a submitted annotation: nobody looked, not counted"] == 2


def test_annotators_who_differ_give_bounds(tmp_path):
    box = {"type": "rectanglelabels", "value": {"rectanglelabels": ["box"]}}
    task = {"data": {"image": "yard_2024-01-05.png"}, "annotations": [
        {"completed_by": 1, "result": [box, box]}, {"completed_by": 2, "result": [box]}]}
    (row,) = read_feed(_written(tmp_path, "x.json", json.dumps([task]))).table.to_dict("records")
    assert (row["y_low"], row["y_high"], row["analyst"]) == (1, 2, "1 2")


def test_a_crowd_of_coco_is_at_least_one(tmp_path):
    document = {"images": [{"id": 1, "file_name": "yard_20240105.png"}], "categories": [{"id": 1, "name": "box"}],
                "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 1}]}
    (row,) = _rows(read_feed(_written(tmp_path, "x.json", json.dumps(document))).table)
    assert row == ("box", date(2024, 1, 5), 1.0, math.inf)


def test_a_box_of_no_image_is_a_fault(tmp_path):
    document = {"images": [], "categories": [{"id": 1, "name": "box"}], "annotations": [{"id": 7, "image_id": 1}]}
    with pytest.raises(StatementError, match="it names nothing in this file"):
        read_feed(_written(tmp_path, "x.json", json.dumps(document)))


def test_days_imaged_carry_the_clear_share_of_the_clearest_image():
    result = read_feed(HERE / "simulated_stac.json")
    truth = {day: (number, clear) for day, number, clear in simulated.images_truth()}
    assert {day.date() for day in result.table["ds"]} == set(truth)
    for day, number, clear in zip(result.table["ds"], result.table["y"], result.table["exposure"], strict=True):
        assert (number, round(clear, 6)) == truth[day.date()]
    watched = {watch.start: watch.share for watch in result.watching("rajin", "nobody")}
    assert {day: round(share, 6) for day, share in watched.items()} == {d: c for d, (_, c) in truth.items() if c > 0}
    with pytest.raises(ValueError, match="no days imaged"):
        read_feed(HERE / "simulated_coco.json").watching("rajin", "nobody")


def test_sites_are_places_without_a_date():
    table = read_feed(HERE / "simulated_places.kml").table
    site = table[table["ds"].isna()].iloc[0]
    assert (site["unique_id"], site["lat"], site["lon"]) == ("simulated yard", 42.41, 130.64)


def test_a_chart_with_a_decimal_comma_and_points_below_the_axis(tmp_path):
    text = "2023,0;12,4\n2023,5;-0,02\n2024-03-01;7\n"
    result = read_feed(_written(tmp_path, "x.csv", text))
    assert _rows(result.table) == [("chart", date(2023, 1, 1), 12.0, 13.0), ("chart", date(2023, 7, 2), 0.0, 0.0),
                                   ("chart", date(2024, 3, 1), 7.0, 7.0)]
    assert any("reading error" in note for note in result.notes)


def test_statements_carry_the_publisher_and_the_kind():
    calls = read_feed(HERE / "simulated_port_visits.json").statements()
    assert {(s.kind, s.publisher, s.count) for s in calls} == {("sighting", "Global Fishing Watch", 1.0)}
    images = read_feed(HERE / "simulated_spreadsheet.ods").statements()
    assert {s.kind for s in images} == {"snapshot"}
    assert len(images) == sum(n is not None for _, _, counts in simulated.yard() for n in counts.values())
    with pytest.raises(ValueError, match="counts nothing"):
        read_feed(HERE / "simulated_stac.json").statements()


# -- calls ----------------------------------------------------------------------------------------------------------
MOVES = "MMSI,IMO,LOCODE,EVENT,TIMESTAMP,PORT,COUNTRY\n"


def test_movements_without_a_partner_are_kept_and_said(tmp_path):
    text = MOVES + ("1,,X,departure,2024-01-02 03:00:00,A,\n1,,X,arrival,2024-02-01 03:00:00,A,\n"
                    "1,,X,arrival,2024-03-01 03:00:00,A,\n1,,X,departure,2024-03-04 03:00:00,A,\n"
                    "2,,X,departure,2024-03-05 03:00:00,B,\n")
    result = read_feed(_written(tmp_path, "x.csv", text))
    calls = result.table.sort_values("ds")
    assert calls["status"].tolist() == ["partial", "ok", "ok", "partial"]
    assert [note.split("; ")[1][:10] for note in calls["note"]] == ["no arrival", "no departu", "departed 2", "no arrival"]
    assert sum(n for note, n in result.notes.items() if "without" in note and "kept" in note) == 3


def test_the_order_of_movements_and_repeats_make_no_difference(tmp_path):
    lines = (HERE / "simulated_vesselfinder.csv").read_text().splitlines()
    shuffled = [lines[0], *np.random.default_rng(1).permutation(lines[1:]).tolist(), *lines[5:8]]
    result = read_feed(_written(tmp_path, "x.csv", "\n".join(shuffled)))
    assert _same(_rows(result.table), simulated.visits_truth())
    assert result.notes["rows that repeat an earlier movement dropped"] == 3
    assert "movements out of the order of time, sorted" in result.notes


def test_a_clock_set_back_does_not_turn_a_call_round(tmp_path):
    """01:40 summer time is before 01:10 winter time of the same night: UTC tells."""
    head = (HERE / "simulated_marinetraffic.csv").read_text().splitlines()[0]
    row = "1,,1,SIM,7,Bulk,{},1,A,X,X,{},{}"
    text = "\n".join([head, row.format(0, "2023-10-29 02:40:00", "2023-10-29 00:40:00"),
                      row.format(1, "2023-10-29 02:10:00", "2023-10-29 01:10:00")])
    (call,) = read_feed(_written(tmp_path, "x.csv", text)).table.to_dict("records")
    assert call["note"].endswith("departed 2023-10-29 01:10")


def test_clocks_that_no_zone_allows_are_a_fault(tmp_path):
    head = (HERE / "simulated_marinetraffic.csv").read_text().splitlines()[0]
    text = f"{head}\n1,,1,SIM,7,Bulk,0,1,A,X,X,2023-10-29 02:47:00,2023-10-29 00:40:00\n"
    with pytest.raises(StatementError, match="which no time zone does"):
        read_feed(_written(tmp_path, "x.csv", text))


def test_local_times_alone_are_kept_and_said(tmp_path):
    text = (HERE / "simulated_marinetraffic.csv").read_text().replace(",TIMESTAMP_UTC", "")
    text = "\n".join(line.rsplit(",", 1)[0] if i else line for i, line in enumerate(text.splitlines()))
    result = read_feed(_written(tmp_path, "x.csv", text))
    truth = [(port, (arrival + timedelta(hours=9)).date(), 1.0, 1.0) for _, port, arrival, _ in simulated.visits()]
    assert _same(_rows(result.table), truth)
    assert any("an hour stands twice when clocks go back" in note for note in result.notes)


# -- time, order, repeats -------------------------------------------------------------------------------------------
LONG = "unique_id,ds,y,note\n"


def test_times_with_an_offset_count_on_the_day_at_their_place(tmp_path):
    text = LONG + "a,2024-10-27T23:30:00-05:00,1,\na,2024-10-30 01:00:00+09:00,2,\na,2024-11-02T12:00:00Z,3,\n"
    result = read_feed(_written(tmp_path, "x.csv", text))
    assert [day for _, day, *_ in _rows(result.table)] == [date(2024, 10, 27), date(2024, 10, 30), date(2024, 11, 2)]
    assert result.notes == {"times with an offset: the day stands as it is written, which is the day at the place": 2}


def test_midnight_keeps_the_day_that_is_written(tmp_path):
    text = LONG + "a,2024-10-27 00:00:00+09:00,1,\na,2024-10-28 00:00:00,2,\n"
    result = read_feed(_written(tmp_path, "x.csv", text))
    assert [day for _, day, *_ in _rows(result.table)] == [date(2024, 10, 27), date(2024, 10, 28)]
    assert [(note[:17], n) for note, n in result.notes.items()] == [("times at 00:00:00", 2)]


def test_repeats_are_dropped_with_a_note_and_contradictions_are_faults(tmp_path):
    text = LONG + "a,2024-01-01,1,\na,2024-01-02,2,\na,2024-01-01,1,\na,2024-01-02,3,\n"
    result = read_feed(_written(tmp_path, "x.csv", text), keep_good=True)
    assert [(day.day, low) for _, day, low, _ in _rows(result.table)] == [(1, 1.0), (2, 2.0)]
    assert result.notes["rows that repeat an earlier row word for word dropped"] == 1
    assert [(fault.row, fault.column) for fault in result.faults] == [(5, "y")]


def test_two_images_of_one_day_do_not_contradict(tmp_path):
    text = "unique_id,ds,y,image_id\na,2024-01-01,1,p\na,2024-01-01,3,q\n"
    path = _written(tmp_path, "x.csv", text)
    assert len(read_feed(path).table) == 2
    (series,) = feed_series(path, kind="stock")
    assert (series.low.tolist(), series.high.tolist()) == ([1.0], [3.0])
    (series,) = feed_series(path, kind="flow")
    assert series.value.tolist() == [4.0]


def test_rows_out_of_order_are_sorted_and_said(tmp_path):
    text = LONG + "a,2024-01-03,3,\na,2024-01-01,1,\nb,2024-01-01,1,\na,2024-01-02,2,\n"
    result = read_feed(_written(tmp_path, "x.csv", text))
    assert [day.day for _, day, *_ in _rows(result.table)] == [1, 2, 3, 1]
    assert result.notes["rows out of the order of time, sorted"] == 2


def test_repeats_are_found_across_batches(tmp_path, monkeypatch):
    from forecast.evidence.feeds import long_table

    monkeypatch.setattr(long_table, "BATCH", 3)
    rng = np.random.default_rng(4)
    keys = rng.integers(0, 15, 60)
    values = rng.integers(0, 2, 60)
    text = LONG + "".join(f"s,{date(2024, 1, 1) + timedelta(days=int(k))},{v},\n" for k, v in zip(keys, values, strict=True))
    path = _written(tmp_path, "x.csv", text)
    source, feed = detected(path)
    assert sum(1 for _ in feed.read(source)) > 10  # in batches
    result = read_feed(path, keep_good=True)
    first = {int(k): int(v) for k, v in reversed(list(zip(keys, values, strict=True)))}
    assert {(day - date(2024, 1, 1)).days: int(low) for _, day, low, _ in _rows(result.table)} == first
    assert len(result.faults) == sum(int(v) != first[int(k)] for k, v in zip(keys, values, strict=True))
    assert result.notes["rows that repeat an earlier row word for word dropped"] == 60 - len(first) - len(result.faults)


CELLS = st.sampled_from(["", "0", "3", "12.5", "+4", ".5", "1e3", "1e999", "-1", "x", " 7 ", "007", "1_0", "nan"])
DAYS = st.sampled_from(["2024-01-01", "2024-02-29", " 2024-01-03 ", "2023-02-29", "45123", "2024-01-05 00:00:00", ""])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(["a", "b", "", "a\u200f", "a\0"]), DAYS, CELLS, CELLS, CELLS), min_size=1, max_size=4))
def test_whole_columns_give_the_same_rows_as_cell_by_cell(tmp_path_factory, rows):
    """A file of any rows, and the same with a row in front that only the reader of cells takes."""
    folder = tmp_path_factory.mktemp("same")
    head = "unique_id,ds,y,y_low,y_high\n"
    text = "".join(",".join(row) + "\n" for row in rows)
    plain = read_feed(_written(folder, "plain.csv", head + text), keep_good=True)
    forced = read_feed(_written(folder, "forced.csv", head + "z\u200f,2024-01-01,1,,\n" + text), keep_good=True)
    mine = forced.table[forced.table["unique_id"] != "z"]
    columns = ["unique_id", "ds", "y", "y_low", "y_high"]
    assert plain.table[columns].reset_index(drop=True).equals(mine[columns].reset_index(drop=True))
    assert [(f.row + 1, f.column, f.got, f.do) for f in plain.faults] == [
        (f.row, f.column, f.got, f.do) for f in forced.faults]


def test_a_repeat_is_found_whichever_way_its_batch_was_read(tmp_path, monkeypatch):
    from forecast.evidence.feeds import long_table

    monkeypatch.setattr(long_table, "BATCH", 2)
    text = LONG + "a,2024-01-01,1,\nb,2024-01-01,1,\na,2024-01-01,1,\nb\u200f,2024-01-01,1,\nb,2024-01-01,2,\n"
    result = read_feed(_written(tmp_path, "x.csv", text), keep_good=True)
    assert [name for name, *_ in _rows(result.table)] == ["a", "b"]
    assert [fault.row for fault in result.faults] == [6]


@pytest.mark.parametrize("write", [simulated.portwatch, simulated.long_table])
def test_one_row_in_a_hundred_broken_is_refused_or_kept_apart(write, tmp_path):
    text, truth = simulated.portwatch(ports=4, days=100) if write is simulated.portwatch else write()
    lines = text.decode().splitlines()
    place = 1 if write is simulated.long_table else 0
    broken = range(7, len(lines), 100)
    hurt = [(line.replace("20", "2O", 1) if i in broken else line) for i, line in enumerate(lines)]
    path = _written(tmp_path, "x.csv", "\n".join(hurt))
    with pytest.raises(StatementError) as error:
        read_feed(path)
    assert [problem.row for problem in error.value.faults] == [i + 1 for i in broken]
    result = read_feed(path, keep_good=True)
    lost = {(lines[i].split(",")[place][:10], lines[i].split(",")[4] if place == 0 else "yard") for i in broken}
    kept = [row for row in truth if (str(row[1]), row[0].split("/")[0]) not in lost]
    assert _same(_rows(result.table), kept)
    assert [fault.text.split(",")[0] for fault in result.faults] == [hurt[i].split(",")[0] for i in broken]


def test_series_come_one_after_the_other_whatever_the_order_of_the_file(tmp_path):
    text, truth = simulated.portwatch(ports=3, days=40)
    lines = text.decode().splitlines()
    by_day = sorted(lines[1:], key=lambda line: (line[:10], line.split(",")[4]))
    path = _written(tmp_path, "x.csv", "\n".join([lines[0], *by_day]))
    made = list(feed_series(path, only="*/portcalls"))
    assert [series.name for series in made] == [f"port{i}/portcalls" for i in (1, 2, 3)]
    for series in made:
        assert series.value.tolist() == [low for name, _, low, _ in truth if name == series.name]
        assert (series.kind, series.site, series.measure) == ("flow", f"Simulated {series.name[4]}", "portcalls")


def test_a_pattern_chooses_series():
    assert set(read_feed(HERE / "simulated_portwatch.csv", only="port2/*_tanker").table["unique_id"]) == {
        "port2/portcalls_tanker"}


def test_a_time_is_read_as_it_was_written():
    from forecast.evidence.feeds.times import moment

    assert moment("2024-02-30") is None
    assert moment("2024-02-29T23:59:59.5Z") == (datetime.fromisoformat("2024-02-29T23:59:59.5+00:00"), "")
    assert detected(HERE / "simulated_coco.json")[1].name == "coco"
