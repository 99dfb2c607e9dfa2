"""Unfinished sets in an output folder, of ours and of strangers: what is not certainly ours is left alone and said."""

from __future__ import annotations

import json
import logging
import os
import shutil
from pathlib import Path

import pytest

from forecast.support.atomic_files import MARK, OLD, READY, atomic_set, link_in, replaced, settled, write_text
from forecast.support.ownership import SECRET, code_of
from tests.hostile import killed_set, state_of

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links, pipes and locks are those of POSIX")


def _set(folder: Path, **files: str) -> None:
    with atomic_set(folder, removed=("b.csv", "figures")) as place:
        for name, text in files.items():
            (place / name.replace("_", ".")).write_text(text)


def _held(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file() and not path.is_symlink()}


# -- unfinished sets of strangers -------------------------------------------------------------------------------------
SEALS = {
    "a name below a link": b'{"gone": ["s/.bashrc"]}', "a name above": b'{"gone": ["../precious.txt"]}', "a list": b"[]", "a number": b'{"gone": 3}',
    "half": b"{", "the folder itself": b'{"gone": ["."]}', "nothing": b"", "deep": b"[" * 100_000, "no text": b"\xff\xfe\x00",
    "as ours, a name below a link": b'{"removed": ["s/.bashrc"], "code": "0"}', "as ours, the folder above": b'{"removed": [".."], "code": ""}',
    "as ours, plain names": json.dumps({"removed": ["b.csv"], "code": "0" * 64}).encode(), "as ours, no code": b'{"removed": ["b.csv"], "code": null}',
    "as ours, a name of numbers": b'{"removed": [1, null, {}], "code": "x"}', "as ours, an odd code": '{"removed": [], "code": "\u00e9"}'.encode(),
    "a name of an absolute path": b'{"gone": ["/etc/passwd"], "removed": ["/etc/passwd"], "code": "0"}',
}


@pytest.mark.parametrize("seal", SEALS.values(), ids=SEALS)
@pytest.mark.parametrize("name", ["e", "e-0", f"{'0' * 12}-{'0' * 64}"])
def test_an_unfinished_set_of_a_stranger_is_left_alone_and_said_and_blocks_nothing(seal, name, target, outside, caplog):
    place = target / f"{MARK}{name}"
    place.mkdir()
    (place / READY).write_bytes(seal)
    (place / "config.yaml").write_text("of a stranger")
    (place / "s").symlink_to(outside)
    (place / OLD).symlink_to(outside)
    (target / "s").symlink_to(outside)
    before = state_of(place)
    with settled(target):
        pass
    _set(target, report_html="1", b_csv="1")
    _set(target, report_html="2")
    assert _held(target) == {"report.html": "2"}
    assert state_of(place) == before
    said = [record.getMessage() for record in caplog.records if record.name == "forecast" and record.levelno == logging.WARNING]
    assert said == [f"{place} was left alone: no run of this user on this machine made it here; remove it if you do not want it"]


@pytest.mark.parametrize("kind", ["file", "pipe", "link", "dangling link", "empty folder"])
def test_what_only_has_the_name_of_an_unfinished_set_holds_nobody_up(kind, target, outside):
    place = target / f"{MARK}x"
    make = {"file": lambda: place.write_text("x"), "pipe": lambda: os.mkfifo(place), "link": lambda: place.symlink_to(outside),
            "dangling link": lambda: place.symlink_to(outside / "nothing"), "empty folder": place.mkdir}
    make[kind]()
    _set(target, a_csv="1")
    assert _held(target).items() >= {"a.csv": "1"}.items()
    assert os.path.lexists(place) == (kind != "empty folder")


@pytest.mark.parametrize("kind", ["pipe", "link", "folder", "link to a seal"])
def test_a_seal_that_is_no_file_is_not_read(kind, target, outside):
    place = killed_set(target)
    seal = place / READY
    text = seal.read_bytes()
    seal.unlink()
    (target.parent / "seal").write_bytes(text)
    make = {"pipe": lambda: os.mkfifo(seal), "link": lambda: seal.symlink_to(outside / ".bashrc"), "folder": seal.mkdir,
            "link to a seal": lambda: seal.symlink_to(target.parent / "seal")}
    make[kind]()
    _set(target, a_csv="1")
    assert _held(target) == {"a.csv": "1"}
    assert (place / "report.html").read_text() == "whole"


# -- sets of ours, and what a stranger makes of them ------------------------------------------------------------------
def test_a_whole_set_of_a_killed_run_of_ours_is_moved_in(target):
    (target / "b.csv").write_text("old")
    killed_set(target)
    with settled(target):
        pass
    assert {path.name for path in target.iterdir()} == {"report.html", "figures"}
    assert (target / "report.html").read_text() == "whole"


def _copied(place: Path, outside: Path) -> None:
    shutil.copytree(place, aside := place.parent / "copy", symlinks=True)
    shutil.rmtree(place)
    aside.rename(place)


def _edited(place: Path, outside: Path) -> None:
    seal = json.loads((place / READY).read_text())
    (place / READY).write_text(json.dumps({**seal, "removed": [*seal["removed"], "mine.txt"]}))


def _renamed(place: Path, outside: Path) -> None:
    place.rename(place.with_name(place.name.replace(MARK, f"{MARK}0")))


