"""`forecast feeds` and `forecast check`: what is listed, what is said of a file, what is kept of a bad one."""

from __future__ import annotations

import csv
import subprocess
import sys

import pytest

from forecast.cli.main import command
from forecast.evidence.feeds.layouts import feeds, read_feed
from tests.feeds import simulated
from tests.feeds.simulated import HERE, SAMPLES


@pytest.fixture
def broken(tmp_path):
    """A simulated PortWatch file of 200 rows of which two are broken."""
    lines = simulated.portwatch(ports=2, days=100)[0].decode().splitlines()
    lines[50] = lines[50].replace("2024", "2O24", 1)
    lines[150] = "nothing of use"
    path = tmp_path / "broken.csv"
    path.write_text("\n".join(lines))
    return path


def test_feeds_lists_every_layout_in_one_line_with_its_sample(capsys):
    assert command(["feeds"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [feed.name for feed in feeds()]
    assert all(line.endswith(f"[{feed.sample}]") for line, feed in zip(lines, feeds(), strict=True))


@pytest.mark.parametrize("name", SAMPLES)
def test_check_says_what_would_be_read(name, capsys):
    assert command(["check", str(HERE / name)]) == 0
    said = capsys.readouterr().out
    result = read_feed(HERE / name)
    assert said.startswith(f"{name}: {SAMPLES[name][0]}, ")
    assert f"rows {len(result.table)}, counted {int(result.table['y_low'].notna().sum())}, rows with faults 0" in said
    days = result.table["ds"].dropna()
    assert f"dates {days.min().date()} to {days.max().date()}" in said
    assert all(note in said for note in result.notes)


def test_check_counts_rows_a_month(capsys):
    command(["check", str(HERE / "simulated_digitised_chart.csv")])
    said = capsys.readouterr().out
    truth = [day for day, _, _ in simulated.yard()]
    (line,) = [line for line in said.splitlines() if line.startswith("2023 ")]
    shown = [0 if cell == "." else int(cell) for cell in line.split()[1:]]
    assert shown == [sum(day.year == 2023 and day.month == month for day in truth) for month in range(1, 13)]


def test_a_file_with_faults_is_refused_row_by_row(broken, capsys):
    assert command(["check", str(broken)]) == 2
    said = capsys.readouterr().out
    assert "row 51, date: got '2O24-02-19 00:00:00+00:00': write the date as YYYY-MM-DD" in said
    assert "row 151: got '1 cells for 30 columns'" in said
    assert said.splitlines()[-1].startswith("Refused for 2 rows with faults")


def test_keep_good_parts_good_rows_from_bad_ones_and_loses_none(broken, capsys):
    out = broken.with_name("good.csv")
    assert command(["check", str(broken), "--keep-good", str(out)]) == 0
    kept = read_feed(out)
    assert (kept.feed, kept.faults) == ("long_table", ())
    truth = {row for row in simulated.portwatch(ports=2, days=100)[1]
             if (row[0].split("/")[0], row[1].isoformat()) not in {("port1", "2024-02-19"), ("port2", "2024-02-19")}}
    found = set(zip(kept.table["unique_id"], kept.table["ds"].dt.date, kept.table["y"], strict=True))
    assert found >= {(name, day, low) for name, day, low, _ in truth}
    assert len(found) == 7 * 198
    with out.with_name("good.rejected.csv").open(newline="") as file:
        rejected = list(csv.DictReader(file))
    assert [(row["row"], row["column"]) for row in rejected] == [("51", "date"), ("151", "")]
    assert rejected[1]["text"] == "nothing of use"
    assert all(row["got"] and row["do"] for row in rejected)


@pytest.mark.parametrize("name", [name for name in SAMPLES if "stac" not in name])
def test_what_is_kept_of_a_good_file_says_the_same(name, tmp_path):
    out = tmp_path / "good.csv"
    assert command(["check", str(HERE / name), "--keep-good", str(out)]) == 0
    columns = ["unique_id", "ds", "y", "y_low", "y_high", "site", "measure", "image_id"]
    before, after = (read_feed(path).table for path in (HERE / name, out))
    dated = before[before["ds"].notna()].reset_index(drop=True)
    assert after[columns].equals(dated[columns])
    assert [path.name for path in tmp_path.iterdir()] == ["good.csv"]


@pytest.mark.parametrize(("arguments", "said"), [
    (["check"], "check takes one file, got none"),
    (["check", "a", "b"], "check takes one file, got a b"),
    (["check", "nowhere.csv"], "no such file"),
    (["check", "{chart}", "--keep-good"], "expected one argument"),
    (["check", "{chart}", "--keep-good", "{chart}"], "exists: name a new file"),
    (["check", "{chart}", "--keep-good", "."], "--keep-good '.' names no file in a folder that is there"),
    (["check", "{chart}", "--keep-good", "no/x.csv"], "names no file in a folder that is there"),
    (["check", "{stac}", "--keep-good", "x.csv"], "days imaged are no counts"),
    (["feeds", "x"], "feeds takes no word"),
    (["chek", "x"], "did you mean 'check'"),
])
def test_bad_input_is_one_sentence(arguments, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"chart": HERE / "simulated_digitised_chart.csv", "stac": HERE / "simulated_stac.json"}
    assert command([word.format(**names) for word in arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("forecast: error: ")
    assert said in error
    assert not list(tmp_path.iterdir())


def test_nothing_stays_of_a_reading_that_broke(tmp_path, capsys):
    path = tmp_path / "twice.csv"
    path.write_text("unique_id,ds,y,y\na,2024-01-01,1,1\n")
    assert command(["check", str(path), "--keep-good", str(tmp_path / "out.csv")]) == 2
    assert "the column 'y' twice" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["twice.csv"]


@pytest.mark.parametrize(("sample", "package"), [("simulated_long_table.parquet", "pyarrow")])
def test_a_missing_library_is_named_with_the_command_that_installs_it(sample, package, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    assert command(["check", str(HERE / sample)]) == 2
    error = capsys.readouterr().err
    assert f"this file needs {package} (the extra " in error
    assert error.rstrip().endswith(f"install {package}") or f" {package}" in error.rsplit("run ", 1)[1]
    assert len(error.splitlines()) == 1


def test_listing_the_layouts_imports_neither_of_the_extras():
    code = ("import sys; from forecast.cli.main import command; command(['feeds']); "
            "print(sorted({'python_calamine', 'pyarrow.parquet', 'openpyxl', 'hydra'} & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HERE.parents[1])
    assert done.stdout.splitlines()[-1] == "[]"
