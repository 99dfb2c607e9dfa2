"""The README shows what the program says now, its code runs when pasted, and the pages beside it name what there is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import forecast
from forecast import load, run
from forecast.cli.overview import COMMANDS, USAGE
from forecast.experiment.config import experiments
from forecast.report.report import markdown
from forecast.support.registry import folder, names
from tests import readme

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.skipif(not (ROOT / "README.md").is_file(), reason="no README beside an installed package")


@pytest.fixture(scope="module")
def findings():
    return run(replace(load("khasan_rajin"), models={}))


def test_the_answer_in_the_readme_is_the_programs(findings):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.between(text) == readme.answer(markdown(findings)), "stale: run python -m tests.readme"


def test_the_picture_in_the_readme_is_the_programs(findings):
    shown = (folder("experiments") / "khasan_rajin" / "key.svg").read_text(encoding="utf-8")
    assert readme.outline(shown) == readme.outline(readme.picture(findings)), "stale: run python -m tests.readme"


def test_own_data_in_five_minutes_are_the_files_and_commands_shown(tmp_path, monkeypatch, capsys):
    from forecast.cli.main import command

    text = (ROOT / "experiments" / "README.md").read_text(encoding="utf-8")
    blocks = dict(re.findall(r"^```(?:yaml|csv)\n# (\S+)\n(.*?)^```$", text, flags=re.M | re.S))
    assert set(blocks) == {"experiments/mine.yaml", "events.csv"}
    monkeypatch.chdir(tmp_path)
    Path("experiments").mkdir()
    for name, block in blocks.items():
        Path(name).write_text(block, encoding="utf-8")
    shutil.copy(ROOT / "tests" / "feeds" / "simulated_spreadsheet.xlsx", "counts.xlsx")
    assert command(["check", "counts.xlsx"]) == 0
    assert "unique_id: box" in capsys.readouterr().out
    assert command(["-cn", "mine", "models=[]", "placebos=19"]) == 0
    assert "The 12 weeks of cars date no change by themselves." in capsys.readouterr().out
    assert "The visit" in Path("reports", "mine", "report.html").read_text(encoding="utf-8")


def test_the_lists_of_names_are_those_of_the_code():
    text = (ROOT / "conf" / "README.md").read_text(encoding="utf-8")
    assert readme.inventory(text) == text, "stale: run python -m tests.readme"
    for name in (*forecast._HOMES, *names("models"), *names("detectors"), *experiments()):
        assert f"`{name}`" in text


def test_every_command_is_shown_with_a_line_of_its_own():
    shown = (ROOT / "experiments" / "README.md").read_text(encoding="utf-8").split("\n## ")[0]
    assert set(COMMANDS) == set(re.findall(r"^    forecast ([a-z]+) .*# \w", shown, flags=re.M))
    assert not [word for word, does in COMMANDS.items() if f"forecast {word}" not in USAGE or f"{{{word}}}" not in USAGE or not does]


def test_the_readme_is_one_page():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.split()) <= 900
    assert text.count("![") == 3


def test_links_of_the_pages_lead_somewhere():
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "conf" / "README.md", ROOT / "experiments" / "README.md",
                 ROOT / "experiments" / "tutorials" / "README.md", ROOT / "tests" / "bench" / "README.md"):
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.relative_to(ROOT)} leads to {link}"


def test_the_code_of_the_readme_runs_when_pasted_in_an_empty_folder(tmp_path):
    code = "\n".join(re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.M | re.S))
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"})
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir())


def test_every_setting_says_what_it_does():
    lines = (folder("conf") / "base.yaml").read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if line and "# " not in line]


def test_the_inventory_lists_every_feed():
    from forecast.evidence.feeds.layouts import feeds

    table = (ROOT / "experiments" / "README.md").read_text(encoding="utf-8").split("| feed | what becomes of it |")[1].split("\n\n")[0]
    named = re.findall(r"`(\w+)`", " ".join(line.split("|")[1] for line in table.splitlines()[2:]))
    assert sorted(named) == [feed.name for feed in feeds()]
