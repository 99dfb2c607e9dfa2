"""Good rows of a file and bad ones with their reasons, each in a file of its own."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from forecast.evidence.cells import no_formula
from forecast.evidence.feeds.reading import COLUMNS, ROWS, TEXTS, Batch, Feed
from forecast.support.atomic_files import link_in, replaced
from forecast.support.terminal import quoted

REASONS = ("row", "column", "got", "do", "text")


def rejected(out: str) -> Path:
    path = Path(out)
    return path.with_name(f"{path.stem}.rejected.csv")


@contextmanager
def kept(out: str | None, feed: Feed) -> Iterator[Any]:
    """What puts a batch into both files; nothing without `out`. Files of a broken reading do not stay."""
    if out is None:
        yield lambda batch: None
        return
    if not Path(out).name or not Path(out).parent.is_dir():
        raise ValueError(f"--keep-good {quoted(out)} names no file in a folder that is there: write "
                         "--keep-good OUT.csv")
    good, bad = Path(out), rejected(out)
    for path in (good, bad):
        if os.path.lexists(path) or link_in(path.parent):
            raise ValueError(f"{path} exists: name a new file after --keep-good" if os.path.lexists(path) else
                             f"{path}: {link_in(path.parent)} is a link: name the folder itself after --keep-good")
    with (replaced(good) as new, replaced(bad) as refused, new.open("w", encoding="utf-8", newline="") as rows,
          refused.open("w", encoding="utf-8", newline="") as reasons):
        writer = csv.writer(reasons, lineterminator="\n")
        writer.writerow(REASONS)
        yield lambda batch: _write(batch, feed, rows, writer)
    if bad.read_text(encoding="utf-8") == ",".join(REASONS) + "\n":
        bad.unlink()


def _write(batch: Batch, feed: Feed, rows: IO[str], reasons: Any) -> None:
    """Append a batch, each row with its kind; sites without a date are no rows of a long table."""
    table = batch.table[batch.table["ds"].notna()]
    columns = [column for column in COLUMNS if column != "row"]
    made = table[columns].assign(**{name: table[name].dt.strftime("%Y-%m-%d") for name in ("ds", "end")})
    made = made.assign(**{name: made[name].astype("str").map(no_formula) for name in TEXTS})
    if feed.kind in ROWS:
        made["kind"] = made["kind"].where(made["kind"] != "", feed.kind)
    # an open bound is written as a blank: a lower bound alone means "at least"
    made["y_high"] = made["y_high"].where(made["y_high"] != float("inf"))
    made.to_csv(rows, index=False, header=rows.tell() == 0, lineterminator="\n", columns=columns)
    for fault in batch.faults:
        text = fault.text.encode("utf-8", errors="backslashreplace").decode()
        reasons.writerow([fault.row, no_formula(fault.column), no_formula(fault.got), fault.do, no_formula(text)])
