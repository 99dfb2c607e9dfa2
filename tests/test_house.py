"""Rules of the house: who imports whom, how long a file may be, what a lock may hold."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(path for path in (ROOT / "forecast").rglob("*.py") if path != ROOT / "forecast" / "__init__.py")
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("| room of `forecast/` | holds |")[1].split("\n\n")[0]
ROOMS = re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.M)  # each imports from itself and from those before it


def _room(module: str) -> str:
    """The room that a module stands in: forecast.models.ets belongs to models."""
    return module.split(".")[1]


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {_name(path) for path in MODULES}


def _imports(path: Path) -> Iterator[str]:
    """Modules of ours that a file imports, on being imported itself or later; not what type checkers alone read."""
    def visit(node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in NAMES)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if inner in NAMES or node.module in NAMES:
                    yield inner if inner in NAMES else str(node.module)
        for child in ast.iter_child_nodes(node):
            yield from visit(child)

    yield from visit(ast.parse(path.read_text(encoding="utf-8")))


EDGES = {_name(path): set(_imports(path)) - {_name(path)} for path in MODULES}


def test_the_page_lists_every_room_and_the_package_holds_little_else():
    folder = ROOT / "forecast"
    assert sorted(ROOMS) == sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name != "__pycache__")
    files = {path.name for path in folder.iterdir() if path.is_file()}
    assert files == {"__init__.py", "__main__.py", "py.typed"}
    assert len(ROOMS) + len(files) <= 14


def test_the_top_of_the_clone_holds_nothing_that_was_left_behind():
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("no clone")
    assert {line.split("/")[0] for line in done.stdout.splitlines()} <= {
        ".ci", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "MANIFEST.in", "README.md", "conf",
        "experiments", "forecast", "pyproject.toml", "requirements.lock", "tests"}


@pytest.mark.parametrize("module", sorted(set(EDGES) - {"forecast.__main__"}))
def test_a_room_imports_only_from_itself_and_from_rooms_before_it(module):
    later = {other for other in EDGES[module] if ROOMS.index(_room(other)) > ROOMS.index(_room(module))}
    assert not later, f"{module} imports from a later room"


def test_no_public_function_carries_the_name_of_its_module():
    public = re.findall(r'"(\w+)": "([\w.]+)"', (ROOT / "forecast" / "__init__.py").read_text(encoding="utf-8"))
    assert public
    assert not [name for name, module in public if module.rpartition(".")[2] == name]


def test_nothing_imports_in_a_circle_not_even_when_it_is_used():
    done: set[str] = set()

    def walk(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join([*path[path.index(module):], module])
        if module not in done:
            for other in sorted(EDGES[module]):
                walk(other, (*path, module))
            done.add(module)

    for module in EDGES:
        walk(module, ())


def test_hydra_is_known_to_the_config_alone():
    knows = set()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else (
                [str(node.module)] if isinstance(node, ast.ImportFrom) else [])
            if any(name.split(".")[0] in ("hydra", "omegaconf") for name in names):
                knows.add(_name(path))
    assert knows <= {"forecast.experiment.config"}


def test_the_library_imports_no_hydra():
    code = ("import sys, forecast, forecast.series.series, forecast.breaks.detection, "
            "forecast.models.forecaster, forecast.report.report, forecast.experiment.config\n"
            "print(sorted({'hydra', 'omegaconf'} & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.stdout == "[]\n"


def test_importing_the_package_costs_nothing():
    code = "import sys, forecast; print(sorted({'numpy', 'pandas', 'yaml'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("path", [*MODULES, *sorted((ROOT / "tests").rglob("*.py"))],
                         ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_too_long_to_be_read_whole(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_function_is_longer_than_a_screen(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert not [f"{f.name}: {f.end_lineno - f.lineno + 1} lines" for f in functions if f.end_lineno - f.lineno >= 50]


@pytest.mark.parametrize("name", ["requirements.lock", "tests/requirements.lock"])
def test_a_lock_holds_hashes_and_no_host(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "http" not in text
    entries = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert text.count("--hash=sha256:") >= len(entries)
    assert all("==" in line for line in entries)


def test_the_lock_of_the_tests_holds_what_the_program_has_and_no_other_release():
    def pins(name: str) -> set[str]:
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        return {line.split(";")[0].strip(" \\") for line in lines if "==" in line and not line.startswith(("#", " "))}

    assert pins("requirements.lock") <= pins("tests/requirements.lock")


def test_a_room_is_loaded_by_its_name_only_where_the_names_stand_in_one_place():
    """Imports by text escape the rules above, so they are counted: what they load is named by a table or a config."""
    loaders = {_name(path) for path in MODULES if "import_module" in path.read_text(encoding="utf-8")}
    assert loaders == {
        "forecast.cli.main",  # subcommands, files of its own room
        "forecast.effects.sensitivity", "forecast.evidence.feeds.layouts",  # checks and feeds, files of their own rooms
        "forecast.experiment.config", "forecast.support.registry",  # classes that a config names
        "forecast.support.extras",  # packages of others
        "forecast.support.results",  # the plots, a backend that nothing which computes knows
    }
