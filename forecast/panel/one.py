"""One series of a panel: its grid, the evidence for a change, the events, the forecast; as rows of plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Any

import numpy as np

from forecast.breaks.detection import detect
from forecast.breaks.regimes import breaks_of
from forecast.models.forecaster import predict
from forecast.models.measures import in_units
from forecast.models.season import calendar_season, seems_yearly
from forecast.models.steps import NONE, QUICK, RECENT, Steps, Told, steps_in_bins
from forecast.panel.dating import dated_daily
from forecast.panel.grids import MOST, gridded, in_bins
from forecast.panel.placebos import number_of, other_windows, without_change
from forecast.panel.settings import Settings
from forecast.regime_model.harmonics import Harmonics
from forecast.regime_model.posterior import Posterior, sample
from forecast.regime_model.problem import discretise
from forecast.series.breaks import Break
from forecast.series.days import DAY
from forecast.series.season import evident_season
from forecast.series.series import COUNT, Series
from forecast.support.registry import make
from forecast.support.threads import single_thread

DRAWS = 400
QUANTILES = (0.025, 0.1, 0.5, 0.9, 0.975)
DOUBTFUL = -1.0  # log Bayes factor below which no break is even listed as doubtful
LEAST_PATHS = 20  # paths with a break in a window from which the size of the change is said
Row = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """Rows of one series for each table of the panel."""

    series: Row
    breaks: tuple[Row, ...] = ()
    effects: tuple[Row, ...] = ()
    forecast: tuple[Row, ...] = ()
    placebos: tuple[Row, ...] = ()


def examine(series: Series, settings: Settings, among: int = 1) -> Outcome:
    """Everything a panel `among` so many says of one series; one that cannot be read is an outcome with its reason."""
    seen = series.observed
    row: Row = {"unique_id": series.name, "site": series.site, "measure": series.measure, "kind": series.kind,
                "observed": int(seen.sum())}
    if seen.any():
        days = series.start[seen]
        row |= {"first": days[0], "last": days[-1], "mean": float(series.middle[seen].mean())}
    try:
        with single_thread():
            counts, unit = in_units(_as_amount(series))
            return _in_unit(_examined(counts, settings, row, among), unit)
    except (ValueError, ArithmeticError, LookupError, np.linalg.LinAlgError) as error:
        said = str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
        return Outcome(row | {"failed": said})


def _examined(series: Series, settings: Settings, row: Row, among: int) -> Outcome:
    if not series.observed.any():
        raise ValueError("no row holds an observation")
    if not series.is_count:
        raise ValueError(f"a panel takes counts or amounts of at least zero, got {np.nanmin(series.low):g}: leave the "
                         "series out, or give what lies above a floor of your own")
    seed = seed_of(settings.seed, series.name)
    grid = gridded(series)
    binned = in_bins(grid)
    season, year = _season(binned)
    rng = np.random.default_rng(seed)
    if not grid.middle[grid.observed].any():  # as likely in any order: it can show no change, and is no placebo either
        return _without_counts(grid, binned, settings, row, seed)
    posterior = sample(discretise(QUICK, binned, season), DRAWS, rng)
    found = _found(posterior, binned) if settings.detector == "regimes" else detect(binned, settings.detector)
    breaks = tuple(dated_daily(each, grid, binned) for each in found)
    steps = _steps(posterior, binned, grid, year, seed) if settings.horizon else NONE
    ahead, scored = _ahead(grid, settings, seed, steps)
    told = row | {"grid": grid.freq, "bins": binned.freq, "rows": len(binned), "log_ratio": posterior.log_ratio,
                  "drift": posterior.drifting, "breaks": len(breaks), **scored}
    number = number_of(seed, among)
    ratios = without_change(posterior, binned, number, season, rng) if number else ()
    placebos: list[Row] = [{"unique_id": series.name, "log_ratio": float(ratio)} for ratio in ratios]
    effects = []
    for event in settings.windows():
        effect, elsewhere = _effect(series.name, posterior, binned, event)
        effects.append(effect)
        placebos += elsewhere
    return Outcome(told, tuple(_break_rows(series.name, breaks, binned, grid)), tuple(effects), ahead, tuple(placebos))


def _as_amount(series: Series) -> Series:
    """Numbers that are not whole are amounts (tonnes), for a file names no unit; anything else as it is."""
    fractions = series.unit == COUNT and not series.is_count and np.all(series.low[series.observed] >= 0)
    return replace(series, unit="amount") if fractions else series


def _in_unit(found: Outcome, unit: float) -> Outcome:
    """What was found of an amount that was looked at in units so small, in its own."""
    if unit == 1.0:
        return found
    sized = {"crps", "before", "after"}

    def scaled(rows: tuple[Row, ...], names: set[str]) -> tuple[Row, ...]:
        return tuple({key: value * unit if key in names else value for key, value in row.items()} for row in rows)

    quantiles = {"mean", *(f"q{level:g}" for level in QUANTILES)}
    return replace(found, series=scaled((found.series,), sized)[0], breaks=scaled(found.breaks, sized),
                   forecast=scaled(found.forecast, quantiles))


def _season(binned: Series) -> tuple[np.ndarray, Harmonics]:
    """Factors of the season of each bin, phases where they are evident, else the year's harmonics; and these."""
    year = calendar_season(binned) if seems_yearly(binned) else Harmonics()
    found = evident_season(binned)
    return found.over(np.arange(len(binned))) if len(found.factors) > 1 else year.over(binned), year


