"""What the answer hangs on: the same question with one thing changed at a time.

A publisher or a statement left out, a choice of the reconciliation reversed, another delay of events, other priors. All
are read on one grid, the unchanged case among them, so that they compare with each other; it is a coarse one where
there are statements to leave out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.breaks.detection import Break
from forecast.breaks.regimes import Regimes
from forecast.effects.explanations import NONE, NOWHERE, Explanation, Window, explain
from forecast.evidence.source import Evidence
from forecast.regime_model.model import RegimeModel
from forecast.regime_model.posterior import Posterior
from forecast.series.series import Series

Windows = Callable[[int, int], tuple[Window, ...]]  # delay and anticipation in days -> windows of all events
FEWEST = 4  # observed rows below which no series is left
DRAWS = 2000
# Statements make sixty readings of one series, which a coarse grid does in a second; other sources are read in full.
QUICK = RegimeModel(spreads=(0.12, 0.35, 0.9), correlations=(0.5, 0.88), feedback=(0.3, 0.7),
                    dispersions=(2.0, 6.0, 30.0), levels=24, nodes=7)


@dataclass(frozen=True)
class Variant:
    """The answer with one thing changed.

    kind : base, publisher left out, statement left out, delay, prior or choice; name : what was changed, in words
    change : posterior probability of any change of level; leader : its best explanation; share : of that
    flips : whether the conclusion differs from the base: conclusive or not, or another leader
    """

    kind: str
    name: str
    change: float
    leader: str
    share: float
    flips: bool


@dataclass(frozen=True, eq=False)
class _Case:
    """A series and how it is read."""

    kind: str
    name: str
    series: Series | None
    regimes: Regimes
    windows: tuple[Window, ...]


def sensitivity(evidence: Evidence, regimes: Regimes, windows_for: Windows, delay: int,
                anticipation: int) -> tuple[Variant, ...]:
    """The base and every variant of it, in order of kind.

    evidence : of the series that is asked about; its statements and publishers are left out one by one
    windows_for : windows of the events for a delay and an anticipation in days
    """
    quick = replace(QUICK, level_spread=regimes.model.level_spread, breaks=regimes.model.breaks)
    coarse = replace(regimes, draws=DRAWS, model=quick) if evidence.statements else regimes
    windows = windows_for(delay, anticipation)
    base = _Case("base", "as reported", evidence.series, coarse, windows)
    cases = [base, *_left_out(evidence, base), *_choices(evidence, base),
             *_delays(base, windows_for, delay, anticipation), *_priors(base)]
    known: dict[bytes, Posterior] = {}  # many statements change no bound at all
    about = _asked(base, known)
    told: list[Variant] = []
    for case in cases:
        told.append(_variant(case, known, about, told[0] if told else None))
    return tuple(told)


def _asked(base: _Case, known: dict[bytes, Posterior]) -> np.datetime64 | None:
    """The date of the change that is asked about: of several, the one that an event fits best, as in the report."""
    series, posterior = base.series, _posterior(base, known)
    assert series is not None  # noqa: S101 - for the type checker; the base has a series
    found = base.regimes.breaks(posterior, series)
    if not found:
        return None

    def fit(b: Break) -> float:
        table = explain(series, posterior, base.windows, b.position - 1)
        return max((row.probability for row in table if row.name not in (NONE, NOWHERE)), default=b.probability)

    return np.datetime64(max(found, key=fit).at)


def _posterior(case: _Case, known: dict[bytes, Posterior]) -> Posterior:
    assert case.series is not None  # noqa: S101 - for the type checker; the caller has looked
    key = _key(case)
    if key not in known:
        known[key] = case.regimes.posterior(case.series)
    return known[key]


def _variant(case: _Case, known: dict[bytes, Posterior], about: np.datetime64 | None, base: Variant | None) -> Variant:
    if case.series is None or case.series.observed.sum() < FEWEST:
        return Variant(case.kind, case.name, 0.5, "no series is left", 0.5, True)
    posterior = _posterior(case, known)
    conclusive = posterior.log_ratio >= np.log(case.regimes.needed(posterior))
    found = case.regimes.breaks(posterior, case.series)
    near = None if about is None or not found else min(
        found, key=lambda b: abs(np.datetime64(b.at) - about)).position - 1
    table = explain(case.series, posterior, case.windows, near)
    best = _leader(table) if conclusive else "nothing conclusive"
    share = max(row.probability for row in table) if conclusive else 1 - posterior.probability
    return Variant(case.kind, case.name, posterior.probability, best, share,
                   base is not None and best != base.leader)


def _leader(table: Sequence[Explanation]) -> str:
    return max(table, key=lambda row: row.probability).label


def _key(case: _Case) -> bytes:
    assert case.series is not None  # noqa: S101 - for the type checker; the caller has looked
    s = case.series
    arrays = b"".join(array.tobytes() for array in (s.start, s.end, s.low, s.high, s.exposure))
    return arrays + repr(case.regimes).encode()


def _left_out(evidence: Evidence, base: _Case) -> Iterator[_Case]:
    """Every publisher and every statement that the series uses, left out."""
    for publisher in evidence.publishers:
        yield replace(base, kind="publisher left out", name=publisher,
                      series=_series(evidence.without(publisher=publisher)))
    for s in evidence.used:
        yield replace(base, kind="statement left out", name=f"{s.id} ({s.publisher})",
                      series=_series(evidence.without(statement=s.id)))


def _choices(evidence: Evidence, base: _Case) -> Iterator[_Case]:
    """Every choice of the reconciliation made otherwise, one at a time."""
    for words, otherwise in evidence.choices():
        yield replace(base, kind="choice", name=words, series=_series(otherwise))


def _series(evidence: Evidence | None) -> Series | None:
    return None if evidence is None else evidence.series


def _delays(base: _Case, windows_for: Windows, delay: int, anticipation: int) -> Iterator[_Case]:
    if not base.windows:
        return
    for days, early, words in ((delay // 2, anticipation, f"a delay of at most {delay // 2} days"),
                               (delay + delay // 2, anticipation, f"a delay of at most {delay + delay // 2} days"),
                               (delay, anticipation + 14, f"{anticipation + 14} days of anticipation")):
        windows = windows_for(days, early)
        if windows != base.windows:  # events may have a delay of their own
            yield replace(base, kind="delay", name=words, windows=windows)


def _priors(base: _Case) -> Iterator[_Case]:
    model = base.regimes.model
    for name, factor, words in (("breaks", 0.5, "half as many changes expected"),
                                ("breaks", 2.0, "twice as many changes expected"),
                                ("level_spread", 0.6, "a narrower prior of levels"),
                                ("level_spread", 1.6, "a wider prior of levels")):
        value = getattr(model, name) * factor
        yield replace(base, kind="prior", name=words,
                      regimes=replace(base.regimes, model=replace(model, **{name: value})))


def tipping(posterior: Posterior) -> float:
    """How much likelier a row one standard deviation busier must be imaged to feign the whole change.

    Tilting a log-normal intensity of standard deviation v by exp(g z) moves its mean by g v^2; for the change in log
    level d this takes g = d / v^2, hence exp(d / v) for one standard deviation. d is the smallest change that the 95 %
    interval allows; 1 = nothing is needed, since the interval holds no change.
    """
    broken = posterior.number > 0
    if not broken.any():
        return 1.0
    d = posterior.level[broken][:, -1] - posterior.level[broken][:, 0]
    low, high = np.quantile(d, (0.025, 0.975))
    least = max(low, -high, 0.0)
    wider = 1 / (1 - posterior.feedback[broken] ** 2)  # counts that answer the last one scatter more around their level
    v = float(np.median(np.sqrt(posterior.spread[broken] ** 2 + np.log1p(wider / posterior.noise[broken]))))
    return float(np.exp(least / max(v, 1e-6)))
