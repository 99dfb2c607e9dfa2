"""The environment: made once from a hash-locked file, by whatever the machine has, without the network here."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from forecast.support import bootstrap

ROOT = Path(__file__).resolve().parent.parent
PROBE = """\
import sys
from pathlib import Path
from forecast.support.bootstrap import ensure
ensure("probe", Path(__file__).resolve().parent.parent / "requirements.lock", {"tinypkg": (1,)})
import tinypkg
print("ran", tinypkg.__version__, Path(sys.prefix).name, sys.argv[1:])
"""


# -- a clone that needs one small package, with an index of its own -----------------------------------------------
def _wheel(place: Path, version: str = "1.0") -> str:
    """A wheel of one module in `place`, and its hash."""
    info = f"tinypkg-{version}.dist-info"
    files = {
        # of another size each: Python knows a compiled file by its size and time, in whole seconds
        "tinypkg.py": f"__version__ = '{version}'\n" + "#" * int(float(version)) + "\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: tinypkg\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')},"
        f"{len(text)}\n" for name, text in files.items())
    file = place / f"tinypkg-{version}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(name, text)
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _lock(clone: Path, version: str, digest: str) -> None:
    (clone / "requirements.lock").write_text(
        f"--no-index\n--find-links {clone / 'wheels'}\ntinypkg=={version} --hash=sha256:{digest}\n")


@pytest.fixture
def clone(tmp_path):
    """A folder with our bootstrap, a program that needs tinypkg, its lock and its wheel."""
    (tmp_path / "forecast" / "support").mkdir(parents=True)
    for name in ("__init__.py", "support/__init__.py", "support/bootstrap.py"):
        shutil.copy(ROOT / "forecast" / name, tmp_path / "forecast" / name)
    (tmp_path / "probe").mkdir()
    (tmp_path / "probe" / "__main__.py").write_text(PROBE)
    (tmp_path / "wheels").mkdir()
    _lock(tmp_path, "1.0", _wheel(tmp_path / "wheels"))
    return tmp_path


def _start(clone: Path, *arguments: str, python: str | Path | None = None, **env: str) -> subprocess.Popen[str]:
    uv = Path(sys.executable).parent
    path = os.pathsep.join([*([str(uv)] if (uv / "uv").exists() else []), os.environ["PATH"]])
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV", "COV_"))}
    return subprocess.Popen(
        [str(python or sys._base_executable), "-m", "probe", *arguments], cwd=clone, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**clean, "PATH": path, "UV_OFFLINE": "1", "UV_CACHE_DIR": str(clone / "cache"),
                                         **env})


def _run(clone: Path, *arguments: str, **settings: str) -> tuple[int, str, str]:
    process = _start(clone, *arguments, **settings)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


BROKEN = {"PIP_NO_INDEX": "1", "PATH": "/nowhere"}  # no uv, and a pip that finds nothing


def test_the_first_run_makes_the_environment_and_goes_on_there_with_its_arguments(clone):
    code, out, err = _run(clone, "-cn", "a b", "x=[1,2]")
    assert (code, out) == (0, "ran 1.0 .venv ['-cn', 'a b', 'x=[1,2]']\n")
    assert re.match(r"forecast: making .*\.venv from requirements\.lock \(once", err)


def test_later_runs_start_at_once_and_need_neither_network_nor_installer_nor_writing(clone):
    _run(clone)
    shutil.rmtree(clone / "wheels")
    before = sorted(path for path in clone.rglob("*") if path.suffix != ".pyc")
    assert _run(clone, **BROKEN) == (0, "ran 1.0 .venv []\n", "")
    assert sorted(path for path in clone.rglob("*") if path.suffix != ".pyc") == before


def test_the_clone_is_importable_from_anywhere_with_its_environment(clone, tmp_path_factory):
    _run(clone)
    done = subprocess.run([clone / ".venv/bin/python", "-E", "-c", "import forecast; print(forecast.__file__)"],
                          cwd=tmp_path_factory.mktemp("elsewhere"), capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).parent.parent == clone


def test_without_uv_pip_serves_and_settings_that_aim_it_elsewhere_do_not_count(clone):
    code, out, _ = _run(clone, PATH="/nowhere", PIP_USER="1", PIP_TARGET=str(clone / "elsewhere"),
                        PIP_REQUIRE_VIRTUALENV="1")
    assert (code, out) == (0, "ran 1.0 .venv []\n")
    assert not (clone / "elsewhere").exists()


def test_two_processes_at_once_make_one_environment(clone):
    both = [_start(clone, str(i)) for i in range(2)]
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum("making" in err for _, err in said) == 1
    assert sorted(out for out, _ in said) == ["ran 1.0 .venv ['0']\n", "ran 1.0 .venv ['1']\n"]


def test_what_an_interrupted_install_left_is_not_trusted(clone):
    _run(clone)
    site = next((clone / ".venv").rglob("site-packages"))
    (site / "tinypkg.py").unlink()  # it may be a hard link into the cache
    (site / "tinypkg.py").write_text("raise RuntimeError('half a file')")
    (clone / ".venv" / bootstrap.UNFINISHED).write_text("")
    code, out, err = _run(clone)
    assert (code, out) == (0, "ran 1.0 .venv []\n"), err


def test_a_new_lock_brings_the_environment_up_to_date(clone):
    _run(clone)
    _lock(clone, "2.0", _wheel(clone / "wheels", "2.0"))
    code, out, err = _run(clone)
    assert (code, out) == (0, "ran 2.0 .venv []\n")
    assert "making" in err


def test_a_new_lock_is_seen_by_the_python_of_the_environment_itself(clone):
    _run(clone)
    site = next((clone / ".venv").rglob("site-packages"))
    shutil.rmtree(site / "tinypkg-1.0.dist-info")
    code, _, err = _run(clone, python=clone / ".venv/bin/python")
    assert code == 1
    assert "remove that folder and run again" in err
    _lock(clone, "2.0", _wheel(clone / "wheels", "2.0"))
    (site / "tinypkg.py").unlink()
    code, out, err = _run(clone, python=clone / ".venv/bin/python")
    assert (code, out) == (0, "ran 2.0 .venv []\n"), err


def test_a_wrong_hash_installs_nothing_and_the_right_one_later_does(clone):
    right = (clone / "requirements.lock").read_text()
    _lock(clone, "1.0", "0" * 64)
    code, out, err = _run(clone)
    assert (code, out) == (1, "")
    assert "could not be installed" in err
    assert "Traceback" not in err
    (clone / "requirements.lock").write_text(right)
    assert _run(clone)[:2] == (0, "ran 1.0 .venv []\n")


def test_an_environment_of_the_users_own_is_never_cleared(clone):
    (clone / ".venv").mkdir()
    (clone / ".venv" / "precious").write_text("kept")
    code, _, err = _run(clone)
    assert code == 1
    assert "was not made by forecast" in err
    assert (clone / ".venv" / "precious").read_text() == "kept"


def test_an_environment_of_the_users_own_that_fits_is_filled(clone):
    subprocess.run([sys._base_executable, "-m", "venv", "--without-pip", clone / ".venv"], check=True)
    (clone / ".venv" / "precious").write_text("kept")
    code, out, err = _run(clone, python=clone / ".venv/bin/python")
    assert (code, out) == (0, "ran 1.0 .venv []\n"), err
    assert (clone / ".venv" / "precious").read_text() == "kept"


def test_a_clone_that_cannot_be_written_gives_a_sentence(clone):
    (clone / ".venv").write_text("in the way")  # a mode does not stop the root of a container
    code, out, err = _run(clone)
    assert (code, out) == (1, "")
    assert "cannot make its environment" in err
    assert "copy the clone to a folder that you may write" in err
    assert "Traceback" not in err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes wherever it likes")
def test_a_read_only_clone_gives_a_sentence(clone):
    clone.chmod(0o555)
    code, _, err = _run(clone)
    clone.chmod(0o755)
    assert code == 1
    assert "copy the clone" in err


def test_without_uv_pip_and_ensurepip_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    monkeypatch.setattr(bootstrap.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 1, ""))
    with pytest.raises(SystemExit, match=r"has neither: install one of them .*apt install python3-venv"):
        bootstrap._install(tmp_path, tmp_path / "bin" / "python", tmp_path / "requirements.lock")


# -- its parts ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_supported_pythons_pass(version):
    bootstrap.check_python(version)


@pytest.mark.parametrize("version", [(3, 7), (3, 10), (3, 14), (4, 0)])
def test_another_python_gets_one_sentence(version):
    with pytest.raises(SystemExit, match=rf"needs Python 3\.11, 3\.12 or 3\.13; this is Python {version[0]}\."):
        bootstrap.check_python(version)


@pytest.mark.parametrize("old", ["python3.7", "python3.8", "python3.9", "python3.10"])
def test_an_old_python_says_so_itself(old):
    try:
        asked = subprocess.run([old, "-c", "import sys; print(sys.version_info[1])"], capture_output=True, text=True,
                               check=False)
    except OSError:
        pytest.skip(f"no {old} here")
    if asked.stdout.strip() != old.removeprefix("python3."):
        pytest.skip(f"{old} does not start here")
    done = subprocess.run([old, "-m", "forecast"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.fullmatch(r"forecast needs Python 3\.11, 3\.12 or 3\.13; this is Python .*\n", done.stderr)


def test_needed_packages_are_those_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    stated = {}
    for line in project["dependencies"]:
        name, lower = re.match(r"([\w-]+)>=([\d.]+)", line).groups()
        stated[name] = tuple(map(int, lower.split(".")))
        upper = re.search(r",<([\d.]+)", line)
        assert bootstrap.TOO_NEW.get(name) == (tuple(map(int, upper[1].split("."))) if upper else None), name
    assert stated == bootstrap.NEEDED


def test_this_environment_lacks_nothing():
    assert bootstrap.missing(bootstrap.NEEDED) == []


@pytest.mark.parametrize(("version", "lacking"), [
    ("3.1", []), ("3.1.0rc1", []), ("3.0.9", ["pandas"]), ("4.0", ["pandas"]), ("3.25.1", []), (None, ["pandas"]),
    ("", ["pandas"]), ("unknown", ["pandas"]),
])
def test_a_release_that_will_not_do_is_lacking(version, lacking, monkeypatch):
    monkeypatch.setattr(metadata, "version", lambda name: version)
    assert bootstrap.missing({"pandas": (3, 1)}) == lacking


def test_without_a_lock_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap, "missing", lambda needed: ["pandas", "rich"])
    with pytest.raises(SystemExit, match=r'lacks pandas, rich: install it with: pip install "pandas>=3\.1" "rich>=14"'):
        bootstrap.ensure("forecast", tmp_path / "none.lock", bootstrap.NEEDED)


def test_nothing_is_made_where_the_packages_are_there(tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap, "_make", lambda *_: pytest.fail("made an environment"))
    bootstrap.ensure("forecast", tmp_path / "none.lock", bootstrap.NEEDED)


def test_mirrors_that_pip_knows_are_handed_to_uv(monkeypatch):
    said = ("global.index-url='mirror/simple'\nglobal.extra-index-url='\\none\\ntwo'\n:env:.find-links='a b'\n"
            "install.no-deps='1'\n")
    monkeypatch.setattr(bootstrap.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, said))
    assert bootstrap._mirrors(["pip"], {}) == {
        "UV_DEFAULT_INDEX": "mirror/simple", "UV_INDEX": "one two", "UV_FIND_LINKS": "a,b"}
    assert "UV_INDEX" not in bootstrap._mirrors(["pip"], {"UV_INDEX": "theirs"})
