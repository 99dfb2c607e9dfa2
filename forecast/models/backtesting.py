"""Rolling-origin backtest: what each member would have said at each past date, and how good it was."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd

from forecast.models import scores
from forecast.models.forecaster import Forecaster, check_counts, checked, members
from forecast.models.history import season_length
from forecast.models.measures import in_units, on_grid
from forecast.series.series import Series, check_series
from forecast.support.progress import Progress, silent
from forecast.support.results import Shown
from forecast.support.threads import single_thread
from forecast.support.validation import MOST_NUMBERS, check_whole_number

QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
LEAST_STRETCHES = 3  # stretches as long as the overlap that a test needs to tell members apart


@dataclass(frozen=True)
class Backtest(Shown):
    """Forecasts of every member from every origin, and their scores.

    table : one line per model, origin and step: `model, series, cutoff` (end of the last row that was seen), `step`
        (1 = the first row forecast), `when` (start of the row forecast), `observed, mean, q0.025 ... q0.975, crps,
        log_score, brier` (of the chance of any count at all)`, pit`; scores are NaN where nothing was observed
    scores : one line per model, best CRPS first: `crps, log_score, brier, wis` (weighted interval score of the
        median and the central 50, 80, 90 and 95 % intervals)`, mase, coverage_80, coverage_95, sharpness_80,
        pit_mean` (0.5 when unbiased), `dm_p` and `dm_statistic` against `baseline` on the CRPS per origin
        (negative statistic: better than it; NaN with too few origins for their overlap) and `mcs_p`, the model
        confidence set's p-value
    origins : number of rows seen at each origin, in time order
    seconds : CPU seconds that each member took over all origins; not saved, for it differs from run to run
    """

    table: pd.DataFrame
    scores: pd.DataFrame
    baseline: str
    horizon: int
    origins: tuple[int, ...]
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False)

    def __repr__(self) -> str:
        crps = ", ".join(f"{name} {value:.4g}" for name, value in zip(self.scores["model"], self.scores["crps"],
                                                                     strict=True))
        return f"Backtest({self.heading()}; CRPS {crps})"

    def heading(self) -> str:
        return f"{len(self.origins)} origins, {self.horizon} rows ahead, baseline {self.baseline}"

    def frame(self) -> pd.DataFrame:
        """The `scores`, one line a model, best CRPS first; `table` has every forecast."""
        return self.scores.copy()


def backtest(series: Series, models: Any = "auto", *, origins: int = 24, horizon: int = 12, step: int = 1,
             gap: int = 0, draws: int = 500, seed: int = 0, jobs: int = 1, baseline: str = "seasonal_naive",
             known: pd.DataFrame | None = None, progress: Progress = silent) -> Backtest:
    """Forecast `horizon` rows from each of the last `origins` origins that lie `step` rows apart.

    Amounts (tonnes) and irregular images of a stock are taken as in `predict`; the scores are in the unit.
    models : a name of `conf/models`, an object with paths(), a list of these, or a mapping of names to them
    gap : rows between what is seen and the first row scored (a publication delay)
    jobs : worker processes (joblib); every (model, origin) has a generator of its own, so that the figures depend
        neither on the order nor on the number of workers nor on which other models run
    baseline : the member that Diebold-Mariano compares with; the first of `models` when that name is not among them
    known : covariates known ahead, as in `predict`; the members that take them see them over each horizon, without
        the columns that had not varied by that origin; the others run without them
    progress : called with (done, total, "backtest: model name") after each forecast

    Raises ValueError when there is no model, a number is below its least value, or the series leaves no origin;
    whatever a member raises is passed on.

    >>> weeks = Series.from_values([3, 5, 4, 6, 5, 4] * 5, start="2023-01-02")
    >>> backtest(weeks, ["mean", "windows"], origins=2, horizon=3, draws=50).scores["model"].nunique()
    2
    """
    for name, number, least in (("origins", origins, 1), ("horizon", horizon, 1), ("step", step, 1), ("gap", gap, 0),
                                ("draws", draws, 2), ("jobs", jobs, 1)):
        check_whole_number(f"backtest: {name}", number, least, MOST_NUMBERS)
    models = members(models)
    check_series(series, "backtest")
    given = on_grid(series)
    check_counts(in_units(given)[0], "backtest")
    places = _origins(given, origins, horizon, step, gap)
    series, unit = in_units(given, places[0])
    tasks = [(name, place) for name in models for place in places]
    running = _run(series, models, tasks, jobs, horizon=horizon, gap=gap, draws=draws, seed=seed, known=known)
    frames, seconds = [], dict.fromkeys(models, 0.0)
    for done, (frame, spent) in enumerate(running, start=1):
        frames.append(frame)
        seconds[tasks[done - 1][0]] += spent
        progress(done, len(tasks), f"backtest: {tasks[done - 1][0]}")
    table = _in_unit(pd.concat(frames, ignore_index=True), unit)
    chosen = baseline if baseline in models else next(iter(models))
    summary = _summary(table, given, list(models), chosen, overlap=-(-horizon // step), seed=seed)
    return Backtest(table, summary, chosen, horizon, places, seconds)


def _in_unit(table: pd.DataFrame, unit: float) -> pd.DataFrame:
    """The table of an amount in its own unit; the log score is then that of a density."""
    if unit == 1.0:
        return table
    sized = ["observed", "mean", "crps", *(f"q{level:g}" for level in QUANTILES)]
    return table.assign(**{name: table[name] * unit for name in sized}, log_score=table["log_score"] + np.log(unit))


def _origins(series: Series, origins: int, horizon: int, step: int, gap: int) -> tuple[int, ...]:
    """Rows seen at each origin: the latest ones whose horizon can be scored on at least half of its rows.

    Where no horizon is observed that well, those with anything to score. Each origin has eight observations before it,
    or half of all there are: earlier ones would judge the priors only.
    """
    seen, n = series.observed, len(series)
    scored = ~np.isnan(series.value)
    least = min(8, max(1, int(seen.sum()) // 2))
    share = {o: float(scored[o + gap:o + gap + horizon].mean()) for o in range(n - horizon - gap, 0, -step)
             if seen[:o].sum() >= least}
    found = [o for o in share if share[o] >= 0.5] or [o for o in share if share[o] > 0]
    if not found:
        raise ValueError(f"series {series.name}: {n} rows leave no origin for a horizon of {horizon} and a gap of "
                         f"{gap}: choose a shorter horizon")
    return tuple(reversed(found[:origins]))


def _run(series: Series, models: Mapping[str, Forecaster], tasks: list[tuple[str, int]], jobs: int,
         **settings: Any) -> Iterator[tuple[pd.DataFrame, float]]:
    if jobs == 1:
        yield from (_timed(series, name, models[name], place, **settings) for name, place in tasks)
        return
    from joblib import Parallel, delayed

    from forecast.support.ends import workers_that_end
    from forecast.support.threads import worker_count

    yield from Parallel(n_jobs=worker_count(jobs), return_as="generator", **workers_that_end())(
        delayed(_timed)(series, name, models[name], place, **settings) for name, place in tasks)


def _timed(series: Series, name: str, model: Forecaster, place: int, **settings: Any) -> tuple[pd.DataFrame, float]:
    began = time.process_time()
    with single_thread():
        frame = _one(series, name, model, place, **settings)
    return frame, time.process_time() - began


def _one(series: Series, name: str, model: Forecaster, place: int, *, horizon: int, gap: int, draws: int,
         seed: int, known: pd.DataFrame | None) -> pd.DataFrame:
    """One member from one origin; it is handed the rows before the origin, what is known ahead, and nothing else."""
    rng, before = np.random.default_rng(np.random.SeedSequence([seed, crc32(name.encode()), place])), slice(0, place)
    if known is None:
        paths = checked(model.paths(series.rows(before), gap + horizon, draws, rng), draws, gap + horizon, model)
    else:
        from forecast.models.covariates import paths_told

        paths = checked(paths_told(model, series.rows(before), known, gap + horizon, draws, rng), draws, gap + horizon,
                        model)
    paths = paths[:, gap:]
    ahead = series.rows(slice(place + gap, place + gap + horizon))
    if ahead.kind == "flow" and np.any(ahead.exposure < 1):
        paths = rng.binomial(paths, ahead.exposure)  # only that share of the traffic could be counted
    observed = ahead.value
    quantiles = np.quantile(paths, QUANTILES, axis=0)
    return pd.DataFrame({
        "model": name, "series": series.name, "cutoff": series.end[place - 1].astype("datetime64[s]"),
        "step": np.arange(1, horizon + 1), "when": ahead.start.astype("datetime64[s]"), "observed": observed,
        "mean": paths.mean(axis=0), **{f"q{level:g}": q for level, q in zip(QUANTILES, quantiles, strict=True)},
        "crps": scores.crps(paths, observed), "log_score": scores.log_score(paths, observed),
        "brier": scores.brier((paths > 0).mean(axis=0), np.where(np.isnan(observed), np.nan, observed > 0)),
        "pit": scores.pit(paths, observed, rng),
    })


def _summary(table: pd.DataFrame, series: Series, models: list[str], baseline: str, *, overlap: int,
             seed: int) -> pd.DataFrame:
    """One line per model; `overlap` is the number of origins whose forecasts share a row."""
    known = table[table["observed"].notna()]
    # one scale for all origins, from all that the last of them saw: the first may have seen too little for one
    history = series.until(pd.Timestamp(known["cutoff"].max())).value
    scale = scores.mase_scale(history, season_length(series))
    losses = {str(name): part.groupby("cutoff")["crps"].mean().to_numpy() for name, part in known.groupby("model")}
    mcs = scores.confidence_set(losses, np.random.default_rng(seed), block=max(2, overlap))
    lines = []
    for name in models:
        part = known[known["model"] == name]
        statistic, p = scores.diebold_mariano(losses[name], losses[baseline], overlap)
        if len(losses[baseline]) < LEAST_STRETCHES * overlap:  # overlapping horizons: hardly more than one outcome
            statistic = p = np.nan
        inside = {level: part["observed"].between(part[f"q{low:g}"], part[f"q{1 - low:g}"]).mean()
                  for level, low in ((80, 0.1), (95, 0.025))}
        lines.append({
            "model": name, "crps": part["crps"].mean(), "log_score": part["log_score"].mean(),
            "brier": part["brier"].mean(), "wis": float(_wis(part).mean()),
            "mase": (part["observed"] - part["q0.5"]).abs().mean() / scale,
            "coverage_80": inside[80], "coverage_95": inside[95],
            "sharpness_80": (part["q0.9"] - part["q0.1"]).mean(), "pit_mean": part["pit"].mean(),
            "dm_statistic": statistic if name != baseline else np.nan, "dm_p": p if name != baseline else np.nan,
            "mcs_p": mcs[name],
        })
    return pd.DataFrame(lines).sort_values("crps", ignore_index=True)


def _wis(part: pd.DataFrame) -> pd.Series[float]:
    """Weighted interval score of each row from the table's quantiles (Bracher et al. 2021, eq. 1), as `scores.wis`."""
    seen, ends = part["observed"].to_numpy(), [(q, 1 - q) for q in QUANTILES if q < 0.5]
    total = 0.5 * np.abs(seen - part["q0.5"].to_numpy())
    for low, high in ends:
        total += low * scores.interval_score(part[f"q{low:g}"].to_numpy(), part[f"q{high:g}"].to_numpy(), seen, 2 * low)
    return pd.Series(total / (len(ends) + 0.5), index=part.index)
