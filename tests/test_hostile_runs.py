"""Runs that break: killed, interrupted, out of space, two at once; what stood before stays whole."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from forecast.cli.main import command
from forecast.support.atomic_files import OLD, READY, atomic_set
from tests.bench.kills import RUN, begin, kill, leftovers, whole
from tests.processes import GROUP, alive

ROOT = Path(__file__).resolve().parent.parent
# a coarse posterior: what breaks a run does not depend on it
COARSE = ("models=[mean]", "detectors=[regimes]", "detectors.regimes.draws=100",
          "detectors.regimes.model={spreads:[0.3],correlations:[0.6],dispersions:[6],levels:12,nodes:3}")


def _set(folder: Path, **files: str) -> None:
    with atomic_set(folder, removed=("b.csv", "figures")) as place:
        for name, text in files.items():
            (place / name.replace("_", ".")).write_text(text, encoding="utf-8")


def _held(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir() if path.is_file()}


# -- a set of files -------------------------------------------------------------------------------------------------
def test_a_set_takes_the_place_of_the_earlier_one_and_leaves_files_of_others(tmp_path):
    folder = tmp_path / "run"
    _set(folder, report_html="1", a_csv="1", b_csv="1")
    (folder / "notes.txt").write_text("mine")
    _set(folder, report_html="2", a_csv="2")
    assert _held(folder) == {"report.html": "2", "a.csv": "2", "notes.txt": "mine"}
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert not leftovers(folder)


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), ValueError("x"), KeyboardInterrupt()])
def test_a_failure_before_the_move_changes_nothing(error, tmp_path):
    folder = tmp_path / "run"
    with pytest.raises(type(error)), atomic_set(folder) as place:  # noqa: PT012 - it fails in the middle
        (place / "a.csv").write_text("1")
        raise error
    assert not folder.exists()
    _set(folder, a_csv="1")
    with pytest.raises(type(error)), atomic_set(folder) as place:  # noqa: PT012 - it fails in the middle
        (place / "a.csv").write_text("2")
        raise error
    assert _held(folder) == {"a.csv": "1"}
    assert not leftovers(folder)


@pytest.mark.parametrize("at", range(1, 6))
def test_a_move_that_fails_is_taken_back(at, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    _set(folder, report_html="1", a_csv="1", b_csv="1")
    calls, real = [], Path.replace

    def fails(self, target):
        if not str(self).endswith(".part"):
            calls.append(self)
            if len(calls) == at:
                raise OSError(errno.EIO, "Input/output error")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(OSError, match="Input/output"):
        _set(folder, report_html="2", a_csv="2")
    assert _held(folder) == {"report.html": "1", "a.csv": "1", "b.csv": "1"}
    assert not leftovers(folder)


@pytest.mark.parametrize("moved", range(6))
def test_a_move_that_was_killed_is_finished_by_the_next_run(moved, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    _set(folder, report_html="1", a_csv="1", b_csv="1")
    code = ("import os, sys; from pathlib import Path; from forecast.support.atomic_files import atomic_set\n"
            "real, calls = Path.replace, []\n"
            "def replace(self, target):\n"
            "    if not str(self).endswith('.part'):\n"
            "        calls.append(1)\n"
            f"        if len(calls) > {moved}: os._exit(9)\n"
            "    return real(self, target)\n"
            "Path.replace = replace\n"
            "with atomic_set(Path(sys.argv[1]), removed=('b.csv',)) as place:\n"
            "    for name in ('report.html', 'a.csv'): (place / name).write_text('2')\n")
    done = subprocess.run([sys.executable, "-c", code, str(folder)], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == (9 if moved < 5 else 0)
    _set(folder, c_csv="3")
    assert _held(folder) == {"report.html": "2", "a.csv": "2", "c.csv": "3"}
    assert not leftovers(folder)


def test_what_a_killed_run_had_not_finished_is_removed_but_not_what_another_run_is_making(tmp_path):
    folder = tmp_path / "run"
    code = ("import os, sys; from pathlib import Path; from forecast.support.atomic_files import atomic_set\n"
            "with atomic_set(Path(sys.argv[1])) as place: (place / 'a.csv').write_text('half'); os._exit(9)")
    subprocess.run([sys.executable, "-c", code, str(folder)], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    (dead,) = leftovers(folder)
    with atomic_set(folder) as place:
        (place / "a.csv").write_text("1")
        _set(folder, b_csv="1")
        assert leftovers(folder) == [place.name] != [dead]
    assert _held(folder) == {"a.csv": "1", "b.csv": "1"}
    assert not leftovers(folder)


def test_sets_written_at_once_never_mix(tmp_path):
    folder = tmp_path / "run"

    def write(k: int) -> None:
        for _ in range(5):
            _set(folder, report_html=str(k), a_csv=str(k), c_csv=str(k))
            time.sleep(0.001)

    threads = [threading.Thread(target=write, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(_held(folder).values())) == 1
    assert not leftovers(folder)


def test_an_interrupt_while_moving_waits_until_the_set_is_whole(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    real = Path.replace

    def interrupted(self, target):
        if self.name == "a.csv":
            os.kill(os.getpid(), signal.SIGINT)
        return real(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _set(folder, report_html="1", a_csv="1")
    assert _held(folder) == {"report.html": "1", "a.csv": "1"}
    assert not any(path.name in (OLD, READY) for path in folder.rglob("*"))


# -- whole runs -----------------------------------------------------------------------------------------------------
def test_killed_runs_leave_the_earlier_report_whole_and_the_next_cleans_up(tmp_path):
    folder = tmp_path / "run"
    assert kill(folder, 1, 120, *COARSE) == 0
    assert whole(folder) == 1
    for seed, after in ((2, 1.5), (3, 3.0)):
        kill(folder, seed, after, *COARSE)
        assert whole(folder) in (1, seed)
    assert kill(folder, 4, 120, *COARSE) == 0
    assert whole(folder) == 4
    assert not leftovers(folder)


def test_an_interrupt_ends_with_130_leaves_no_worker_and_writes_nothing(tmp_path):
    folder = tmp_path / "run"
    run = begin(folder, 1, "jobs=2", "origins=60", "models=[count_state_space,structural]", "draws=100000")
    for _ in range(600):
        if len(alive(run.pid, GROUP)) > 2:  # itself and its workers: it is at work, however busy the machine
            break
        time.sleep(0.1)
    time.sleep(1)
    os.killpg(run.pid, signal.SIGINT)
    said = run.communicate(timeout=60)[1].decode()
    assert run.returncode == 130, said
    assert "stopped, nothing was written" in said
    assert not folder.exists()
    for _ in range(50):
        if not alive(run.pid, GROUP):
            break
        time.sleep(0.2)
    assert not alive(run.pid, GROUP)


@pytest.fixture(scope="module")
def earlier(tmp_path_factory) -> Path:
    """A folder in which a run has left its report in `run`."""
    folder = tmp_path_factory.mktemp("earlier")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert command([*RUN[2:], *COARSE, "output=run"]) == 0
    return folder


@pytest.fixture
def small(earlier, tmp_path, monkeypatch):
    """The command of a run, in a folder that holds its earlier report."""
    shutil.copytree(earlier / "run", tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    return [*RUN[2:], *COARSE, "output=run"]


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_full_disk_is_said_with_what_to_do_and_the_earlier_report_stays(small, tmp_path, monkeypatch, capsys):
    before = _files(tmp_path / "run")
    real = Path.write_text

    def full(self, *arguments, **named):
        if self.name == "report.html":
            raise OSError(errno.ENOSPC, "No space left on device", str(self))
        return real(self, *arguments, **named)

    monkeypatch.setattr(Path, "write_text", full)
    assert command([*small, "seed=5"]) == 2
    said = capsys.readouterr().err
    assert "No space left" in said
    assert "output=FOLDER" in said
    assert _files(tmp_path / "run") == before


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="limits of files are those of POSIX")
def test_a_limit_of_the_size_of_files_leaves_the_earlier_report_whole(small, tmp_path):
    before = _files(tmp_path / "run")
    done = subprocess.run(["bash", "-c", "ulimit -f 40; trap '' XFSZ; exec \"$@\"", "bash", sys.executable, "-m", "forecast", *small, "seed=9"],
                          cwd=tmp_path, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("forecast: error: File too large: free some space, raise the limit")
    assert _files(tmp_path / "run") == before


# -- a user without rights ------------------------------------------------------------------------------------------
@pytest.fixture
def closed(tmp_path):
    """Give up what root may do; and a folder in which such a user may write nothing."""
    if not hasattr(os, "geteuid"):
        pytest.skip("modes of files are those of POSIX")
    drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    if drop and not shutil.which("setpriv"):
        pytest.skip("root cannot give up its rights: setpriv is not here")
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0o555)
    if subprocess.run([*drop, "touch", str(folder / "x")], capture_output=True, check=False).returncode == 0:
        pytest.skip("root cannot give up its rights here")

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        own = {name: value for name, value in os.environ.items() if name not in ("HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR")}
        return subprocess.run([*drop, sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False,
                              env={**own, "PYTHONPATH": str(ROOT), "HOME": str(folder), **variables})

    yield run, folder
    folder.chmod(0o755)


def test_a_folder_that_may_not_be_written_is_said_before_the_work_and_its_report_stays(closed, earlier, tmp_path):
    run, folder = closed
    shutil.copytree(earlier / "run", tmp_path / "run")
    before = _files(tmp_path / "run")
    (tmp_path / "run").chmod(0o555)
    for output in (str(tmp_path / "run"), "reports/new"):
        done = run("-m", "forecast", "-cn", "simulated_yard", f"output={output}")
        assert done.returncode == 2
        assert done.stderr == f"forecast: error: output {output} cannot be written: name another folder with output=FOLDER\n"
    assert _files(tmp_path / "run") == before
    assert not list(folder.iterdir())


@pytest.mark.parametrize("words", [("panel", "{file}", "out"), ("check", "{file}", "--keep-good", "out.csv"), ("check", "{secret}"), ("panel", "{secret}", "out"),
                                   ("-cn", "secret", "-cd", "{configs}")])
def test_what_may_not_be_read_or_written_is_named_with_what_to_do(closed, words, tmp_path):
    run, folder = closed
    table = "unique_id,ds,y\n" + "".join(f"a,2023-01-{day:02d},{day}\n" for day in range(1, 29))
    configs = tmp_path / "configs"
    configs.mkdir()
    for path, content in ((tmp_path / "file.csv", table), (tmp_path / "secret.csv", table), (configs / "secret.yaml", "title: x")):
        path.write_text(content)
        path.chmod(0o000 if "secret" in path.name else 0o644)
    done = run("-m", "forecast", *(word.format(file=tmp_path / "file.csv", secret=tmp_path / "secret.csv", configs=configs) for word in words))
    assert done.returncode == 2, done.stderr
    last = done.stderr.splitlines()[-1]
    assert "Permission denied: name a file that you may read, and a folder that you may write" in last
    assert "Traceback" not in done.stderr
    assert run("-m", "forecast", "--help").returncode == 0
    assert not list(folder.iterdir())


def test_loops_are_compiled_where_neither_the_package_nor_the_home_can_be_written(closed, tmp_path):
    run, _ = closed
    package = tmp_path / "installed" / "forecast"
    shutil.copytree(ROOT / "forecast", package, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in (package, *(path for path in package.rglob("*") if path.is_dir())):
        folder.chmod(0o555)
    code = ("import numpy as np, forecast.breaks._numba_optimal_partitioning as p; out = np.empty(3); p._edge(0.0, True, out); print(p.__file__, out.tolist())")
    done = run("-c", code, PYTHONPATH=str(package.parent))
    for folder in (package, *(path for path in package.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{package / 'breaks' / '_numba_optimal_partitioning.py'} [0.0, 1.0, 1.0]\n"


# -- again ----------------------------------------------------------------------------------------------------------
def test_a_report_is_repeated_from_its_findings_and_what_differs_is_said(small, tmp_path, capsys):
    assert command(["rerun", "run"]) == 0
    assert capsys.readouterr().out == "The findings are the same.\n"
    file = tmp_path / "run" / "findings.json"
    found = json.loads(file.read_text())
    assert {"numpy", "scipy", "numba", "hydra-core", "forecast", "python"} <= set(found["versions"])
    found["versions"]["numpy"] = "1.0"
    found["inputs"] = {"gone.csv": "0"}
    found["readings"]["railcars"]["log_ratio"] += 1
    file.write_text(json.dumps(found))
    assert command(["rerun", str(file)]) == 1
    said = capsys.readouterr().out
    assert "input gone.csv is not read now" in said
    assert "version of numpy: 1.0 then" in said
    assert "readings.railcars.log_ratio" in said
    assert "3 differences." in said
    found["config"]["series"]["railcars"]["_target_"] = "os.system"
    file.write_text(json.dumps(found))
    assert command(["rerun", str(file)]) == 2


@pytest.mark.parametrize("text", ["", "[]", "{}", "{", "\xff", '{"config": 3}', "[" * 100_000, '{"config": {"hydra": {}}}'])
def test_what_is_no_findings_is_refused(text, tmp_path, capsys):
    (tmp_path / "findings.json").write_text(text, encoding="latin-1")
    assert command(["rerun", str(tmp_path)]) == 2
    assert command(["rerun"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_neither_threads_nor_the_seed_of_hashes_change_a_bit(tmp_path):
    made = set()
    for threads, hashes in (("1", "0"), ("2", "1")):
        variables = {f"{name}_NUM_THREADS": threads for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")} | {"PYTHONHASHSEED": hashes}
        subprocess.run([sys.executable, *RUN, "models=[regimes]", f"output=run{threads}"], cwd=tmp_path, check=True, capture_output=True,
                       env={**os.environ, "PYTHONPATH": str(ROOT), **variables})
        made.add((tmp_path / f"run{threads}" / "findings.json").read_bytes())
    assert len(made) == 1
