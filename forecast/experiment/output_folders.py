"""Where a report may be put: a new or an empty folder, or one that holds an earlier report of ours and is replaced."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from forecast.experiment.csv_tables import TABLES
from forecast.support.atomic_files import MARK, is_file, is_folder, link_in, settled

FILES = ("findings.json", "report.html", "config.yaml", "forecast.log", *(f"{name}.csv" for name in TABLES))
FIGURES, PICTURES = "figures", (".svg", ".png")
COMPARED = {"compare.csv": b"experiment,run,member,crps,", "compare.html": b"<!doctype html>"}  # and how they begin
TITLE = b"<title>Runs compared</title>"  # of compare.html
START = 1000  # bytes of a file from which it is told what it is
DEEPEST = 3  # levels of sweeps in sweeps
SHOWN = 3


def check_output(folder: Path) -> None:
    """Raise ValueError unless a report can be put into `folder` without touching anything that is not ours.

    Files beside an earlier report stay as they are; without such a report nothing may lie there but reports of a sweep.
    """
    check_place(folder)
    if folder.is_dir():
        with settled(folder):
            _check_content(folder)


def _check_content(folder: Path) -> None:
    if os.path.lexists(folder / "findings.json"):
        if reason := _no_report(folder):
            raise ValueError(f"output {folder} holds {reason}: name a new or an empty folder")
    elif strange := [path.relative_to(folder).as_posix() for path in _strange(folder, DEEPEST)]:
        more = f" and {len(strange) - SHOWN} more" if len(strange) > SHOWN else ""
        raise ValueError(f"output {folder} holds {', '.join(strange[:SHOWN])}{more}, no report of forecast: name a new "
                         "or an empty folder")


def check_tables(folder: Path) -> None:
    """Raise ValueError unless compare.csv and compare.html can be put into `folder` or are ours there."""
    check_place(folder)
    for path in (folder / name for name in COMPARED):
        if os.path.lexists(path) and not _compared(path):
            raise ValueError(f"{path} is no table that forecast compare wrote: move it away, or name another folder")


def check_place(folder: Path) -> None:
    """Raise ValueError where no folder can be written, or a link leads elsewhere."""
    if link := link_in(folder):
        raise ValueError(f"output {folder}: {link} is a link to {os.readlink(link)}: name the folder itself, or remove "
                         "the link")
    if os.path.lexists(folder) and not folder.is_dir():
        raise ValueError(f"output {folder} is a file: name a folder")
    stands = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not stands.is_dir() or not os.access(stands, os.W_OK | os.X_OK):
        raise ValueError(f"output {folder} cannot be written: name another folder with output=FOLDER")


def _no_report(folder: Path) -> str:
    """What in a folder with a findings.json is not of a report of ours; empty where it is one."""
    if not is_file(folder / "findings.json"):
        return "a findings.json that is no file"
    # Only here: it loads pydantic, .1 s that a run into a new folder need not pay.
    from forecast.experiment.saved_findings import SavedFindings

    try:
        SavedFindings.read(folder / "findings.json")
    except ValueError as error:
        return f"a findings.json that no run wrote ({error})"
    names = [*(name for name in FILES if os.path.lexists(folder / name) and not is_file(folder / name)),
             *_no_figures(folder / FIGURES)]
    return f"{names[0]}, which is no part of a report" if names else ""


def _no_figures(figures: Path) -> list[str]:
    """What keeps a folder from being that of the figures of a report."""
    if not os.path.lexists(figures):
        return []
    if not is_folder(figures):
        return [FIGURES]
    return [f"{FIGURES}/{path.name}" for path in sorted(figures.iterdir())
            if path.suffix not in PICTURES or not is_file(path)]


def _strange(folder: Path, deepest: int) -> Iterator[Path]:
    """What in a folder without a report is neither a report nor of a sweep of reports."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(MARK) or (path.name in COMPARED and _compared(path)):
            continue
        if not is_folder(path) or not deepest:
            yield path
        elif os.path.lexists(path / "findings.json"):
            if _no_report(path):
                yield path
        else:
            yield from _strange(path, deepest - 1)


def _compared(path: Path) -> bool:
    if not is_file(path):
        return False
    with path.open("rb") as file:
        start = file.read(START)
    return start.startswith(COMPARED[path.name]) and (path.suffix != ".html" or TITLE in start)
