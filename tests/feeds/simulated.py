"""Samples of every layout, simulated from known truth: `python -m tests.feeds.simulated` writes them to this folder.

Each writer makes a file from the truth alone and shares no code with the reader. Truth is a list of rows
(unique_id, day, low, high) with NaN where nothing was counted.
"""

from __future__ import annotations

import io
import json
import random
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from math import inf, isnan, nan
from pathlib import Path
from xml.sax.saxutils import escape

HERE = Path(__file__).resolve().parent
Row = tuple[str, date, float, float]
FIRST = date(2023, 9, 1)
TYPES = ("box", "tank", "flat")
SHIPS = (("273000001", "SIMULATED ONE", "Container"), ("273000002", "SIMULATED TWO", "Bulk"))


def _rng(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - simulated counts are no secret


def yard() -> list[tuple[date, str, dict[str, int | None]]]:
    """24 images: day, name of the image, count per type of car (None = not counted)."""
    rng = _rng(7)
    days = sorted(rng.sample(range(180), 24))
    return [(FIRST + timedelta(days=d), f"yard_{FIRST + timedelta(days=d)}.png",
             {kind: None if rng.random() < 0.15 else rng.choice([0, 0, 3, 7, 12, 20]) for kind in TYPES}) for d in days]


def yard_truth(types: tuple[str, ...] = TYPES) -> list[Row]:
    return sorted((kind, day, nan if n is None else float(n), nan if n is None else float(n))
                  for day, _, counts in yard() for kind, n in counts.items() if kind in types)


def boxed() -> list[tuple[date, str, dict[str, int]]]:
    """The same images with whole counts, as boxes would be drawn."""
    return [(day, name, {kind: (n or 0) % 5 for kind, n in counts.items()}) for day, name, counts in yard()]


def boxed_truth() -> list[Row]:
    return sorted((kind, day, float(n), float(n)) for day, _, counts in boxed() for kind, n in counts.items())


def visits() -> list[tuple[int, str, datetime, datetime]]:
    """Calls: ship, port, arrival and departure in UTC."""
    rng = _rng(11)
    return [(i % 2, ("Simulated Bay", "Simulated Haven")[i % 3 == 0],
             datetime(2024, 1, 1, rng.randrange(1, 23), 20) + timedelta(days=7 * i),
             datetime(2024, 1, 3, rng.randrange(1, 23), 40) + timedelta(days=7 * i)) for i in range(12)]


def visits_truth() -> list[Row]:
    return sorted((port, arrival.date(), 1.0, 1.0) for _, port, arrival, _ in visits())


# -- tables of text ---------------------------------------------------------------------------------------------------
def long_table() -> tuple[bytes, list[Row]]:
    rows: list[Row] = [("yard", day, 4.0, inf) if i % 6 == 0 else ("yard", day, nan, nan) if i % 7 == 0 else
                       ("yard", day, 10.0 + i, 10.0 + i) for i, (day, _, _) in enumerate(yard())]
    lines = ["unique_id,ds,y,y_low,y_high,status,note"]
    for i, (name, day, low, high) in enumerate(rows):
        y = "" if low != high else f"{low:g}"
        state = "cloud" if isnan(low) else "ok"
        lines.append(f'{name},{day},{y},{"4" if high == inf else ""},,{state},"simulated, image {i}"')
    return ("\n".join(lines) + "\n").encode(), rows


def digitised_chart() -> tuple[bytes, list[Row]]:
    rng = _rng(3)
    lines, rows = ["x, y"], []
    for day, _, _ in yard():
        year = date(day.year, 1, 1)
        x = day.year + (day - year).days / (date(day.year + 1, 1, 1) - year).days
        whole = rng.randrange(40)
        read = whole + rng.uniform(0.1, 0.9)
        lines.append(f"{x:.5f}, {read:.3f}")
        rows.append(("chart", day, float(whole), float(whole + 1)))
    return ("\n".join(lines) + "\n").encode(), rows


PORTWATCH = ("date,year,month,day,portid,portname,country,ISO3,portcalls_container,portcalls_dry_bulk,"
             "portcalls_general_cargo,portcalls_roro,portcalls_tanker,portcalls_cargo,portcalls,import_container,"
             "import_dry_bulk,import_general_cargo,import_roro,import_tanker,import_cargo,import,export_container,"
             "export_dry_bulk,export_general_cargo,export_roro,export_tanker,export_cargo,export,ObjectId")
KINDS = ("container", "dry_bulk", "general_cargo", "roro", "tanker")


def portwatch(ports: int = 2, days: int = 15, seed: int = 5) -> tuple[bytes, list[Row]]:
    rng = _rng(seed)
    lines, rows, number = [PORTWATCH], list[Row](), 0
    for port in range(1, ports + 1):
        for d in range(days):
            day, number = date(2024, 1, 1) + timedelta(days=d), number + 1
            calls = [rng.choice([0, 0, 1, 2, 5]) for _ in KINDS]
            cargo, total = sum(calls[:4]), sum(calls)
            tonnes = ",".join(["1234.5"] * 14)
            lines.append(f"{day} 00:00:00+00:00,{day.year},{day.month},{day.day},port{port},Simulated {port},Nowhere,XXX,"
                         f"{','.join(map(str, calls))},{cargo},{total},{tonnes},{number}")
            names = [*(f"portcalls_{kind}" for kind in KINDS), "portcalls_cargo", "portcalls"]
            rows += [(f"port{port}/{name}", day, float(n), float(n))
                     for name, n in zip(names, [*calls, cargo, total], strict=True)]
    return ("\n".join(lines) + "\n").encode(), sorted(rows)


def chokepoints() -> tuple[bytes, list[Row]]:
    """The two releases after one another: dates of one with slashes."""
    rng = _rng(6)
    lines, rows = ["date,year,month,day,portid,portname,n_container,n_tanker,n_total,capacity_container,capacity,ObjectId"], list[Row]()
    for place in (1, 2):
        for d in range(15):
            day, calls = date(2024, 1, 1) + timedelta(days=d), [rng.choice([0, 1, 4]) for _ in range(2)]
            said = f"{day:%Y/%m/%d} 00:00:00+00" if place == 1 else f"{day.month}/{day.day}/{day.year} 12:00:00 AM"
            lines.append(f"{said},{day.year},{day.month},{day.day},chokepoint{place},Simulated Strait {place},{calls[0]},{calls[1]},"
                         f"{sum(calls)},1234.5,2345.5,{len(lines)}")
            rows += [(f"Simulated Strait {place}/{name}", day, float(n), float(n))
                     for name, n in zip(("n_container", "n_tanker", "n_total"), [*calls, sum(calls)], strict=True)]
    return ("\n".join(lines) + "\n").encode(), sorted(rows)


def border_crossings() -> tuple[bytes, list[Row]]:
    rng = _rng(8)
    lines, rows = ["Port Name,State,Port Code,Border,Date,Measure,Value,Latitude,Longitude,Point"], list[Row]()
    for port, code in (("Simulated Falls", 101), ("Simulated Bridge", 2401)):
        for measure in ("Trains", "Rail Containers Loaded"):
            for month in range(1, 13):
                n = rng.randrange(5000)
                lines.append(f"{port},Nowhere,{code},US-Canada Border,{month:02d}/01/2023 12:00:00 AM,{measure},{n},42.1,-98.5,"
                             "POINT (-98.5 42.1)")
                rows.append((f"{port}/{measure}", date(2023, month, 1), float(n), float(n)))
    return ("\n".join(lines) + "\n").encode(), sorted(rows)


def marinetraffic() -> tuple[bytes, list[Row]]:
    lines = ["MMSI,IMO,SHIP_ID,SHIPNAME,SHIPTYPE,TYPE_NAME,MOVE_TYPE,PORT_ID,PORT_NAME,UNLOCODE,COUNTRY_CODE,"
             "TIMESTAMP_LT,TIMESTAMP_UTC"]
    for ship, port, arrival, departure in visits():
        mmsi, name, kind = SHIPS[ship]
        for move, when in ((0, arrival), (1, departure)):
            lines.append(f"{mmsi},,{mmsi[-3:]},{name},7,{kind},{move},1,{port},XXSIM,XX,"
                         f"{when + timedelta(hours=9):%Y-%m-%d %H:%M:%S},{when:%Y-%m-%d %H:%M:%S}")
    return ("\n".join(lines) + "\n").encode(), visits_truth()


def vesselfinder() -> tuple[bytes, list[Row]]:
    lines = ["MMSI,IMO,LOCODE,EVENT,TIMESTAMP,PORT,COUNTRY"]
    for ship, port, arrival, departure in visits():
        for event, when in (("arrival", arrival), ("departure", departure)):
            lines.append(f"{SHIPS[ship][0]},,XXSIM,{event},{when:%Y-%m-%d %H:%M:%S} UTC,{port},Nowhere")
    return ("\n".join(lines) + "\n").encode(), visits_truth()


# -- JSON -------------------------------------------------------------------------------------------------------------
def _json(document: object) -> bytes:
    return (json.dumps(document, indent=1) + "\n").encode()


def port_visits() -> tuple[bytes, list[Row]]:
    entries = []
    for i, (ship, port, arrival, departure) in enumerate(visits()):
        mmsi, name, kind = SHIPS[ship]
        anchorage = {"anchorageId": "s1", "atDock": True, "flag": "XXX", "id": "xxx-sim", "lat": 42.2, "lon": 130.3,
                     "name": port}
        entries.append({
            "start": f"{arrival.isoformat()}.000Z", "end": f"{departure.isoformat()}.000Z", "id": f"e{i}",
            "type": "port_visit", "position": {"lat": 42.2, "lon": 130.3},
            "vessel": {"id": f"v{ship}", "name": name, "ssvid": mmsi, "flag": "XXX", "type": kind.lower()},
            "portVisit": {"visitId": f"visit{i}", "confidence": "4", "durationHrs": 50.0, "startAnchorage": anchorage,
                          "intermediateAnchorage": anchorage, "endAnchorage": anchorage}})
    return _json({"metadata": {"simulated": True}, "total": len(entries), "entries": entries}), visits_truth()


def images_truth() -> list[tuple[date, int, float]]:
    """Days imaged: images that day, and the clear share of the clearest."""
    rng = _rng(9)
    return [(day, 2 if i % 5 == 0 else 1, rng.randrange(0, 101) / 100) for i, (day, _, _) in enumerate(yard())]


def stac() -> tuple[bytes, list[Row]]:
    features = []
    for i, (day, number, clear) in enumerate(images_truth()):
        for k in range(number):
            cloud = 100 - 100 * clear if k == 0 else 100.0
            properties = {"datetime": f"{day}T02:15:4{k}.024Z", "eo:cloud_cover": cloud, "platform": "simulated-2a"} if (
                i % 2) else {"acquired": f"{day}T02:15:4{k}Z", "cloud_cover": cloud / 100, "item_type": "SimScene"}
            features.append({"type": "Feature", "id": f"S{i}_{k}", "properties": properties, "geometry": None})
    rows = [("images", day, float(number), float(number)) for day, number, _ in images_truth()]
    return _json({"type": "FeatureCollection", "features": features}), rows


def coco() -> tuple[bytes, list[Row]]:
    images = [{"id": i, "file_name": name, "width": 640, "height": 480} for i, (_, name, _) in enumerate(boxed())]
    annotations = [{"image_id": i, "category_id": TYPES.index(kind) + 1, "bbox": [k, k, 9, 3], "iscrowd": 0}
                   for i, (_, _, counts) in enumerate(boxed()) for kind, n in counts.items() for k in range(n)]
    for i, each in enumerate(annotations):
        each["id"] = i
    categories = [{"id": i + 1, "name": kind} for i, kind in enumerate(TYPES)]
    return _json({"info": {"description": "simulated"}, "images": images, "annotations": annotations,
                  "categories": categories}), boxed_truth()


def label_studio() -> tuple[bytes, list[Row]]:
    tasks = []
    for i, (_, name, counts) in enumerate(boxed()):
        result = [{"type": "rectanglelabels", "value": {"x": k, "y": k, "width": 9, "height": 3, "rectanglelabels": [kind]}}
                  for kind, n in counts.items() for k in range(n)]
        tasks.append({"id": i, "data": {"image": f"/data/upload/1/ab12-{name}"},
                      "annotations": [{"id": i, "completed_by": 1, "was_cancelled": False, "result": result}]})
    return _json(tasks), boxed_truth()


# -- XML --------------------------------------------------------------------------------------------------------------
def cvat() -> tuple[bytes, list[Row]]:
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<annotations>", "<version>1.1</version>", "<meta><task><labels>",
             *(f"<label><name>{kind}</name></label>" for kind in TYPES), "</labels></task></meta>"]
    for i, (_, name, counts) in enumerate(boxed()):
        lines.append(f'<image id="{i}" name="{name}" width="640" height="480">')
        lines += [f'<box label="{kind}" occluded="0" xtl="{k}" ytl="1" xbr="9" ybr="4"/>'
                  for kind, n in counts.items() for k in range(n)]
        lines.append("</image>")
    return ("\n".join([*lines, "</annotations>"]) + "\n").encode(), boxed_truth()


