"""Output folders that others prepared: only our own report is replaced, and no command writes through a link."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from forecast.cli.main import command
from forecast.experiment.output_folders import check_output
from forecast.report.report import write_report
from forecast.support.atomic_files import MARK, OLD, READY
from tests.hostile import killed_set, state_of
from tests.test_hostile_findings import FOUND
from tests.test_words import findings

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links, pipes and locks are those of POSIX")


# -- only our own report is replaced ----------------------------------------------------------------------------------
def _files(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", "/").replace("_", ".")).write_text(text)


VALID = json.dumps(FOUND)
OTHERS = {
    "a config.yaml of another program": ({"config_yaml": "a: 1", "series_csv": "x"}, "config.yaml"),
    "tables": ({"series_csv": "x"}, "series.csv"),
    "findings of another program": ({"findings_json": '{"vulnerabilities": []}', "config_yaml": "a: 1"}, "findings.json"),
    "findings that are no JSON": ({"findings_json": "{"}, "findings.json"),
    "findings of nothing": ({"findings_json": ""}, "findings.json"),
    "a word among runs": ({"run__findings_json": VALID, "notes_txt": "mine"}, "notes.txt"),
    "a folder among runs": ({"run__findings_json": VALID, "thesis__draft_txt": "mine"}, "thesis/draft.txt"),
    "a broken run among runs": ({"run__findings_json": VALID, "other__findings_json": "{}"}, "other"),
    "a compare.csv of another program among runs": ({"run__findings_json": VALID, "compare_csv": "a,b\n"}, "compare.csv"),
    "a picture of the user among figures": ({"findings_json": VALID, "figures__thesis_tex": "mine"}, "figures/thesis.tex"),
}


@pytest.mark.parametrize(("files", "said"), OTHERS.values(), ids=OTHERS)
def test_a_folder_that_holds_anything_else_is_refused_with_what_it_holds(files, said, target, feigned, capsys):
    for name, text in files.items():
        (target / name.replace("__", "/").replace("_", ".")).parent.mkdir(exist_ok=True)
        (target / name.replace("__", "/").replace("_", ".")).write_text(text)
    before = state_of(target)
    for words in (["-cn", "simulated_yard", "output=reports/yard"], ["-cn", "simulated_yard", "output=reports/yard", "-m", "seed=1,2"]):
        assert command(words) == 2
        error = capsys.readouterr().err
        assert "reports/yard holds " in error
        assert said in error
    with pytest.raises(ValueError, match="holds"):
        write_report(findings(), target)
    assert state_of(target) == before


@pytest.mark.parametrize("name", ["findings.json", "report.html", "config.yaml", "series.csv", "figures", "forecast.log", "compare.csv"])
@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe", "folder"])
def test_parts_of_a_report_that_are_no_files_are_refused(name, kind, target, outside, feigned):
    if kind == "folder" and name in ("figures", "compare.csv"):
        pytest.skip("that is what figures are; a folder is no table and stays")
    if name != "findings.json":
        (target / "findings.json").write_text(VALID)
    make = {"link": lambda: (target / name).symlink_to(outside), "dangling link": lambda: (target / name).symlink_to(outside / "nothing"),
            "pipe": lambda: os.mkfifo(target / name), "folder": (target / name).mkdir}
    make[kind]()
    before = state_of(target)
    code = command(["-cn", "simulated_yard", "output=reports/yard"])
    if name == "compare.csv":  # which stands beside a report and is not of it
        assert code == 0
        assert state_of(target)[str(target / name)] == before[str(target / name)]
    else:
        assert code == 2
        assert state_of(target) == before


@pytest.mark.parametrize("link", ["reports", "reports/yard"])
def test_a_link_in_a_folder_of_a_stranger_leads_no_report_elsewhere(link, outside, tmp_path, feigned, capsys):
    (tmp_path / "clone" / "reports").rmdir()
    path = tmp_path / "clone" / link
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(outside)
    for words in (["-cn", "simulated_yard", "output=reports/yard"], ["-cn", "simulated_yard", "output=reports/yard/deeper"],
                  ["-cn", "simulated_yard", "output=reports/yard", "-m", "seed=1,2"]):
        assert command(words) == 2
        assert "is a link" in capsys.readouterr().err


def test_a_report_of_ours_is_replaced_and_a_sweep_of_such_is_added_to(target, feigned):
    for words in (["output=reports/yard"], ["output=reports/yard", "-m", "seed=1,2"], ["output=reports/yard"], ["output=reports"], ["output=reports"]):
        assert command(["-cn", "simulated_yard", *words]) == 0
    assert {path.name for path in target.iterdir()} >= {"report.html", "seed=1", "seed=2", "compare.csv", "compare.html"}
    assert command(["compare", "reports"]) == 0
    assert command(["compare", "reports"]) == 0
    assert command(["-cn", "simulated_yard", "output=reports"]) == 0


def test_a_killed_move_is_finished_before_a_folder_is_judged(target, feigned):
    assert command(["-cn", "simulated_yard", "output=reports/yard"]) == 0
    place = killed_set(target)
    (target / "findings.json").rename(place / OLD / "findings.json")  # the move was killed at this moment
    (place / "findings.json").write_bytes((place / OLD / "findings.json").read_bytes())
    check_output(target)
    assert (target / "report.html").read_text() == "whole"
    assert not list(target.glob(f"{MARK}*"))


def test_a_stranger_is_named_once_on_standard_error_and_in_the_log(target, feigned, capsys):
    (target / f"{MARK}\x1b[31m").mkdir()
    (target / f"{MARK}\x1b[31m" / READY).write_text("{")
    assert command(["-cn", "simulated_yard", "output=reports/yard"]) == 0
    said = capsys.readouterr().err
    assert said.count("was left alone") == 1
    assert "\x1b" not in said
    assert (target / "forecast.log").read_text().count("was left alone") == 1


# -- the other commands -----------------------------------------------------------------------------------------------
def _counts(folder: Path) -> Path:
    path = folder / "counts.csv"
    path.write_text("unique_id,ds,y\n" + "".join(f"a,2023-{k // 4 + 1:02d}-{7 * (k % 4) + 1:02d},{k % 5}\n" for k in range(40)))
    return path


@pytest.mark.parametrize("name", ["compare.csv", "compare.html"])
@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe", "mine"])
def test_compare_writes_its_tables_over_nothing_else(name, kind, target, outside, capsys):
    _files(target / "run", findings_json=VALID)
    make = {"link": lambda: (target / name).symlink_to(outside / ".bashrc"), "dangling link": lambda: (target / name).symlink_to(outside / "new"),
            "pipe": lambda: os.mkfifo(target / name), "mine": lambda: (target / name).write_text("mine")}
    make[kind]()
    before = state_of(target)
    assert command(["compare", "reports/yard"]) == 2
    assert f"{name} is no table that forecast compare wrote" in capsys.readouterr().err
    assert state_of(target) == before


def test_compare_follows_no_link_to_another_folder(target, outside, tmp_path, capsys):
    _files(tmp_path / "away" / "run", findings_json=VALID)
    (target / "x").symlink_to(tmp_path / "away")
    before = state_of(tmp_path / "away")
    assert command(["compare", "reports/yard/x"]) == 2
    assert "is a link" in capsys.readouterr().err
    assert state_of(tmp_path / "away") == before


@pytest.mark.parametrize("name", ["good.csv", "good.rejected.csv"])
def test_rows_that_are_kept_go_into_new_files_alone(name, target, outside, capsys):
    (target / name).symlink_to(outside / "new.txt")
    assert command(["check", str(_counts(target)), "--keep-good", "reports/yard/good.csv"]) == 2
    assert "exists: name a new file" in capsys.readouterr().err
    (target / name).unlink()
    (target / "x").symlink_to(outside)
    assert command(["check", str(_counts(target)), "--keep-good", "reports/yard/x/good.csv"]) == 2
    assert "is a link" in capsys.readouterr().err
    assert command(["check", str(_counts(target)), "--keep-good", "reports/yard/good.csv"]) == 0
    assert {path.name for path in target.iterdir()} == {"good.csv", "counts.csv", "x"}


@pytest.mark.parametrize("name", ["manifest.jsonl", "parts", "series.parquet", "rejected.csv", "summary.html", "summary.json", "parts/series-000000.parquet"])
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_panel_writes_through_no_link(name, kind, target, outside, capsys):
    counts = _counts(target.parent)
    if name != "manifest.jsonl":
        (target / "manifest.jsonl").write_text("{}\n")
    (target / name).parent.mkdir(exist_ok=True)
    if kind == "link":
        (target / name).symlink_to(outside / ".bashrc")
    else:
        os.mkfifo(target / name)
    before = state_of(target)
    assert command(["panel", str(counts), "reports/yard"]) == 2
    assert f"holds {name}, a link or no file" in capsys.readouterr().err
    assert state_of(target) == before


def test_a_panel_goes_into_no_folder_of_others(target, outside, capsys):
    counts = _counts(target.parent)
    (target / "series.parquet").write_text("mine")
    assert command(["panel", str(counts), "reports/yard"]) == 2
    assert "holds series.parquet and no panel" in capsys.readouterr().err
    (target / "x").symlink_to(outside)
    assert command(["panel", str(counts), "reports/yard/x"]) == 2
    assert command(["panel", str(counts), "reports/yard/x/out"]) == 2
    assert "is a link" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["link", "pipe", "others", "a link to the store"])
def test_runs_are_logged_to_no_store_that_leads_elsewhere(kind, target, outside, capsys):
    pytest.importorskip("mlflow")
    _files(target / "run", findings_json=VALID)
    store = target.parent / "store"
    make = {"link": lambda: (store / "0").symlink_to(outside), "pipe": lambda: os.mkfifo(store / "meta.yaml"), "others": (store / "thesis").mkdir,
            "a link to the store": lambda: (store.rmdir(), store.symlink_to(outside))}
    store.mkdir()
    make[kind]()
    assert command(["compare", "reports/yard", "mlflow=reports/store"]) == 2
    assert "reports/store" in capsys.readouterr().err


def test_a_sweep_writes_through_no_link_and_leaves_files_of_the_user(target, outside, feigned):
    assert command(["-cn", "simulated_yard", "output=reports/yard"]) == 0
    (target / "multirun.yaml").symlink_to(outside / ".bashrc")
    assert command(["-cn", "simulated_yard", "output=reports/yard", "-m", "seed=1,2"]) == 0
    assert (target / "multirun.yaml").is_symlink()
    assert not list(target.glob(f"{MARK}*"))


@pytest.mark.parametrize("link", ["experiments", "experiments/mine.yaml", "experiments/mine_events.csv"])
def test_init_writes_through_no_link(link, outside, tmp_path, capsys):
    counts = _counts(tmp_path / "clone")
    path = tmp_path / "clone" / link
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(outside if link == "experiments" else outside / "new")
    assert command(["init", str(counts), "mine"]) == 2
    assert "is a link" in (said := capsys.readouterr().err) or "exists: name another" in said
    path.unlink()
    assert command(["init", str(counts), "mine"]) == 0
