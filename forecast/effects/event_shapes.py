"""Shapes that the effect of an event may take: a step, a ramp, a pulse, or one that fades (Schaffer, Dobbins & Pearson
2021, BMC Medical Research Methodology 21, 58)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forecast.series.days import day_of
from forecast.series.series import Series

STEP, RAMP, PULSE, FADE, AUTO = "step", "ramp", "pulse", "fade", "auto"
SHAPES = (STEP, RAMP, PULSE, FADE, AUTO)
# Prior chance of each where the shape is left open: most effects that anybody asks for last, and each other shape that
# is tried costs the step some of its power.
OPEN = {STEP: 0.8, RAMP: 0.07, FADE: 0.06, PULSE: 0.07}
ENDED = {PULSE: 0.7, RAMP: 0.3}  # the same where an end is given
RAMPS = (1 / 16, 1 / 8, 1 / 4)  # lengths that are tried, shares of the rows
FADES = (1.5, 3.0, 6.0, 12.0)  # rows to half of it
PULSES = (3, 6, 12)  # rows of a pulse whose end is not given


@dataclass(frozen=True, eq=False)
class Candidate:
    """One shape at one date: column [n] by which an effect of size one lifts the log mean, and its prior chance."""

    shape: str
    column: np.ndarray
    chance: float


def candidates(series: Series, position: int, until: int | None, shape: str) -> tuple[Candidate, ...]:
    """The shapes to try at a position; `until` : first row without the effect of a pulse, or at the top of a ramp."""
    chances = (OPEN if until is None else ENDED) if shape == AUTO else {shape: 1.0}
    made = []
    for name, chance in chances.items():
        columns = _columns(series, position, until, name)
        made += [Candidate(name, column, chance / len(columns)) for column in columns]
    whole = sum(one.chance for one in made)
    return tuple(replace(one, chance=one.chance / whole) for one in made)


def _columns(series: Series, position: int, until: int | None, shape: str) -> list[np.ndarray]:
    row = np.arange(len(series))
    after = row >= position
    if shape == STEP:
        return [after.astype(float)]
    if shape == PULSE:
        ends = [position + length for length in PULSES] if until is None else [until]
        return [(after & (row < end)).astype(float) for end in ends if until is not None or end < len(row) - 1]
    typical = np.median(np.diff(series.days)) if len(series) > 1 else 1.0
    since = (series.days - series.days[position]) / typical  # in rows, where dates are even
    if shape == RAMP:
        lengths = [until - position] if until is not None else [max(3.0, part * len(row)) for part in RAMPS]
        return [np.where(after, np.clip((since + 1) / (length + 1), 0, 1), 0.0) for length in lengths]
    return [np.where(after, 0.5 ** (np.maximum(since, 0) / half), 0.0) for half in FADES]


def check_shape(shape: object, until: object) -> None:
    """Raise ValueError for a shape that is not known, or one that `until` says nothing of."""
    if shape not in SHAPES:
        raise ValueError(f"event_effect: shape must be one of {', '.join(SHAPES)}, got {shape!r}")
    if shape == PULSE and until is None:
        raise ValueError("event_effect: a pulse ends: got no until; give the first day without the effect")
    if until is not None and shape in (STEP, FADE):
        raise ValueError(f"event_effect: a {shape} has no end, got until={until!r}: leave it out, or use shape='pulse'")


def end_of(series: Series, position: int, until: object) -> int | None:
    """The first row whose middle lies on or after the day `until`; None without one."""
    if until is None:
        return None
    day = day_of(until, "until")
    end = int(np.searchsorted(series.centre, day))
    if end <= position or not series.observed[position:end].any():
        raise ValueError(f"event_effect: until {day} leaves no observed row since {series.start[position]} in "
                         f"{series.name}: give a later day")
    return end
