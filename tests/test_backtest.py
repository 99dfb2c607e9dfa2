"""The backtest sees no future, gives the same figures in any order, and passes errors on."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pandas as pd
import pytest

from forecast import Series
from forecast.models import scores
from forecast.models.backtesting import QUANTILES, _wis, backtest
from forecast.models.mean import Mean
from forecast.models.negative_binomial import NegativeBinomial
from forecast.models.prophet import Prophet
from forecast.models.seasonal_naive import SeasonalNaive
from forecast.models.windows import Windows
from forecast.support.registry import make, names

RNG = np.random.default_rng(0)
VALUES = RNG.poisson(9, 40).astype(float)
VALUES[[5, 33, 38]] = np.nan
SERIES = Series.from_values(VALUES, start="2021-01-01", freq="MS", name="ships")
SIMPLE = {"seasonal_naive": SeasonalNaive(), "windows": Windows()}


@dataclass
class Spy:
    """Remembers how many rows it was shown and the last of them."""

    shown: list[tuple[int, np.datetime64]] = field(default_factory=list)

    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        self.shown.append((len(series), series.end[-1]))
        return np.zeros((draws, horizon), dtype=np.int64)


class Broken:
    def paths(self, series: Series, horizon: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        raise ArithmeticError("no likelihood")


def test_members_see_the_rows_before_the_origin_only() -> None:
    spy = Spy()
    result = backtest(SERIES, {"spy": spy}, origins=5, horizon=3, step=2, gap=1)
    assert [rows for rows, _ in spy.shown] == list(result.origins) == [28, 30, 32, 34, 36]
    for rows, end in spy.shown:
        part = result.table[result.table["cutoff"] == pd.Timestamp(end)]
        assert part["when"].min() == pd.Timestamp(SERIES.start[rows + 1])
        assert (part["cutoff"] <= part["when"]).all()


@pytest.mark.parametrize("name", names("models"))
def test_another_future_leaves_every_forecast_as_it_was(name: str) -> None:
    changed = VALUES.copy()
    changed[37:] = 5000
    other = Series.from_values(changed, start="2021-01-01", freq="MS", name="ships")
    model = {name: make("models", name)}
    forecasts = [backtest(s, model, origins=2, horizon=3, draws=30).table for s in (SERIES, other)]
    columns = ["mean", "q0.025", "q0.5", "q0.975"]
    at = pd.Timestamp(SERIES.end[36])
    one, two = (table.loc[table["cutoff"] <= at, columns] for table in forecasts)
    assert len(one) >= 3
    pd.testing.assert_frame_equal(one, two)


LOOKING = {"mean": Mean, "negative_binomial": NegativeBinomial, "prophet": Prophet}


@pytest.mark.parametrize(("kind", "detector"), [
    *product(("mean", "negative_binomial"), names("detectors")), ("prophet", "bai_perron"), ("prophet", "regimes")])
def test_a_member_finds_its_breaks_before_the_origin_alone(kind: str, detector: str) -> None:
    """The future holds the one break there is: with it or without, the same paths."""
    calm = np.where(np.isnan(VALUES), 9, VALUES)
    future = np.concatenate([calm[:30], np.full(10, 900.0)])
    tables = [backtest(Series.from_values(y, start="2021-01-01", freq="MS"), {kind: LOOKING[kind](detector=detector)},
                       origins=1, horizon=10, draws=20).table for y in (calm, future)]
    columns = ["mean", "q0.025", "q0.5", "q0.975"]
    pd.testing.assert_frame_equal(*(table[columns] for table in tables))


def test_the_time_of_each_member_is_told_and_changes_no_figure() -> None:
    for jobs in (1, 2):
        result = backtest(SERIES, SIMPLE, origins=3, horizon=2, jobs=jobs)
        assert set(result.seconds) == set(SIMPLE)
        assert min(result.seconds.values()) > 0
    assert "seconds" not in result.scores


def test_figures_do_not_depend_on_order_company_or_workers() -> None:
    alone = backtest(SERIES, {"windows": Windows()}, origins=4, horizon=2).table
    both = backtest(SERIES, SIMPLE, origins=4, horizon=2)
    turned = backtest(SERIES, dict(reversed(SIMPLE.items())), origins=4, horizon=2, jobs=2)
    pd.testing.assert_frame_equal(alone, both.table[both.table["model"] == "windows"].reset_index(drop=True))
    order = ["model", "cutoff", "step"]
    pd.testing.assert_frame_equal(both.table.sort_values(order, ignore_index=True),
                                  turned.table.sort_values(order, ignore_index=True))


def test_the_table_and_the_summary_say_what_they_hold() -> None:
    result = backtest(SERIES, SIMPLE, origins=9, horizon=3)
    assert len(result.table) == 2 * 9 * 3
    assert {"model", "series", "cutoff", "step", "when", "observed", "mean", "q0.025", "q0.5", "q0.975", "crps",
            "log_score"} <= set(result.table)
    assert set(result.scores["model"]) == set(SIMPLE)
    assert result.scores["crps"].is_monotonic_increasing
    line = result.scores.set_index("model").loc["windows"]
    part = result.table[(result.table["model"] == "windows") & result.table["observed"].notna()]
    assert line["crps"] == pytest.approx(part["crps"].mean())
    assert 0 <= line["dm_p"] <= 1
    assert np.isnan(result.scores.set_index("model").loc["seasonal_naive", "dm_p"])


def test_a_few_overlapping_origins_call_nobody_better() -> None:
    result = backtest(SERIES, SIMPLE, origins=4, horizon=6)
    assert result.scores["dm_p"].isna().all()
    assert (result.scores["mcs_p"] == 1).all()


def test_origins_lie_where_something_can_be_scored() -> None:
    late = Series.from_values([*SERIES.value, *[np.nan] * 12], start="2020-01-01", freq="MS")
    result = backtest(late, SIMPLE, origins=4, horizon=4)
    assert len(result.origins) == 4
    assert result.table.groupby("cutoff")["observed"].count().min() >= 4  # two rows for each of two members


def test_rows_nobody_observed_are_not_scored() -> None:
    table = backtest(SERIES, SIMPLE, origins=6, horizon=3).table
    missing = table["observed"].isna()
    assert missing.any()
    assert table.loc[missing, ["crps", "log_score"]].isna().all().all()
    assert table.loc[~missing, ["crps", "log_score"]].notna().all().all()


def test_a_row_half_watched_is_compared_with_half_the_traffic() -> None:
    rng = np.random.default_rng(1)
    share = np.where(np.arange(60) < 50, 1.0, 0.25)
    y = rng.binomial(rng.poisson(80, 60), share)
    series = Series.from_values(y, start="2021-01-04", freq="W-MON", exposure=share)
    table = backtest(series, {"mean": make("models", "mean")}, origins=1, horizon=8).table
    assert table["mean"].mean() == pytest.approx(20, abs=3)


def test_a_failing_member_stops_the_backtest() -> None:
    with pytest.raises(ArithmeticError, match="no likelihood"):
        backtest(SERIES, {"broken": Broken()}, horizon=2)


def test_wrong_settings_are_named() -> None:
    with pytest.raises(ValueError, match="horizon must be a whole number from 1 to 50,000,000, got 0"):
        backtest(SERIES, SIMPLE, horizon=0)
    with pytest.raises(ValueError, match="got no model: give at least one"):
        backtest(SERIES, {}, horizon=2)
    with pytest.raises(ValueError, match="40 rows leave no origin for a horizon of 40"):
        backtest(SERIES, SIMPLE, horizon=40)


def test_progress_counts_every_forecast() -> None:
    said: list[tuple[int, int, str]] = []
    backtest(SERIES, SIMPLE, origins=3, horizon=2, progress=lambda *each: said.append(each))
    assert said[-1] == (6, 6, "backtest: windows")
    assert len(said) == 6


def test_the_chance_of_any_count_and_the_interval_score_are_scored() -> None:
    sparse = Series.from_values([0, 1, 0, 0, 2, 0, 0, 0, 1, 0] * 4, start="2021-01-01", freq="MS")
    result = backtest(sparse, {"windows": Windows()}, origins=6, horizon=2, draws=400)
    line, table = result.scores.iloc[0], result.table
    assert 0.1 < line["brier"] < 0.35  # three rows in ten hold a count: always saying so scores 0.21
    assert line["brier"] == pytest.approx(table["brier"].mean())
    paths = np.tile(np.arange(401.0)[:, None], (1, 3))
    part = pd.DataFrame({"observed": [10.0, 200.0, 500.0], **{f"q{q:g}": np.quantile(paths[:, 0], q) for q in QUANTILES}})
    np.testing.assert_allclose(_wis(part), scores.wis(paths, part["observed"].to_numpy(), alphas=(0.05, 0.1, 0.2, 0.5)))
