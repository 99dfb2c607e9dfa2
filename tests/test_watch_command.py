"""A watch over a season, and the command that tells how explanations have moved."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from forecast import Recipe, Series, counterfactual, restore, save, scenario, watch
from forecast.cli.main import command
from forecast.effects.monitoring import Watch
from forecast.experiment.config import load
from forecast.experiment.news import news_of


# -- the season of a watch ------------------------------------------------------------------------------------------------
def monthly() -> Series:
    level = 50 * np.exp(np.sin(np.arange(12) * 2 * np.pi / 12))
    level[11] *= 3
    rng = np.random.default_rng(0)
    return Series.from_values([rng.poisson(level[i % 12]) for i in range(300)], start="1995-01-01", freq="MS")


def working_days() -> Series:
    rng, level = np.random.default_rng(0), [40, 10, 10, 10, 10]
    return Series.from_values([rng.poisson(level[i % 5]) for i in range(120)], start="2024-01-01", freq="B")


@pytest.mark.parametrize(("series", "since"), [(monthly(), "2015-11-01"), (working_days(), "2024-05-20")], ids=["months", "working days"])
def test_a_season_keeps_its_phase_however_long_the_watch(series: Series, since: str) -> None:
    news = watch(series, since)
    assert len(news) > 15
    assert max(each.evidence for each in news) < 20


def test_a_row_after_skipped_ones_is_seen_in_its_own_season() -> None:
    series = monthly()
    state = Watch.begin(series.rows(slice(0, 250)))
    for at in (250, 251, 263, 270, 299):
        state, news = state.see(series.rows([at]))
        assert news.surprise > 0.01
        assert state.row == at


# -- the command ----------------------------------------------------------------------------------------------------------
EVENTS = """\
name,label,start,end,precision,kind,outside,publisher,via,url,note
first,First,2021-01-01,,day,incident,yes,X,,,
second,Second,2023-01-01,,day,incident,yes,X,,,
"""
MINE = """\
defaults: [base, {/models: [mean]}, _self_]
title: Mine
question: Which?
primary: it
ledger: events.csv
events: {first: {delay_days: 40}, second: {delay_days: 40}}
series: {it: {_target_: forecast.LongTable, path: counts.csv}}
"""


@pytest.fixture
def twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts that rose fourfold in January 2021, and threefold in January 2023."""
    monkeypatch.chdir(tmp_path)
    counts = np.random.default_rng(1).poisson(np.repeat([10, 40, 120], [24, 24, 12]))
    rows = [f"a,{np.datetime64('2019-01') + k}-01,{count}" for k, count in enumerate(counts)]
    Path("counts.csv").write_text("\n".join(["unique_id,ds,y", *rows, ""]))
    Path("events.csv").write_text(EVENTS)
    Path("experiments").mkdir()
    Path("experiments/mine.yaml").write_text(MINE)


def test_before_and_now_explain_the_same_change(twice: None) -> None:
    _, _, moved, change = news_of(load("mine"), "2022-10-01")
    table = moved.set_index("explanation")
    assert change is not None
    assert change.at == "2023-01-01"
    assert table.loc["First", "before"] < 0.02  # the change of 2021 is not the one that is asked about
    assert table.loc["First", "now"] < 0.02
    assert table.loc["Second", "now"] > 0.4
    assert table.loc["No change of level at all", "before"] > 0.8
    assert table.loc["No change of level at all", "now"] < 0.01
    np.testing.assert_allclose(table.sum(), 1)


def test_without_a_new_change_the_last_old_one_is_explained(twice: None) -> None:
    _, _, moved, change = news_of(load("mine"), "2023-08-01")
    table = moved.set_index("explanation")
    assert change is not None
    assert change.at == "2023-01-01"
    assert (table.loc["Second"] > 0.4).all()
    assert (table.loc["First"] < 0.02).all()


def test_the_command_writes_percents_as_reports_do(twice: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["watch", "mine", "2022-10-01"]) == 0
    said = capsys.readouterr().out
    assert "since 1 October 2022: 15 new counts, alarm first on 1 January 2023, it still stands" in " ".join(said.split())
    assert "Explanations of the change of 1 January 2023, before 2022-10-01 and now:" in said
    assert "<1\u202f%" in said
    assert ">99\u202f%" in said
    assert "100 %" not in said
    assert " 0%" not in said


