"""A watch: surprise under the present regime, and alarms that stay honest however often one looks."""

from __future__ import annotations

import json

import numpy as np
import pytest

from forecast import Series, simulate, watch
from forecast.cli.main import command
from forecast.effects.monitoring import Watch

QUIET = [5, 3, 6, 4, 5, 5, 4, 6, 5, 4, 5, 6]


def weekly(values, **more) -> Series:
    return Series.from_values(values, start="2023-01-02", **more)


def test_a_count_of_the_old_level_surprises_nobody_and_a_huge_one_does():
    news = watch(weekly([*QUIET, 5, 40]), "2023-03-27")
    assert news[0].surprise > 0.3
    assert news[1].surprise < 0.01
    assert news[1].above < news[1].below


def test_a_lasting_rise_ends_in_an_alarm_and_stays_one():
    series = simulate(100, level=10, breaks={50: 5.0}, spread=0.1, correlation=0.3, seed=3)
    news = watch(series, series.start[40])
    assert not any(each.alarm for each in news[:10])
    assert news[-1].alarm
    assert news[-1].changed > 0.95
    first = next(i for i, each in enumerate(news) if each.alarm)
    assert all(each.alarm for each in news[first:])


def test_quiet_histories_are_watched_without_alarms():
    alarms = 0
    for seed in range(12):
        series = simulate(80, level=12, spread=0.4, correlation=0.6, dispersion=3, seed=seed)
        alarms += watch(series, series.start[30])[-1].alarm
    assert alarms <= 2  # P(more than 2 of 12 | 5 %) is 2 %


def test_bounds_surprise_by_what_they_exclude():
    nan = float("nan")
    low, high = np.full(14, nan), np.full(14, nan)
    low[12], high[13] = 30, 9
    news = watch(weekly([*QUIET, nan, nan], low=low, high=high), "2023-03-27")
    assert (news[0].low, news[0].high) == (30, np.inf)
    assert news[0].above < 0.02
    assert news[0].below == pytest.approx(1.0, abs=1e-6)
    assert news[1].above == pytest.approx(1.0, abs=1e-6)


def test_a_row_nobody_watched_says_nothing():
    before = watch(weekly([*QUIET, 5, float("nan")]), "2023-03-27")
    assert before[1].surprise == 1.0
    assert before[1].evidence == pytest.approx(before[0].evidence, rel=0.1)


def test_the_state_does_not_grow_with_history():
    series = simulate(60, level=8, seed=1)
    state = Watch.begin(series.rows(slice(0, 30)))
    size = [array.shape for array in (*state.still, *state.moved)]
    for at in range(30, 60):
        state, _ = state.see(series.rows([at]))
    assert [array.shape for array in (*state.still, *state.moved)] == size


@pytest.mark.parametrize(("call", "said"), [
    (lambda: watch(weekly(QUIET), "2023-01-09"), "4 are needed"),
    (lambda: watch(weekly(QUIET), "2024-01-01"), "no row on or after"),
    (lambda: watch(weekly(QUIET), "soon"), "write it as YYYY-MM-DD"),
    (lambda: watch(weekly(QUIET), "2023-03-06", level=0), "level must lie between 0 and 1"),
    (lambda: Watch.begin(weekly(QUIET)).see(weekly(QUIET)), "one whole count"),
    (lambda: Watch.begin(weekly(QUIET)).see(weekly([3])), "in order of time"),
])
def test_bad_input_is_said(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_the_command_prints_the_rows_and_how_explanations_moved(capsys):
    assert command(["watch", "khasan_rajin", "2024-12-01"]) == 0
    said = capsys.readouterr().out
    assert "2025-03-01" in said
    assert "Defence minister Shoigu" in said
    assert command(["watch", "khasan_rajin", "2024-12-01", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["series"] == "container_ships"
    assert told["rows"][0]["when"] == "2024-12-01"
    assert sum(row["now"] for row in told["explanations"]) == pytest.approx(1)
    assert command(["watch", "khasan_rajin"]) == 2
    assert "write forecast watch khasan_rajin" in capsys.readouterr().err
    assert command(["watch", "khasan_rajin", "2024-12-01", "ships"]) == 2


@pytest.mark.parametrize("odd", [0.0, 120.0])
def test_a_single_row_far_out_is_an_alarm_that_falls_off_again(odd):
    counts = np.random.default_rng(3).poisson(40, 60).astype(float)
    counts[40] = odd
    series = weekly(counts)
    news = watch(series, series.start[30])
    assert news[10].alarm
    assert not any(each.alarm for each in (*news[:10], *news[13:]))
