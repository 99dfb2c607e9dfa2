"""From posterior paths to changes: what happens on each path, what most paths agree on, and when."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from forecast.regime_model.problem import Problem, settings_table
from forecast.regime_model.shapes import ShapePaths
from forecast.series.breaks import Break, Shape
from forecast.series.series import Series

SHORT = 2  # gaps within which a slope is a step: no row, or one, lies on the way
SMALL = 2.0  # cells of the level grid (each the uncertainty of a level over half the rows) below which a rise is none
# A step is the stronger claim, for it names a day: it keeps its name where it is twice as likely as a slope, which is
# what the counts of a straight line say of a step once in twenty times (`python -m tests.bench shapes --only lines`)
SURE = 2.0
FAR = 4.0  # lengths of the days at which half of the paths put a change, beyond which a change is another one
NAMES: dict[str, Shape] = {"S": "step", "G": "gradual", "T": "temporary"}


@dataclass(frozen=True, eq=False)
class Happenings:
    """Changes on posterior paths, in order of path and time; all arrays [H], one value a change.

    paths : how many paths there are, those without a change among them; path : number of the path
    kind : letter S, G or T, as bytes; gap : in which it begins; over : row from which it is over
    before, after : rows whose levels it lies between (a temporary one: outside and inside)
    """

    paths: int
    path: np.ndarray
    kind: np.ndarray
    gap: np.ndarray
    over: np.ndarray
    before: np.ndarray
    after: np.ndarray

    @cached_property
    def first(self) -> np.ndarray:
        """Place of the first change of each path, and of the end, [P + 1]."""
        return np.searchsorted(self.path, np.arange(self.paths + 1))

    @property
    def last(self) -> np.ndarray:
        """Places of the last change of each path that has one."""
        return self.first[1:][np.diff(self.first) > 0] - 1

    def having(self, chosen: np.ndarray) -> int:
        """Number of paths on which one of these changes [H] lies."""
        return len(np.unique(self.path[chosen]))


def happenings(paths: ShapePaths, cell: float) -> Happenings:
    """What happens on each path.

    A slope that is over within two gaps is a step, one that moves the level by less than two cells is nothing. An
    effect that a step ends, or that still lasts in the last row, began as a step.
    """
    from forecast.regime_model._numba_happenings import happened

    slope, effect, base = (np.ascontiguousarray(each, float) for each in (paths.slope, paths.effect, paths.base))
    found = happened(slope, effect, base, np.ascontiguousarray(paths.stepped), SHORT, SMALL * cell)
    path, kind, gap, over, before, after = np.ascontiguousarray(found.T)
    return Happenings(len(slope), path, kind.astype(np.uint8).view("S1"), gap, over, before, after)


def kinds_of(found: Happenings) -> tuple[str, np.ndarray, np.ndarray]:
    """The kinds of changes, in order, that most of the paths with any change have, those paths, and others that agree.

    One change that may as well be gradual as a step is a gradual one; the paths on which it is a step agree with it,
    for a step is a slope that ends at once.
    """
    letters = found.kind.tobytes().decode()
    kinds = np.array([letters[first:end] for first, end in pairwise(found.first.tolist())])
    number = Counter(each for each in kinds.tolist() if each)
    if not number:
        return "", np.zeros(0, int), np.zeros(0, int)
    most = max(number, key=lambda kind: (number[kind], -len(kind)))
    if most in ("S", "G") and number["S"] < SURE * number["G"]:
        return "G", np.flatnonzero(kinds == "G"), np.flatnonzero(kinds == "S")
    return most, np.flatnonzero(kinds == most), np.zeros(0, int)


def breaks_of_paths(series: Series, problem: Problem, paths: ShapePaths, found: Happenings,
                    credibility: float = 0.9) -> tuple[Break, ...]:
    """Changes of a series: as many and of such kinds as most paths with a change have."""
    kinds, most, agree = kinds_of(found)
    made: dict[int, Break] = {}
    for k, own in enumerate(_matched(series, found, most, kinds)):
        mine = found.path[own]
        spread = settings_table(problem)[paths.setting[mine], 1]
        mean = problem.observation.mean(paths.level[mine], spread[:, None])
        one = _dated(series, found, own, found.first[agree], mean, credibility)
        if kinds[k] == "T":
            one = _with_total(one, found, own, series, problem, paths, np.random.default_rng(k))
        made[one.position] = one
    return tuple(made[position] for position in sorted(made))


def _matched(series: Series, found: Happenings, most: np.ndarray, kinds: str) -> list[np.ndarray]:
    """For each of the changes `kinds` the places of it on the paths that have it, in order of path.

    One alone is dated by the paths `most` that have just it. Of several, each path gives to each the change of its kind
    that lies nearest to the likeliest gap of it, between the likeliest ones of its neighbours: the paths that agree on
    all of them are few, and by rank a change that a path has elsewhere would shift all that follow it. What lies far
    outside the days at which half of them put it is another change.
    """
    place = found.first[most][:, None] + np.arange(len(kinds))  # [paths, ranks]
    if len(kinds) < 2:
        return list(place.T)
    days = series.centre.astype("datetime64[D]").astype(float)
    modes = [int(np.bincount(found.gap[each]).argmax()) for each in place.T]
    alike = {letter: np.array([mode for mode, each in zip(modes, kinds, strict=True) if each == letter])
             for letter in kinds}
    matched = []
    for letter, before, mode, after in zip(kinds, [-1, *modes], modes, [*modes[1:], len(series)], strict=False):
        near = (found.gap == mode) | ((found.gap > before) & (found.gap < after))
        some = np.flatnonzero((found.kind == letter.encode()) & near)
        apart = np.abs(days[found.gap[some]] - days[mode])
        own = apart <= np.abs(days[found.gap[some]][:, None] - days[alike[letter]]).min(axis=1)
        some, apart = some[own], apart[own]
        some = some[np.lexsort((apart, found.path[some]))]
        some = some[np.unique(found.path[some], return_index=True)[1]]
        first, last = shortest(found.gap[some], 0.5, days)
        reach = FAR * (days[last + 1] - days[first])
        gap = days[found.gap[some]]
        matched.append(some[(gap >= days[first] - reach) & (gap <= days[last + 1] + reach)])
    return matched


def _dated(series: Series, found: Happenings, own: np.ndarray, agree: np.ndarray, mean: np.ndarray,
           credibility: float) -> Break:
    """One change from its places among all; those that agree bear on when it begins and ends.

    mean [paths, n] : expected counts of the paths that have it
    """
    observed = np.flatnonzero(series.observed)
    gaps, over = found.gap[own], found.over[own]
    mode = int(np.bincount(gaps).argmax())
    # on irregular dates a gap of years is no shorter than one of days
    days = None if series.freq is not None else series.centre.astype("datetime64[D]").astype(float)
    all_of_it = np.append(own, agree)
    low, high = shortest(found.gap[all_of_it], credibility, days)
    after = int(observed[min(int(np.searchsorted(observed, mode + 1)), len(observed) - 1)])
    first, last = series.centre[low], series.centre[min(high + 1, len(series) - 1)]
    path = np.arange(len(own))
    before, now = (float(np.median(mean[path, rows[own]])) for rows in (found.before, found.after))
    kind = NAMES[found.kind[own[0]].decode()]
    until = early_day = late_day = ""
    end = high + 1
    if kind != "step":
        ends = int(np.bincount(over[gaps == mode]).argmax())  # of the paths that begin there: none ends before
        early, late = shortest(found.over[all_of_it], credibility)
        early, late = min(early, ends), max(late, ends)
        until, early_day, late_day = (str(series.start[row]) for row in (ends, early, late))
        end = late
    inside = found.having((found.gap <= end - 1) & (found.over > low)) / found.paths
    return Break(position=after, at=str(series.start[after]), low=str(min(first, series.start[after])),
                 high=str(max(last, series.start[after])), before=before, after=now, probability=float(inside),
                 shape=kind, until=until, until_low=early_day, until_high=late_day)


def _with_total(one: Break, found: Happenings, own: np.ndarray, series: Series, problem: Problem, paths: ShapePaths,
                rng: np.random.Generator) -> Break:
    """The break with what it added: counts of its rows, or expected ones where nobody counted, over what would hold.

    What the counts scatter by is uncertainty of the total, for the expected one is told.
    """
    mine = found.path[own]
    _, spread, noise, _ = settings_table(problem)[paths.setting[mine]].T
    base = problem.observation.mean(paths.base[mine], spread[:, None])
    mean = problem.observation.mean(paths.level[mine], spread[:, None])
    counted = np.where(np.isinf(series.high) | ~series.observed, np.nan, (series.low + series.high) / 2)
    totals, inside = [], []
    for p, (gap, over) in enumerate(zip(found.gap[own], found.over[own], strict=True)):
        rows = slice(gap + 1, over)
        scale, expected = problem.scale[rows], problem.scale[rows] * mean[p, rows]
        y = np.where(np.isnan(counted[rows]), expected, counted[rows])
        sd = np.sqrt(np.sum(expected + expected**2 / noise[p])) if series.is_count else noise[p] * np.sqrt(len(y))
        totals.append(float(np.sum(y - scale * base[p, rows]) + sd * rng.standard_normal()))
        inside.append(float(np.sum(y) / np.sum(scale)))
    low, middle, high = (float(q) for q in np.quantile(totals, (0.025, 0.5, 0.975)))
    return replace(one, after=float(np.median(inside)), total=middle, total_low=low, total_high=high)


def shortest(places: np.ndarray, credibility: float, days: np.ndarray | None = None) -> tuple[int, int]:
    """Shortest run of places that holds the wanted share of the draws.

    days [n] : of rows, where places are the gaps between them and the run is to be short in days; else in places
    """
    ordered = np.sort(places)
    inside = max(1, int(np.ceil(credibility * len(ordered))))
    first, last = ordered[:len(ordered) - inside + 1], ordered[inside - 1:]
    start = int((last - first if days is None else days[last + 1] - days[first]).argmin())
    return int(first[start]), int(last[start])
