"""One experiment from its sources to its findings: plain data in, plain data out, nothing written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from forecast.breaks.detection import Detector
from forecast.breaks.regimes import Regimes
from forecast.effects.candidates import Candidates
from forecast.effects.counterfactuals import FEWEST as RUN_ON
from forecast.effects.counterfactuals import Counterfactual, counterfactual
from forecast.effects.event_tests import Tested, Untestable, event_effects, position_of
from forecast.effects.explanations import (
    Explanation,
    Together,
    Window,
    explain_change,
    explain_together,
)
from forecast.effects.next_image import Image, Worth, clear_days, looked_for
from forecast.effects.sensitivity import sensitivity
from forecast.evidence.claims import read_claims
from forecast.evidence.events import read_events
from forecast.evidence.files import Files
from forecast.evidence.flow import Flow
from forecast.evidence.source import Evidence, Source
from forecast.experiment.claims import judge_claims
from forecast.experiment.findings import Findings
from forecast.experiment.other_forecasts import other_forecasts
from forecast.experiment.provenance import frozen, versions
from forecast.experiment.reading import Reading
from forecast.models.backtesting import QUANTILES, Backtest, backtest
from forecast.models.forecaster import Forecaster, predict
from forecast.regime_model.fit import Fit
from forecast.regime_model.posterior import Posterior
from forecast.series.breaks import Break
from forecast.series.series import Series
from forecast.support.progress import Progress, silent
from forecast.support.registry import names, suggest
from forecast.support.terminal import quoted
from forecast.support.threads import work_beside
from forecast.support.validation import MOST_NUMBERS

# what a setting may be: beyond these a run would fill the memory or never end
RANGES = {"horizon": (1, 10_000), "origins": (1, 10_000), "draws": (2, 1_000_000), "placebos": (19, 100_000),
          "jobs": (1, 1024), "delay_days": (0, 36_500), "anticipation_days": (0, 36_500),
          "mean_delay_days": (1, 36_500), "seed": (0, 2**63 - 1)}
EVENT_SETTINGS = ("delay_days", "anticipation_days", "mean_delay_days")


@dataclass(frozen=True)
class Experiment:
    """What is asked of which evidence. Constructors of the parts read nothing; `run` does the work.

    series : name -> source; primary : the series that the events are tested on
    forecast_on : the series that is forecast and backtested; the primary when empty. Of a list the first is, the others
        are forecast by one member
    together : series that are said to share a cause: one table of explanations for all of them
    events : name of an event in `ledger` -> {delay_days, anticipation_days, mean_delay_days} where they differ
    delay_days, anticipation_days : longest time after and before an event in which a change still fits it;
    mean_delay_days : of the exponential by which delays become less likely beforehand; half of the longest when None
    claims : CSV of published claims, each of which gets its answer, see `evidence.claims`
    detectors, models : name -> object; regimes is always run, for everything else hangs on its posterior
    known : CSV of covariates known ahead (`ds` and a column of numbers each, for every row of the series that is
        forecast and of the horizon), for the models that take them
    images : whether the counts are read from images, so that one more could be bought; imaged : the list of those that
        there are (a STAC item collection), with how clear each is
    horizon, origins : rows ahead, and origins of the backtest; placebos : simulated series behind each p-value

    >>> from io import StringIO
    >>> from tempfile import TemporaryDirectory
    >>> from rich.console import Console
    >>> from forecast import SimulatedYard, conclude, show_report, summary, write_report
    >>> mine = Experiment(name="mine", title="A yard", question="Did it change?", primary="cars",
    ...                   series={"cars": SimulatedYard(n=30, breaks={15: 3.0})}, placebos=19, draws=50, horizon=2)
    >>> findings = run(mine)
    >>> list(findings.readings), conclude(findings).primary
    (['cars'], 'cars')
    >>> with TemporaryDirectory() as folder:
    ...     write_report(findings, folder).name
    'report.html'
    >>> "A yard" in show_report(findings)._repr_html_()
    True
    >>> summary(findings, Console(file=StringIO()))
    """

    name: str
    title: str
    question: str
    series: Mapping[str, Source]
    primary: str
    forecast_on: str | Sequence[str] = ""
    together: Sequence[str] = field(default_factory=tuple)
    ledger: str = ""
    claims: str = ""
    events: Mapping[str, Mapping[str, int] | None] = field(default_factory=dict)
    delay_days: int = 60
    anticipation_days: int = 0
    mean_delay_days: int | None = None
    detectors: Mapping[str, Detector] = field(default_factory=dict)
    models: Mapping[str, Forecaster] = field(default_factory=dict)
    known: str = ""
    baseline: str = "seasonal_naive"
    horizon: int = 6
    origins: int = 12
    draws: int = 1000
    placebos: int = 199
    seed: int = 0
    jobs: int = 1
    images: bool = False
    imaged: str = ""
    simulated: bool = False

    def __post_init__(self) -> None:
        _check_words(self)
        if self.primary not in self.series:
            raise ValueError(f"primary {quoted(self.primary)} is none of the series: "
                             f"{suggest(self.primary, list(self.series))}")
        for name in self.forecast_names:
            if name not in self.series:
                raise ValueError(f"forecast_on {quoted(name)} is none of the series: "
                                 f"{suggest(name, list(self.series))}")
        for name in self.together:
            if name not in self.series:
                raise ValueError(f"together: {quoted(name)} is none of the series: {suggest(name, list(self.series))}")
        if self.events and not self.ledger:
            raise ValueError("events are named but no ledger: say which CSV of events holds them")
        for name, (least, most) in RANGES.items():
            if getattr(self, name) is not None or name != "mean_delay_days":
                _whole(name, getattr(self, name), least, most)
        _check_events(self.events)
        if self.horizon * self.draws > MOST_NUMBERS:
            raise ValueError(f"horizon {self.horizon} times draws {self.draws} must be at most {MOST_NUMBERS:,}: lower "
                             "one of them")

    @property
    def forecast_names(self) -> tuple[str, ...]:
        """The series that are forecast, the one that is backtested first."""
        listed = (self.forecast_on,) if isinstance(self.forecast_on, str) else tuple(self.forecast_on)
        return tuple(dict.fromkeys(name for name in listed if name)) or (self.primary,)

    def candidates(self, files: Files | None = None) -> Candidates:
        """The events that are named, with their delays.

        Raises StatementError for faults of the ledger and for names that it does not hold.
        """
        return Candidates(read_events(self.ledger, list(self.events), files) if self.events else (), self.events,
                          self.delay_days, self.anticipation_days, self.mean_delay_days)

    def regimes(self) -> Regimes:
        """The count regime model as the detectors set it, with the experiment's seed."""
        chosen = self.detectors.get("regimes")
        return replace(chosen if isinstance(chosen, Regimes) else Regimes(), seed=self.seed)


