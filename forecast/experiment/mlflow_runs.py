"""Runs as MLflow has runs: settings as parameters, scores as metrics, in a folder of this machine.

Off unless asked for (`forecast compare reports/ mlflow=FOLDER`). MLflow is an extra: `pip install 'forecast[mlflow]'`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from forecast.experiment.output_folders import check_place
from forecast.experiment.saved_findings import SavedFindings
from forecast.experiment.saved_runs import flat, read_runs
from forecast.support.atomic_files import strange_in
from forecast.support.terminal import short

# a folder is what was asked for, though MLflow would rather have a database; nothing is told to anybody
QUIET = {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_DISABLE_TELEMETRY": "true"}
SCORES = ("crps", "log_score", "mase", "coverage_80", "coverage_95")
OF_STORES = (".trash", "models", "traces")  # what a store holds beside its experiments
BATCH = 100  # parameters that MLflow takes at once
LONGEST_NAME = 200  # letters of the name of a metric or a parameter
LONGEST = 500  # letters of a parameter


def log_runs(folder: str | Path, store: str | Path) -> int:
    """Log every run below `folder` to the MLflow store in the folder `store`; returns how many were new.

    An experiment here is one there; a run that was logged before, with the same findings, is left as it is. Metrics are
    `log_bayes_factor` and `MEMBER.SCORE` of every member; parameters are the settings by their dotted names.
    Raises ValueError when MLflow is not installed, when the store holds what is not of MLflow, or as `compare` does.
    """
    runs = read_runs(folder)
    _check_store(Path(store))
    os.environ.update({key: value for key, value in QUIET.items() if key not in os.environ})
    try:
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient
    except ImportError as error:
        raise ValueError("mlflow is not installed: pip install 'forecast[mlflow]', or leave mlflow= out") from error
    client = MlflowClient(tracking_uri=Path(store).absolute().as_uri())
    try:
        return sum(_log(client, name, found) for name, found in runs.items())
    except MlflowException as error:
        raise ValueError(f"mlflow={store}: MLflow refuses a run ({short(str(error), 200)}): mend that report, or leave "
                         "mlflow= out") from error


def _check_store(store: Path) -> None:
    """Raise ValueError unless the store is a new or empty folder, or one of MLflow without a link."""
    check_place(store)
    if not store.is_dir():
        return
    if strange := strange_in(store):
        raise ValueError(f"mlflow={store}: {strange} is a link or no file: name a new or an empty folder")
    others = [path.name for path in sorted(store.iterdir()) if path.name not in OF_STORES
              and not (path / "meta.yaml").is_file()]
    if others:
        raise ValueError(f"mlflow={store} holds {others[0]}, which is not of MLflow: name a new or an empty folder")


def _log(client: Any, name: str, found: SavedFindings) -> bool:
    """Log one run unless it is there; whether it was new."""
    digest = found.digest()
    known = client.get_experiment_by_name(found.name)
    experiment = known.experiment_id if known else client.create_experiment(found.name)
    if client.search_runs([experiment], filter_string=f"tags.findings = '{digest}'"):
        return False
    run = client.create_run(experiment, run_name=name).info.run_id
    metrics = {_name(key): value for key, value in _metrics(found)}
    client.log_batch(run, metrics=[_metric(key, value) for key, value in metrics.items()])
    values = {_name(key): value for key, value in flat(found.config or found.settings).items()}
    settings = [_param(key, value) for key, value in values.items()]
    for begin in range(0, len(settings), BATCH):
        client.log_batch(run, params=settings[begin:begin + BATCH])
    client.set_tag(run, "findings", digest)  # last, so that a run that was killed here is logged again
    client.set_terminated(run)
    return True


def _name(key: str) -> str:
    """A name that MLflow takes for a metric or a parameter.

    >>> _name("auto.crps"), _name("=x(1)")
    ('auto.crps', '_x_1_')
    """
    return re.sub(r"[^\w\-. :/]", "_", key, flags=re.ASCII)[:LONGEST_NAME]


def _metrics(found: SavedFindings) -> Iterator[tuple[str, float]]:
    if (evidence := found.readings[found.primary].log_ratio) is not None:
        yield "log_bayes_factor", evidence
    for line in found.backtest.scores if found.backtest else ():
        for score in SCORES:
            value = getattr(line, score)
            if value is not None:
                yield f"{line.model}.{score}", value


def _metric(key: str, value: float) -> Any:
    from mlflow.entities import Metric

    return Metric(key, float(value), 0, 0)


def _param(key: str, value: str) -> Any:
    from mlflow.entities import Param

    return Param(key, value[:LONGEST])
