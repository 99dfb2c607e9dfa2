"""Covariates known ahead, from a CSV to the forecast and the backtest of an experiment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecast import Experiment, Series, load, run
from forecast.evidence.cells import StatementError
from forecast.evidence.long_table import LongTable
from forecast.models.backtesting import backtest
from forecast.models.covariates import read_known
from forecast.report.prose.forecast import ranking
from forecast.support.registry import make

WEEKS, AHEAD = 90, 6
WHEN = pd.date_range("2020-01-06", periods=WEEKS + AHEAD, freq="W-MON")
RNG = np.random.default_rng(0)
VISIT = (RNG.uniform(size=WEEKS + AHEAD) < 0.3) * 1.0
VALUES = RNG.poisson(20 * np.exp(0.8 * VISIT[:WEEKS])).astype(float)
SERIES = Series.from_values(VALUES, start="2020-01-06", freq="W-MON", name="ships")
KNOWN = pd.DataFrame({"visit": VISIT}, index=WHEN)
MEMBERS = {name: make("models", name) for name in ("negative_binomial", "windows")}
FORECAST = ["mean", "q0.1", "q0.5", "q0.9"]


def written(folder: Path, table: pd.DataFrame) -> Path:
    table.rename_axis("ds").to_csv(folder / "known.csv")
    return folder / "known.csv"


def experiment(folder: Path, models: tuple[str, ...] = ("negative_binomial", "windows"), **settings: object) -> Experiment:
    pd.DataFrame({"unique_id": "ships", "ds": WHEN[:WEEKS].date, "y": VALUES.astype(int)}).to_csv(
        folder / "counts.csv", index=False)
    return Experiment(name="mine", title="Mine", question="What comes?", primary="ships",
                      series={"ships": LongTable(str(folder / "counts.csv"), freq="W-MON")},
                      models={name: make("models", name) for name in models}, baseline=models[-1], horizon=AHEAD,
                      origins=8, draws=300, **settings)  # type: ignore[arg-type]


def test_a_backtest_tells_what_is_known_ahead_to_the_member_that_takes_it() -> None:
    told, alone = (backtest(SERIES, MEMBERS, origins=12, horizon=2, draws=200, known=known) for known in (KNOWN, None))
    scores = [result.scores.set_index("model")["crps"] for result in (told, alone)]
    assert scores[0]["negative_binomial"] < 0.8 * scores[1]["negative_binomial"]
    assert scores[0]["windows"] == scores[1]["windows"]


def test_what_is_known_of_rows_beyond_the_horizon_moves_nothing() -> None:
    later = KNOWN.assign(visit=np.where(np.arange(len(KNOWN)) >= WEEKS - 2, 5.0, VISIT))
    one, two = (backtest(SERIES, MEMBERS, origins=3, horizon=2, step=2, draws=100, known=known).table
                for known in (KNOWN, later))
    before = one["when"] < WHEN[WEEKS - 2]
    pd.testing.assert_frame_equal(one.loc[before, FORECAST], two.loc[before, FORECAST])
    marked = ~before & (one["model"] == "negative_binomial")
    assert (two.loc[marked, "mean"] > 5 * one.loc[marked, "mean"]).all()


def test_an_origin_before_a_covariate_has_varied_does_without_it() -> None:
    late = KNOWN.assign(late=(np.arange(len(KNOWN)) >= WEEKS - 1) * 1.0)
    one, two = (backtest(SERIES, MEMBERS, origins=4, horizon=1, draws=100, known=known).table for known in (KNOWN, late))
    pd.testing.assert_frame_equal(one[FORECAST], two[FORECAST])


def test_an_experiment_forecasts_with_what_is_known_ahead_and_says_so(tmp_path: Path) -> None:
    findings = run(experiment(tmp_path, known=str(written(tmp_path, KNOWN))))
    table = findings.forecast[findings.forecast["model"] == "negative_binomial"]
    assert table["q0.5"][VISIT[WEEKS:] == 1].mean() == pytest.approx(20 * np.exp(0.8), rel=0.2)
    assert table["q0.5"][VISIT[WEEKS:] == 0].mean() == pytest.approx(20, rel=0.2)
    assert findings.best_member == "negative_binomial"
    assert "What was known ahead (visit) was told at each past date to the methods that take it." in ranking(findings)
    assert any(name.endswith("known.csv") for name in findings.inputs)


def test_a_config_names_the_file(tmp_path: Path) -> None:
    made = load("simulated_yard", f"known={written(tmp_path, KNOWN)}", "models=[sarimax]")
    assert Path(made.known).name == "known.csv"
    with pytest.raises(ValueError, match="known must be text, got 3"):
        load("simulated_yard", "known=3")


@pytest.mark.parametrize(("rows", "said"), [
    (slice(0, WEEKS), r"no line for 2021-09-27 \(rows without one: 6\): covariates must be given for every row from 2020"),
    (slice(1, None), r"no line for 2020-01-06 \(rows without one: 1\)"),
])
def test_a_file_that_does_not_reach_over_series_and_horizon_is_refused(tmp_path: Path, rows: slice, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        run(experiment(tmp_path, known=str(written(tmp_path, KNOWN[rows]))))


def test_covariates_that_no_model_takes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none of the models \(windows\) takes covariates: add one of negative_binomial"):
        run(experiment(tmp_path, models=("windows",), known=str(written(tmp_path, KNOWN))))


@pytest.mark.parametrize(("text", "said"), [
    ("ds,visit\n2020-01-06,1\n2020-01-13,\n", "known.csv row 3, visit: got 'nothing': fill it in"),
    ("ds,visit\n2020-01-06,yes\n", "known.csv row 2, visit: got 'yes': write a plain number"),
    ("ds,visit\n2020-01-06,1e400\n", "got '1e400': write a plain number"),
    ("ds,visit\n6 January,1\n", "write the date as YYYY-MM-DD"),
    ("day,visit\n2020-01-06,1\n", "known.csv row 1, ds: got no such column"),
    ("ds\n2020-01-06\n", "got no covariate: write a column of numbers beside ds"),
    ("ds,visit\n", "got no covariate"),
])
def test_a_faulty_file_is_said_cell_by_cell(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "known.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(StatementError) as error:
        read_known(str(file))
    assert said in str(error.value)


def test_numbers_below_zero_and_of_any_size_are_read(tmp_path: Path) -> None:
    table = pd.DataFrame({"tide": [-1.5, 0.0, 2e6], "visit": [0.0, 1.0, 0.0]}, index=WHEN[:3])
    read = read_known(str(written(tmp_path, table)))
    pd.testing.assert_frame_equal(read, table, check_freq=False, check_index_type=False, check_names=False)
