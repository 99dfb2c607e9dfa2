"""The one result of every check: what the analysis concludes with one thing changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

BASE = "base"  # the analysis with nothing changed, against which all others are held
NOBODY = ""  # the leader where nothing is conclusive


class Outcome(StrEnum):
    """What became of the conclusion when one thing was changed."""

    STANDS = "stands"
    ANOTHER_LEADS = "another_leads"  # conclusive as before, but another explanation is the likeliest
    NOTHING_CONCLUSIVE = "nothing_conclusive"  # the series dates no change any more
    CONCLUSIVE = "conclusive"  # it dates one now, and did not before
    NO_SERIES = "no_series"  # nothing is left to be read
    MEASURED = "measured"  # nothing was read otherwise: `factor` says how much would turn the conclusion


@dataclass(frozen=True)
class Variant:
    """The conclusion with one thing changed.

    check : file of the check in `effects/checks`, or "base"; name : what was changed, as a noun
    change : posterior probability of any change of level
    leader : name of the likeliest explanation (of an event, "none of these"), "" where nothing is conclusive, or no
        change is likelier than any of them; share : of that explanation, or that there is no change
    factor : what the check measured, None for a check that reads the series again
    """

    check: str
    name: str
    outcome: Outcome
    change: float
    leader: str
    share: float
    factor: float | None = None

    @property
    def turns(self) -> bool:
        """Whether the conclusion is another one than that of the base."""
        return self.outcome not in (Outcome.STANDS, Outcome.MEASURED)

    @property
    def conclusive(self) -> bool:
        """Whether the series by itself dates a change."""
        return self.leader != NOBODY
