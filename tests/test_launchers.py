"""Sweeps through Hydra's launchers: side by side on one machine, and as jobs of a cluster that Slurm runs."""

from __future__ import annotations

import pytest

from forecast.experiment.config import load, sweep

SLURM = ["hydra/launcher=submitit_slurm", "hydra.launcher.partition=day", "hydra.launcher.timeout_min=30",
         "hydra.launcher.cpus_per_task=2", "hydra.launcher.mem_gb=2"]


def _job(settings, place):
    place.mkdir(parents=True)
    (place / "horizon").write_text(str(settings["horizon"]), encoding="utf-8")
    return settings["name"]


def test_the_joblib_launcher_runs_a_sweep_side_by_side(tmp_path):
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    done = sweep("seatbelts", ["horizon=2,3", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2"], _job, tmp_path / "out")
    assert done == ["seatbelts", "seatbelts"]
    assert [(tmp_path / "out" / f"horizon={n}" / "horizon").read_text() for n in (2, 3)] == ["2", "3"]


def test_a_job_goes_through_submitit_as_it_would_on_a_cluster(tmp_path):
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher")
    done = sweep("seatbelts", ["horizon=2,3", "hydra/launcher=submitit_local"], _job, tmp_path / "out")
    assert done == ["seatbelts", "seatbelts"]
    assert (tmp_path / "out" / "horizon=3" / "horizon").read_text() == "3"


def test_the_documented_settings_for_slurm_compose():
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher")
    assert load("seatbelts", "horizon=3", *SLURM).horizon == 3
