"""Which image to buy next: the day whose count is expected to narrow the date of a break most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecast.effects.change_days import change_days, gap_probability
from forecast.evidence.files import Files
from forecast.regime_model.fit import Fit
from forecast.regime_model.last_count import run
from forecast.regime_model.posterior import Posterior
from forecast.series.series import Series

if TYPE_CHECKING:
    from forecast.evidence.feeds.reading import FeedResult
    from forecast.series.breaks import Break


@dataclass(frozen=True)
class Image:
    """One candidate day: what an image on it is expected to do to the date of the break.

    narrowing : expected fall of the entropy of the break's date, bits; share : the same over the entropy now
    days_now, days_then : length of the 90 % date interval in days, now and expected after the image
    """

    day: str
    narrowing: float
    share: float
    days_now: int
    days_then: float


@dataclass(frozen=True, eq=False)
class Worth:
    """What an image of each candidate day is expected to tell: `days` as datetime64[D] [C], `bits` [C] of narrowing."""

    days: np.ndarray
    bits: np.ndarray


def best_images(fit: Fit, *, best: int = 5, seed: int = 0) -> tuple[Image, ...]:
    """The days whose image is expected to narrow the date of a change most, best first; () where no path has a change.

    fit : see `RegimeModel.fit`; best : how many days; seed : of the counts that an image may show
    Of several changes it is the one whose date is least certain. Raises AttributeError for what is no `Fit`.

    >>> from forecast import RegimeModel
    >>> yard = Series.from_counts(["2024-01-05", "2024-02-02", "2024-03-01", "2024-04-05", "2024-07-01", "2024-08-02",
    ...                            "2024-09-06", "2024-10-04"], [4, 6, 5, 5, 31, 28, 33, 30])
    >>> [str(each.day)[:7] for each in best_images(RegimeModel().fit(yard), best=1)]
    ['2024-05']
    """
    return looked_for(fit.series, fit.posterior, fit.breaks, seed=seed, best=best)[0]


def looked_for(series: Series, posterior: Posterior, breaks: Sequence[Break], *, seed: int = 0, best: int = 5,
               clear: Callable[[int], np.ndarray] | None = None) -> tuple[tuple[Image, ...], Worth | None]:
    """The best days, and what every candidate day is worth; None for the latter without a change.

    clear : chance that an image shows anything, [days] for a number of days from the first row on (1 when None)
    """
    if not posterior.jumps.any():
        return (), None
    worst = worst_dated(breaks)
    near = None if worst is None else breaks[worst].position - 1
    gaps = gap_probability(posterior, near)
    middle = int(gaps.argmax()) if near is None else near
    # an image shows one day: of a flow, that day's share of the row
    days = float(np.median((series.end - series.start).astype(float))) if series.kind == "flow" else 1.0
    before, after = predictive(posterior, middle, 1 / days, np.random.default_rng(seed))
    daily = change_days(series, posterior, near)
    return image_worth(daily, series.start[0], before, after, clear=None if clear is None else clear(len(daily)),
                       best=best)


def worst_dated(breaks: Sequence[Break]) -> int | None:
    """Which of several changes an image is looked for: the one whose date is least certain; None without any."""
    lengths = [np.datetime64(b.high) - np.datetime64(b.low) for b in breaks]
    return lengths.index(max(lengths)) if lengths else None


def image_worth(daily: np.ndarray, first: np.datetime64, before: np.ndarray, after: np.ndarray, *,
                clear: np.ndarray | None = None, best: int = 5) -> tuple[tuple[Image, ...], Worth]:
    """The best days for an image, and what an image of every candidate day is worth.

    daily : probability of the break on each day [N] from `first`, summing to at most one
    before, after : draws of the count that an image would show under the old and under the new regime
    clear : chance [N] that an image of the day shows anything (1 when None)
    The expected entropy after an image on day d weighs, over every count it may show, the posterior of the date given
    that count (expected information, Lindley 1956, Annals of Mathematical Statistics 27, 986-1005).
    """
    total = daily.sum()
    if total <= 0:
        return (), Worth(np.zeros(0, "M8[D]"), np.zeros(0))
    chance = daily / total
    support = np.flatnonzero(chance > 0)
    top = int(np.quantile(np.concatenate([before, after]), 0.995)) + 1
    edges = np.unique(np.round(np.linspace(0, top + 1, 41)))
    old, new = (_histogram(draws, edges) for draws in (before, after))
    entropy_now = float(_entropies(chance[:, None])[0])
    days_now = int(_intervals(chance[:, None])[0])
    candidates = support[np.unique(np.linspace(0, len(support) - 1, min(len(support), 200)).astype(int))]
    seen = np.ones(len(chance)) if clear is None else clear
    gains = {int(day): seen[day] * (entropy_now - _weighed(_entropies, chance, int(day), old, new))
             for day in candidates}
    ranked = sorted(gains, key=lambda day: (-round(gains[day], 9), day))[:best]
    images = tuple(
        Image(day=str(first + np.timedelta64(day, "D")), narrowing=float(gains[day]),
              share=float(gains[day] / max(entropy_now, 1e-12)), days_now=days_now,
              days_then=float(seen[day] * _weighed(_intervals, chance, day, old, new) + (1 - seen[day]) * days_now))
        for day in ranked)
    return images, Worth(first + np.array(list(gains), "m8[D]"), np.array(list(gains.values())))


def clear_days(path: str, first: np.datetime64, days: int, *, needed: bool = True,
               files: Files | None = None) -> np.ndarray:
    """Chance [days] that an image of each day from `first` on shows anything, by a list of what was imaged (STAC).

    A day without an image has none; needed : whether a list without an image of any of these days is an error
    Raises ValueError for a file that is no such list, and for one of other days where they are needed.
    """
    known = files or Files()
    read = known.once(("imaged", path), lambda: _imaged(path, known))
    if read.kind != "watch":
        raise ValueError(f"imaged: {read.file} holds {read.kind}s ({read.feed}), no list of images: name a STAC item "
                         "collection")
    place = (read.table["ds"].to_numpy().astype("M8[D]") - first).astype(int)
    inside = (place >= 0) & (place < days)
    if needed and not inside.any():
        raise ValueError(f"imaged: {read.file} has no image between {first} and {first + days - 1}: name the list of "
                         "these days")
    share = np.zeros(days)
    np.maximum.at(share, place[inside], read.table["exposure"].to_numpy(dtype=float)[inside])
    return share


def _imaged(path: str, files: Files) -> FeedResult:
    from forecast.evidence.feeds.layouts import read_feed

    with files.streamed(path) as place:
        return read_feed(place)


def _weighed(measure: Callable[[np.ndarray], np.ndarray], chance: np.ndarray, day: int, old: np.ndarray,
             new: np.ndarray) -> float:
    """Expected value of a measure of the date's posterior after an image on `day`, over every count it may show."""
    broken = np.arange(len(chance)) <= day  # the new regime holds on `day` if the break lies on it or before
    joint = chance[:, None] * np.where(broken[:, None], new, old)  # [days, counts]
    weight = joint.sum(axis=0)
    return float(weight @ measure(joint / weight))