def _check_words(experiment: Experiment) -> None:
    for name in ("name", "title", "question", "primary", "ledger", "claims", "known", "imaged", "baseline"):
        given = getattr(experiment, name)
        if not isinstance(given, str):
            raise ValueError(f"{name} must be text, got {quoted(given)}: put it in quotes")
    listed = experiment.forecast_on if isinstance(experiment.forecast_on, Sequence) else None
    if listed is None or not all(isinstance(each, str) for each in listed):
        raise ValueError(f"forecast_on must be a name or a list of names, got {quoted(experiment.forecast_on)}")
    for name in ("images", "simulated"):
        given = getattr(experiment, name)
        if not isinstance(given, bool):
            raise ValueError(f"{name} must be true or false, got {quoted(given)}")
    known = list(dict.fromkeys([*experiment.models, *names("models")]))
    if experiment.baseline not in known:
        raise ValueError(f"baseline {quoted(experiment.baseline)} is no model: {suggest(experiment.baseline, known)}")


def _check_events(events: Mapping[str, Mapping[str, int] | None]) -> None:
    if not isinstance(events, Mapping):
        raise ValueError(f"events must map names to delays, got {quoted(events)}: copy an example")
    for name, own in events.items():
        if own is not None and not isinstance(own, Mapping):
            raise ValueError(f"events: {name} must be empty or like {{delay_days: 90}}, got {quoted(own)}")
        for setting, days in (own or {}).items():
            if setting not in EVENT_SETTINGS:
                raise ValueError(f"event {name}: {quoted(setting)} is unknown: {suggest(str(setting), EVENT_SETTINGS)}")
            _whole(f"events: {name}: {setting}", days, *RANGES[setting])


def _whole(name: str, number: object, least: int, most: int) -> None:
    if not isinstance(number, int) or isinstance(number, bool) or number < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {quoted(number)}")
    if number > most:
        raise ValueError(f"{name} must be at most {most:,}, got more than that")