def _link_inside(place: Path, outside: Path) -> None:
    (place / "series.csv").symlink_to(outside / "precious.txt")


def _link_deep_inside(place: Path, outside: Path) -> None:
    (place / "figures" / "home").symlink_to(outside)


def _pipe_inside(place: Path, outside: Path) -> None:
    os.mkfifo(place / "figures" / "pipe")


def _old_a_link(place: Path, outside: Path) -> None:
    (place / OLD).rmdir()
    (place / OLD).symlink_to(outside)


def _no_old(place: Path, outside: Path) -> None:
    (place / OLD).rmdir()


def _link_beside(place: Path, outside: Path) -> None:
    (place.parent / "figures").symlink_to(outside)


def _removed_a_link(place: Path, outside: Path) -> None:
    (place.parent / "b.csv").unlink(missing_ok=True)
    (place.parent / "b.csv").symlink_to(outside)


def _of_another_place(place: Path, outside: Path) -> None:
    other = place.parent / "elsewhere"
    other.mkdir()
    seal = (killed_set(other) / READY).read_text()
    (place / READY).write_text(seal)


@pytest.mark.parametrize("change", [_copied, _edited, _renamed, _link_inside, _link_deep_inside, _pipe_inside, _old_a_link, _no_old, _link_beside, _removed_a_link, _of_another_place])
def test_a_set_of_ours_that_a_stranger_has_touched_is_left_alone(change, target, outside, caplog):
    (target / "mine.txt").write_text("mine")
    change(killed_set(target), outside)
    before = {name: facts for name, facts in state_of(target).items() if name != str(target)}
    with settled(target):
        pass
    assert {name: facts for name, facts in state_of(target).items() if name != str(target)} == before
    assert "was left alone" in caplog.text


def test_a_set_of_another_user_is_left_alone(target, tmp_path, monkeypatch):
    place = killed_set(target)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "of another"))
    before = state_of(place)
    _set(target, a_csv="1")
    assert state_of(place) == before
    assert _held(target) == {"a.csv": "1"}


# -- the secret -------------------------------------------------------------------------------------------------------
@pytest.fixture
def state(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "forecast"


def test_the_secret_is_made_once_and_only_its_user_may_read_it(state):
    code = code_of("a", 1)
    assert code == code_of("a", 1) != code_of("a1")
    assert code_of("ab", "c") != code_of("a", "bc")
    assert (state / SECRET).stat().st_mode & 0o777 == 0o600
    assert state.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in state.iterdir()] == [SECRET]


@pytest.mark.parametrize("kind", ["short", "readable by all", "link", "pipe", "folder"])
def test_a_secret_that_is_not_private_and_whole_is_none(kind, state, tmp_path, target):
    code_of("a")
    secret = state / SECRET
    content = secret.read_bytes()
    if kind != "readable by all":
        secret.unlink()
    (tmp_path / "other").write_bytes(content)
    (tmp_path / "other").chmod(0o600)
    make = {"short": lambda: secret.write_bytes(b"x"), "readable by all": lambda: secret.chmod(0o644), "link": lambda: secret.symlink_to(tmp_path / "other"),
            "pipe": lambda: os.mkfifo(secret), "folder": secret.mkdir}
    make[kind]()
    assert code_of("a") is None
    _set(target, a_csv="1")
    assert _held(target) == {"a.csv": "1"}


@pytest.mark.parametrize("variables", [{"XDG_STATE_HOME": "relative", "HOME": "/nonexistent"}, {"XDG_STATE_HOME": "/proc/nothing"}])
def test_without_a_place_for_a_secret_a_report_is_written_all_the_same(variables, target, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert code_of("a") is None
    place = killed_set(target)
    before = state_of(place)
    _set(target, a_csv="1")
    assert state_of(place) == before
    assert _held(target) == {"a.csv": "1"}


# -- one file ---------------------------------------------------------------------------------------------------------
def test_a_text_replaces_a_link_and_never_what_the_link_names(outside, target):
    (target / "a.txt").symlink_to(outside / ".bashrc")
    write_text(target / "a.txt", "new")
    assert not (target / "a.txt").is_symlink()
    assert (target / "a.txt").read_text() == "new"
    assert (target / "a.txt").stat().st_mode & 0o777 == 0o666 & ~_umask()
    assert [path.name for path in target.iterdir()] == ["a.txt"]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_file_whose_writing_fails_is_as_it_was(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(KeyError), replaced(tmp_path / "a.txt") as part:  # noqa: PT012 - it fails in the middle
        part.write_text("half")
        raise KeyError
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.txt", "old")]


def test_a_link_is_found_where_it_stands(outside, target, tmp_path):
    (target / "x").symlink_to(outside)
    assert link_in(Path("reports/yard/x")) == target / "x"
    assert link_in(Path("reports/yard/x/deeper")) == target / "x"
    assert link_in(Path("reports/yard")) is None
    assert link_in(tmp_path / "new") is None
    (tmp_path / "far").symlink_to(target)
    assert link_in(tmp_path / "far") == tmp_path / "far"
    assert link_in(tmp_path / "far" / "deeper") is None  # a link that the user wrote, outside the folder of the stranger
