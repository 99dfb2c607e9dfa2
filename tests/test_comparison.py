"""Runs compared by the command, and logged as MLflow has them where that is asked for."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace

import pytest
import yaml

from forecast.cli.compare import command
from forecast.report.report import write_report
from tests.test_words import findings


@pytest.fixture
def reports(tmp_path):
    """Two runs of one experiment that differ in a window and in their scores."""
    for name, crps, window in (("a", 2.0, 12), ("b", 1.0, 24)):
        made = findings()
        scores = made.backtest.scores.assign(crps=[crps, crps + 5])
        write_report(replace(made, backtest=replace(made.backtest, scores=scores)), tmp_path / "reports" / name,
                     yaml.safe_dump({"seed": 1, "models": {"mean": {"window": window}}}))
    return tmp_path / "reports"


def test_nothing_is_logged_unless_it_is_asked_for(reports, capsys):
    before = set(sys.modules)
    assert command([str(reports)]) == 0
    assert "models.mean.window" in capsys.readouterr().out
    assert "mlflow" not in set(sys.modules) - before
    assert {path.name for path in reports.iterdir()} == {"a", "b", "compare.csv", "compare.html"}


def test_runs_are_logged_to_a_folder_of_this_machine_once(reports, tmp_path, capsys, monkeypatch):
    for key in ("MLFLOW_ALLOW_FILE_STORE", "MLFLOW_DISABLE_TELEMETRY"):
        monkeypatch.setenv(key, "true")  # what the program sets for itself, put back after the test
        monkeypatch.delenv(key)
    store = tmp_path / "store"
    assert command([str(reports), f"mlflow={store}"]) == 0
    assert f"two new runs in {store}" in capsys.readouterr().out
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"

    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=store.as_uri())
    (experiment,) = [each for each in client.search_experiments() if each.name == "tiny"]
    runs = {run.info.run_name: run.data for run in client.search_runs([experiment.experiment_id])}
    assert {name: data.metrics["mean.crps"] for name, data in runs.items()} == {"a": 2.0, "b": 1.0}
    assert {name: data.params["models.mean.window"] for name, data in runs.items()} == {"a": "12", "b": "24"}
    assert command([str(reports), f"mlflow={store}"]) == 0
    assert f"no new runs in {store}" in capsys.readouterr().out
    assert len(client.search_runs([experiment.experiment_id])) == 2


def test_settings_and_scores_of_a_stranger_are_logged_under_names_that_mlflow_takes(reports, tmp_path, capsys, monkeypatch):
    for key in ("MLFLOW_ALLOW_FILE_STORE", "MLFLOW_DISABLE_TELEMETRY"):
        monkeypatch.setenv(key, "true")
    file = reports / "a" / "findings.json"
    found = json.loads(file.read_text())
    found["backtest"]["scores"].append({"model": '=HYPERLINK("x")', "crps": 1.0})
    found["config"]["k" * 5000] = "v" * 5000
    file.write_text(json.dumps(found))
    assert command([str(reports), f"mlflow={tmp_path / 'store'}"]) == 0
    said = capsys.readouterr().out
    assert "two new runs" in said
    assert "k" * 300 not in said
    file.write_text(json.dumps({**found, "name": ""}))
    with pytest.raises(ValueError, match="MLflow refuses a run"):
        command([str(reports), f"mlflow={tmp_path / 'store'}"])


@pytest.mark.parametrize("score", [{"crps": "x"}, {"model": None}, {"mase": [1]}])
def test_scores_that_are_none_are_refused(score, reports):
    file = reports / "a" / "findings.json"
    found = json.loads(file.read_text())
    found["backtest"]["scores"].append(score)
    file.write_text(json.dumps(found))
    with pytest.raises(ValueError, match=r"a/findings.json: backtest.scores.2"):
        command([str(reports)])


def test_without_mlflow_the_extra_is_named(reports, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow.tracking", None)
    with pytest.raises(ValueError, match=r"forecast\[mlflow\]"):
        command([str(reports), f"mlflow={tmp_path / 'store'}"])


@pytest.mark.parametrize(("words", "said"), [(["a", "b"], "takes one folder"), (["mlflow="], "names no folder")])
def test_what_cannot_be_compared_is_refused(reports, words, said, monkeypatch):
    monkeypatch.chdir(reports.parent)
    with pytest.raises(ValueError, match=said):
        command(words)
