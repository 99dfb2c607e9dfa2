"""Checks for what others prepare or break: output folders, findings, recipes, manifests of panels, YAML with aliases."""

from __future__ import annotations

import copy
import json
import logging
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from forecast.experiment.findings_json import as_json
from forecast.experiment.output_folders import FILES, check_output
from forecast.experiment.rerun import _numbers
from forecast.experiment.saved_findings import SavedFindings
from forecast.experiment.saved_runs import flat
from forecast.models.saved import Recipe, restore, save
from forecast.panel.manifest import NAME, begin
from forecast.panel.settings import Settings
from forecast.report.comparison import _differences, _lines
from forecast.series.series import Series
from forecast.support import yaml_graph
from forecast.support.atomic_files import MARK, OLD, READY, _lock, _new_name, _seal, atomic_set
from forecast.support.terminal import STEERING, printable
from tests.hostile import state_of
from tests.test_hostile_findings import FOUND
from tests.test_words import findings

Data = st.DataObject
MEMORY = "/dev/shm"  # noqa: S108 - folders of our own are made there
EVIL: tuple[Callable[[], Any], ...] = (
    lambda: 10**400, lambda: -10**30, lambda: 1e308, lambda: float("inf"), lambda: float("nan"), lambda: True, lambda: None, list, dict, lambda: "", lambda: "0",
    lambda: "\x1b[31m", lambda: "../up", lambda: "=cmd()", lambda: "a" * 3000, lambda: "9" * 5000, lambda: [[[[[]]]]], lambda: {"_target_": "os.system"}, lambda: -1, lambda: 0.5,
    lambda: _nested(900), lambda: ["2023-13-45"], lambda: "\ud800")


def _nested(depth: int) -> Any:
    made: Any = 1
    for _ in range(depth):
        made = [made]
    return made


