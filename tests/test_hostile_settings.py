"""Settings of strangers that would fill the memory, never end, or hold a command up: each ends in one short sentence."""

from __future__ import annotations

import json
import os
import time

import pytest

from forecast.cli.main import command
from forecast.experiment.config import load
from forecast.models.saved import Recipe, restore, save
from forecast.series.series import Series
from forecast.support.regular_files import check_regular, expanded
from forecast.support.untrusted import check_text
from tests.test_hostile_configs import SMALL, mine  # noqa: F401 - a fixture

MERGES = "a0: &a0 {x: 1}\n" + "".join(f"a{k}: &a{k} {{<<: [{', '.join([f'*a{k - 1}'] * 10)}]}}\n" for k in range(1, 10))
LISTS = "a0: &a0 [x]\n" + "".join(f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]\n" for k in range(1, 10))
PAIRS = "a0: &a0 {x: 1}\n" + "".join(f"a{k}: &a{k} {{<<: [*a{k - 1}, *a{k - 1}]}}\n" for k in range(1, 40))
# what it is -> (the text, what is said of it)
SETTINGS = {
    "merges of merges": (MERGES, "more than 20000 entries"), "lists of lists": (LISTS, "more than 20000 entries"), "pairs of pairs": (PAIRS, "more than 20000 entries"),
    "a mapping merged into itself": ("a: &a {<<: *a}\n", "nested too deeply"),
    "60,000 letters of a reference": ('title: "${' + "a" * 60_000 + '"\n', "a text of 60,002 letters"), "200,000 letters of a reference": ('title: "${' + "a" * 200_000 + '"\n', "letters"),
    "200,000 letters": ('title: "' + "a" * 200_000 + '"\n', "letters"), "9,000 letters of a reference": ('title: "${' + "a" * 9_000 + '"\n', "only a plain reference"),
    "references in references": ('title: "' + "${" * 4_000 + '"\n', "more than 12 references"), "half a reference, often": ('title: "' + "${a." * 2_000 + '"\n', "more than 12 references"),
    "a long name": ("? " + "a" * 9_000 + "\n: 1\n", "too long for a name"), "a long tag": ("a: !" + "x" * 200_000 + " 1\n", "plain settings"), "a long alias": ("a: *" + "x" * 200_000 + "\n", "undefined alias"),
    "a number of sixty": ("delay_days: 1:30\n", "'1:30' would be read as another number"), "a long number of sixty": ("delay_days: " + ":".join(["59"] * 500) + ".5\n", "would be read as another number"),
    "a number of eight": ("delay_days: 030\n", "'030' would be read as another number"), "a number of 200,000 digits": ("a: " + "9" * 200_000 + "\n", "mend that number"),
    "a number of 200,000 hexadecimal digits": ("a: 0x" + "f" * 200_000 + "\n", "more than 18 digits"),
}


@pytest.mark.parametrize(("text", "said"), SETTINGS.values(), ids=SETTINGS)
def test_settings_that_would_grow_without_end_are_refused_at_once_in_a_line(text, said, mine, tmp_path, capsys):  # noqa: F811
    (tmp_path / "panel.yaml").write_text(text)
    (tmp_path / "in.csv").write_text("unique_id,ds,y\na,2023-01-01,1\n")
    name = mine(SMALL + text.replace("title:", "question2:"))
    for act in (lambda: check_text(text, "x"), lambda: load(name)):
        began = time.process_time()
        with pytest.raises(ValueError, match=r"(?s).") as error:
            act()
        assert said in str(error.value)
        assert len(str(error.value)) < 500
        assert time.process_time() - began < 1
    began = time.process_time()
    assert command(["panel", str(tmp_path / "in.csv"), str(tmp_path / "out"), "--config", str(tmp_path / "panel.yaml")]) == 2
    assert time.process_time() - began < 1
    told = capsys.readouterr().err
    assert said in told
    assert len(told) < 600


def test_numbers_and_aliases_that_mean_what_they_look_like_are_read():
    assert check_text("a: &a [1, 2]\nb: *a\nc: {<<: {x: 1}, y: 2}\nd: '1:30'\ne: 0\nf: 0.5\ng: 0x1f\n", "x") == {
        "a": [1, 2], "b": [1, 2], "c": {"x": 1, "y": 2}, "d": "1:30", "e": 0, "f": 0.5, "g": 31}


