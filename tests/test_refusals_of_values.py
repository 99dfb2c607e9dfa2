"""What a caller of the library gets wrong is said in a sentence: series, simulated counts, known dates, panels."""

from __future__ import annotations

import numpy as np
import pytest

from forecast import Series, detect, simulate
from forecast.panel.settings import Settings
from forecast.registry import make

DAYS = np.array(["2023-01-01", "2023-01-02"], dtype="datetime64[D]")
ONES = np.ones(2)


def _series(**changed):
    return Series(**{"start": DAYS, "end": DAYS + 1, "low": ONES, "high": ONES, "exposure": ONES, **changed})


@pytest.mark.parametrize(("make_it", "said"), [
    (lambda: _series(low=np.ones(3)), "low has 3 rows, start has 2"),
    (lambda: _series(kind="flows"), "did you mean 'flow'"),
    (lambda: _series(low=np.array([np.nan, 1])), "a bound without its partner"),
    (lambda: _series(start=DAYS[::-1]), "dates are not in order"),
    (lambda: Series.from_counts(["2023-01-01"], [1, 2]), "dates has 1 rows, counts has 2"),
    (lambda: Series.from_counts(["2023-01-01"], [1], low=[1, 2]), "low has 2 rows, there are 1 counts"),
    (lambda: _series(end=DAYS + 3).regular("D"), "straddles two bins of D"),
    (lambda: simulate(0), "n must lie between 1"), (lambda: simulate(9, missing=1.0), "missing must lie in"),
    (lambda: simulate(9, level=-1), "level must lie in"), (lambda: simulate(9, breaks={9: 2}), "break at row 9 lies outside 1 to 8"),
    (lambda: simulate(9, breaks={4: -2}), "the factor at row 4"),
    (lambda: detect(simulate(40, seed=1), make("detectors", "chow", dates=["soon"])), "write them as YYYY-MM-DD"),
    (lambda: Settings(jobs=0), "jobs must be a whole number of at least 1"), (lambda: Settings(fdr=1.0), "fdr must lie between"),
    (lambda: Settings(kind="flows"), "kind must be stock or flow"), (lambda: Settings(model="est"), "model 'est' is unknown: did you mean 'ets'"),
    (lambda: Settings(event="2023-01-01", events="e.csv"), "both an event and a ledger"), (lambda: Settings(origins=2, horizon=0), "a backtest of no horizon"),
    (lambda: Settings(event="soon").windows(), "event 'soon' cannot be read"),
    (lambda: Settings(executor="darsk"), "executor 'darsk' is unknown"),
])
def test_a_wrong_value_is_named_with_what_to_do(make_it, said):
    with pytest.raises(ValueError, match=r".") as error:
        make_it()
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
