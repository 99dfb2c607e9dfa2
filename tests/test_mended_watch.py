"""A watch keeps its season, its command speaks of one change, and what is given by mistake is said in a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from forecast import Series, watch
from forecast.__main__ import command
from forecast.config import load
from forecast.watch import Watch
from forecast.watch_command import news_of


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
series: {it: {_target_: forecast.reconcile.LongTable, path: counts.csv}}
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
    assert "Explanations of the change of 1 January 2023, before 2022-10-01 and now:" in said
    assert "<1\u202f%" in said
    assert ">99\u202f%" in said
    assert "100 %" not in said
    assert " 0%" not in said