# -- paths that are no files ------------------------------------------------------------------------------------------
@pytest.fixture
def pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    return str(tmp_path / "pipe.csv")


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="files that the system makes up are those of Linux")
@pytest.mark.parametrize("path", ["/proc/kmsg", "/proc/self/mem", "/sys/kernel/notes", "/dev/zero", "/dev/tty", "PIPE", "~nosuchuser/x.csv", "/dev/stdin"])
def test_a_path_that_is_no_regular_file_ends_in_a_sentence(path, pipe, mine, tmp_path, capsys):  # noqa: F811
    path = path.replace("PIPE", pipe)
    (tmp_path / "in.csv").write_text("unique_id,ds,y\na,2023-01-01,1\n")
    flow = SMALL.replace("forecast.SimulatedYard", f"forecast.Flow, measure: ships_seen, site: x, ledger: {path}")
    table = SMALL.replace("forecast.SimulatedYard", f"forecast.LongTable, path: {path}, unique_id: a")
    for words in (["check", path], ["panel", path, str(tmp_path / "out")], ["panel", str(tmp_path / "in.csv"), str(tmp_path / "out"), "--config", path],
                  ["panel", str(tmp_path / "in.csv"), str(tmp_path / "out"), "--events", path], ["rerun", path], ["compare", path],
                  ["-cn", mine(SMALL + f"ledger: {path}\nevents: {{x: }}\n")], ["-cn", mine(SMALL + f"imaged: {path}\n")], ["-cn", mine(flow)], ["-cn", mine(table)]):
        began = time.monotonic()
        assert command(words) == 2, words
        told = capsys.readouterr().err
        assert told.startswith("forecast: error: "), words
        assert "Traceback" not in told
        assert time.monotonic() - began < 10
    with pytest.raises((ValueError, OSError)):
        restore(path)


def test_what_is_no_regular_file_is_called_by_its_kind(pipe, tmp_path):
    for path, kind in ((pipe, "a named pipe"), (tmp_path, "a folder"), ("/dev/null", "a device")):
        with pytest.raises(ValueError, match=kind):
            check_regular(path)
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    check_regular(tmp_path / "b")
    with pytest.raises(ValueError, match="no home of that user"):
        expanded("~nosuchuser/x")


@pytest.mark.parametrize("name", [".numba_config.yaml", "matplotlibrc"])
def test_a_file_that_steers_a_library_is_not_obeyed(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(b"cache_dir: evil \xff\n")
    assert command(["--help"]) == 2
    assert f"{name} " in capsys.readouterr().err
    if name == "matplotlibrc":
        (tmp_path / name).unlink()
        os.mkfifo(tmp_path / name)
        assert command(["--help"]) == 2
        assert "matplotlibrc is no file of settings" in capsys.readouterr().err


# -- recipes ----------------------------------------------------------------------------------------------------------
def _deep(levels: int) -> object:
    made: object = 1
    for _ in range(levels):
        made = {"a": made}
    return made


@pytest.mark.parametrize("change", [
    {"series": {"low": [10**400]}}, {"series": {"start": [10**30]}}, {"series": {"end": ["a\0b"]}}, {"model": _deep(900)}, {"model": {"_target_": "forecast.SimulatedYard"}},
    {"model": {"_target_": "forecast.breaks.cusum.Cusum"}}, {"model": {"_target_": "forecast.models.mean.Mean", "rows": 10**400}}, {"model": []}, {"horizon": 10**400}, {"horizon": "3"},
    {"draws": -1}, {"seed": 0.5}, {"series": []}, {"series": {"freq": "x" * 9000}}, {"kind": "x" * 100_000}, {"format": 10**400}, {"series": {"kind": "both"}}, {"series": {"sources": [1]}}])
def test_a_recipe_of_a_stranger_ends_in_one_sentence(change, tmp_path):
    file = save(Recipe(Series.from_values([3, 4, 5, 4, 3, 5], start="2023-01-02", freq="W-MON"), "mean", 3, 10), tmp_path / "r.json")
    whole = json.loads(file.read_text())
    file.write_text(json.dumps({key: {**value, **change[key]} if isinstance(value, dict) and isinstance(change.get(key), dict) and key == "series" else change.get(key, value)
                                for key, value in whole.items()}))
    with pytest.raises(ValueError, match=r"r\.json") as error:
        restore(file)
    assert len(str(error.value)) < 700