def run(experiment: Experiment, progress: Progress | None = None) -> Findings:
    """Run an experiment. Nothing is written; errors of its parts are passed on.

    progress : called with (done, total, what) as the work goes on

    The example of `forecast.Experiment` shows it.
    """
    files, told = Files(), progress or silent
    steps = len(experiment.series) + 3
    candidates = experiment.candidates(files)
    windows = candidates.windows()
    evidence = _evidence(experiment, files)
    series = {name: each.series for name, each in evidence.items()}
    headline, *others = experiment.forecast_names
    reason = _not_forecast(experiment, series[headline])
    experiment = replace(experiment, models={}, known="") if reason else experiment
    known = _known(experiment, series[headline], files)
    with work_beside() as start:
        fits = {}
        # the primary first: what its answer depends on is then found beside all that follows
        for done, name in enumerate(sorted(series, key=lambda name: name != experiment.primary)):
            told(done, steps, f"breaks of {name}")
            fits[name] = experiment.regimes().fit(series[name])
            if name == experiment.primary:
                variants = start(partial(sensitivity, evidence[name], experiment.regimes(), candidates,
                                         fits[name].posterior if experiment.images else None))
        readings = _readings(experiment, evidence, fits, windows)
        told(len(readings), steps, "tests of events")
        tested, untested = _test(experiment, series[experiment.primary], windows)
        together = _together(experiment, series, windows)
        since = _without(experiment, evidence[experiment.primary], readings[experiment.primary])
        told(len(readings) + 1, steps, "forecasts")
        forecast, totals = _ahead(experiment, series[headline], known)
        scored = _scored(experiment, series[headline], known, told)
        further = other_forecasts([series[name] for name in others], experiment.models, experiment.horizon,
                                  experiment.draws, experiment.seed)
        told(len(readings) + 2, steps, "what the answer depends on")
        checked = variants()
    told(steps, steps, "done")
    return Findings(
        name=experiment.name, title=experiment.title, question=experiment.question, primary=experiment.primary,
        forecast_on=headline, other_forecasts=further, simulated=experiment.simulated,
        readings=readings, windows=windows, tested=tested, untested=untested, sensitivity=checked,
        together=together, counterfactual=since, forecast=forecast, totals=totals, backtest=scored,
        frozen=frozen(windows), versions=versions(), settings=_settings(experiment, known, reason),
        inputs=files.inputs,
        claims=judge_claims(read_claims(experiment.claims, files), readings) if experiment.claims else ())


def _settings(experiment: Experiment, known: pd.DataFrame | None, reason: str) -> dict[str, object]:
    """What a reader must know of how the run was made; reason : why nothing is forecast."""
    return {"seed": experiment.seed, "draws": experiment.draws, "placebos": experiment.placebos,
            "horizon": experiment.horizon, "origins": experiment.origins, "baseline": experiment.baseline} | (
        {} if known is None else {"known": ", ".join(map(str, known.columns))}) | (
        {"imaged": Path(experiment.imaged).name} if experiment.imaged else {}) | (
        {"no_forecast": reason} if reason else {})


def _evidence(experiment: Experiment, files: Files) -> dict[str, Evidence]:
    """The evidence of each series, which has the name that the experiment gives it."""
    read = {name: source.read(files) for name, source in experiment.series.items()}
    return {name: replace(each, series=replace(each.series, name=name)) for name, each in read.items()}


def _readings(experiment: Experiment, evidence: Mapping[str, Evidence], fits: Mapping[str, Fit],
              windows: tuple[Window, ...]) -> dict[str, Reading]:
    """What is found in each series, one kind of question after the other."""
    breaks = {name: {"regimes": fits[name].breaks} for name in evidence}
    posteriors = {name: fits[name].posterior for name in evidence}
    for key, detector in experiment.detectors.items():
        if key != "regimes":
            for name, each in evidence.items():
                breaks[name][key] = detector.detect(each.series)
    explained, images = {}, {}
    for name, each in evidence.items():
        places: list[int | None] = [b.position - 1 for b in breaks[name]["regimes"]] or [None]
        explained[name] = tuple(explain_change(each.series, posteriors[name], windows, near) for near in places)
        images[name] = _images(experiment, each, posteriors[name], breaks[name]["regimes"])
    return {name: _reading(each, fits[name], breaks[name], explained[name], *images[name])
            for name, each in evidence.items()}


def _reading(evidence: Evidence, fit: Fit, breaks: dict[str, tuple[Break, ...]],
             explained: tuple[tuple[Explanation, ...], ...], images: tuple[Image, ...], worth: Worth | None) -> Reading:
    series, posterior = evidence.series, fit.posterior
    count = np.bincount(posterior.number, minlength=1) / len(posterior.number)
    return Reading(
        name=series.name, series=series, account=evidence.decisions, log_ratio=posterior.log_ratio,
        p_value=fit.p_value, persistent=fit.persistent, number=tuple(count.tolist()),
        bands=fit.bands, gaps=posterior.jumps.mean(axis=0), breaks=breaks, explained=explained,
        images=images, worth=worth, statements=evidence.statements,
        contradictions=evidence.contradictions, odd=fit.odd_rows, totals=evidence.totals,
        assumed=evidence.assumed, season=fit.harmonics.names)


