"""The README shows what the program says now, and names what there is."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from forecast import load, run
from forecast.registry import folder, names
from forecast.report import markdown
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


@pytest.mark.parametrize("group", ["detectors", "models"])
def test_the_inventory_matches_conf(group):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| {group} \| (.*) \|$", text, flags=re.M)
    assert row is not None
    assert tuple(re.findall(r"`(\w+)`", row.group(1))) == names(group)


def test_the_inventory_lists_every_experiment():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    row = re.search(r"^\| experiments \| (.*) \|$", text, flags=re.M)
    assert row is not None
    assert re.findall(r"`(\w+)`", row.group(1)) == sorted(p.stem for p in folder("experiments").glob("*.yaml"))


def test_the_inventory_lists_every_feed():
    from forecast.feeds import feeds

    table = (ROOT / "README.md").read_text(encoding="utf-8").split("| feed | what becomes of it |")[1].split("\n\n")[0]
    named = re.findall(r"`(\w+)`", " ".join(line.split("|")[1] for line in table.splitlines()[2:]))
    assert sorted(named) == [feed.name for feed in feeds()]
