"""Findings as tables for spreadsheets: what each CSV of a report holds."""

from __future__ import annotations

import csv
import dataclasses
import io
import math
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from forecast.evidence.cells import no_formula
from forecast.experiment.findings import Findings
from forecast.experiment.findings_json import DIGITS, records
from forecast.experiment.reading import Reading

TABLES = ("series", "statements", "claims", "events", "explanations", "effects", "forecast", "totals", "backtest")


def csv_tables(findings: Findings) -> dict[str, list[dict[str, Any]]]:
    """Name of a CSV -> its lines, for each of `TABLES` that has any."""
    readings = findings.readings.items()
    series = [{"series": name} | line for name, reading in readings for line in _rows(reading)]
    statements = [line for _, reading in readings for line in ledger(reading)]
    explanations = [{"series": name, "change": k + 1} | _joined(dataclasses.asdict(each)) for name, reading in readings
                    for k, table in enumerate(reading.explained) for each in table]
    effects = [{"event": name} | dataclasses.asdict(effect) for name, effect in findings.effects.items()]
    claims: list[dict[str, Any]] = [
        {"claim": c.name, "said": c.claim, "publisher": c.publisher, "url": c.url, "series": c.series,
         "verdict": c.word, "reason": c.reason} for c in findings.conclusions.claims]
    events: list[dict[str, Any]] = [
        {"event": v.event, "label": findings.label(v.event), "verdict": v.word, "reason": v.reason or "",
         "change": "" if v.change is None else v.change + 1, "within": v.share, "adjusted": v.adjusted,
         "not_separable_from": " ".join(v.rivals)} for v in findings.conclusions.verdicts]
    made: tuple[list[dict[str, Any]], ...] = (series, statements, claims, events, explanations, effects,
                                              records(findings.forecast), records(findings.totals),
            records(findings.backtest.table) if findings.backtest else [])
    return {name: lines for name, lines in zip(TABLES, made, strict=True) if lines}


def ledger(reading: Reading) -> list[dict[str, Any]]:
    """One line per statement: its outcome and reason, and what it says if its source is a ledger."""
    known = {s.id: s for s in reading.statements}
    lines = []
    for decision in reading.account:
        line: dict[str, Any] = {"series": reading.name, "id": decision.statement_id, "outcome": decision.outcome,
                                "reason": decision.reason, "into": decision.into}
        s = known.get(decision.statement_id)
        for field in ("publisher", "via", "start", "end", "low", "high", "qualifier", "scope", "url", "note"):
            line[field] = getattr(s, field) if s else None
        lines.append(line)
    return lines


def csv_text(lines: list[dict[str, Any]]) -> str:
    """A CSV with every cell safe to open in a spreadsheet: text that would be a formula gets an apostrophe.

    >>> csv_text([{"vessel": "=cmd()", "count": -1.0}])
    "vessel,count\\r\\n'=cmd(),-1\\r\\n"
    """
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(lines[0]))
    writer.writerow({key: _cell(key) for key in lines[0]})
    writer.writerows({key: _cell(value) for key, value in line.items()} for line in lines)
    return out.getvalue()


def _rows(reading: Reading) -> list[dict[str, Any]]:
    s = reading.series
    return [{"start": s.start[i], "end": s.end[i], "low": s.low[i], "high": s.high[i], "exposure": s.exposure[i],
             "level_05": reading.bands[0, i], "level_50": reading.bands[1, i], "level_95": reading.bands[2, i],
             "change_after": reading.gaps[i] if i < len(reading.gaps) else math.nan,
             "statements": " ".join(s.sources[i]) if s.sources else ""} for i in range(len(s))]


def _joined(line: dict[str, Any]) -> dict[str, Any]:
    return {key: " ".join(value) if isinstance(value, tuple) else value for key, value in line.items()}


def _cell(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return "" if math.isnan(value) else f"{value:.{DIGITS}g}"
    if isinstance(value, pd.Timestamp | date | np.datetime64):
        return str(value)[:10]
    text = "" if value is None else str(value)
    return text if isinstance(value, int | np.integer) else no_formula(text)
