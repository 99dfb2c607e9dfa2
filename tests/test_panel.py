"""Panels: the same answer whoever computes it and however often it is stopped; failures kept; lists with few false ones."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecast.cli.main import command
from forecast.panel import executors
from forecast.panel import run as running
from forecast.panel.grids import gridded, in_bins
from forecast.panel.one import examine
from forecast.panel.run import run_panel
from forecast.panel.settings import Settings, read_settings
from forecast.panel.summary import forecast_note
from forecast.series.series import Series

DAYS, EVENT = 300, "2023-07-20"
TABLES = ("series", "breaks", "effects", "forecast", "placebos")
BAD = "<script>alert(1)</script> $x_{"  # also no formula that can be read


def simulated(path: Path, shuffled: bool = False) -> Path:
    """Nine simulated series of 300 days: two rise at the event, one falls elsewhere, one is dead, one holds no counts,
    one has fractions, as amounts do."""
    rng = np.random.default_rng(5)
    days = np.arange("2023-01-01", np.datetime64("2023-01-01") + DAYS, dtype="datetime64[D]")
    level = {"rise1": 4, "rise2": 20, BAD: 15, "calm1": 1, "calm2": 8, "calm3": 3, "dead": 0, "unseen": np.nan, "reals": 2}
    at = int((np.datetime64(EVENT) - days[0]).astype(int))
    lines = []
    for name, mean in level.items():
        factor = np.ones(DAYS)
        if name.startswith("rise"):
            factor[at:] = 3
        if name == BAD:
            factor[100:] = 0.3
        y = rng.poisson(np.nan_to_num(mean) * factor * rng.gamma(10, 0.1, DAYS)).astype(float)
        cells = ["" if name == "unseen" else f"{n + 0.5:g}" if name == "reals" else f"{n:g}" for n in y]
        lines += [f"{name},{day},{cell}" for day, cell in zip(days, cells, strict=True)]
    if shuffled:
        random.Random(1).shuffle(lines)  # noqa: S311 - no secret
    path.write_text("unique_id,ds,y\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


SETTINGS = Settings(event=EVENT, delay=7, horizon=7)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return simulated(tmp_path_factory.mktemp("panel") / "simulated.csv")


@pytest.fixture(scope="module", autouse=True)
def small_chunks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "CHUNK", 2)
        yield


@pytest.fixture(scope="module")
def undisturbed(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed") / "out"
    run_panel(source, folder, SETTINGS)
    return folder


def tables(folder: Path) -> dict[str, pd.DataFrame]:
    return {name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLES}


def assert_same(one: Path, other: Path) -> None:
    for name, table in tables(one).items():
        pd.testing.assert_frame_equal(table, tables(other)[name], check_exact=True)


# -- what is found ----------------------------------------------------------------------------------------------------
def test_the_changed_series_are_found_and_dated_and_no_other(undisturbed):
    made = tables(undisturbed)
    assert set(made["series"].query("changed")["unique_id"]) == {"rise1", "rise2", BAD}
    breaks = made["breaks"].query("changed").set_index("unique_id")
    assert abs(pd.to_datetime(breaks.loc["rise2", "at"]) - pd.Timestamp(EVENT)).days <= 3
    assert breaks.loc["rise2", "low"] <= pd.Timestamp(EVENT).date() <= breaks.loc["rise2", "high"]
    assert breaks.loc[BAD, "ratio"] < 0.6
    assert breaks.loc["rise1", "ratio"] > 1.5


def test_the_event_belongs_to_those_that_changed_then_and_not_to_the_one_that_fell_before(undisturbed):
    effects = tables(undisturbed)["effects"].set_index("unique_id")
    assert set(effects.query("affected").index) == {"rise1", "rise2"}
    assert effects.loc["rise2", "low"] < 3 < effects.loc["rise2", "high"]


def test_every_series_that_can_be_is_forecast_counts_in_whole_numbers_and_amounts_in_fractions(undisturbed):
    made = tables(undisturbed)
    rows = made["forecast"].groupby("unique_id").size()
    assert (rows == 7).all()
    assert set(rows.index) == set(made["series"].query("failed.isna()")["unique_id"])
    assert pd.to_datetime(made["forecast"]["when"]).min() == pd.Timestamp("2023-01-01") + pd.Timedelta(days=DAYS)
    quantiles = made["forecast"].set_index("unique_id")[["q0.1", "q0.5", "q0.9"]]
    assert (quantiles >= 0).all(axis=None)
    counts = quantiles.drop(index="reals")
    assert (counts == np.round(counts)).all(axis=None)
    assert quantiles.loc["reals", "q0.5"].between(1, 4).all()
    assert (quantiles.loc["reals"] % 1 > 0).any(axis=None)


def test_a_series_that_fails_is_a_row_with_its_reason(undisturbed):
    failed = tables(undisturbed)["series"].set_index("unique_id")["failed"].dropna()
    assert set(failed.index) == {"unseen"}
    assert "no row holds an observation" in failed["unseen"]
    said = json.loads((undisturbed / "summary.json").read_text())
    assert (said["series"], said["failed"]) == (9, 1)


def test_a_dead_series_did_not_change_and_is_forecast_to_stay_dead(undisturbed):
    made = tables(undisturbed)
    assert not made["series"].set_index("unique_id").loc["dead", "changed"]
    assert made["forecast"].query("unique_id == 'dead'")["q0.5"].eq(0).all()


def test_the_page_names_the_failed_and_runs_no_name_as_code(undisturbed):
    page = (undisturbed / "summary.html").read_text(encoding="utf-8")
    assert all(word in page for word in ("no row holds an observation", "<svg", "rise2", "&lt;script&gt;"))
    assert "<script" not in page
    # the cells of the map are an image inside the page, which its policy must let through
    assert "img-src data:" in page
    assert 'href="data:image/png' in page


def test_the_page_draws_its_map_for_a_phone_too_and_leaves_out_a_column_without_a_word(undisturbed):
    page = (undisturbed / "summary.html").read_text(encoding="utf-8")
    assert [page.count(f'class="chart {kind}"') for kind in ("wide", "narrow")] == [1, 1]
    ids = re.findall(r' id="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert ">Site<" not in page  # the file names none


def test_a_hostile_name_among_the_failed_is_text(tmp_path):
    file = tmp_path / "simulated.csv"
    file.write_text(f"unique_id,ds,y\n{BAD},2023-01-01,\n{BAD},2023-01-02,\n", encoding="utf-8")
    run_panel(file, tmp_path / "out", SETTINGS)
    page = (tmp_path / "out" / "summary.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;" in page
    assert "<script" not in page


# -- whoever computes it ----------------------------------------------------------------------------------------------
def test_a_pool_of_processes_gives_the_same_tables(source, undisturbed, tmp_path):
    run_panel(source, tmp_path / "out", replace(SETTINGS, jobs=2))
    assert_same(undisturbed, tmp_path / "out")


def test_a_dask_cluster_gives_the_same_tables(source, undisturbed, tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        run_panel(source, tmp_path / "out", replace(SETTINGS, executor=cluster.scheduler_address))
    assert_same(undisturbed, tmp_path / "out")


def test_a_scheduler_that_is_dead_is_said_at_once(source, tmp_path, monkeypatch):
    monkeypatch.setattr(executors, "PATIENCE", 0.2)
    with pytest.raises(ValueError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9 .*: start one there, or take"):
        run_panel(source, tmp_path / "out", replace(SETTINGS, executor="tcp://127.0.0.1:9"))


def test_the_order_of_the_rows_does_not_matter(undisturbed, tmp_path):
    run_panel(simulated(tmp_path / "simulated.csv", shuffled=True), tmp_path / "out", SETTINGS)
    assert_same(undisturbed, tmp_path / "out")


def test_a_run_stopped_anywhere_goes_on_without_doing_anything_twice(source, undisturbed, tmp_path, monkeypatch):
    class StopError(Exception):
        pass

    done: list[str] = []
    whole = running.work_on

    def counted(number, series, settings, among):
        done.extend(each.name for each in series)
        return whole(number, series, settings, among)

    def stopping(at):
        def said(reached, total):
            if reached >= at:
                raise StopError

        return said

    monkeypatch.setattr(running, "work_on", counted)
    for at in (2, 6):
        with pytest.raises(StopError):
            run_panel(source, tmp_path / "out", SETTINGS, stopping(at))
    manifest = tmp_path / "out" / "manifest.jsonl"
    manifest.write_bytes(manifest.read_bytes() + b'{"chunk": 3, "ser')  # killed in the middle of a line
    (tmp_path / "out" / "parts" / "series-000003.parquet").write_bytes(b"half")
    run_panel(source, tmp_path / "out", SETTINGS)
    assert_same(undisturbed, tmp_path / "out")
    assert len(done) == len(set(done)) == 9


def test_a_folder_of_another_question_or_of_anything_else_is_left_alone(source, undisturbed, tmp_path):
    before = (undisturbed / "series.parquet").read_bytes()
    with pytest.raises(ValueError, match="horizon 7, asked is 5"):
        run_panel(source, undisturbed, replace(SETTINGS, horizon=5))
    with pytest.raises(ValueError, match="another input"):
        run_panel(simulated(tmp_path / "other.csv", shuffled=True), undisturbed, SETTINGS)
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="no panel"):
        run_panel(source, tmp_path, SETTINGS)
    assert (undisturbed / "series.parquet").read_bytes() == before


# -- grids ------------------------------------------------------------------------------------------------------------
def test_long_daily_series_are_seen_in_whole_weeks_and_lose_no_call():
    y = np.arange(2500) % 7
    daily = gridded(Series.from_counts(np.datetime64("2019-01-01") + np.arange(2500), y))
    weeks = in_bins(daily)
    assert daily.freq == "D"
    assert len(weeks) <= 360
    assert np.all((weeks.end - weeks.start).astype(int) == 7)
    assert np.nansum(weeks.low) == y.sum()


@pytest.mark.parametrize(("dates", "freq"), [
    (pd.date_range("2020-01-01", periods=40, freq="MS"), "MS"), (pd.date_range("2020-01-02", periods=40, freq="7D"), "W-THU")])
def test_months_and_weeks_stay_what_they_are_and_are_wholly_seen(dates, freq):
    grid = gridded(Series.from_counts(dates, np.arange(40)))
    assert (grid.freq, len(grid)) == (freq, 40)
    assert np.all(grid.exposure == 1)


def test_a_long_stock_is_counted_up_so_that_its_counts_stay_whole():
    stock = Series.from_counts(np.datetime64("2019-01-01") + np.arange(900), np.arange(900) % 5, kind="stock")
    binned = in_bins(gridded(stock))
    assert binned.is_count
    assert np.nansum(binned.low) == (np.arange(900) % 5).sum()


def test_irregular_images_stay_whole_counts_and_are_forecast_by_day():
    days = np.datetime64("2021-01-01") + np.cumsum(np.tile([3, 1, 9, 4], 40))
    counts = np.random.default_rng(3).poisson(np.where(days < np.datetime64("2022-01-01"), 5, 20))
    found = examine(Series.from_counts(days, counts, kind="stock", name="yard"), Settings(horizon=3))
    assert "failed" not in found.series
    assert [str(row["when"]) for row in found.forecast] == [str(days[-1] + k) for k in (1, 2, 3)]
    assert found.breaks[0]["low"] <= np.datetime64("2022-01-01") <= found.breaks[0]["high"]
    assert found.breaks[0]["after"] == pytest.approx(20, rel=0.2)


def test_a_backtest_scores_the_model_that_was_asked_for():
    counts = np.random.default_rng(0).poisson(6, 200)
    series = Series.from_counts(np.datetime64("2021-01-01") + np.arange(200), counts, name="calm")
    found = examine(series, Settings(horizon=7, origins=3, detector="bai_perron", model="windows")).series
    assert 0.5 * np.sqrt(6) / np.sqrt(np.pi) < found["crps"] < 2 * np.sqrt(6) / np.sqrt(np.pi)  # of the true Poisson
    assert found["breaks"] == 0


def test_an_event_outside_a_series_is_said_and_nothing_else_fails():
    series = Series.from_counts(np.datetime64("2023-01-01") + np.arange(60), np.arange(60) % 3, name="short")
    found = examine(series, Settings(event="2030-01-01", horizon=2))
    assert "outside what was observed" in found.effects[0]["reason"]
    assert "failed" not in found.series


# -- the command ------------------------------------------------------------------------------------------------------
def test_the_command_reads_options_and_a_config_and_an_option_wins(source, tmp_path, capsys):
    config = tmp_path / "panel.yaml"
    config.write_text("executor: local\nhorizon: 3\nonly: calm*\nevent: 2023-07-20\n", encoding="utf-8")
    assert command(["panel", str(source), str(tmp_path / "out"), "--config", str(config), "--horizon", "2"]) == 0
    assert "three series, 0 failed" in capsys.readouterr().out
    assert len(pd.read_parquet(tmp_path / "out" / "forecast.parquet")) == 6


@pytest.mark.parametrize(("words", "said"), [
    (["x.csv"], "takes an input and an output"),
    (["x.csv", "out", "--horizn", "3"], "did you mean '--horizon'"),
    (["x.csv", "out", "--horizon", "soon"], "invalid int"),
    (["x.csv", "out", "--executor", "slurm"], "local, dask, or the address"),
    (["x.csv", "out", "--model", "profet"], "did you mean 'prophet'"),
    (["x.csv", "out", "--event", "soon"], "write it as YYYY-MM-DD"),
    (["nowhere.csv", "out"], "no such file"),
])
def test_what_cannot_be_meant_is_said_before_anything_is_written(words, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert command(["panel", *words]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_config_that_is_more_than_settings_is_refused(tmp_path):
    file = tmp_path / "panel.yaml"
    file.write_text("executr: dask\n", encoding="utf-8")
    with pytest.raises(ValueError, match="did you mean 'executor'"):
        read_settings(file)


def test_bad_rows_are_refused_or_listed(source, tmp_path, capsys):
    text = source.read_text(encoding="utf-8").replace("calm1,2023-02-01,", "calm1,2023-02-01,many")
    file = tmp_path / "simulated.csv"
    file.write_text(text, encoding="utf-8")
    words = ["panel", str(file), str(tmp_path / "out"), "--only", "calm*", "--horizon", "2"]
    assert command(words) == 2
    assert "many" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert command([*words[:2], str(tmp_path / "kept"), *words[3:], "--keep-good"]) == 0
    rejected = pd.read_csv(tmp_path / "kept" / "rejected.csv")
    assert len(rejected) == 1
    assert "many" in rejected.loc[0, "got"]
    assert json.loads((tmp_path / "kept" / "summary.json").read_text())["rows_with_faults"] == 1
    assert tables(tmp_path / "kept")["series"].set_index("unique_id").loc["calm1", "observed"] == DAYS - 1


def test_a_series_of_zeros_alone_shows_no_change_and_is_no_placebo():
    zeros = Series.from_values(np.zeros(300), start="2020-01-01", freq="D", name="idle")
    found = examine(zeros, Settings(event="2020-06-01", horizon=7))
    assert found.series["breaks"] == 0
    assert found.series.get("log_ratio") is None
    assert (found.breaks, found.placebos) == ((), ())
    assert [row["reason"] for row in found.effects] == ["nothing was ever counted"]
    assert len(found.forecast) == 7


def test_a_panel_says_where_its_forecasts_know_no_step():
    assert "does not know when a level changed" in forecast_note(Settings(model="prophet"))
    assert not forecast_note(Settings(model="prophet", horizon=0))
    assert not forecast_note(Settings())
