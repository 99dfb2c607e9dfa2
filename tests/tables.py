"""Simulated tables as files, and their series as every way in reads them."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from forecast import Table, read_table
from forecast.cli.main import command

COUNTS = [5, 12, 8, 15, 11, 7, 14, 10, 6, 13, 9, 5, 12, 8, 15, 11, 7, 14, 10, 6]  # simulated
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = [date(2023, 1, 1) + timedelta(days=i) for i in range(20)]


def written(tmp_path: Path, text: str | bytes, name: str = "t.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def book(tmp_path: Path, **sheets: list[list[Any]]) -> Path:
    from openpyxl import Workbook

    made = Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(tmp_path / "t.xlsx")
    return tmp_path / "t.xlsx"


def long_table(day: str = "%Y-%m-%d", mark: str = ",", number: str = "{}") -> str:
    rows = [mark.join(["a", d.strftime(day), number.format(n)]) for d, n in zip(DAYS, COUNTS, strict=True)]
    return "\n".join([mark.join(["unique_id", "ds", "y"]), *rows]) + "\n"


def everywhere(path: Path, capsys: pytest.CaptureFixture[str], **told: Any) -> dict[str, Any]:
    """The series of a file as every way in reads them, which must be the same."""
    flags = [word for name, value in told.items() for word in (f"--{name.replace('_', '-')}", str(value).lower()
             if isinstance(value, bool) else str(value))]
    capsys.readouterr()
    assert command(["check", str(path), "--json", *flags]) == 0
    checked = json.loads(capsys.readouterr().out)["series"]
    series = dict(read_table(path, **told))
    assert set(checked) == set(series)
    for name, each in series.items():
        one = Table(str(path), name, **told).read().series
        assert (one.kind, one.freq, one.start.tolist()) == (each.kind, each.freq, each.start.tolist())
        assert np.array_equal(one.low, each.low, equal_nan=True)
        assert np.array_equal(one.high, each.high, equal_nan=True)
        assert checked[name]["sum"] == pytest.approx(np.nansum(each.low))
        assert (checked[name]["kind"], checked[name]["first"][:7]) == (each.kind, str(each.start[0])[:7])
    return series


def values(series: Any) -> list[float]:
    return [float(value) for value in series.value]
