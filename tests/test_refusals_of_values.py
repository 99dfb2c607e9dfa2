"""What a caller of the library gets wrong is said in a sentence: series, simulated counts, known dates, panels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forecast import Experiment, Recipe, Series, detect, event_effect, predict, save, scenario, simulate
from forecast.effects.explanations import explain_together
from forecast.evidence.decisions import merge_groups
from forecast.evidence.files import Files
from forecast.evidence.simulated import SimulatedYard
from forecast.evidence.source import Evidence
from forecast.experiment.findings_json import _plain as as_plain
from forecast.models.saved import settings
from forecast.models.scores import crps
from forecast.panel.settings import Settings
from forecast.regime_model.fit import RegimeModel
from forecast.regime_model.problem import discretise
from forecast.report.plots.overview import plot_overview
from forecast.series.season import season_length
from forecast.support.registry import make

DAYS = np.array(["2023-01-01", "2023-01-02"], dtype="datetime64[D]")
ONES = np.ones(2)
IRREGULAR = Series.from_counts(["2023-01-01", "2023-01-05", "2023-02-01", "2023-02-20", "2023-03-01"], [1, 2, 3, 2, 4], name="yard")
SHARED = replace(IRREGULAR.rows(slice(0, 2)), sources=(("a",), ("b",)))


@dataclass(frozen=True)
class Irregular:
    def read(self, files: Files | None = None) -> Evidence:
        return Evidence(series=IRREGULAR, decisions=(), source=self, files=files or Files())


@dataclass(frozen=True)
class Elsewhere:
    level: int = 3


def _experiment(**changed: Any) -> Experiment:
    return Experiment(**{"name": "mine", "title": "T", "question": "Q", "series": {"ship": SimulatedYard(n=60, breaks={})}, "primary": "ship",
                         "placebos": 19, "draws": 50, "origins": 2, **changed})


def _series(**changed):
    return Series(**{"start": DAYS, "end": DAYS + 1, "low": ONES, "high": ONES, "exposure": ONES, **changed})


@pytest.mark.parametrize(("make_it", "said"), [
    (lambda: _series(low=np.ones(3)), "low has 3 rows, start has 2"),
    (lambda: _series(kind="flows"), "did you mean 'flow'"),
    (lambda: _series(low=np.array([np.nan, 1])), "a bound without its partner"),
    (lambda: _series(start=DAYS[::-1], end=DAYS[::-1] + 1), "dates are not in order"),
    (lambda: Series.from_values([1, 2], start="0000-01-01"), "start '0000-01-01' is no day"),
    (lambda: Series.from_counts(["0000-01-01", "2023-01-01"], [1, 2]), "date 0000-01-01 is no day of the years 1 to 9999"),
    (lambda: Series.from_counts(np.array(["20000-01-01"], dtype="datetime64[D]"), [1]), "date 20000-01-01 is no day of the years 1 to 9999"),
    (lambda: Series.from_counts(["2023-01-01"], [1, 2]), "dates has 1 rows, counts has 2"),
    (lambda: Series.from_counts(["2023-01-01"], [1], low=[1, 2]), "low has 2 rows, there are 1 counts"),
    (lambda: _series(end=DAYS + 3).regular("D"), "straddles two bins of D"),
    (lambda: simulate(0), "n must lie between 1"), (lambda: simulate(9, missing=1.0), "missing must lie in"),
    (lambda: simulate(9, level=-1), "level must lie in"), (lambda: simulate(9, breaks={9: 2}), "break at row 9 lies outside 1 to 8"),
    (lambda: simulate(9, breaks={4: -2}), "the factor at row 4"),
    (lambda: detect(simulate(40, seed=1), make("detectors", "chow", dates=["soon"])), "chow: date 'soon' is no day: write it as YYYY-MM-DD"),
    (lambda: Settings(jobs=100_000), "jobs must be at most 1,024, got 100000"), (lambda: Settings(horizon=10**9), "horizon must be at most 10,000"),
    (lambda: Settings(jobs=0), "jobs must be a whole number of at least 1"), (lambda: Settings(fdr=1.0), "fdr must lie between"),
    (lambda: Settings(kind="flows"), "kind must be stock or flow"), (lambda: Settings(model="est"), "model 'est' is unknown: did you mean 'ets'"),
    (lambda: Settings(event="2023-01-01", events="e.csv"), "both an event and a ledger"), (lambda: Settings(origins=2, horizon=0), "a backtest of no horizon"),
    (lambda: Settings(event="soon").windows(), "event 'soon' cannot be read"),
    (lambda: Settings(executor="darsk"), "executor 'darsk' is unknown"),
    # detectors and members
    (lambda: make("detectors", "bai_perron", h=0), "h must lie from"), (lambda: make("detectors", "sup_f", trimming=0.5), "trimming must lie from"),
    (lambda: make("detectors", "consensus", members=["cusum"], at_least=2), "at_least must lie between 1 and the 1 members"),
    (lambda: make("detectors", "optimal_partitioning", cost="gamma"), "cost must be one of"),
    (lambda: make("detectors", "optimal_partitioning", h=0), "h must be a whole number from 1"),
    (lambda: make("models", "recalibrated", origins=0), "origins must be a whole number from 1"), (lambda: make("models", "unobserved", harmonics=0), "harmonics must be a whole number from 1"),
    (lambda: make("models", "recalibrated", member="combination"), "member must be a single forecaster"),
    (lambda: SimulatedYard(breaks=[3]).read(), "breaks must map rows to factors"),
    # series that cannot be used so
    (lambda: predict(IRREGULAR, "mean"), "irregular dates: put it on a grid first"), (lambda: season_length(IRREGULAR), "irregular dates: put it on a grid first"),
    (lambda: scenario(IRREGULAR, 3, level=4.0), "irregular dates: put it on a grid first"),
    (lambda: event_effect(Series.from_values([0.5, 1.5, 2.5, 3.5] * 9), "2000-01-20"), "takes whole counts of at least zero"),
    (lambda: discretise(RegimeModel(), Series.from_values([np.nan] * 9)), "the regime model has nothing to fit"),
    (lambda: crps(np.empty((0, 3)), np.zeros(3)), "paths hold no draw"), (lambda: explain_together([simulate(20, seed=1)], ()), "got 1 series: name at least two"),
    (lambda: explain_together([SHARED, replace(SHARED, name="other")], ()), "rest on 2 statements that are the same"),
    # experiments
    (lambda: _experiment(together=["ships"]), "'ships' is none of the series: did you mean 'ship'"),
    (lambda: _experiment(ledger="e.csv", events={"visit": {"delay": 3}}), "event visit: 'delay' is unknown: did you mean 'delay_days'"),
    # files of results
    (lambda: settings(object()), "is no dataclass"), (lambda: save(Recipe(simulate(20), Elsewhere()), "x.json"), "is no member of ours"),
    (lambda: save(Recipe(simulate(20), replace(make("models", "mean"), detector={1, 2})), "x.json"), "a setting of type set cannot be written"),
    (lambda: as_plain(object()), "which JSON does not know"),
    (lambda: merge_groups([], "same_cal"), "merge 'same_cal' is unknown: did you mean 'same_call'"),
    (lambda: plot_overview(pd.DataFrame({"unique_id": ["a"], "at": [pd.NaT], "ratio": [1.0], "probability": [0.1]}), None), "none of 1 series has a break"),
])
def test_a_wrong_value_is_named_with_what_to_do(make_it, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ValueError, TypeError), match=r".") as error:
        make_it()
    assert not list(tmp_path.iterdir())
    assert said in str(error.value)


def test_a_series_without_rows_stays_without_rows():
    empty = Series.from_values([], start="2023-01-02", freq="D")
    assert len(empty.regular("MS")) == 0
    assert empty.days.tolist() == []


def test_chow_calls_the_named_date_with_a_step_and_no_other():
    series = simulate(120, level=20, breaks={60: 3.0}, spread=0.1, correlation=0.0, seed=3)
    at, elsewhere = (str(series.start[row]) for row in (60, 20))
    (found,) = detect(series, make("detectors", "chow", dates=[at]))
    assert found.position == 60
    quiet = simulate(120, level=20, spread=0.1, correlation=0.0, seed=3)
    assert detect(quiet, make("detectors", "chow", dates=[at, elsewhere])) == ()
    assert detect(series, make("detectors", "chow", dates=["1990-01-01"])) == ()
    assert detect(simulate(3, seed=1), make("detectors", "chow", dates=[at])) == ()


def test_chow_without_dates_takes_the_largest_step():
    series = simulate(120, level=20, breaks={60: 3.0}, spread=0.1, correlation=0.0, seed=3)
    (found,) = detect(series, make("detectors", "chow"))
    assert abs(found.position - 60) <= 2
