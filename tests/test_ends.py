"""How runs end that are asked to: soon, with every worker, with an exit code that says so, and with nothing half written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from forecast.cli.main import command
from forecast.support.ends import ends_put_off
from tests.processes import WORK, at_work, begin, ended

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are counted as Linux shows them")
SOON = 2.0  # seconds
QUICK = ("-cn", "simulated_yard", "origins=2", "draws=200", "placebos=19", "models=[mean]", "detectors=[regimes]", "detectors.regimes.draws=100",
         "detectors.regimes.model={spreads:[0.3],correlations:[0.6],dispersions:[6],levels:12,nodes:3}")


@pytest.mark.parametrize(("what", "number"), [
    ("run", signal.SIGHUP), ("pool", signal.SIGTERM), ("pool", signal.SIGKILL), ("launcher", signal.SIGTERM), ("launcher", signal.SIGKILL), ("panel", signal.SIGTERM),
    ("panel pool", signal.SIGINT), ("panel pool", signal.SIGKILL), ("panel dask", signal.SIGTERM), ("panel dask", signal.SIGKILL)])
def test_every_worker_of_every_backend_ends_with_the_run(what, number, tmp_path):
    if "dask" in what:
        pytest.importorskip("distributed")
    if what == "launcher":
        pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    words, processes = WORK[what]
    run = begin(words, tmp_path)
    assert at_work(run, processes), run.communicate()[1].decode()
    time.sleep(1.5)
    took, said = ended(run, number)
    assert took < SOON, said
    if number == signal.SIGKILL:
        assert run.returncode == -number
        return
    assert run.returncode == 128 + number, said
    assert "forecast: stopped, " in said
    if "panel" in what:
        assert "what was finished is kept in out: run the same command again to go on" in said
    else:
        assert not (tmp_path / "out").exists()


def test_a_signal_that_is_put_off_is_answered_when_the_block_is_done():
    heard = []
    before = signal.signal(signal.SIGTERM, lambda *given: heard.append("asked"))
    try:
        with ends_put_off():
            os.kill(os.getpid(), signal.SIGTERM)
            heard.append("done")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == ["done", "asked"]


def test_an_interrupt_after_the_report_was_written_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    real = Path.replace

    def interrupted(self, target):
        if self.name == "findings.json":
            os.kill(os.getpid(), signal.SIGINT)
        return real(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    assert command([*QUICK, "output=out"]) == 130
    assert capsys.readouterr().err == "forecast: stopped, out is written\n"
    assert (tmp_path / "out" / "report.html").is_file()


# -- streams ----------------------------------------------------------------------------------------------------------
def _run(tmp_path: Path, redirected: str, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", f'exec "$@" {redirected}', "bash", sys.executable, "-m", "forecast", *words], cwd=tmp_path, capture_output=True, text=True,
                          check=False, env={**os.environ, "PYTHONPATH": str(ROOT), **variables})


@pytest.mark.parametrize("redirected", ["2>&-", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_a_run_without_streams_writes_its_report_whole(redirected, tmp_path):
    done = _run(tmp_path, redirected, *QUICK, "output=out")
    assert done.returncode == 0
    assert done.stderr == ""
    assert json.loads((tmp_path / "out" / "findings.json").read_text())["name"] == "simulated_yard"
    assert "<svg" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_standard_output_that_cannot_be_written_is_said_and_the_report_is_there(more, tmp_path):
    done = _run(tmp_path, ">/dev/full", *QUICK, "output=out", *more)
    assert done.returncode == 2
    assert done.stderr == "forecast: standard output cannot be written (No space left on device); all else that was asked for is done\n"
    assert (tmp_path / "out" / "report.html").is_file()


def test_an_ascii_terminal_and_a_foreign_backend_of_plots_stop_nothing(tmp_path):
    done = _run(tmp_path, "", *QUICK, "output=out", LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0", MPLBACKEND="nosuch")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert "The report: out/report.html" in done.stdout


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    done = _run(tmp_path, "| head -1", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