def _steps(posterior: Posterior, binned: Series, grid: Series, year: Harmonics, seed: int) -> Steps:
    """Steps of the level for the forecast: those of the tables, and what the last rows tell by themselves."""
    recent = grid.rows(slice(max(0, len(grid) - MOST), len(grid)))
    week = evident_season(recent).over(np.arange(len(recent)))[-RECENT:]
    return replace(steps_in_bins(posterior, binned, grid, week, np.random.default_rng([seed, 1])), season=year)


def _without_counts(grid: Series, binned: Series, settings: Settings, row: Row, seed: int) -> Outcome:
    """A series of zeros alone: no evidence for or against a change, and a forecast."""
    ahead, scored = _ahead(grid, settings, seed, NONE)
    effects = tuple({"unique_id": grid.name, "event": name, "first": np.datetime64(first, "D"),
                     "last": np.datetime64(last, "D"), "reason": "nothing was ever counted"}
                    for name, first, last in settings.windows())
    return Outcome(row | {"grid": grid.freq, "bins": binned.freq, "rows": len(binned), "breaks": 0, **scored},
                   effects=effects, forecast=ahead)


def _found(posterior: Posterior, binned: Series) -> tuple[Break, ...]:
    """Breaks of every series that may come on the list: the panel decides which do, not a threshold of their own."""
    return breaks_of(posterior, binned) if posterior.log_ratio > DOUBTFUL and posterior.jumps.any() else ()


def seed_of(seed: int, name: str) -> int:
    """A seed of each series' own, whatever the order and whoever computes it."""
    return int.from_bytes(sha256(f"{seed} {name}".encode()).digest()[:8], "big")


# -- rows -------------------------------------------------------------------------------------------------------------
def _break_rows(name: str, breaks: Sequence[Break], binned: Series, grid: Series) -> list[Row]:
    width = np.median((binned.end - binned.start).astype(float)) / np.median((grid.end - grid.start).astype(float))
    return [{"unique_id": name, "number": k, "at": np.datetime64(each.at, "D"), "low": np.datetime64(each.low, "D"),
             "high": np.datetime64(each.high, "D"), "before": each.before / width, "after": each.after / width,
             "ratio": each.after / each.before if each.before > 0 else None, "within": each.probability}
            for k, each in enumerate(breaks, start=1)]


def _effect(name: str, posterior: Posterior, binned: Series, event: tuple[str, date, date]) -> tuple[Row, list[Row]]:
    """Evidence for a break inside the window of an event against none there, whatever happened elsewhere.

    Beside it that of other windows of the same series.
    """
    label, first, last = event
    row: Row = {"unique_id": name, "event": label, "first": np.datetime64(first, "D"), "last": np.datetime64(last, "D")}
    # a break in a gap lies after the middle of the row before it, up to the middle of the next
    inside = (binned.centre[1:] >= row["first"]) & (binned.centre[:-1] < row["last"])
    before = np.cumsum(binned.observed)[:-1]  # observed rows before each gap
    allowed = (before >= 2) & (binned.observed.sum() - before >= 2)
    gaps = np.flatnonzero(inside)
    if not len(gaps) or not (allowed[gaps[0]] and allowed[gaps[-1]]):
        return row | {"reason": f"outside what was observed, {binned.start[0]} to {binned.end[-1] - DAY}"}, []
    hit = np.asarray(posterior.jumps[:, inside].any(axis=1))
    change = (posterior.level[:, gaps[-1] + 1] - posterior.level[:, gaps[0]])[hit]
    size = np.exp(np.quantile(change, (0.05, 0.5, 0.95))) if hit.sum() >= LEAST_PATHS else (None, None, None)
    row |= {"log_ratio": _inside(posterior, inside), **dict(zip(("low", "ratio", "high"), size, strict=True))}
    return row, [{"unique_id": name, "event": label, "log_ratio": _inside(posterior, mask)}
                 for mask in other_windows(inside, allowed)]


def _inside(posterior: Posterior, gaps: np.ndarray) -> float:
    """Log Bayes factor of a break in some of these gaps against none in them, from the paths."""
    prior = posterior.problem.model.breaks * posterior.problem.share[gaps].sum()
    hit = posterior.jumps[:, gaps].any(axis=1).sum()
    missed = len(posterior.jumps) - hit
    return float(np.log((hit + 0.5) / (missed + 0.5)) - np.log(np.expm1(prior)))


def _ahead(grid: Series, settings: Settings, seed: int, steps: Steps) -> tuple[tuple[Row, ...], Row]:
    """The forecast row by row, which knows the steps found, and the scores of a backtest where one is asked for."""
    if not settings.horizon:
        return (), {}
    model = make("models", settings.model)
    paths = predict(grid, Told(model, steps), settings.horizon, DRAWS, seed)
    when = grid.coming(settings.horizon)
    quantiles = np.quantile(paths, QUANTILES, axis=0, method="inverted_cdf")
    rows = tuple({"unique_id": grid.name, "step": k + 1, "when": when[k], "mean": float(paths[:, k].mean()),
                  **{f"q{level:g}": float(value) for level, value in zip(QUANTILES, quantiles[:, k], strict=True)}}
                 for k in range(settings.horizon))
    return rows, _scores(grid, model, settings, seed)


def _scores(grid: Series, model: Any, settings: Settings, seed: int) -> Row:
    if not settings.origins:
        return {}
    from forecast.models.backtesting import backtest

    done = backtest(grid, {settings.model: model}, origins=settings.origins, horizon=settings.horizon,
                    step=settings.horizon, draws=DRAWS, seed=seed % 2**32, baseline=settings.model)
    score = done.scores.iloc[0]
    return {name: float(score[name]) for name in ("crps", "mase", "coverage_80", "coverage_95")}
