"""Detectors: `detect(series) -> tuple[Break, ...]`. One file a detector; the names are those of `conf/detectors/`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from forecast.series.breaks import Break
from forecast.series.series import Series, check_series
from forecast.support.registry import make


class Detector(Protocol):
    """What a detector offers; constructors are cheap and typed, and never look at data."""

    def detect(self, series: Series) -> tuple[Break, ...]:
        """Breaks of `series` in time order; does not change it and looks at nothing else."""
        ...


def detect(series: Series, detector: str | Detector = "auto") -> tuple[Break, ...]:
    """Breaks of `series` by a detector's name (see `conf/detectors/`) or object.

    Raises ValueError for an unknown name (the nearest known one is suggested) or a series without observations.

    >>> detect(Series.from_values([2, 3, 1, 2, 3, 2, 2, 3, 30, 28, 33, 31, 29, 30, 35, 31]))[0].position
    8
    """
    check_series(series, "detect")
    if not series.observed.any():
        raise ValueError(f"series {series.name}: no row holds an observation: nothing can be detected")
    chosen: Detector = make("detectors", detector) if isinstance(detector, str) else detector
    return chosen.detect(series)


def detect_all(several: Mapping[str, Series], detector: str | Detector = "auto", *,
               jobs: int = 1) -> dict[str, tuple[Break, ...]]:
    """Breaks of several series, by their keys and in their order: `detect` on each, over `jobs` processes.

    The answer does not depend on `jobs`. Raises ValueError as `detect` does, with the name of the series.

    >>> quiet, risen = [5, 4, 6, 5, 4, 5, 6, 5] * 3, [5, 4, 6, 5] * 3 + [25, 24, 27, 26] * 3
    >>> found = detect_all({"A": Series.from_values(quiet), "B": Series.from_values(risen)})
    >>> [len(found[name]) for name in ("A", "B")]
    [0, 1]
    """
    from joblib import Parallel, delayed

    from forecast.support.ends import workers_that_end

    chosen: Detector = make("detectors", detector) if isinstance(detector, str) else detector
    pool = Parallel(n_jobs=jobs, **workers_that_end())
    return dict(zip(several, pool(delayed(detect)(series, chosen) for series in several.values()), strict=True))
