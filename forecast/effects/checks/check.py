"""What a check offers: its name, its words, and the cases that it makes of an analysis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from forecast.effects.checks.analysis import Analysis, Case


class Group(StrEnum):
    """What kind of thing a check changes; evidence comes first wherever checks are listed."""

    EVIDENCE = "evidence"  # something that was observed is left out
    CHOICE = "choice"  # a choice of the analyst is made otherwise
    SELECTION = "selection"  # how the observations came to be made


@dataclass(frozen=True)
class Check:
    """One way of doing the analysis otherwise.

    name : that of its file; label : how tables call it; phrase : what it did, as it stands in a sentence, with `{name}`
        for what was changed
    cases : the cases of an analysis, none where the check does not apply
    """

    name: str
    label: str
    phrase: str
    group: Group
    cases: Callable[[Analysis], Iterator[Case]]
