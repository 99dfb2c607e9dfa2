"""The sdist, and the wheel that is built from it: all that the program reads, no tests, and it runs from another folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# where a file of the clone lies in the wheel
PLACES = {"forecast": "forecast", "conf": "forecast/conf", "experiments": "forecast/experiments"}
PAGES = ("CHANGELOG.md", "CONTRIBUTING.md", "requirements.lock")  # of the sdist alone
READ = {".py", ".yaml", ".csv", ".md", ".html", ".css", ".js", ".mplstyle", ".typed"}


def _files(folder: str) -> set[Path]:
    """What a clean clone holds below a folder, but the tutorials, which are read in a clone."""
    done = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=False)
    paths = [Path(line) for line in done.stdout.splitlines()] if done.returncode == 0 else [
        path.relative_to(ROOT) for path in (ROOT / folder).rglob("*")]
    return {path for path in paths if path.suffix in READ and "tutorials" not in path.parts
            and (ROOT / path).is_file()}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """The sdist of a copy, so that an old build folder can neither serve nor be left behind, and the wheel of the sdist."""
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("dist")
    for name in (*PAGES, "pyproject.toml", "LICENSE", "README.md", "MANIFEST.in", "tests/__init__.py", "tests/test_wheel.py"):
        (copy / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    for path in (path for folder in PLACES for path in _files(folder)):
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, copy / path)
    done = subprocess.run([sys.executable, "-m", "build", "--no-isolation", "--outdir", out, copy],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def wheel(built) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def sdist(built) -> set[str]:
    """The names of the files in it."""
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The folder of scripts of a fresh environment that holds the wheel and sees the packages of this one."""
    venv = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    scripts = venv / ("Scripts" if os.name == "nt" else "bin")
    uv = Path(sys.executable).with_name("uv")
    base = sys._base_executable
    installer = [uv, "pip", "install", "--offline", "--python", scripts / "python"] if uv.exists() else [
        base, "-m", "pip", "--python", scripts / "python", "install", "--no-index"]
    done = subprocess.run([*installer, "--no-deps", wheel], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"neither uv nor pip installs a wheel here: {done.stderr.strip()[-200:]}")
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(venv), "platbase": str(venv)}))
    (site / "here.pth").write_text("\n".join(path for path in sys.path if path.endswith("-packages")))
    return scripts


def _run(installed: Path, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return subprocess.run([str(installed / str(arguments[0])), *map(str, arguments[1:])], cwd=cwd, text=True,
                          capture_output=True, check=False, env=clean, timeout=300)


def test_the_wheel_holds_every_file_that_the_program_reads(wheel):
    wanted = {f"{PLACES[folder]}/{path.relative_to(folder).as_posix()}" for folder in PLACES for path in _files(folder)}
    assert {"forecast/conf/base.yaml", "forecast/conf/models/ets.yaml", "forecast/experiments/seatbelts.yaml",
            "forecast/experiments/khasan_rajin/events.csv", "forecast/py.typed"} <= wanted
    assert not wanted - set(zipfile.ZipFile(wheel).namelist())


def test_the_sdist_holds_what_runs_and_its_pages_and_no_test(sdist):
    wanted = {path.as_posix() for folder in PLACES for path in _files(folder)}
    assert not (wanted | set(PAGES)) - sdist
    assert not [name for name in sdist if name.startswith("tests")]


def test_the_wheel_holds_only_forecast(wheel):
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"forecast"}


def test_the_wheel_names_no_place_of_the_machine_that_built_it(wheel):
    with zipfile.ZipFile(wheel) as archive:
        assert not [name for name in archive.namelist()
                    if not name.endswith(".csv") and str(ROOT).encode() in archive.read(name)]


def test_every_package_of_the_clone_is_listed_in_the_project():
    import tomllib

    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    there = {".".join([PLACES[folder].replace("/", "."), *path.relative_to(folder).parts[:-1]])
             for folder in PLACES for path in _files(folder) if path.name == "__init__.py"}
    assert set(listed) == there


def test_the_installed_command_lists_what_ships(installed, tmp_path):
    done = _run(installed, "forecast", "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {"seatbelts", "khasan_rajin", "bai_perron,", "prophet,"} <= set(done.stdout.split())


def test_the_installed_library_loads_every_experiment(installed, tmp_path):
    code = ("import forecast\n"
            "from forecast.experiment.config import experiments\n"
            "print(forecast.__file__)\n"
            "print([forecast.load(name).name for name in sorted(experiments())])")
    done = _run(installed, "python", "-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    home, loaded = done.stdout.splitlines()
    assert Path(home).is_relative_to(installed.parent)
    assert loaded == str(sorted(path.stem for path in (ROOT / "experiments").glob("*.yaml")))


def test_the_installed_command_runs_an_experiment_in_another_folder(installed, tmp_path):
    done = _run(installed, "forecast", "-cn", "seatbelts", "models=[mean,seasonal_naive]", "detectors=[segments]",
                "horizon=3", "origins=2", "draws=50", "placebos=19", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "reports" / "seatbelts" / "report.html").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["reports"]


def test_the_installed_command_reads_feeds_and_panels(installed, tmp_path):
    listed = _run(installed, "forecast", "feeds", cwd=tmp_path)
    assert {path.stem for path in (ROOT / "forecast" / "evidence" / "feeds").glob("*.py") if "FEED = " in path.read_text("utf-8")} == {
        line.split()[0] for line in listed.stdout.splitlines()}
    done = _run(installed, "forecast", "panel", ROOT / "tests" / "feeds" / "simulated_portwatch.csv", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "summary.html").is_file()
    told = _run(installed, "forecast", "panel", "--help", cwd=tmp_path)
    assert "fdr : share of false discoveries" in told.stdout


def test_the_installed_command_refuses_bad_input_in_one_sentence(installed, tmp_path):
    done = _run(installed, "forecast", "-cn", "seatbelts", "horizn=3", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("forecast: error: seatbelts: 'horizn' is no setting: did you mean 'horizon'")
