"""Files of feeds as they come today, kinds that last, and an experiment started from a file."""

from __future__ import annotations

import json
import math
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from forecast import read_table
from forecast.cli.main import command
from forecast.evidence.cells import StatementError
from forecast.evidence.feeds.layouts import read_feed
from tests.tables import book, everywhere, values, written


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