def predictive(posterior: Posterior, gap: int, scale: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draws of the count in one image under the levels before and after a break near `gap`.

    scale : share of a fully watched row that one image shows (1 for a stock, one day's share for a flow)
    """
    paths = posterior.number > 0
    out = []
    for row in (gap, gap + 1):
        level = posterior.level[paths, row]
        latent = level + posterior.spread[paths] * rng.standard_normal(len(level))
        out.append(run(posterior.problem.observation, latent[:, None], np.array([scale]), np.array([np.inf]),
                       posterior.feedback[paths], posterior.noise[paths], rng)[:, 0])
    return out[0], out[1]


def _histogram(draws: np.ndarray, edges: np.ndarray) -> np.ndarray:
    counts = np.histogram(np.minimum(draws, edges[-1]), bins=edges)[0] + 0.02  # nothing an image may show is impossible
    return np.asarray(counts / counts.sum())


def _entropies(chance: np.ndarray) -> np.ndarray:
    """Entropy in bits of each column."""
    logs = np.log2(chance, out=np.zeros_like(chance), where=chance > 0)
    return np.asarray(-(chance * logs).sum(axis=0))


def _intervals(chance: np.ndarray) -> np.ndarray:
    """Length in days of the central 90 % interval of each column."""
    cumulative = np.cumsum(chance, axis=0)
    return np.asarray((cumulative < 0.95).sum(axis=0) - (cumulative < 0.05).sum(axis=0) + 1)
