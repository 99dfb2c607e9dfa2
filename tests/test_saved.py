"""What is saved comes back: the same paths bit for bit, the same tables; nothing but our own classes is built."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecast import Recipe, Series, backtest, restore, save
from forecast.models.prophet import Prophet
from forecast.models.regimes import Regimes
from forecast.models.sarimax import Sarimax
from forecast.models.saved import settings
from forecast.models.structural import Structural
from forecast.regime_model.fit import RegimeModel
from forecast.support.registry import make, names

VALUES = np.random.default_rng(0).poisson(9, 40).astype(float)
VALUES[[0, 7, 8]] = np.nan
SERIES = Series.from_values(VALUES, start="2021-03-01", freq="MS", name="ships", low=[2.0, *[np.nan] * 39],
                            high=[np.inf, *[np.nan] * 39], exposure=np.where(np.arange(40) % 3, 1.0, 0.1 + 0.2))


@pytest.mark.parametrize("name", [name for name in names("models") if name != "combination"])
def test_the_same_paths_come_back_bit_for_bit(name: str, tmp_path: Path) -> None:
    recipe = Recipe(SERIES, name, horizon=3, draws=40, seed=5)
    back = restore(save(recipe, tmp_path / "recipe.json"))
    assert isinstance(back, Recipe)
    np.testing.assert_array_equal(back.paths(), recipe.paths())
    assert type(back.model) is type(make("models", name))


def test_a_series_comes_back_whole(tmp_path: Path) -> None:
    back = restore(save(Recipe(SERIES), tmp_path / "recipe.json"))
    assert isinstance(back, Recipe)
    for field in ("start", "end", "low", "high", "exposure"):
        np.testing.assert_array_equal(getattr(back.series, field), getattr(SERIES, field))
    assert (back.series.kind, back.series.freq, back.series.name) == ("flow", "MS", "ships")


def test_changed_settings_are_kept(tmp_path: Path) -> None:
    for model in (Sarimax(order=(2, 0, 0)), Prophet(holidays={"visit": ("2023-07-25",)}),
                  Structural(rows=50, steps=(0.0, 0.1)), Regimes(model=RegimeModel(breaks=3.0))):
        back = restore(save(Recipe(SERIES, model), tmp_path / "recipe.json"))
        assert isinstance(back, Recipe)
        assert back.model == model


def test_a_backtest_comes_back_with_the_same_numbers(tmp_path: Path) -> None:
    result = backtest(SERIES, {name: make("models", name) for name in ("mean", "windows")}, origins=4, horizon=2, draws=50)
    back = restore(save(result, tmp_path / "backtest.json"))
    pd.testing.assert_frame_equal(back.table, result.table, check_exact=True)  # type: ignore[union-attr]
    pd.testing.assert_frame_equal(back.scores, result.scores, check_exact=True)  # type: ignore[union-attr]
    assert (back.baseline, back.horizon, back.origins) == (  # type: ignore[union-attr]
        result.baseline, result.horizon, result.origins)


@pytest.mark.parametrize(("change", "said"), [
    ({"format": 2, "forecast": "9.0"}, r"format 2, this version reads 1: update the program to 9\.0"),
    ({"format": None}, "format None, this version reads 1: name a file"),
    ({"kind": "page"}, "kind 'page' is unknown"),
    ({"model": {"_target_": "os.system", "command": "ls"}}, "lies outside forecast"),
])
def test_other_files_are_refused(change: dict[str, object], said: str, tmp_path: Path) -> None:
    file = save(Recipe(SERIES), tmp_path / "recipe.json")
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | change), encoding="utf-8")
    with pytest.raises(ValueError, match=said):
        restore(file)


def test_a_file_that_was_cut_is_refused(tmp_path: Path) -> None:
    file = save(Recipe(SERIES), tmp_path / "recipe.json")
    data = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({key: value for key, value in data.items() if key != "seed"}), encoding="utf-8")
    with pytest.raises(ValueError, match="no entry 'seed'"):
        restore(file)
    file.write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="no JSON"):
        restore(file)


def test_a_model_of_somebody_else_is_not_saved(tmp_path: Path) -> None:
    class Mine:
        def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
            return np.zeros((draws, horizon), dtype=np.int64)

    with pytest.raises(ValueError, match="Mine is no member of ours"):
        save(Recipe(SERIES, Mine()), tmp_path / "recipe.json")


@pytest.mark.parametrize("name", names("models"))
def test_settings_are_named_and_build_the_same_member(name: str) -> None:
    model = make("models", name)
    assert type(model)(**settings(name)) == model
    assert repr(model).startswith(type(model).__name__ + "(")