def _together(experiment: Experiment, series: Mapping[str, Series], windows: tuple[Window, ...]) -> Together | None:
    if not experiment.together:
        return None
    return explain_together([series[name] for name in experiment.together], windows,
                            experiment.regimes().model)


def _without(experiment: Experiment, evidence: Evidence, main: Reading) -> Counterfactual | None:
    """What the primary series would have shown without its focal change; None where too few rows lie beside it."""
    if not main.changes or not main.series.is_count:
        return None
    focal, observed = main.changes[main.focal], main.series.observed
    if observed[:focal.position].sum() < RUN_ON or observed[focal.position:].sum() < 2:
        return None
    return counterfactual(main.series, focal.at, seed=experiment.seed,
                          sums=evidence.totals.since if evidence.totals else None)


def _images(experiment: Experiment, evidence: Evidence, posterior: Posterior,
            breaks: tuple[Break, ...]) -> tuple[tuple[Image, ...], Worth | None]:
    """Days worth an image for the change whose date is least certain; none of what is reported in full for a period."""
    series = evidence.series
    if not experiment.images or (isinstance(evidence.source, Flow) and evidence.source.exposure == "full"):
        return (), None
    # another series may lie in other years than the list: no image narrows it
    return looked_for(series, posterior, breaks, seed=experiment.seed, clear=(lambda days: clear_days(
        experiment.imaged, series.start[0], days, needed=series.name == experiment.primary, files=evidence.files))
        if experiment.imaged else None)


def _test(experiment: Experiment, series: Series, windows: tuple[Window, ...]) -> tuple[
        Tested | None, dict[str, Untestable]]:
    untested, dates = {}, {}
    for each in windows:
        if not each.event.outside:
            untested[each.event.name] = Untestable.READ_FROM_COUNTS
            continue
        try:
            position_of(series, each.event.start)
        except ValueError:  # a date is a date here, so that only its place can be wrong
            untested[each.event.name] = Untestable.TOO_FEW_COUNTS
        else:
            dates[each.event.name] = each.event.start
    if not dates:
        return None, untested
    return event_effects(series, list(dates.values()), placebos=experiment.placebos, seed=experiment.seed), untested


def _not_forecast(experiment: Experiment, series: Series) -> str:
    """Why the series is not forecast although members were named; empty if it is."""
    if not experiment.models or series.freq is not None:
        return ""
    return (f"the dates of {series.name} are irregular, and no row comes next; name a series on a grid in forecast_on, "
            "or say freq (W-MON for weeks, MS for months)")


def _known(experiment: Experiment, series: Series, files: Files) -> pd.DataFrame | None:
    """Covariates known ahead, checked before anything long is run; None without."""
    if not experiment.known:
        return None
    from forecast.models.covariates import able, aligned, read_known, takes_known

    if not any(takes_known(model) for model in experiment.models.values()):
        raise ValueError(f"known: none of the models ({', '.join(experiment.models) or 'none is named'}) takes "
                         f"covariates: add one of {', '.join(able())}, or leave `known` out")
    known = read_known(experiment.known, files)
    aligned(known, series, experiment.horizon)
    return known


def _ahead(experiment: Experiment, series: Series, known: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows, totals = [], []
    when = series.coming(experiment.horizon).astype("datetime64[s]") if experiment.models else None
    for name, model in experiment.models.items():
        paths = predict(series, model, experiment.horizon, experiment.draws, experiment.seed,
                        known=_taken(known, model))
        quantiles = np.quantile(paths, QUANTILES, axis=0)
        rows.append(pd.DataFrame({"model": name, "when": when, "mean": paths.mean(axis=0),
                                  **{f"q{q:g}": line for q, line in zip(QUANTILES, quantiles, strict=True)}}))
        if series.kind == "flow":
            total = paths.sum(axis=1)
            totals.append({"model": name, "mean": total.mean(),
                           **{f"q{q:g}": float(np.quantile(total, q)) for q in QUANTILES}})
    columns = ["model", "when", "mean", *(f"q{q:g}" for q in QUANTILES)]
    return (pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns)), pd.DataFrame(totals)


def _taken(known: pd.DataFrame | None, model: Forecaster) -> pd.DataFrame | None:
    """What this model is told of what is known ahead."""
    if known is None:
        return None
    from forecast.models.covariates import takes_known

    return known if takes_known(model) else None


def _scored(experiment: Experiment, series: Series, known: pd.DataFrame | None, told: Progress) -> Backtest | None:
    if not experiment.models:
        return None
    return backtest(series, experiment.models, origins=experiment.origins, horizon=experiment.horizon,
                    draws=max(200, experiment.draws // 2), seed=experiment.seed, jobs=experiment.jobs,
                    baseline=experiment.baseline, known=known, progress=told)
