"""What CONTRIBUTING shows is enough: each example, put where it says and nowhere else, is found, kept to the contract, used."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```(?:python|yaml|csv)\n# (\S+)\n(.*?)^```$", TEXT, flags=re.M | re.S))
USED = """
import numpy as np
from forecast import Series, detect, load, predict, read_events, read_feed
counts = Series.from_values(np.random.default_rng(0).poisson(np.repeat([12, 48], [40, 30])))
print(sorted({b.position for b in detect(counts, "root_cusum")}), np.median(predict(counts, "recent", 3)) > 40)
found = read_feed("tests/feeds/simulated_tally.csv")
print(found.feed, len(found.table), found.table["y"].sum())
from forecast.breaks.regimes import Regimes
from forecast.effects.sensitivity import sensitivity
from forecast import SimulatedYard
from forecast.effects.candidates import Candidates
yard = SimulatedYard(n=60, level=10, breaks={30: 4.0}, missing=0.0, at_least=0.0, seed=2).read()
print([(v.name, v.outcome.value) for v in sensitivity(yard, Regimes(), Candidates()) if v.check == "last_count_left_out"])
case = load("khasan_rajin", "models=[recent]", "detectors=[root_cusum]")
print(case.events["yard_fire"], read_events(case.ledger, ["yard_fire"])[0].start)
"""


def _run(place: Path, *arguments: str) -> str:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PYTEST"))}
    done = subprocess.run([sys.executable, *arguments], cwd=place, env={**clean, "PYTHONPATH": str(place)}, text=True,
                          capture_output=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the clone in which a newcomer has done what CONTRIBUTING says."""
    place = tmp_path_factory.mktemp("clone")
    for name in ("forecast", "conf", "experiments", "tests"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("baseline", "golden", "bench"))
    shutil.copy(ROOT / "pyproject.toml", place)
    for name, text in BLOCKS.items():
        path = place / name
        if not path.exists():
            path.write_text(text, encoding="utf-8")
            continue
        before = path.read_text(encoding="utf-8")
        at = {".csv": len(before), ".yaml": before.index("\n\norigins:") + 1 if path.suffix == ".yaml" else 0,
              ".py": before.rfind('if __name__ == "__main__"')}[path.suffix]
        path.write_text(before[:at] + text + before[at:], encoding="utf-8")
    _run(place, "-m", "tests.feeds.simulated")
    return place


def test_each_thing_takes_as_few_files_as_is_said():
    new = sorted(name for name in BLOCKS if not (ROOT / name).exists())
    assert new == ["conf/detectors/root_cusum.yaml", "conf/models/recent.yaml", "forecast/breaks/root_cusum.py",
                   "forecast/effects/checks/last_count_left_out.py", "forecast/evidence/feeds/tally.py", "forecast/models/recent.py"]
    assert sorted(set(BLOCKS) - set(new)) == ["experiments/khasan_rajin.yaml", "experiments/khasan_rajin/events.csv",
                                              "tests/feeds/simulated.py"]


def test_help_lists_the_new_names(clone):
    words = set(re.findall(r"\w+", _run(clone, "-m", "forecast", "--help")))
    assert {"recent", "root_cusum"} <= words
    assert "tally" in _run(clone, "-m", "forecast", "feeds")


def test_the_contract_tests_find_the_new_names_and_pass(clone):
    said = _run(clone, "-m", "pytest", "-n0", "-rN", "-k", "recent or root_cusum or tally or last_count", "tests/test_models.py",
                "tests/test_detectors.py", "tests/test_feeds.py", "tests/test_sensitivity.py")
    assert int(re.search(r"(\d+) passed", said)[1]) >= 35
    assert "failed" not in said


def test_the_library_uses_what_was_added(clone):
    assert _run(clone, "-c", USED).splitlines() == ["[40] True", "tally 20 570.0", "[('the count of 2023-02-20', 'stands')]",
                                                    "{'delay_days': 30} 2023-08-10"]


def test_the_examples_are_clean(clone):
    _run(clone, "-m", "ruff", "check", *(name for name in BLOCKS if name.endswith(".py")))


def test_every_bench_is_listed():
    table = TEXT.split("| bench | what |")[1].split("\n\n")[0]
    benches = {path.stem for path in (ROOT / "tests" / "bench").glob("*.py") if "def main" in path.read_text("utf-8")}
    assert set(re.findall(r"`(\w+)`", " ".join(line.split("|")[1] for line in table.splitlines()[2:]))) == benches
    assert benches


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_file_and_module_that_a_page_names_is_there(page):
    prose = re.sub(r"^```.*?^```$", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.M | re.S)
    named = set(re.findall(r"\b(?:tests|conf|experiments|forecast)/[\w./*-]+\w", prose)) - {"experiments/mine.yaml"}
    assert named
    assert not {name for name in named if not list(ROOT.glob(name))}
    modules = {module.replace(".", "/") for module in re.findall(r"python3? -m (tests[\w.]*\w)", prose)}
    assert not {name for name in modules if not (ROOT / name).is_dir() and not (ROOT / f"{name}.py").exists()}
