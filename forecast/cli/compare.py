"""`forecast compare FOLDER`: a ranked table of the reports of a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from forecast.cli.parser import Parser


def command(words: Sequence[str]) -> int:
    """Print the table of a folder of reports, and log its runs to an MLflow store where `mlflow=FOLDER` names one.

    Raises ValueError as `compare` does, or for several folders.
    """
    from forecast.report.comparison import compare, lead
    from forecast.report.phrases import count

    given = _parser().read(words)
    stores = [word.partition("=")[2] for word in given.words if word.startswith("mlflow=")]
    names = [word for word in given.words if not word.startswith("mlflow=")]
    folder = Path(names[0] if names else "reports")
    if len(names) > 1:
        raise ValueError(f"compare takes one folder, got {', '.join(names)}")
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder: run an experiment first, or name the folder of its reports")
    if stores and not stores[-1]:
        raise ValueError("mlflow= names no folder: write mlflow=FOLDER")
    table = compare(folder)
    if given.json:
        print(table.to_json(orient="records"))
    elif not given.quiet:
        print(*lead(table), "", sep="\n")
        print(table.to_string(index=False))
    if stores:
        from forecast.experiment.mlflow_runs import log_runs

        logged = f"{count(log_runs(folder, stores[-1]), 'new run')} in {stores[-1]}"
        if not (given.json or given.quiet):
            print(logged)
    return 0


def _parser() -> Parser:
    does = "A ranked table of the reports of a folder; it is also written there, as compare.csv and compare.html."
    parser = Parser("compare", does, ("forecast compare reports/", "forecast compare reports/seatbelts mlflow=store"))
    parser.add_argument("words", nargs="*", metavar="FOLDER [mlflow=FOLDER]",
                        help="the folder of reports (reports), and a folder that takes the runs as MLflow has them")
    parser.add_argument("--json", action="store_true", help="print the table as JSON, a record a row")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    return parser
