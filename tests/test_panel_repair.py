"""A panel's folder that something has damaged: what is not as it was written is said by name and done again, never mixed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from forecast.cli.main import command
from forecast.panel.manifest import _hash, digest_of

pytest.importorskip("pyarrow")
ROOT = Path(__file__).resolve().parent.parent
TABLES = ("series", "breaks", "effects", "forecast", "placebos")
WORDS = ["--horizon", "3", "--event", "2023-05-01"]


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """Simulated counts of 20 series, three chunks."""
    rng, path = np.random.default_rng(5), tmp_path_factory.mktemp("in") / "simulated.csv"
    weeks = np.datetime64("2023-01-02") + 7 * np.arange(40)
    rows = [f"s{k:02d},{day},{count}" for k in range(20) for day, count in zip(weeks, rng.poisson(9, 40), strict=True)]
    path.write_text("unique_id,ds,y\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture(scope="module")
def undisturbed(source, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("calm") / "out"
    assert command(["panel", str(source), str(folder), *WORDS, "--quiet"]) == 0
    return folder


@pytest.fixture
def folder(undisturbed, tmp_path) -> Path:
    shutil.copytree(undisturbed, tmp_path / "out")
    return tmp_path / "out"


def _content(folder: Path) -> dict[str, bytes]:
    """Tables byte by byte, and what the parts and the lines of the manifest say but for the time they took."""
    parts = {path.name: path.read_bytes() for path in (folder / "parts").iterdir()}
    return {name: (folder / f"{name}.parquet").read_bytes() for name in TABLES} | parts


def _part(name: str, number: int = 1) -> str:
    return f"parts/{name}-{number:06d}.parquet"


def _cut(folder: Path, name: str) -> None:
    path = folder / name
    path.write_bytes(path.read_bytes()[:-10])


def _flip(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)


def _line(at: int, new: bytes | None):
    def change(folder: Path) -> None:
        lines = (folder / "manifest.jsonl").read_bytes().splitlines()
        lines[at:at + 1] = [] if new is None else [new]
        (folder / "manifest.jsonl").write_bytes(b"\n".join(lines) + b"\n")

    return change


def _edit(**changes: object):
    def change(folder: Path) -> None:
        lines = (folder / "manifest.jsonl").read_text().splitlines()
        lines[2] = json.dumps({**json.loads(lines[2]), **changes})
        (folder / "manifest.jsonl").write_text("\n".join(lines) + "\n")

    return change


def _swap(one: str, other: str):
    def change(folder: Path) -> None:
        first, second = (folder / one).read_bytes(), (folder / other).read_bytes()
        (folder / one).write_bytes(second)
        (folder / other).write_bytes(first)

    return change


def _twice(folder: Path) -> None:
    lines = (folder / "manifest.jsonl").read_text().splitlines(keepends=True)
    (folder / "manifest.jsonl").write_text("".join([*lines, lines[2]]))


# what was done to the folder -> what is said of it
DAMAGE = {
    "a part is cut": (lambda f: _cut(f, _part("series")), "series-000001.parquet is not as it was written"),
    "a part is empty": (lambda f: (f / _part("forecast")).write_bytes(b""), "forecast-000001.parquet is not as it was written"),
    "a part is gone": (lambda f: (f / _part("breaks")).unlink(), "breaks-000001.parquet is missing"),
    "all parts are gone": (lambda f: shutil.rmtree(f / "parts"), "series-000000.parquet is missing"),
    "a bit of a part has turned": (lambda f: _flip(f, _part("placebos")), "placebos-000001.parquet is not as it was written"),
    "a part holds the rows of another": (lambda f: shutil.copy(f / _part("series", 0), f / _part("series", 1)), "series-000001.parquet is not as it was written"),
    "two parts are swapped": (_swap(_part("series", 0), _part("series", 1)), "series-000000.parquet is not as it was written"),
    "a part is another table": (lambda f: shutil.copy(f / _part("placebos"), f / _part("effects")), "effects-000001.parquet is not as it was written"),
    "a part is text": (lambda f: (f / _part("series")).write_text("series"), "series-000001.parquet is not as it was written"),
    "a line is gone": (_line(2, None), ""),
    "a line is empty": (_line(2, b""), "line 3 is damaged"),
    "a line is {}": (_line(2, b"{}"), "line 3 is damaged"),
    "a line is []": (_line(2, b"[]"), "line 3 is damaged"),
    "a line is a number": (_line(2, b"7"), "line 3 is damaged"),
    "a line is garbage": (_line(2, b'{"chunk": 1, "ser'), "line 3 is damaged"),
    "a line is zeros": (_line(2, b"\0" * 200), "line 3 is damaged"),
    "a line is no text": (_line(2, b"\xff\xfe\x80"), "line 3 is damaged"),
    "a line is deep": (_line(2, b"[" * 100_000), "line 3 is damaged"),
    "a line is of another chunk": (_edit(chunk=0), "line 3 is damaged"),
    "a line is of no chunk": (_edit(chunk=10**9), "line 3 is damaged"),
    "a line has a word for a chunk": (_edit(chunk="1"), "line 3 is damaged"),
    "a line names other series": (_edit(series=["s00"]), "line 3 is damaged"),
    "a line has other hashes": (_edit(files={}), "line 3 is damaged"),
    "a line has another hash": (_edit(hash="0" * 64), "line 3 is damaged"),
    "a line stands twice": (_twice, ""),
    "lines are swapped": (lambda f: (f / "manifest.jsonl").write_text("".join((lines := (f / "manifest.jsonl").read_text().splitlines(keepends=True))[:1] + lines[:0:-1])), ""),
    "the last line is cut": (lambda f: _cut(f, "manifest.jsonl"), ""),
    "the first line is {}": (_line(0, b"{}"), "its first line is damaged"),
    "the first line is garbage": (_line(0, b"garbage\0"), "its first line is damaged"),
    "the first line is gone": (_line(0, None), "its first line is damaged"),
    "the manifest is zeros": (lambda f: (f / "manifest.jsonl").write_bytes(b"\0" * 4096), "its first line is damaged"),
    "the manifest is empty": (lambda f: (f / "manifest.jsonl").write_bytes(b""), "its first line is damaged"),
    "a table is cut": (lambda f: _cut(f, "series.parquet"), ""),
    "a table is gone": (lambda f: (f / "effects.parquet").unlink(), ""),
    "a table is that of another": (lambda f: shutil.copy(f / "breaks.parquet", f / "series.parquet"), ""),
}


@pytest.mark.parametrize(("change", "said"), DAMAGE.values(), ids=DAMAGE)
def test_what_is_damaged_is_said_by_name_and_done_again(change, said, source, undisturbed, folder, capsys):
    change(folder)
    assert command(["panel", str(source), str(folder), *WORDS]) == 0
    shown = capsys.readouterr()
    assert said in shown.err
    assert "20 series, 0 failed" in shown.out
    assert _content(folder) == _content(undisturbed)
    assert len((folder / "manifest.jsonl").read_text().splitlines()) == 4
    assert command(["panel", str(source), str(folder), *WORDS]) == 0
    assert "again" not in capsys.readouterr().err


@pytest.mark.parametrize("change", [
    {"cpu": "x"}, {"cpu": 10**400}, {"files": {"series": "0"}}, {"files": {"../../in": "0"}}], ids=str)
def test_a_line_of_a_stranger_with_a_right_hash_is_believed_only_if_it_is_such_as_a_panel_writes(change, source, folder, undisturbed, capsys):
    _with_line(folder, change)
    assert command(["panel", str(source), str(folder), *WORDS]) == 0
    assert "the line of chunk 1 in manifest.jsonl is not such as a panel writes: its series are done again" in capsys.readouterr().err
    assert _content(folder) == _content(undisturbed)


@pytest.mark.parametrize(("how", "name"), [("columns", "breaks"), ("series", "series"), ("series", "effects"), ("series", "placebos"), ("junk", "forecast")])
def test_a_part_of_a_stranger_with_a_right_hash_is_believed_only_if_it_is_of_its_series(how, name, source, folder, undisturbed, capsys):
    import pyarrow as arrow
    from pyarrow import parquet

    path = folder / _part(name)
    if how == "junk":
        path.write_bytes(b"PAR1junkPAR1")
    else:
        rows = parquet.read_table(path)
        shaped = {column: [value] for column, value in {**dict.fromkeys(rows.column_names), "unique_id": "<script>"}.items()}
        parquet.write_table(arrow.table(shaped, schema=rows.schema) if how == "series" else arrow.table({"x": [1]}), path)
    _with_line(folder, {"files": {each: digest_of(folder / _part(each)) for each in TABLES}})
    assert command(["panel", str(source), str(folder), *WORDS]) == 0
    assert f"{_part(name)} is of something else" in capsys.readouterr().err
    assert _content(folder) == _content(undisturbed)


def _with_line(folder: Path, change: dict) -> None:
    """The line of chunk 1 with other entries, and the hash that belongs to it."""
    path = folder / "manifest.jsonl"
    head, *lines = [json.loads(line) for line in path.read_text().splitlines()]
    made = [{key: value for key, value in line.items() if key != "hash"} for line in lines]
    made = [{**line, **change} if line["chunk"] == 1 else line for line in made]
    path.write_text("".join(json.dumps(line) + "\n" for line in (head, *({**line, "hash": _hash(head, line)} for line in made))))


def test_lines_of_another_panel_are_not_taken_for_ours(source, folder, tmp_path, capsys, undisturbed):
    other = tmp_path / "other"
    assert command(["panel", str(source), str(other), "--horizon", "4", "--event", "2023-05-01", "--quiet"]) == 0
    mine, theirs = ((place / "manifest.jsonl").read_text().splitlines() for place in (folder, other))
    (folder / "manifest.jsonl").write_text("\n".join([mine[0], *theirs[1:]]) + "\n")
    for path in (other / "parts").iterdir():
        shutil.copy(path, folder / "parts" / path.name)
    capsys.readouterr()
    assert command(["panel", str(source), str(folder), *WORDS]) == 0
    assert capsys.readouterr().err.count("is damaged: its series are done again") == 3
    assert _content(folder) == _content(undisturbed)


def test_a_manifest_that_is_another_file_too_is_not_written_through(source, folder, tmp_path):
    (tmp_path / "precious").write_bytes((folder / "manifest.jsonl").read_bytes())
    (folder / "manifest.jsonl").unlink()
    os.link(tmp_path / "precious", folder / "manifest.jsonl")
    before = (tmp_path / "precious").read_bytes()
    (folder / _part("series")).unlink()
    assert command(["panel", str(source), str(folder), *WORDS, "--quiet"]) == 0
    assert (tmp_path / "precious").read_bytes() == before


def test_a_folder_of_a_panel_with_a_file_of_the_user_is_left_alone(source, folder, capsys):
    (folder / "thesis.tex").write_text("mine")
    assert command(["panel", str(source), str(folder), *WORDS]) == 2
    assert "thesis.tex, which is no part of a panel" in capsys.readouterr().err


def test_tables_stay_as_they_were_when_the_last_step_fails(source, folder, monkeypatch):
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}

    def fails(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("forecast.panel.summary._page", fails)
    assert command(["panel", str(source), str(folder), *WORDS]) == 2
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


@pytest.mark.skipif(os.name == "nt", reason="locks are those of POSIX")
def test_two_panels_into_one_folder_do_not_meet(source, tmp_path, capsys):
    words = [sys.executable, "-m", "forecast", "panel", str(source), str(tmp_path / "out"), "--origins", "5", "--horizon", "3"]
    with subprocess.Popen(words, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first:
        while not (tmp_path / "out" / "manifest.jsonl").is_file() and first.poll() is None:
            time.sleep(0.05)
        assert command(words[3:]) == 2
        assert "another process is at work in it" in capsys.readouterr().err
        assert first.wait(120) == 0
    assert command(words[3:]) == 0
