"""Small and odd cases that a user meets sooner or later: reals in bounds, rows of nothing, half a manifest, a file that grew."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from forecast import Series, detect, predict, simulate
from forecast.cli.main import command
from forecast.effects.checks.image_selection import preference
from forecast.effects.next_image import image_worth
from forecast.experiment.config import build, load
from forecast.panel import manifest
from forecast.panel.dating import dated_daily
from forecast.panel.placebos import number_of
from forecast.panel.settings import Settings, read_settings
from forecast.regime_model.problem import _distinct
from forecast.report.phrases import percent
from forecast.report.plots import plot_overview
from forecast.series.breaks import Break
from forecast.series.season import evident_season, season_length
from forecast.support.registry import make


# -- detectors ------------------------------------------------------------------------------------------------------
def test_reals_known_within_bounds_alone_still_show_where_they_jumped():
    rng = np.random.default_rng(3)
    y = np.where(np.arange(80) < 50, 0.0, 6.0) + rng.normal(0, 0.5, 80)
    known = np.arange(80) % 4 == 0
    low, high = np.where(known, y, np.floor(y)), np.where(known, y, np.floor(y) + 1)
    series = Series.from_values(np.where(known, y, np.nan), start="2023-01-02", freq="W-MON", low=low, high=high)
    (found,) = detect(series, "regimes")
    assert abs(found.position - 50) <= 1


def test_a_very_long_series_of_counts_goes_to_the_detector_that_is_linear_in_its_length():
    series = simulate(300, level=20, breaks={180: 2.5}, spread=0.1, correlation=0.0, seed=5)
    assert [abs(b.position - 180) <= 2 for b in detect(series, make("detectors", "auto", longest=100))] == [True]


@pytest.mark.parametrize("cost", ["normal", "poisson", "negative_binomial"])
def test_the_modified_criterion_finds_one_large_step_and_none_in_calm_counts(cost):
    chosen = make("detectors", "optimal_partitioning", cost=cost, penalty="mbic")
    (found,) = detect(simulate(200, level=30, breaks={120: 2.0}, spread=0.0, dispersion=100, seed=2), chosen)
    assert abs(found.position - 120) <= 1
    assert detect(simulate(200, level=30, spread=0.0, dispersion=100, seed=2), chosen) == ()


@pytest.mark.parametrize("name", ["cusum", "mosum", "sup_f", "optimal_partitioning", "bai_perron", "chow"])
@pytest.mark.parametrize("y", [[0] * 40, [3] * 40, [0] * 39 + [1]])
def test_counts_that_hardly_vary_hold_no_break(name, y):
    assert detect(Series.from_values(y, start="2023-01-02", freq="D"), name) == ()


def test_breaks_are_added_as_long_as_segments_can_be_cut():
    y = np.repeat([0.0, 8.0, 0.0, 8.0], 25) + np.random.default_rng(1).normal(0, 0.5, 100)
    series = Series.from_values(y, start="2023-01-02", freq="D")
    for most, wanted in ((3, [25, 50, 75]), (1, 1)):
        found = [b.position for b in detect(series, make("detectors", "bai_perron", select="sequential", max_breaks=most))]
        assert found == wanted if isinstance(wanted, list) else len(found) == wanted


# -- seasons and forecasts ------------------------------------------------------------------------------------------
def test_a_year_is_so_many_rows_as_fit_and_irregular_dates_have_no_season():
    lengths = {freq: season_length(Series.from_values([1.0] * 8, freq=freq)) for freq in ("D", "W-MON", "MS", "QS", "2W", "YS")}
    assert lengths == {"D": 7, "W-MON": 52, "MS": 12, "QS": 4, "2W": 26, "YS": 1}
    days = pd.date_range("2023-01-01", periods=40, freq="3D")
    assert evident_season(Series.from_counts(days, np.arange(40.0) % 7)).factors.tolist() == [1.0]


def test_a_season_whose_phases_were_not_all_seen_is_none():
    y = np.tile([5.0, 50, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5], 8)
    y[np.arange(96) % 12 == 1] = np.nan
    assert evident_season(Series.from_values(y, start="2016-01-01", freq="MS")).factors.tolist() == [1.0]


def test_three_years_of_days_carry_a_yearly_cycle_on_top_of_the_weekly_one():
    days = np.arange(3 * 365)
    level = 40 * np.exp(0.6 * np.sin(2 * np.pi * days / 365.25)) * np.where(days % 7 < 5, 1.2, 0.5)
    series = Series.from_values(np.random.default_rng(4).poisson(level), start="2021-01-04", freq="D")
    paths = predict(series, make("models", "structural", rows=1095), horizon=119, draws=200)
    spring, now = paths[:, 91:119].mean(), paths[:, :28].mean()
    assert 1.08 * now < spring < 80  # the true level rises from 46 to 72
    week = np.roll(paths[:, :28].mean(axis=0).reshape(4, 7).mean(axis=0), 1095 % 7)
    assert week[:5].min() > 1.6 * week[5:].max()


def test_members_go_on_where_the_last_rows_were_not_seen():
    y = np.concatenate([np.random.default_rng(0).poisson(20, 80), np.full(420, np.nan)])
    paths = predict(Series.from_values(y, start="2022-01-03", freq="D"), make("models", "regimes", recent=400), horizon=3, draws=200)
    assert 5 < np.median(paths) < 60


def test_a_differenced_member_keeps_the_level():
    series = Series.from_values(np.random.default_rng(2).poisson(30, 90), start="2015-01-01", freq="MS")
    paths = predict(series, make("models", "sarimax", order=[0, 1, 1]), horizon=6, draws=300)
    assert np.median(paths) == pytest.approx(30, abs=6)


# -- the page ---------------------------------------------------------------------------------------------------------
def test_a_share_that_is_not_known_is_said_so():
    assert percent(float("nan")) == "unknown"


def test_where_no_path_breaks_no_preference_feigns_a_change():
    from forecast.effects.change_days import gap_probability
    from forecast.regime_model.fit import RegimeModel
    from forecast.regime_model.posterior import sample
    from forecast.regime_model.problem import discretise

    posterior = sample(discretise(RegimeModel(), simulate(30, level=6, spread=0.0, correlation=0.0, seed=4)), 200, np.random.default_rng(0))
    none = replace(posterior, jumps=np.zeros_like(posterior.jumps))
    assert preference(none) == 1.0
    gaps = gap_probability(none)
    assert gaps.sum() == pytest.approx(1)
    assert np.ptp(gaps) < 1e-12


def test_no_image_is_worth_anything_where_there_is_no_change():
    images, worth = image_worth(np.zeros(20), np.datetime64("2023-01-01"), np.array([1, 2]), np.array([5, 6]))
    assert images == ()
    assert not len(worth.days)


def test_the_overview_of_a_thousand_series_has_no_marks_and_shows_the_surer_of_two_breaks():
    frame = pd.DataFrame({"unique_id": [f"s{k}" for k in range(1000)] + ["s0"], "at": [pd.Timestamp("2023-03-01")] * 1001,
                          "ratio": [2.0] * 1000 + [0.5], "probability": [0.9] * 1000 + [0.3]})
    ax = plot_overview(frame, Figure(figsize=(6, 3)).subplots())
    assert not ax.get_lines()
    first = np.asarray(ax.get_images()[0].get_array())[0]
    assert first[..., 3].max() == pytest.approx(0.9)
    (red, _, blue) = first[first[..., 3].argmax(), :3]
    assert red > blue  # the rise and not the fall


# -- a panel's folder -------------------------------------------------------------------------------------------------
@pytest.fixture
def panel(tmp_path):
    (tmp_path / "in.csv").write_text("unique_id,ds,y\na,2023-01-01,1\n")
    return tmp_path / "out", tmp_path / "in.csv"


def test_a_manifest_that_was_killed_before_its_first_line_begins_anew(panel):
    folder, source = panel
    manifest.begin(folder, source, Settings())
    path = folder / manifest.NAME
    head = path.read_text()
    path.write_text("")
    again = manifest.begin(folder, source, Settings())
    assert path.read_text() == head
    assert again.done == {}


def test_a_panel_of_another_release_is_refused(panel):
    folder, source = panel
    manifest.begin(folder, source, Settings())
    path = folder / manifest.NAME
    path.write_text(json.dumps({**json.loads(path.read_text()), "forecast": "0.0.1"}) + "\n")
    with pytest.raises(ValueError, match=r"holds a panel of forecast 0\.0\.1"):
        manifest.begin(folder, source, Settings())


def test_what_is_finished_is_never_withdrawn(panel):
    folder, source = panel
    begun = manifest.begin(folder, source, Settings())
    begun.add({"chunk": 0, "series": 1})
    begun.withdraw()
    assert manifest.begin(folder, source, Settings()).done == {0: {"chunk": 0, "series": 1}}


def test_an_unfinished_panel_that_cannot_be_read_leaves_no_folder(panel):
    folder, source = panel
    manifest.begin(folder, source, Settings()).withdraw()
    assert not folder.exists()


def test_settings_of_a_panel_are_keys(tmp_path):
    (tmp_path / "p.yaml").write_text("- horizon\n- 7\n")
    with pytest.raises(ValueError, match="write one `key: value` a line"):
        read_settings(tmp_path / "p.yaml")


def test_a_panel_of_many_series_takes_placebos_from_some_of_them_alone():
    assert number_of(1, 100) == 8
    taken = [number_of(seed, 4000) for seed in range(2000)]
    assert set(taken) == {0, 1}
    assert np.mean(taken) == pytest.approx(0.25, abs=0.05)


def test_a_break_that_is_known_to_the_day_stays_as_it_is():
    grid = Series.from_values(np.r_[np.full(70, 2.0), np.full(70, 9.0)], start="2023-01-02", freq="D")
    weeks = grid.regular("W-MON")
    found = Break(position=10, at="2023-03-13", low="2023-03-12", high="2023-03-13", before=14.0, after=63.0, probability=0.9)
    assert dated_daily(found, grid, weeks) == found
    assert dated_daily(replace(found, before=0.0), grid, weeks).at == "2023-03-13"


BREAK = {"position": 3, "at": "2023-01-01", "low": "2023-01-01", "high": "2023-01-01", "before": 1.0, "after": 2.0, "probability": None}


# -- the command --------------------------------------------------------------------------------------------------------
SMALL = """\
defaults: [base, {/models: [mean]}, _self_]
title: Mine
question: Which?
primary: it
series: {it: {_target_: forecast.SimulatedYard, n: 40, breaks: {20: 3.0}}}
models: {mean: {_target_: forecast.models.mean.Mean}}
origins: 2
draws: 50
placebos: 19
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("experiments").mkdir()
    Path("experiments/mine.yaml").write_text(SMALL)


