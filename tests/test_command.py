"""The command: what it runs, where it writes, what it says when the input is bad, and how soon its page comes."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from forecast.cli.main import command
from forecast.cli.overview import COMMANDS
from forecast.support.registry import folder, names
from tests.test_hostile_findings import FOUND

ROOT = Path(__file__).resolve().parent.parent
QUICK = ["-cn", "seatbelts", "models=[mean,seasonal_naive]", "detectors=[segments]", "origins=2", "draws=50",
         "placebos=19", "horizon=3"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Stand in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def feigned(monkeypatch):
    """An experiment that costs nothing: its runs are kept, its report is one file."""
    ran = []

    def run(experiment, progress=None):
        progress(1, 1, "all")
        if experiment.seed == 666:
            raise ValueError("seed 666 is not wanted: choose another")
        ran.append(experiment)
        return experiment

    def write_report(findings, place, config=None, also=dict):
        Path(place).mkdir(parents=True, exist_ok=True)
        for name, text in {"findings.json": json.dumps(FOUND), **also()}.items():
            (Path(place) / name).write_text(text)
        return Path(place) / "report.html"

    monkeypatch.setattr("forecast.experiment.experiment.run", run)
    monkeypatch.setattr("forecast.report.report.write_report", write_report)
    monkeypatch.setattr("forecast.experiment.rerun.rerun", lambda path, trust=(): [])
    monkeypatch.setattr("forecast.report.report.summary", lambda findings, console=None: print("summary of", findings.name))
    monkeypatch.setattr("forecast.report.comparison.compare", lambda place: pd.DataFrame(
        {"run": sorted(path.parent.name for path in Path(place).rglob("findings.json"))}))
    return ran


def _python(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})


# -- the page of help -----------------------------------------------------------------------------------------------
def test_help_lists_every_experiment_detector_and_model(capsys):
    assert command(["--help"]) == 0
    said = capsys.readouterr().out
    listed = {word.strip(",") for word in said.split()}
    blocks = {block.split()[0]: block.splitlines()[1:] for block in said.split("\n\n")}
    for group in ("detectors", "models"):
        assert tuple(" ".join(blocks[group]).replace(",", "").split()) == names(group)
    assert {path.stem for path in folder("experiments").glob("*.yaml")} <= listed
    assert {"horizon=6", "placebos=199"} <= listed


@pytest.mark.parametrize("word", COMMANDS)
def test_every_subcommand_has_a_page_of_its_own_with_examples_that_it_reads(word, capsys):
    assert command([word, "--help"]) == 0
    page = capsys.readouterr().out
    assert page.startswith(f"usage: forecast {word}")
    assert re.findall(rf"^  forecast {word}", page, flags=re.M)
    assert command([word, "--hlp"]) == 2
    assert "did you mean '--help'?" in capsys.readouterr().err


def test_a_quiet_run_says_nothing_and_json_is_what_a_script_reads(feigned, capsys):
    assert command(["-cn", "seatbelts", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert command(["-cn", "seatbelts", "-m", "models=ets,mean", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_a_word_that_is_no_command_is_answered_with_the_nearest(capsys):
    assert command(["comparre", "reports"]) == 2
    assert "did you mean 'compare'?" in capsys.readouterr().err


def test_help_lists_the_users_own_experiments(here, capsys):
    (here / "experiments").mkdir()
    (here / "experiments" / "mine.yaml").write_text("title: My yard\n")
    command(["-h"])
    assert re.search(r"mine +My yard", capsys.readouterr().out)


def test_every_example_of_the_help_is_read(feigned, capsys):
    import shlex

    command(["--help"])
    sample = ROOT / "tests" / "feeds" / "simulated_long_table.csv"
    examples = re.findall(r"^  forecast(.*?)(?:  .*)?$", capsys.readouterr().out, flags=re.M)
    assert {"", " compare reports/", " feeds", " check FILE"} <= set(examples)
    assert [command(shlex.split(example.replace("FILE", str(sample)))) for example in examples] == [0] * len(examples)


def test_help_imports_neither_pandas_nor_hydra():
    said = _python("-X", "importtime", "-m", "forecast", "--help").stderr
    loaded = {line.rpartition("|")[2].strip() for line in said.splitlines()}
    assert loaded >= {"forecast.experiment.config"}
    assert not loaded & {"pandas", "hydra", "omegaconf", "numpy", "rich", "matplotlib"}


def test_help_is_there_in_little_of_the_time_that_pandas_and_hydra_need():
    def seconds(*arguments: str) -> float:
        spent = []
        for _ in range(3):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            assert _python(*arguments).returncode == 0
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return min(spent)

    assert seconds("-m", "forecast", "--help") <= 0.6 * seconds("-c", "import pandas, hydra") + 0.3


# -- runs -----------------------------------------------------------------------------------------------------------
def test_forecast_alone_runs_khasan_rajin(here, feigned, capsys):
    assert command([]) == 0
    assert [made.name for made in feigned] == ["khasan_rajin"]
    assert "summary of khasan_rajin" in capsys.readouterr().out
    assert (here / "reports" / "khasan_rajin" / "config.yaml").is_file()


def test_a_report_lands_in_its_folder_with_settings_and_log_and_nothing_lies_elsewhere(here, capsys):
    assert command(QUICK) == 0
    place = here / "reports" / "seatbelts"
    assert {"report.html", "findings.json", "config.yaml", "forecast.log"} <= {path.name for path in place.iterdir()}
    assert "horizon: 3" in (place / "config.yaml").read_text()
    assert "writing reports" in (place / "forecast.log").read_text()
    assert [path.name for path in here.iterdir()] == ["reports"]
    assert [path.name for path in (here / "reports").iterdir()] == ["seatbelts"]
    assert "report.html" in capsys.readouterr().out


def test_a_run_is_repeated_from_its_own_settings(here, feigned):
    assert command([*QUICK, "output=here"]) == 0
    assert command(["-cn", "config", "-cd", "here", "output=there"]) == 0
    assert feigned[0] == feigned[1]


def test_options_may_stand_between_settings(feigned):
    assert command(["horizon=3", "-cn", "seatbelts", "draws=50"]) == 0
    assert (feigned[0].name, feigned[0].horizon, feigned[0].draws) == ("seatbelts", 3, 50)


def test_output_says_where_a_report_goes(here, feigned):
    assert command(["-cn", "seatbelts", "output=a b/c"]) == 0
    assert (here / "a b" / "c" / "findings.json").is_file()
    assert not (here / "reports").exists()


def test_warnings_go_to_the_log_and_not_to_the_terminal(here, feigned, monkeypatch, capsys):
    import warnings

    monkeypatch.setattr("forecast.experiment.experiment.run", lambda experiment, progress: warnings.warn("beware", stacklevel=1)
                        or experiment)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert command(["-cn", "seatbelts"]) == 0
    assert "beware" in (here / "reports" / "seatbelts" / "forecast.log").read_text()
    assert capsys.readouterr().err == ""


def test_a_bar_is_drawn_on_a_terminal_only(feigned, monkeypatch, capsys):
    assert command(["-cn", "seatbelts"]) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert command(["-cn", "seatbelts"]) == 0


def test_cfg_prints_the_settings_and_runs_nothing(here, feigned, capsys):
    assert command(["--cfg", "job", "-cn", "seatbelts", "horizon=3"]) == 0
    assert "horizon: 3" in capsys.readouterr().out
    assert not feigned
    assert not list(here.iterdir())


def test_version(capsys):
    assert command(["--version"]) == 0
    assert re.fullmatch(r"forecast \d+\.\d+\.\d+\n", capsys.readouterr().out)


# -- sweeps and tables ----------------------------------------------------------------------------------------------
def test_a_sweep_has_a_folder_a_job_and_a_table_at_the_end(here, feigned, capsys):
    assert command(["-cn", "seatbelts", "-m", "models=ets,mean", "horizon=3"]) == 0
    place = here / "reports" / "seatbelts"
    assert sorted(path.name for path in place.iterdir()) == ["models=ets", "models=mean"]
    assert all((job / "config.yaml").is_file() for job in place.iterdir())
    assert re.search(r"models=ets\s+models=mean", capsys.readouterr().out)
    assert [path.name for path in here.iterdir()] == ["reports"]


def test_a_job_that_fails_does_not_stop_the_others_and_is_told(here, feigned, capsys):
    assert command(["-cn", "seatbelts", "-m", "seed=1,666,2"]) == 2
    said = capsys.readouterr()
    assert "forecast: error: seed=666: seed 666 is not wanted" in said.err
    assert sorted(path.name for path in (here / "reports" / "seatbelts").iterdir()) == ["seed=1", "seed=2"]
    assert "seed=2" in said.out


def test_a_sweep_beside_an_earlier_report_leaves_it_alone(here, feigned):
    command(["-cn", "seatbelts"])
    before = (here / "reports" / "seatbelts" / "config.yaml").read_text()
    command(["-cn", "seatbelts", "-m", "horizon=3,4"])
    assert (here / "reports" / "seatbelts" / "config.yaml").read_text() == before


def test_compare_prints_a_table(here, feigned, capsys):
    command(["-cn", "seatbelts"])
    capsys.readouterr()
    assert command(["compare", "reports/"]) == 0
    assert "seatbelts" in capsys.readouterr().out


# -- bad input ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("arguments", "said"), [
    (["-cn", "seatbelt"], "experiment 'seatbelt' is unknown: did you mean 'seatbelts'"),
    (["-cn", "seatbelts", "horizn=3"], "did you mean 'horizon'"),
    (["-cn", "seatbelts", "models=etz"], "did you mean 'ets'"),
    (["-cn", "seatbelts", "-m", "models=etz,mean"], "did you mean 'ets'"),
    (["-cn", "seatbelts", "horizon=3,4"], "add -m"),
    (["-cn", "seatbelts", "horizon=-1"], "horizon must be a whole number of at least 1, got -1"),
    (["-cn", "seatbelts", "hydra.run.dir=x"], "of Hydra's own settings only"),
    (["-cn", "seatbelts", "-cd", "nowhere"], "'nowhere' is no folder"),
    (["-cn"], "expected one argument"),
    (["--confg-name", "x"], "did you mean '--config-name'"),
    (["seatbelts"], "write forecast -cn seatbelts"),
    (["compar", "reports"], "did you mean 'compare'"),
    (["compare", "nowhere"], "nowhere is no folder"),
    (["compare", "a", "b"], "compare takes one folder"),
    (["compare", "."], "run an experiment"),
    (["-cn", "seatbelts", "output="], "output= names no folder"),
    (["-cn", "seatbelts", "output=a_file"], "a_file is a file"),
    (["-cn", "seatbelts", "output=a_file/deeper"], "cannot be written"),
    (["-cn", "seatbelts", "output=full"], "holds thesis.doc, no report of forecast: name a new or an empty folder"),
    (["-cn", "seatbelts", "series.drivers_killed.path=nosuch.csv"], "nosuch.csv"),
    (["-cn", "seatbelts", "ledger=nosuch.csv"], "nosuch.csv"),
    (["-cn", "seatbelts", "+events.shoigu_visit="], "shoigu_visit"),
])
def test_bad_input_is_one_sentence_and_exit_code_2(arguments, said, here, capsys):
    (here / "a_file").write_text("")
    (here / "full").mkdir()
    (here / "full" / "thesis.doc").write_text("")
    before = sorted(here.rglob("*"))
    assert command(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("forecast: error: ")
    assert said in error
    assert "Traceback" not in error
    assert sorted(here.rglob("*")) == before


def test_bad_input_reaches_the_shell_without_a_traceback(here):
    done = _python("-m", "forecast", "-cn", "seatbelt", cwd=here)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"forecast: error: .*did you mean 'seatbelts'.*\n", done.stderr)


def test_a_failure_leaves_the_earlier_report_whole(here, feigned):
    command(["-cn", "seatbelts"])
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    assert command(["-cn", "seatbelts", "seed=666"]) == 2
    assert {path: path.read_bytes() for path in here.rglob("*") if path.is_file()} == before


def test_verbose_shows_where_an_error_comes_from(feigned):
    with pytest.raises(ValueError, match="seed 666"):
        command(["-cn", "seatbelts", "seed=666", "hydra.verbose=true"])


def test_an_interrupted_run_says_that_nothing_was_written(here, feigned, monkeypatch, capsys):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("forecast.experiment.experiment.run", stop)
    assert command(["-cn", "seatbelts"]) == 130
    assert "nothing was written" in capsys.readouterr().err
    assert not list(here.iterdir())
