"""A simulated yard as the source of an experiment; always named as simulated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from forecast.evidence.decisions import Decision
from forecast.evidence.files import Files
from forecast.evidence.source import Evidence
from forecast.series.simulation import simulate
from forecast.series.values import Kind

LONGEST_YARD = 5_000  # of a source, whose series an experiment examines at some 10 seconds of CPU a thousand rows


@dataclass(frozen=True)
class SimulatedYard:
    """Source of a simulated yard with known breaks, cloud gaps and bounds; see `simulate` for the fields.

    Raises ValueError for more than 5,000 rows: `simulate` makes longer series for code that takes them.

    >>> yard = SimulatedYard(n=60, breaks={30: 2.5}).read().series
    >>> len(yard), yard.kind
    (60, 'stock')
    """

    n: int = 150
    level: float = 12.0
    breaks: Mapping[int, float] = field(default_factory=lambda: {40: 2.5, 85: 0.4, 115: 3.0})
    dispersion: float = 8.0
    spread: float = 0.2
    correlation: float = 0.4
    missing: float = 0.25
    at_least: float = 0.1
    start: str = "2022-01-03"
    freq: str = "W-MON"
    kind: Kind = "stock"
    seed: int = 7

    def __post_init__(self) -> None:
        if not 1 <= self.n <= LONGEST_YARD:
            raise ValueError(f"simulated yard: n must lie between 1 and {LONGEST_YARD:,} rows, got {self.n:,}: ask for "
                             "fewer rows, or a coarser freq")

    def read(self, files: Files | None = None) -> Evidence:
        """The simulated series; its one decision says so."""
        if not isinstance(self.breaks, Mapping):
            raise ValueError(f"simulated yard: breaks must map rows to factors, got {self.breaks!r}")
        breaks = {int(at): float(factor) for at, factor in self.breaks.items()}  # keys are text where JSON wrote them
        made = simulate(self.n, self.level, breaks,
                        dispersion=self.dispersion, spread=self.spread, correlation=self.correlation,
                        missing=self.missing, at_least=self.at_least, start=self.start, freq=self.freq,
                        kind=self.kind, seed=self.seed)
        truth = ", ".join(f"x{factor:g} from {made.start[at]}" for at, factor in sorted(breaks.items()))
        said = Decision("simulated", made.name, "used", f"simulated counts, not observations; true changes: {truth}")
        return Evidence(series=made, decisions=(said,), source=self, files=files or Files())
