"""Ranges of the numbers that detectors and forecasters take: beyond them a run would fail, or never end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from forecast.support.terminal import quoted

MOST_DRAWS = 100_000  # simulated series or paths of one call: they are held in memory at once
MOST_ROWS = 10**9
MOST_SEED = 2**63 - 1
MOST_NUMBERS = 50_000_000  # sample paths times rows ahead: 0.4 GB


def check_number(owner: object, least: float, most: float, *names: str) -> None:
    """Raise ValueError unless these attributes of `owner`, or all that they hold, are numbers from `least` to `most`.

    A setting of None, which stands for a default, passes.
    """
    for name, value in _values(owner, names):
        if not _is_real(value) or not least <= value <= most:
            raise ValueError(f"{called(owner)}: {name} must lie from {least:,g} to {most:,g}, got {quoted(value)}")


def check_share(owner: object, *names: str) -> None:
    """Raise ValueError unless these attributes, or all that they hold, lie between 0 and 1 and are neither."""
    for name, value in _values(owner, names):
        if not _is_real(value) or not 0 < value < 1:
            raise ValueError(f"{called(owner)}: {name} must lie between 0 and 1, got {quoted(value)}")


def check_whole(owner: object, least: int, most: int, *names: str) -> None:
    """Raise ValueError unless these attributes, or all that they hold, are whole numbers from `least` to `most`."""
    for name, value in _values(owner, names):
        if not _is_real(value) or not isinstance(value, int | np.integer) or not least <= value <= most:
            raise ValueError(f"{called(owner)}: {name} must be a whole number from {least:,} to {most:,}, got "
                             f"{quoted(value)}")


def check_whole_number(what: str, value: Any, least: int, most: int) -> None:
    """Raise ValueError unless this is a whole number from `least` to `most`."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{what} must be a whole number from {least:,} to {most:,}, got {value!r}")


def _values(owner: object, names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for name in names:
        value = getattr(owner, name)
        for each in value if isinstance(value, list | tuple) else [value]:
            if each is not None:
                yield name, each


def _is_real(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def called(owner: object) -> str:
    """The name that a user types for a detector or a forecaster: that of its file."""
    return type(owner).__module__.rpartition(".")[2]


def check_lists(source: object, *fields: str) -> None:
    for name in fields:
        if isinstance(given := getattr(source, name), str):
            raise ValueError(f"{type(source).__name__}: {name} takes a list, got {quoted(given)}: write [{given}]")


def check_paths(horizon: Any, draws: Any, seed: Any) -> None:
    """Raise ValueError unless so many rows of so many paths can be drawn from this seed."""
    for name, number in (("horizon", horizon), ("draws", draws)):
        if not isinstance(number, int | float | np.integer | np.floating) or number != number // 1 or number < 1:
            raise ValueError(f"{name} must be a whole number of at least 1, got {quoted(number)}")
    if horizon * draws > MOST_NUMBERS:
        raise ValueError(f"horizon {horizon} times draws {draws} must be at most {MOST_NUMBERS:,}: lower one of them")
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed must be a whole number of at least 0, got {quoted(seed)}")
