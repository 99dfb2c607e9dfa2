"""What tests of hostile folders share: a home that nothing may touch, and a folder of a stranger beside it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from forecast.support.atomic_files import MARK

ROOT = Path(__file__).resolve().parent.parent


def state_of(folder: Path) -> dict[str, tuple[object, ...]]:
    """All that can be told of the files below a folder; a link is not followed."""
    found: dict[str, tuple[object, ...]] = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        facts = path.lstat()
        content = (os.readlink(path) if path.is_symlink() else path.read_bytes() if stat.S_ISREG(facts.st_mode) else "")
        found[str(path)] = facts.st_mode, facts.st_ino, facts.st_mtime_ns * (not path.is_dir()), content
    return found


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The home of a user, with files that are dear; at the end all of it must be as it was."""
    home = tmp_path / "home"
    (home / ".config").mkdir(parents=True)
    for name in (".bashrc", "precious.txt", ".config/program.yaml"):
        (home / name).write_text(f"{name} of the user")
    (tmp_path / "clone" / "reports").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "clone")
    before = state_of(home)
    yield home
    assert state_of(home) == before


@pytest.fixture
def target(outside: Path, tmp_path: Path) -> Path:
    """The folder that a report goes to, inside the clone of a stranger."""
    folder = tmp_path / "clone" / "reports" / "yard"
    folder.mkdir()
    return folder


@pytest.fixture
def feigned(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that costs nothing and whose report is a whole one."""
    from tests.test_words import findings

    made = findings()

    def run(experiment: object, progress: object = None) -> object:
        return made

    monkeypatch.setattr("forecast.experiment.experiment.run", run)


def killed_set(target: Path) -> Path:
    """What a run leaves in `target` that was killed when its set was whole and nothing of it moved."""
    code = ("import os, sys; from pathlib import Path; import forecast.support.atomic_files as files\n"
            "files._move_in = lambda *given: os._exit(9)\n"
            "with files.atomic_set(Path(sys.argv[1]), removed=('b.csv',)) as place:\n"
            "    (place / 'report.html').write_text('whole'); (place / 'figures').mkdir(); (place / 'figures' / 'key.svg').write_text('whole')\n")
    done = subprocess.run([sys.executable, "-c", code, str(target)], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == 9
    (place,) = target.glob(f"{MARK}*")
    return place