def test_a_report_that_was_changed_by_hand_is_told_line_by_line_and_cut_where_it_is_long(mine, capsys):
    assert command(["-cn", "mine", "output=run"]) == 0
    file = Path("run/findings.json")
    found = json.loads(file.read_text())
    found["versions"]["numpy"] = "0.1"
    for line in found["forecast"]:
        line["q50"] = line["mean"] = 1e6
    found["inputs"]["gone.csv"] = "0" * 64
    found["readings"]["it"]["breaks"]["regimes"] = [BREAK] * 9
    found["forecast"][0]["model"] = "another"
    file.write_text(json.dumps(found))
    capsys.readouterr()
    assert command(["rerun", "run", "--trust", "mypackage"]) == 1
    said = capsys.readouterr().out
    assert said.startswith("input gone.csv is not read now\nversion of numpy: 0.1 then")
    assert re.search(r"readings\.it\.breaks\.regimes: 9 entries then, [01] now", said)
    assert "forecast[0].model: 'another' then, 'mean' now" in said
    assert re.search(r"forecast\[\d\]\.mean: 1e\+06 then, ", said)
    assert re.search(r"\n\d+ differences\.\n$", said)


def test_a_report_without_settings_cannot_be_run_again(tmp_path, capsys):
    file = tmp_path / "findings.json"
    file.write_text(json.dumps({"name": "mine", "primary": "it", "settings": {}, "readings": {"it": {"log_ratio": 1.0, "explained": []}}}))
    assert command(["rerun", str(file)]) == 2
    assert "holds no settings: only what the command forecast wrote can be run again" in capsys.readouterr().err


