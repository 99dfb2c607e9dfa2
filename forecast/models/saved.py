"""Save a forecast's recipe or a backtest as JSON and have it back; no pickle, so that a shared file is never code."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecast import __version__
from forecast.models.backtesting import Backtest
from forecast.models.forecaster import Forecaster, predict
from forecast.series.series import Series
from forecast.support.atomic_files import write_text
from forecast.support.registry import build, check_fields, make
from forecast.support.regular_files import check_regular
from forecast.support.terminal import quoted, short
from forecast.support.validation import check_paths

FORMAT = 1  # raised when a file of the older form could be misread
DATES = ("cutoff", "when")  # columns of a backtest's table


@dataclass(frozen=True)
class Recipe:
    """All that a forecast depends on: members are stateless, so that these give the same paths bit for bit.

    `exposure` and `known` are left out: what is seen of the paths, or known ahead, is for `predict` with this series.

    model : a name of `conf/models` or an object of ours; saving writes its settings out, so that a later change of the
        defaults leaves it as it was

    >>> recipe = Recipe(Series.from_values([3, 4, 5, 4, 3, 5]), "mean", horizon=3, draws=10)
    >>> bool((recipe.paths() == recipe.paths()).all()), recipe.paths().shape
    (True, (10, 3))
    """

    series: Series
    model: str | Forecaster = "auto"
    horizon: int = 12
    draws: int = 1000
    seed: int = 0

    def paths(self) -> np.ndarray:
        """The sample paths, int64 [draws, horizon]; the same each time."""
        return predict(self.series, self.model, self.horizon, self.draws, self.seed)


def settings(model: str | Forecaster) -> dict[str, Any]:
    """Settings of a member by field, as scikit-learn's get_params gives them; `dataclasses.replace` changes some.

    >>> settings("windows")
    {'lengths': [6, 12, 24, 48, 96]}
    """
    made = make("models", model) if isinstance(model, str) else model
    if not is_dataclass(made):
        raise ValueError(f"settings: {type(made).__name__} is no dataclass: a member keeps its settings in fields")
    return {each.name: getattr(made, each.name) for each in fields(made)}


def save(what: Recipe | Backtest, path: str | Path) -> Path:
    """Write a recipe or a backtest to a JSON file; returns its path.

    The file says its format, the version of this program and that of numpy. Raises ValueError for a model that is not
    one of ours: a file names what builds it, and only our own classes are built from files.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     save(Recipe(Series.from_values([3, 4, 5, 4]), "mean"), f"{folder}/mine.json").name
    'mine.json'
    """
    if isinstance(what, Recipe):
        model = make("models", what.model) if isinstance(what.model, str) else what.model
        body = {"kind": "recipe", "series": _series(what.series), "model": _recipe(model),
                **{each: _plain(getattr(what, each)) for each in ("horizon", "draws", "seed")}}
    else:
        body = {"kind": "backtest", "table": _columns(what.table), "scores": _columns(what.scores),
                "baseline": what.baseline, "horizon": what.horizon, "origins": list(what.origins)}
    stamp = {"format": FORMAT, "forecast": __version__, "numpy": np.__version__}
    file = Path(path)
    write_text(file, json.dumps(stamp | body, ensure_ascii=False, allow_nan=False, indent=1) + "\n")
    return file


def restore(path: str | Path) -> Recipe | Backtest:
    """What `save` wrote; the tables of a backtest hold the same numbers to the last bit.

    Raises ValueError when the file is no JSON of ours or of a format that this version does not know, OSError when it
    cannot be read.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     restore(save(Recipe(Series.from_values([3, 4, 5, 4]), "mean", 3), f"{folder}/mine.json")).horizon
    3
    """
    try:
        check_regular(path)
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is no JSONDecodeError
        raise ValueError(f"{path}: no JSON ({short(str(error))}): name a file that `save` wrote") from error
    number = data.get("format") if isinstance(data, dict) else None
    if number != FORMAT:
        newer = isinstance(number, int) and number > FORMAT
        raise ValueError(f"{path}: format {quoted(number)}, this version reads {FORMAT}: " + (
            f"update the program to {data.get('forecast')}" if newer else "name a file that `save` wrote"))
    try:
        if data["kind"] == "recipe":
            check_paths(data["horizon"], data["draws"], data["seed"])
            return Recipe(_to_series(data["series"]), _to_model(data["model"]), data["horizon"], data["draws"],
                          data["seed"])
        if data["kind"] == "backtest":
            return Backtest(_to_frame(data["table"]), _to_frame(data["scores"]), data["baseline"], data["horizon"],
                            tuple(data["origins"]))
    except KeyError as error:
        raise ValueError(f"{path}: no entry {short(str(error))}: the file was cut or edited, save it again") from error
    except (ValueError, TypeError, AttributeError, IndexError, ArithmeticError, RecursionError, MemoryError) as error:
        raise ValueError(f"{path}: an entry is not as `save` wrote it ({short(str(error))}): save it again") from error
    raise ValueError(f"{path}: kind {quoted(data['kind'])} is unknown: this version reads recipe and backtest")


# -- to plain data ----------------------------------------------------------------------------------------------------
def _plain(value: Any) -> Any:
    """JSON without NaN: null for it, strings for infinities."""
    if isinstance(value, float | np.floating):
        return None if math.isnan(value) else str(float(value)) if math.isinf(value) else float(value)
    return value.item() if isinstance(value, np.generic) else value


def _series(series: Series) -> dict[str, Any]:
    arrays = {name: [_plain(each) for each in getattr(series, name).tolist()] for name in ("low", "high", "exposure")}
    dates = {name: getattr(series, name).astype(str).tolist() for name in ("start", "end")}
    words = {name: getattr(series, name) for name in ("kind", "freq", "name", "site", "measure", "unit")}
    return dates | arrays | words | {"sources": [list(each) for each in series.sources]}


def _recipe(model: Any) -> Any:
    """A member as the mapping that a config file would hold; a dataclass among its settings as its fields alone."""
    if isinstance(model, type) or not is_dataclass(model):
        raise ValueError(f"save: {type(model).__name__} is no member of ours: only those are built from a file")
    target = f"{type(model).__module__}.{type(model).__qualname__}"
    if not target.startswith("forecast.models."):
        raise ValueError(f"save: {target} is no member of ours: only those are built from a file")
    return {"_target_": target} | {each.name: _setting(getattr(model, each.name)) for each in fields(model)}


def _setting(model: Any) -> Any:
    if is_dataclass(model) and not isinstance(model, type):
        return {each.name: _setting(getattr(model, each.name)) for each in fields(model)}
    if isinstance(model, dict):
        return {str(key): _setting(value) for key, value in model.items()}
    if isinstance(model, list | tuple):
        return [_setting(each) for each in model]
    if model is None or isinstance(model, str | bool | int | float | np.generic):
        return _plain(model)
    raise ValueError(f"save: a setting of type {type(model).__name__} cannot be written: use numbers, words and lists")


def _columns(frame: pd.DataFrame) -> dict[str, list[Any]]:
    return {str(name): column.astype(str).tolist() if name in DATES else [_plain(each) for each in column.tolist()]
            for name, column in frame.items()}


# -- and back ---------------------------------------------------------------------------------------------------------
def _floats(values: list[Any]) -> np.ndarray:
    return np.array([np.nan if each is None else float(each) for each in values])


def _to_series(data: dict[str, Any]) -> Series:
    arrays: dict[str, Any] = {name: _floats(data[name]) for name in ("low", "high", "exposure")}
    arrays |= {name: np.array(data[name], dtype="datetime64[D]") for name in ("start", "end")}
    words = {name: data[name] for name in ("kind", "freq", "name", "site", "measure", "unit")}
    check_fields(words, Series)
    pd.tseries.frequencies.to_offset(words["freq"])  # ValueError for what is none
    return Series(**arrays, **words, sources=tuple(tuple(each) for each in data["sources"]))


def _to_model(data: dict[str, Any]) -> Any:
    made = build({name: _tuples(value) for name, value in data.items() if not isinstance(value, dict)})
    if not callable(getattr(made, "paths", None)):
        raise ValueError(f"{type(made).__name__} is no model")
    inner = {name: _tuples(value) for name, value in data.items() if isinstance(value, dict)}
    # settings that are dataclasses themselves keep their class, whatever the file says
    return replace(made, **{name: replace(getattr(made, name), **value) if is_dataclass(getattr(made, name)) else value
                            for name, value in inner.items()})


def _tuples(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _tuples(value) for name, value in data.items()}
    return tuple(_tuples(each) for each in data) if isinstance(data, list) else data


def _to_frame(data: dict[str, list[Any]]) -> pd.DataFrame:
    frame = pd.DataFrame({name: pd.to_datetime(pd.Series(values)).astype("datetime64[s]") if name in DATES else values
                          for name, values in data.items()})
    numbers = [name for name, values in data.items() if name not in DATES
               and not any(isinstance(each, str) and each not in {"inf", "-inf"} for each in values)
               and not all(isinstance(each, int) for each in values)]
    return frame.assign(**{name: _floats(data[name]) for name in numbers})
