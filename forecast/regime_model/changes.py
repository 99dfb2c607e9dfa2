"""From posterior paths to changes: what happens on each path, what most paths agree on, and when."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from forecast.regime_model.problem import Problem, settings_table
from forecast.regime_model.shapes import ShapePaths
from forecast.series.breaks import Break, Shape
from forecast.series.series import Series

SHORT = 2  # gaps within which a slope is a step: no row, or one, lies on the way
SMALL = 2.0  # cells of the level grid (each the uncertainty of a level over half the rows) below which a rise is none
NAMES: dict[str, Shape] = {"S": "step", "G": "gradual", "T": "temporary"}


@dataclass(frozen=True)
class Happening:
    """One change on one path: kind S, G or T, the gap in which it begins and the row from which it is over.

    before, after : rows whose levels it lies between (a temporary one: outside and inside)
    """

    kind: str
    gap: int
    over: int
    before: int
    after: int


def happenings(paths: ShapePaths, cell: float) -> list[tuple[Happening, ...]]:
    """What happens on each path, in order of time.

    A slope that is over within two gaps is a step, one that moves the level by less than two cells is nothing. An
    effect that a step ends, or that still lasts in the last row, began as a step.
    """
    mode = np.where(paths.slope != 0, np.sign(paths.slope), np.where(paths.effect != 0, 2 * np.sign(paths.effect), 0))
    mode = mode.astype(np.int8)
    turning = (mode[:, 1:] != mode[:, :-1]) | paths.stepped
    sloping = np.any(np.abs(mode) == 1, axis=1)
    alike: dict[bytes, tuple[Happening, ...]] = {}  # many paths do the same, and only a slope asks for its levels
    found = []
    for p, slope in enumerate(sloping.tolist()):
        key = mode[p].tobytes() + paths.stepped[p].tobytes()
        each = None if slope else alike.get(key)
        if each is None:
            each = _happenings(mode[p].tolist(), paths.stepped[p].tolist(), paths.base[p].tolist(),
                               np.flatnonzero(turning[p]).tolist(), cell)
            if not slope:
                alike[key] = each
        found.append(each)
    return found


def _happenings(mode: list[int], stepped: list[bool], base: list[float], gaps: list[int],
                cell: float) -> tuple[Happening, ...]:
    found: list[Happening] = []
    last = len(mode) - 1
    began = 0  # gap in which the present mode began

    def close(end: int, broken: bool) -> None:
        """What the mode before `end` (a row) was."""
        now = mode[end]
        if abs(now) == 1 and abs(base[end] - base[began]) >= SMALL * cell:
            if end - began > SHORT:
                found.append(Happening("G", began, end, began, end))
            else:
                gap = began + (end - began - 1) // 2
                found.append(Happening("S", gap, gap + 1, began, end))
        elif abs(now) == 2:
            if broken or end == last:
                found.append(Happening("S", began, began + 1, began, began + 1))
            else:
                found.append(Happening("T", began, end + 1, began, began + 1))

    for gap in gaps:
        if mode[gap]:
            close(gap, stepped[gap])
        if stepped[gap]:
            found.append(Happening("S", gap, gap + 1, gap, gap + 1))
        began = gap
    if mode[last]:
        close(last, True)
    return tuple(sorted(found, key=lambda each: (each.gap, each.over)) if len(found) > 1 else found)


def kinds_of(found: list[tuple[Happening, ...]]) -> tuple[str, list[int]]:
    """The kinds of changes, in order, that most of the paths with any change have, and those paths."""
    kinds = ["".join([each.kind for each in path]) for path in found]
    number = Counter(each for each in kinds if each)
    if not number:
        return "", []
    most = max(number, key=lambda kind: (number[kind], -len(kind)))
    return most, [p for p, kind in enumerate(kinds) if kind == most]


def breaks_of_paths(series: Series, problem: Problem, paths: ShapePaths, found: list[tuple[Happening, ...]],
                    credibility: float = 0.9) -> tuple[Break, ...]:
    """Changes of a series: as many and of such kinds as most paths with a change have, dated by those paths."""
    kinds, most = kinds_of(found)
    if not kinds:
        return ()
    made: dict[int, Break] = {}
    for k, own in enumerate(_matched(series, [found[p] for p in most], kinds)):
        if own:
            mine, each = [most[at] for at, _ in own], [change for _, change in own]
            spread = settings_table(problem)[paths.setting[mine], 1]
            mean = problem.observation.mean(paths.level[mine], spread[:, None])
            one = _dated(series, each, mean, found, credibility)
            if kinds[k] == "T":
                one = _with_total(one, each, series, problem, paths, mine, np.random.default_rng(k))
            made[one.position] = one
    return tuple(made[position] for position in sorted(made))


def _matched(series: Series, chosen: list[tuple[Happening, ...]], kinds: str) -> list[list[tuple[int, Happening]]]:
    """For each of the changes `kinds`, the paths that have it, and as what.

    A change is that of its kind whose likeliest gap lies nearest in days: by rank alone a change that a path has
    elsewhere would shift all that follow it.
    """
    days = series.centre.astype("datetime64[D]").astype(float)
    modes = [int(np.bincount([path[k].gap for path in chosen]).argmax()) for k in range(len(kinds))]
    matched: list[dict[int, Happening]] = [{} for _ in kinds]
    for at, path in enumerate(chosen):
        for rank, change in enumerate(path):
            apart = {k: abs(days[change.gap] - days[mode]) for k, mode in enumerate(modes) if kinds[k] == change.kind}
            near = min(apart, key=lambda k: (apart[k], abs(k - rank)))
            before = matched[near].get(at)
            if before is None or apart[near] < abs(days[before.gap] - days[modes[near]]):
                matched[near][at] = change
    return [list(own.items()) for own in matched]


def _dated(series: Series, each: list[Happening], mean: np.ndarray, found: list[tuple[Happening, ...]],
           credibility: float) -> Break:
    observed = np.flatnonzero(series.observed)
    gaps, over = np.array([one.gap for one in each]), np.array([one.over for one in each])
    mode = int(np.bincount(gaps).argmax())
    # on irregular dates a gap of years is no shorter than one of days
    days = None if series.freq is not None else series.centre.astype("datetime64[D]").astype(float)
    low, high = shortest(gaps, credibility, days)
    after = int(observed[min(int(np.searchsorted(observed, mode + 1)), len(observed) - 1)])
    first, last = series.centre[low], series.centre[min(high + 1, len(series) - 1)]
    path = np.arange(len(each))
    before, now = (float(np.median(mean[path, rows])) for rows in
                   ([one.before for one in each], [one.after for one in each]))
    kind = NAMES[each[0].kind]
    until = early_day = late_day = ""
    end = high + 1
    if kind != "step":
        ends = int(np.bincount(over[gaps == mode]).argmax())  # of the paths that begin there: none ends before
        early, late = shortest(over, credibility)
        until, early_day, late_day = (str(series.start[row]) for row in (ends, early, late))
        end = late
    inside = np.mean([any(one.gap <= end - 1 and one.over > low for one in happened) for happened in found])
    return Break(position=after, at=str(series.start[after]), low=str(min(first, series.start[after])),
                 high=str(max(last, series.start[after])), before=before, after=now, probability=float(inside),
                 shape=kind, until=until, until_low=early_day, until_high=late_day)


def _with_total(one: Break, each: list[Happening], series: Series, problem: Problem, paths: ShapePaths,
                most: list[int], rng: np.random.Generator) -> Break:
    """The break with what it added: counts of its rows, or expected ones where nobody counted, over what would hold.

    What the counts scatter by is uncertainty of the total, for the expected one is told.
    """
    _, spread, noise, _ = settings_table(problem)[paths.setting[most]].T
    base = problem.observation.mean(paths.base[most], spread[:, None])
    mean = problem.observation.mean(paths.level[most], spread[:, None])
    counted = np.where(np.isinf(series.high) | ~series.observed, np.nan, (series.low + series.high) / 2)
    totals, inside = [], []
    for p, change in enumerate(each):
        rows = slice(change.gap + 1, change.over)
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
