"""Other changes of a series, which are fitted beside the effect of an event: steps, bends and spells elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.effects.event_model import EventModel
from forecast.effects.event_shapes import Candidate

MOST, TRIED, FEW = 6, 120, 3  # other changes; dates of one that are tried; events that are all weighed together
SPELLS = (3, 6, 12)  # rows of a spell
CERTAIN = float(np.log(20))  # log Bayes factor, all dates and shapes averaged, from which a change is taken as one
LIKELY = float(np.log(3))  # the same of the events' own dates: a date that is asked for is likelier than any other
ALIKE = 1.0  # log Bayes factor by which another shape must beat that of an event
OWN = float(np.log(20))  # an event whose own effect is that likely in place of a change, at least, may have caused it


@dataclass(frozen=True, eq=False)
class OtherChanges:
    """Columns of changes, and for each event which of them are another's: the rest is its own effect.

    sure : whether a change is there; one that is not may be, at even odds
    """

    columns: tuple[np.ndarray, ...]
    others: tuple[tuple[int, ...], ...]
    sure: tuple[bool, ...]

    def beside(self, model: EventModel, kept: Sequence[int]) -> EventModel:
        """The model with these of the changes."""
        return model.with_changes([self.columns[k] for k in kept], [self.sure[k] for k in kept])

    @property
    def owned(self) -> tuple[int, ...]:
        """Changes that some event may have caused."""
        return tuple(k for k in range(len(self.columns)) if any(k not in each for each in self.others))


def other_changes(model: EventModel, events: list[tuple[Candidate, ...]]) -> OtherChanges:
    """Find the changes one after the other, the surest first, then ask of each event which it may have caused."""
    tried = _tried(model, events)
    found: list[np.ndarray] = []
    number = sum(len(event) for event in events)
    for _ in range(MOST):
        grown = model.with_changes(found)
        ratio = grown.log_ratios(grown.working(), tried)[0]
        dated = ratio[len(ratio) - number:]  # an event's own column is as good as one that spans the same beside others
        if _mean(ratio) < CERTAIN and _mean(dated) < LIKELY:
            break
        best = len(ratio) - number + int(dated.argmax()) if dated.max() >= ratio.max() - ALIKE or (
            _mean(ratio) < CERTAIN) else int(ratio.argmax())
        found.append(tried[:, best])
    work = model.with_changes(found).working()
    others: list[list[int]] = [list(range(len(found))) for _ in events]
    for k, column in enumerate(found):
        rest = model.with_changes([each for j, each in enumerate(found) if j != k])
        own = np.column_stack([column, *(one.column for event in events for one in event)])
        ratio = rest.log_ratios(work, own)[0]
        place = 1
        for e, event in enumerate(events):
            if ratio[place:place + len(event)].max() >= ratio[0] - OWN:
                others[e].remove(k)
            place += len(event)
    sure = [True] * len(found)
    if 1 < len(events) <= FEW:
        _add_each(found, others, sure, events)
    return OtherChanges(tuple(found), tuple(tuple(each) for each in others), tuple(sure))


def _add_each(found: list[np.ndarray], others: list[list[int]], sure: list[bool],
              events: list[tuple[Candidate, ...]]) -> None:
    """Add the events that no change was found for, so that a few are weighed together."""
    for e, event in enumerate(events):
        if all(np.any(column != event[0].column) for column in found):
            found.append(event[0].column)
            sure.append(False)
            for other in range(len(events)):
                if other != e:
                    others[other].append(len(found) - 1)


def _mean(ratio: np.ndarray) -> float:
    """Log of the mean Bayes factor."""
    return float(np.logaddexp.reduce(ratio) - np.log(len(ratio)))


def _tried(model: EventModel, events: list[tuple[Candidate, ...]]) -> np.ndarray:
    """Columns of changes that are tried, [n, C]: steps, bends and spells at even places, and the events' own."""
    observed = np.flatnonzero(model.series.observed)
    inside = observed[2:-1]
    places = inside[np.unique(np.linspace(0, len(inside) - 1, min(TRIED, len(inside))).astype(int))]
    row, time = np.arange(len(model.series))[:, None], model.series.days[:, None]
    step = (row >= places).astype(float)
    bend = np.maximum(time - time[places].T, 0) / max(float(time[-1, 0]), 1.0)
    parts = [step, bend[:, 1:]]
    for length in SPELLS:
        over = observed[np.minimum(np.searchsorted(observed, places) + length, len(observed) - 1)]
        ended = places < over
        parts.append(((row >= places[ended]) & (row < over[ended])).astype(float))
    return np.hstack([*parts, *(one.column[:, None] for event in events for one in event)])