def places() -> tuple[bytes, list[Row]]:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>',
             "<Placemark><name>simulated yard</name><Point><coordinates>130.64,42.41,0</coordinates></Point></Placemark>"]
    rows: list[Row] = []
    for day, _, counts in yard():
        n = counts["box"]
        said = "" if n is None else f'<ExtendedData><Data name="count"><value>{n}</value></Data></ExtendedData>'
        lines.append(f"<Placemark><name>simulated yard</name><TimeStamp><when>{day}</when></TimeStamp>{said}"
                     "<Point><coordinates>130.64,42.41,0</coordinates></Point></Placemark>")
        rows.append(("simulated yard", day, nan if n is None else float(n), nan if n is None else float(n)))
    return ("\n".join([*lines, "</Document></kml>"]) + "\n").encode(), rows


# -- archives and Parquet ---------------------------------------------------------------------------------------------
def zipped(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), data)
    return packed.getvalue()


def kmz() -> tuple[bytes, list[Row]]:
    text, rows = places()
    return zipped({"doc.kml": text}), rows


def xlsx() -> tuple[bytes, list[Row]]:
    """Written by openpyxl, as a spreadsheet program would."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["date", "image", *TYPES, "notes"])
    for day, name, counts in yard():
        sheet.append([datetime.combine(day, time()), name, *(counts[kind] for kind in TYPES), "simulated"])
    file = io.BytesIO()
    book.save(file)
    with zipfile.ZipFile(file) as made:  # it carries the time of day, twice: the same sample is to be the same file
        parts = {name: re.sub(rb"\d{4}-\d\d-\d\dT[\d:]+Z", b"2024-01-01T00:00:00Z", made.read(name))
                 for name in made.namelist()}
    return zipped(parts), yard_truth()


def ods_content(rows: list[list[object]]) -> bytes:
    """The content of an .ods as LibreOffice writes it, with the empty rest of the sheet as repeats."""
    def cell(value: object) -> str:
        if value is None:
            return "<table:table-cell/>"
        if isinstance(value, date):
            return (f'<table:table-cell office:value-type="date" office:date-value="{value}"><text:p>{value}</text:p>'
                    "</table:table-cell>")
        if isinstance(value, int):
            return (f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p>'
                    "</table:table-cell>")
        return f'<table:table-cell office:value-type="string"><text:p>{escape(str(value))}</text:p></table:table-cell>'

    body = "".join(f"<table:table-row>{''.join(map(cell, row))}<table:table-cell table:number-columns-repeated=\"16000\"/>"
                   "</table:table-row>" for row in rows)
    return ('<?xml version="1.0" encoding="UTF-8"?><office:document-content '
            'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
            'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
            'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.3"><office:body>'
            f'<office:spreadsheet><table:table table:name="Simulated">{body}<table:table-row '
            'table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/>'
            "</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>").encode()


def ods_file(content: bytes) -> bytes:
    manifest = ('<?xml version="1.0" encoding="UTF-8"?><manifest:manifest '
                'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry '
                'manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
                "</manifest:manifest>")
    return zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": content,
                   "META-INF/manifest.xml": manifest.encode()})


def ods() -> tuple[bytes, list[Row]]:
    table: list[list[object]] = [["date", "image", *TYPES]]
    table += [[day, name, *(counts[kind] for kind in TYPES)] for day, name, counts in yard()]
    return ods_file(ods_content(table)), yard_truth()


def parquet() -> tuple[bytes, list[Row]]:
    import pandas as pd

    rows = yard_truth()
    frame = pd.DataFrame({"unique_id": [name for name, *_ in rows], "ds": pd.to_datetime([day for _, day, *_ in rows]),
                          "y": [low for *_, low, _ in rows]})
    file = io.BytesIO()
    frame.to_parquet(file)
    return file.getvalue(), rows


# sample -> (layout, writer)
SAMPLES: dict[str, tuple[str, Callable[[], tuple[bytes, list[Row]]]]] = {
    "simulated_long_table.csv": ("long_table", long_table),
    "simulated_long_table.parquet": ("parquet", parquet),
    "simulated_spreadsheet.xlsx": ("spreadsheet", xlsx),
    "simulated_spreadsheet.ods": ("spreadsheet", ods),
    "simulated_digitised_chart.csv": ("digitised_chart", digitised_chart),
    "simulated_portwatch.csv": ("portwatch", portwatch),
    "simulated_chokepoints.csv": ("chokepoints", chokepoints),
    "simulated_border_crossings.csv": ("border_crossings", border_crossings),
    "simulated_port_visits.json": ("port_visits", port_visits),
    "simulated_marinetraffic.csv": ("marinetraffic", marinetraffic),
    "simulated_vesselfinder.csv": ("vesselfinder", vesselfinder),
    "simulated_stac.json": ("stac", stac),
    "simulated_cvat.xml": ("cvat", cvat),
    "simulated_coco.json": ("coco", coco),
    "simulated_label_studio.json": ("label_studio", label_studio),
    "simulated_places.kml": ("kml", places),
    "simulated_places.kmz": ("kml", kmz),
}

if __name__ == "__main__":
    for name, (_, write) in SAMPLES.items():
        (HERE / name).write_bytes(write()[0])