@contextmanager
def _scratch() -> Iterator[Path]:
    """A folder in memory where there is such a thing, for a disk would be what is measured."""
    place = Path(tempfile.mkdtemp(dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
    logging.getLogger("forecast").disabled = True
    try:
        yield place
    finally:
        logging.getLogger("forecast").disabled = False
        shutil.rmtree(place)


def _rng(data: Data) -> random.Random:
    return random.Random(data.draw(st.integers(0, 2**64)))  # noqa: S311 - nothing secret


# -- folders ----------------------------------------------------------------------------------------------------------
def _home(place: Path) -> Path:
    home = place / "home"
    home.mkdir()
    for name in (".bashrc", "precious.txt"):
        (home / name).write_text("dear")
    return home


def _put(rng: random.Random, path: Path, home: Path) -> None:
    """Something at `path`, whatever it is."""
    kind = rng.choice(("file", "folder", "link", "link to a file", "dangling", "pipe"))
    if os.path.lexists(path):
        return
    if kind == "file":
        path.write_text(rng.choice(("", "{", "x", json.dumps(FOUND))))
    elif kind == "folder":
        path.mkdir()
        for name in rng.sample(("s", ".bashrc", OLD, "precious.txt"), rng.randint(0, 2)):
            _put(rng, path / name, home)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to({"link": home, "link to a file": home / ".bashrc", "dangling": home / "new"}[kind])


def _set_of_ours(target: Path) -> Path:
    """A whole set that a killed run of this user has left."""
    with _lock(target) as folder:
        place = target / _new_name(folder)
    place.mkdir()
    (place / "report.html").write_text("whole")
    with _lock(place) as inside:
        _seal(place, inside, ("b.csv",))
    return place


def _set_of_a_stranger(rng: random.Random, target: Path, home: Path) -> Path:
    place = target / f"{MARK}{rng.choice(('e', 'e-', '0' * 12 + '-' + '0' * 64, 'a-b-c', '..'))}"
    _put(rng, place, home)
    if place.is_dir() and not place.is_symlink():
        names = rng.sample(("s/.bashrc", "../precious.txt", "..", ".", "", "a.csv", "b.csv", "/etc/passwd", READY, 3, None), rng.randint(0, 3))
        seal = rng.choice((b"[]", b"{", b"", b"\xff", b"[" * 5000, json.dumps({"gone": names}).encode(), json.dumps({"removed": names, "code": rng.choice(("0" * 64, "", None, 1))}).encode()))
        if not os.path.lexists(place / READY):
            (place / READY).write_bytes(seal)
        for name in rng.sample(("s", OLD, "report.html"), rng.randint(0, 3)):
            _put(rng, place / name, home)
    return place


def _touched(rng: random.Random, place: Path, home: Path) -> None:
    """What a stranger does to a set of ours."""
    kind = rng.choice(("copied", "seal", "inside", "old", "beside"))
    if kind == "copied":
        shutil.copytree(place, place.parent / "copy", symlinks=True)
        shutil.rmtree(place)
        (place.parent / "copy").rename(place)
    elif kind == "seal":
        text = bytearray((place / READY).read_bytes())
        text[rng.randrange(len(text))] ^= 1 << rng.randrange(7)
        (place / READY).write_bytes(text)
    elif kind == "old":
        (place / OLD).rmdir()
        (place / OLD).symlink_to(home)
    else:
        (place / "s" if kind == "inside" else place.parent / "report.html").symlink_to(home)


def sets_of_strangers(data: Data) -> str:
    """Whatever lies in an output folder, a set goes in whole, nothing outside changes, and what is not ours stays."""
    rng = _rng(data)
    with _scratch() as scratch:
        home, target = _home(scratch), scratch / "out"
        target.mkdir()
        for name in rng.sample(("a.csv", "b.csv", "s"), rng.randint(0, 2)):
            _put(rng, target / name, home)
        kind = rng.choice(("stranger", "touched", "ours"))
        place = _set_of_a_stranger(rng, target, home) if kind == "stranger" else _set_of_ours(target)
        if kind == "touched":
            _touched(rng, place, home)
        before, kept = state_of(home), state_of(place) if os.path.lexists(place) else {}
        linked = (target / "b.csv").is_symlink()  # which goes with the earlier set: a link beside it
        with atomic_set(target, removed=("b.csv",)) as new:
            (new / "a.csv").write_text("1")
        assert state_of(home) == before
        assert (target / "a.csv").read_text() == "1"
        assert not os.path.lexists(target / "b.csv")
        if kind == "ours" and not linked:
            assert (target / "report.html").read_text() == "whole"
            assert not place.exists()
            return "moved in"
        if os.path.lexists(place):
            assert state_of(place) == kept
        else:
            assert kind == "stranger", "a set of ours that was touched has gone"
            assert len(kept) <= 1, "more than an empty folder has gone"
        return "left alone"


def folders_that_a_report_goes_to(data: Data) -> str:
    """A folder is refused, or holds a valid report, or nothing but such; being looked at changes nothing."""
    rng = _rng(data)
    with _scratch() as scratch:
        home, target = _home(scratch), scratch / "out"
        target.mkdir()
        valid = rng.random() < 0.4
        if valid:
            (target / "findings.json").write_text(json.dumps(FOUND))
        strange = rng.sample((*FILES, "figures", "notes.txt", "compare.csv", "run", f"{MARK}x"), rng.randint(0, 3))
        for name in strange:
            _put(rng, target / name, home)
        if rng.random() < 0.5:
            (target / "fine").mkdir()
            (target / "fine" / "findings.json").write_text(json.dumps(FOUND))
        before, outside = state_of(target), state_of(home)
        try:
            check_output(target)
        except ValueError as error:
            assert "out" in str(error)  # noqa: PT017 - any folder may be refused, by its name
            taken = False
        else:
            taken = True
            assert not any((target / name).is_symlink() for name in FILES if valid)
            assert not (target / "figures").is_symlink() or not valid
            files = [path for path in target.rglob("*") if path.is_file() and not path.is_relative_to(target / f"{MARK}x")]
            assert valid or (target / "findings.json").exists() or all((path.parent / "findings.json").exists() for path in files)
        assert state_of(home) == outside
        empty = str(target / f"{MARK}x")
        assert {key: value for key, value in state_of(target).items() if key not in (empty, str(target))} == {
            key: value for key, value in before.items() if key not in (empty, str(target))}
        return "taken" if taken else "refused"


# -- files ------------------------------------------------------------------------------------------------------------
def _places(node: Any, depth: int = 12) -> list[tuple[Any, Any]]:
    """Every entry of a tree, as (mapping or list, its key)."""
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) and depth else []
    return [place for key in keys for place in ((node, key), *_places(node[key], depth - 1))]


def _mutated(rng: random.Random, node: Any) -> Any:
    made = copy.deepcopy(node)
    for _ in range(rng.randint(1, 3)):
        holder, key = rng.choice(_places(made) or [({"x": 1}, "x")])
        act = rng.random()
        if act < 0.7:
            holder[key] = rng.choice(EVIL)()
        elif act < 0.85 or not isinstance(holder, dict):
            del holder[key]
        else:
            holder[rng.choice(("\x1b[31m", "=x", "__class__", "_target_", ""))] = holder.pop(key)
    return made


def _text(node: Any) -> str:
    try:
        return json.dumps(node)
    except (ValueError, RecursionError):  # a number of thousands of digits
        return "{"


@cache
def _findings() -> dict[str, Any]:
    return json.loads(as_json(findings(), "seed: 1\nseries: {a: {x: 1}}\n"))


def findings_of_strangers(data: Data) -> str:
    """A findings.json is refused in one sentence, or all that compare and rerun do with it ends in printable text."""
    rng = _rng(data)
    text = _text(_mutated(rng, _findings()))
    try:
        found = SavedFindings.from_json(text.encode("utf-8", "surrogatepass"), "f")
    except ValueError as error:
        assert str(error).startswith("f: ")  # noqa: PT017 - any file may be refused, by its name
        return "refused"
    ours = SavedFindings.from_json(json.dumps(_findings()))
    try:
        told = [*_numbers(ours, found), *map(str, _lines("r", found)), *map(str, _differences({"r": found, "s": ours}).items()), *flat(found.config or {}).values()]
    except ValueError as error:
        assert "digits" in str(error)  # noqa: PT017 - Python's own limit, in a sentence
        return "refused"
    assert not any(STEERING.search(printable(line)) for line in told)
    return "read"


@cache
def _recipe() -> dict[str, Any]:
    with _scratch() as scratch:
        return json.loads(save(Recipe(Series.from_values([3, 4, 5, 4, 3, 5, 6, 4], start="2023-01-02", freq="W-MON"), "mean", 3, 10), scratch / "r").read_text())


def recipes_of_strangers(data: Data) -> str:
    """A recipe is refused in one sentence that names its file, or is one of ours."""
    rng = _rng(data)
    with _scratch() as scratch:
        made = _mutated(rng, _recipe())
        if rng.random() < 0.2:
            made["model"] = {"_target_": rng.choice(("forecast.SimulatedYard", "forecast.Flow", "forecast.breaks.cusum.Cusum", "os.system", "forecast.models.auto.Auto"))}
        (scratch / "r").write_text(_text(made))
        try:
            found = restore(scratch / "r")
        except ValueError as error:
            assert str(scratch / "r") in str(error)  # noqa: PT017 - any file may be refused, by its name
            return "refused"
        assert isinstance(found, Recipe)
        assert callable(found.model.paths)  # type: ignore[union-attr]
        return "read"


def manifests_of_strangers(data: Data) -> str:
    """Of a manifest only those lines are believed that were written so; the rest is refused in one sentence."""
    rng = _rng(data)
    with _scratch() as scratch:
        (scratch / "in.csv").write_text("unique_id,ds,y\na,2023-01-01,1\n")
        whole = begin(scratch / "out", scratch / "in.csv", Settings())
        for number in range(3):
            whole.add({"chunk": number, "series": [f"s{number}"], "cpu": 0.5, "files": {"series": "0" * 64}})
        path = scratch / "out" / NAME
        lines = path.read_bytes().splitlines()
        at = rng.randrange(4)
        act = rng.choice(("bytes", "json", "swap", "drop", "cut"))
        if act == "bytes":
            lines[at] = rng.choice((b"{}", b"[]", b"7", b"\0" * 40, b"\xff", b"[" * 5000, b'{"chunk": 1, "ser', b"null", b'{"chunk": ' + b"9" * 5000 + b"}"))
        elif act == "json":
            lines[at] = _text(_mutated(rng, json.loads(lines[at]))).encode("utf-8", "surrogatepass")
        elif act == "drop":
            del lines[at]
        elif act == "swap":
            rng.shuffle(lines)
        text = b"\n".join(lines) + b"\n"
        path.write_bytes(text[:rng.randrange(len(text))] if act == "cut" else text)
        try:
            found = begin(scratch / "out", scratch / "in.csv", Settings())
        except ValueError as error:
            assert "out holds a panel" in str(error), error  # noqa: PT017 - of another input, release or settings
            return "refused"
        assert all(whole.done[number] == line for number, line in found.done.items())
        again = begin(scratch / "out", scratch / "in.csv", Settings())
        assert again.done == found.done
        assert not again.damaged
        return "read"


# -- aliases ----------------------------------------------------------------------------------------------------------
def aliases_that_are_counted(data: Data) -> str:
    """What aliases and merges unfold to is at most what was counted before, and no bomb is ever unfolded."""
    rng = _rng(data)
    lines = ["k0: &k0 {x: 1}"]
    for k in range(1, rng.choice((3, 5, 12, 30))):
        others = [f"*k{rng.randrange(k)}" for _ in range(rng.randint(1, 6))]
        lines.append(f"k{k}: &k{k} " + rng.choice((f"[{', '.join(others)}]", f"{{<<: {others[0]}, y: {others[-1]}}}", f"{{a: [{', '.join(others)}]}}")))
    text = "\n".join(lines)
    most = 2_000
    try:
        found = yaml_graph.loaded(text, most, 20)
    except (ValueError, yaml.YAMLError) as error:
        assert str(error)  # noqa: PT017 - too many, too deep, or a merge of a list
        return "refused"

    def entries(node: Any) -> int:
        return 1 + (sum(1 + entries(value) for value in node.values()) if isinstance(node, dict) else sum(map(entries, node)) if isinstance(node, list) else 0)

    assert entries(found) <= most
    assert found == yaml.safe_load(text)
    return "taken"
