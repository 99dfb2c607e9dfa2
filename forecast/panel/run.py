"""A panel from its file to its tables: chunks of series worked on side by side, kept as they come, judged together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from forecast.panel import tables
from forecast.panel.discoveries import LIKELY, Verdicts, judged
from forecast.panel.executors import fan_out
from forecast.panel.manifest import Manifest, alone_in, begin, digest_of, part
from forecast.panel.one import examine
from forecast.panel.reading import Input, read_input
from forecast.panel.settings import Settings
from forecast.series.series import Series
from forecast.support.atomic_files import atomic_set
from forecast.support.extras import needs
from forecast.support.regular_files import check_regular, expanded

CHUNK = 8  # series: 2 to 5 seconds of work, beside which the few milliseconds of an executor vanish
Progress = Callable[[int, int], None]  # series done, series in all


def run_panel(source: str | Path, output: str | Path, settings: Settings | None = None,
              progress: Progress | None = None) -> dict[str, Any]:
    """Examine every series of a file and write the tables and the summary to a folder; what the summary says.

    The folder then holds series.parquet, breaks.parquet, effects.parquet, forecast.parquet (one row a series, break,
    series and event, step), placebos.parquet (the evidence where nothing happened), summary.html, summary.json,
    manifest.jsonl, and rejected.csv where rows were bad. A run that was killed goes on where it stopped when the same
    is asked again: what is finished is not done twice.
    Raises ValueError for an input that cannot be read, other settings than those of the folder, a missing extra.
    """
    from forecast.panel.summary import summarise

    needs("pyarrow.parquet", "parquet")
    chosen, folder = settings or Settings(), Path(output)
    chosen.windows()
    file = expanded(source)
    if file.is_dir() or not file.exists():
        raise ValueError(f"{file}: {'a folder' if file.is_dir() else 'no such file'}: name one file")
    check_regular(file)
    with alone_in(folder):
        manifest = begin(folder, file, chosen)
        try:
            held = read_input(file, chosen, folder)
        except ValueError:
            manifest.withdraw()
            raise
        _work(held, folder, manifest, chosen, progress)
        with atomic_set(folder) as place:
            found = _judge(folder, place, len(held.names), chosen)
            return summarise(place, held, manifest, chosen, found)


def _work(held: Input, folder: Path, manifest: Manifest, settings: Settings, progress: Progress | None) -> None:
    """Examine the chunks that are not finished, and keep each as it comes."""
    names_of = [held.names[at:at + CHUNK] for at in range(0, len(held.names), CHUNK)]
    manifest.keep_sound(names_of)
    chunks = list(enumerate(names_of))
    done = sum(len(names) for number, names in chunks if number in manifest.done)
    if progress is not None:
        progress(done, len(held.names))
    tasks = ((number, tuple(held.series(name) for name in names), settings, len(held.names)) for number, names in chunks
             if number not in manifest.done)
    for number, found, cpu in fan_out(work_on, tasks, settings.executor, settings.jobs):
        for name, table in found.items():
            tables.write(part(folder, name, number), name, [table])
        names = found["series"]["unique_id"].to_pylist()
        files = {name: digest_of(part(folder, name, number)) for name in found}
        manifest.add({"chunk": number, "series": names, "cpu": round(cpu, 3), "files": files})
        done += len(names)
        if progress is not None:
            progress(done, len(held.names))


def work_on(number: int, series: tuple[Series, ...], settings: Settings,
            among: int) -> tuple[int, dict[str, Any], float]:
    """The tables of one chunk of a panel `among` so many series, and the CPU seconds that they took."""
    began = time.process_time()
    outcomes = [examine(each, settings, among) for each in series]
    rows = {name: [row for each in outcomes for row in getattr(each, name)] for name in tables.SCHEMAS
            if name != "series"}
    rows["series"] = [each.series for each in outcomes]
    return number, {name: tables.table_of(name, rows[name]) for name in rows}, time.process_time() - began


# -- what all series say together -------------------------------------------------------------------------------------
def _judge(folder: Path, place: Path, number: int, settings: Settings) -> dict[str, Verdicts]:
    """Put the parts in `folder` together to tables in `place`, one row group a chunk, with what needs all series.

    Verdicts by event, "" for any change at any time.
    """
    chunks = range(-(-number // CHUNK))
    found, rows = dict[str, Verdicts](), dict[tuple[str, str], dict[str, Any]]()
    for event in ("", *(name for name, _, _ in settings.windows())):
        evidence = _column(folder, chunks, "effects" if event else "series", event)
        placebos = _column(folder, chunks, "placebos", event)
        found[event] = judged(np.array([r for _, r in evidence]), np.array([r for _, r in placebos]), settings.fdr,
                              likely=0.0 if event else LIKELY)
        rows |= {(name, event): row for (name, _), row in zip(evidence, _rows(found[event]), strict=True)}
    _assemble(folder, place, "series", chunks, lambda row: rows[row["unique_id"], ""])
    _assemble(folder, place, "breaks", chunks, lambda row: rows[row["unique_id"], ""])
    _assemble(folder, place, "effects", chunks, lambda row: rows[row["unique_id"], row["event"]])
    for name in ("forecast", "placebos"):
        _assemble(folder, place, name, chunks, None)
    return found


def _rows(verdicts: Verdicts) -> Iterator[dict[str, Any]]:
    for p, q, chance, listed in zip(verdicts.p_value, verdicts.q_value, verdicts.probability, verdicts.listed,
                                    strict=True):
        said = {"p_value": p, "q_value": q, "probability": chance}
        yield {key: None if np.isnan(value) else float(value) for key, value in said.items()} | {
            "changed": bool(listed), "affected": bool(listed)}


def _column(folder: Path, chunks: range, name: str, event: str) -> list[tuple[str, float]]:
    """Names and log Bayes factors (NaN where there is none) of one event, or of any change."""
    rows = (row for number in chunks for row in tables.read(part(folder, name, number)).to_pylist())
    return [(row["unique_id"], np.nan if row["log_ratio"] is None else row["log_ratio"]) for row in rows
            if (row.get("event") or "") == event]


def _assemble(folder: Path, place: Path, name: str, chunks: range,
              judge: Callable[[dict[str, Any]], dict[str, Any]] | None) -> None:
    arrow = needs("pyarrow", "parquet")

    def parts() -> Iterator[Any]:
        for number in chunks:
            rows = tables.read(part(folder, name, number))
            told = [judge(row) for row in rows.to_pylist()] if judge is not None else []
            for field in list(tables.schema(name, judged=True))[len(rows.schema):]:
                rows = rows.append_column(field, arrow.array([row[field.name] for row in told], field.type))
            yield rows

    tables.write(place / f"{name}.parquet", name, parts(), judged=True)