def test_what_is_no_report_is_named(tmp_path, capsys):
    assert command(["rerun", str(tmp_path)]) == 2
    assert "is no findings.json" in capsys.readouterr().err


def test_a_launcher_that_is_not_installed_is_named_with_its_package():
    from forecast.experiment.config import _in_our_words

    class MissingError(Exception):
        missing_cfg_file = "hydra/launcher/submitit_slurm"

    assert _in_our_words(MissingError("x"), "mine", [], None) == "launcher 'submitit_slurm' is not here: pip install hydra-submitit-launcher"


def test_a_setting_below_one_that_is_a_value_is_refused(mine):
    with pytest.raises(ValueError, match="horizon is one value and has no setting 'rows'"):
        load("mine", "~horizon.rows")


def test_a_list_where_series_are_named_is_refused():
    with pytest.raises(ValueError, match="series must map names to what they are, got \\['it'\\]"):
        build({"name": "mine", "title": "T", "question": "Q", "primary": "it", "series": ["it"]})


# -- mostly gap -----------------------------------------------------------------------------------------------------------
def test_a_row_that_nobody_saw_is_one_row_however_many_there_are():
    low = np.full((3, 500), np.nan)
    low[:, ::50] = np.arange(10) % 4
    rows, index = _distinct(low, low, np.ones_like(low))
    assert len(rows) == 5
    assert np.isnan(rows[0]).all()
    assert np.array_equal(rows[index][..., 0], low, equal_nan=True)