# -- conditions and recipes -----------------------------------------------------------------------------------------------
SERIES = Series.from_values(np.random.default_rng(2).poisson(9, 40), start="2021-03-01", freq="MS", name="ships")


@pytest.mark.parametrize(("call", "said"), [
    (lambda: scenario([1, 2], 3, level=4), "scenario takes a Series, got a list"),
    (lambda: scenario(SERIES, "x", level=4), "horizon must be a whole number of at least 1, got 'x'"),
    (lambda: scenario(SERIES, 2.5, level=4), "horizon must be a whole number of at least 1, got 2.5"),
    (lambda: scenario(SERIES, 0, level=4), "horizon must be a whole number of at least 1, got 0"),
    (lambda: scenario(SERIES, 3, level=4, draws=0), "draws must be a whole number of at least 1, got 0"),
    (lambda: scenario(SERIES, 3, level=4, seed=-1), "seed must be a whole number of at least 0, got -1"),
    (lambda: scenario(SERIES, 3, level="a"), "level is a mean count of at least 0, got 'a'"),
    (lambda: scenario(SERIES, 3, level=float("nan")), "level is a mean count of at least 0, got nan"),
    (lambda: scenario(SERIES, 3, since="nonsense"), "since 'nonsense' is no day: write it as YYYY-MM-DD"),
    (lambda: scenario(SERIES, 3, until=[1]), "until [1] is no day: write it as YYYY-MM-DD"),
    (lambda: scenario(Series.from_values([np.nan] * 3), 3, level=4), "no row holds an observation"),
    (lambda: counterfactual([1, 2], "2022-01-01"), "counterfactual takes a Series, got a list"),
    (lambda: counterfactual(SERIES, "2022-01-01", draws=0), "draws must be a whole number of at least 1, got 0"),
    (lambda: counterfactual(SERIES, "2022-01-01", seed="a"), "seed must be a whole number of at least 0, got 'a'"),
])
def test_a_wrong_argument_is_said_in_one_sentence(call: Callable[[], object], said: str) -> None:
    with pytest.raises((ValueError, TypeError)) as error:
        call()
    assert said in str(error.value)


def test_whole_numbers_of_any_type_are_taken() -> None:
    assert scenario(SERIES, 2.0, level=4, draws=np.int64(10)).shape == (10, 2)  # type: ignore[arg-type]
    assert len(counterfactual(SERIES, "2022-01-01", draws=50.0).when)  # type: ignore[arg-type]


def test_a_recipe_takes_the_numbers_that_predict_takes(tmp_path: Path) -> None:
    recipe = Recipe(SERIES, "mean", np.int64(3), np.int32(20), np.int64(5))  # type: ignore[arg-type]
    back = restore(save(recipe, tmp_path / "r.json"))
    assert isinstance(back, Recipe)
    np.testing.assert_array_equal(back.paths(), recipe.paths())


@pytest.mark.parametrize("change", [
    {"series": []}, {"series": None}, {"series": {"sources": 5}}, {"series": {"low": 5}}, {"series": {"low": [[]]}}, {"series": {"name": 5}},
    {"series": {"start": 5}}, {"series": {"start": ["x"]}}, {"model": "x"}, {"model": None}, {"model": {"_target_": 5}}, {"series": {"freq": []}},
    {"kind": "backtest", "table": 5, "scores": 5, "baseline": "", "horizon": 1, "origins": []},
    {"kind": "backtest", "table": {}, "scores": {}, "baseline": "", "horizon": 1, "origins": 5}], ids=str)
def test_a_file_whose_entries_are_of_another_kind_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    file = save(Recipe(SERIES, "mean"), tmp_path / "r.json")
    data = json.loads(file.read_text(encoding="utf-8"))
    inner = change.get("series")
    file.write_text(json.dumps(data | ({"series": data["series"] | inner} if isinstance(inner, dict) else change)), encoding="utf-8")
    with pytest.raises(ValueError, match=r"r\.json: ") as error:
        restore(file)
    assert str(error.value).count("\n") == 0


def test_json_that_is_nested_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text("[" * 200_000)
    with pytest.raises(ValueError, match=r"r\.json: "):
        restore(tmp_path / "r.json")
