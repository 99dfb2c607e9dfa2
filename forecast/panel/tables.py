"""The Parquet tables of a panel: their columns, and how rows and files become each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from forecast.support.atomic_files import replaced
from forecast.support.extras import needs

# column -> Arrow type; `day` is a date
SCHEMAS: dict[str, dict[str, str]] = {
    "series": {"unique_id": "string", "site": "string", "measure": "string", "kind": "string", "first": "day",
               "last": "day", "observed": "int64", "mean": "float64", "grid": "string", "bins": "string",
               "rows": "int64", "log_ratio": "float64", "drift": "float64", "breaks": "int64", "crps": "float64",
               "mase": "float64", "coverage_80": "float64", "coverage_95": "float64", "failed": "string"},
    "breaks": {"unique_id": "string", "number": "int64", "at": "day", "low": "day", "high": "day", "before": "float64",
               "after": "float64", "ratio": "float64", "within": "float64"},
    "effects": {"unique_id": "string", "event": "string", "first": "day", "last": "day", "log_ratio": "float64",
                "ratio": "float64", "low": "float64", "high": "float64", "reason": "string"},
    "placebos": {"unique_id": "string", "event": "string", "log_ratio": "float64"},
    "forecast": {"unique_id": "string", "step": "int64", "when": "day", "mean": "float64", "q0.025": "float64",
                 "q0.1": "float64", "q0.5": "float64", "q0.9": "float64", "q0.975": "float64"},
}
CHANCES = {"p_value": "float64", "q_value": "float64", "probability": "float64"}
# columns that are known when all series are
JUDGED = {"series": CHANCES | {"changed": "bool"}, "breaks": {"changed": "bool"},
          "effects": CHANCES | {"affected": "bool"}, "placebos": {}, "forecast": {}}


def schema(name: str, judged: bool = False) -> Any:
    """The Arrow schema of a table; `judged` adds the columns that the panel as a whole decides."""
    arrow = needs("pyarrow", "parquet")
    types = {"string": arrow.string(), "day": arrow.date32(), "int64": arrow.int64(), "float64": arrow.float64(),
             "bool": arrow.bool_()}
    columns = SCHEMAS[name] | (JUDGED[name] if judged else {})
    return arrow.schema([(column, types[kind]) for column, kind in columns.items()])


def table_of(name: str, rows: Sequence[dict[str, Any]]) -> Any:
    """Rows as an Arrow table; what a row does not say is null."""
    arrow, fields = needs("pyarrow", "parquet"), schema(name)
    return arrow.table({field.name: arrow.array([_plain(row.get(field.name)) for row in rows], field.type)
                        for field in fields}, schema=fields)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def write(path: Path, name: str, tables: Iterable[Any], judged: bool = False) -> None:
    """Write tables one after the other into one file, which is whole or not there."""
    parquet = needs("pyarrow.parquet", "parquet")
    with replaced(path) as part, parquet.ParquetWriter(part, schema(name, judged), compression="zstd") as writer:
        for table in tables:
            writer.write_table(table)


def is_of(path: Path, name: str, series: Sequence[str], events: Sequence[str]) -> bool:
    """Whether a part holds the columns of its table, and rows of these series and events alone."""
    parquet, arrow = needs("pyarrow.parquet", "parquet"), needs("pyarrow", "parquet")
    try:
        with parquet.ParquetFile(path) as file:
            if not file.schema_arrow.equals(schema(name)):
                return False
            keys = file.read([column for column in ("unique_id", "event") if column in SCHEMAS[name]]).to_pydict()
    except (arrow.ArrowException, OSError, UnicodeDecodeError):
        return False
    if name == "series":
        return bool(keys["unique_id"] == list(series))
    return set(keys["unique_id"]) <= set(series) and set(keys.get("event", ())) <= {None, "", *events}


def read(path: Path) -> Any:
    return needs("pyarrow.parquet", "parquet").read_table(path)
