"""What a panel is asked: one frozen set of settings for all its series; a resumed run must ask the same."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any

from forecast.evidence.events import Event, read_events, window
from forecast.evidence.tables.options import NAMES, Options, options
from forecast.support import registry
from forecast.support.terminal import quoted

LOCAL, DASK = "local", "dask"
# what a number may be: beyond these a panel would fill the memory or never end
RANGES = {"delay": (0, math.inf), "anticipation": (0, math.inf), "horizon": (0, 10_000), "origins": (0, 10_000),
          "jobs": (1, 1024), "seed": (0, 2**63 - 1)}


@dataclass(frozen=True)
class Settings:
    """Settings of a panel; every field is an option of the command and a key of a config file.

    only : pattern of the series wanted (unique_id); None takes */portcalls of a PortWatch file and all of any other
    kind : "flow" or "stock", where the file does not say; guessed from the dates else, irregular ones being images
    event : one day, ISO; events : a ledger of events (CSV); every series is asked about all of them
    delay : days after an event within which a change fits it; anticipation : the same before it
    horizon : rows ahead on the grid of each series; 0 for no forecast
    detector : name of who dates the breaks (the evidence for them comes from the count regime model in any case)
    model : name of the forecaster
    origins : rolling origins of a backtest, `horizon` rows apart; 0 for none
    fdr : share of false discoveries that is allowed among the series said to have changed, and per event
    seed : of everything that is drawn; with the name of a series it gives that series' own seed
    executor : "local", "dask" (a cluster on this machine) or the address of a Dask scheduler; jobs : worker processes
    table : what is said of a table (date, value, id, dayfirst, thousands ...), the rest of which is guessed
    keep_good : read the good rows of a file that has bad ones, and list the bad ones
    """

    only: str | None = None
    kind: str = ""
    event: str | None = None
    events: str | None = None
    delay: int = 28
    anticipation: int = 0
    horizon: int = 28
    detector: str = "regimes"
    model: str = "negative_binomial"
    origins: int = 0
    fdr: float = 0.1
    seed: int = 0
    executor: str = LOCAL
    jobs: int = 1
    table: Options = field(default_factory=Options)
    keep_good: bool = False

    def __post_init__(self) -> None:
        for name, (least, most) in RANGES.items():
            number = getattr(self, name)
            if not isinstance(number, int) or isinstance(number, bool) or number < least:
                raise ValueError(f"panel: {name} must be a whole number of at least {least}, got {quoted(number)}")
            if number > most:
                raise ValueError(f"panel: {name} must be at most {most:,}, got {quoted(number)}")
        if not 0 < self.fdr < 1:
            raise ValueError(f"panel: fdr must lie between 0 and 1, got {self.fdr}: 0.1 allows one in ten")
        if self.kind not in ("", "stock", "flow"):
            raise ValueError(f"panel: kind must be stock or flow, got {quoted(self.kind)}")
        for group, name in (("detectors", self.detector), ("models", self.model)):
            if name not in registry.names(group):
                raise ValueError(f"panel: {group[:-1]} {quoted(name)} is unknown: "
                                 f"{registry.suggest(name, registry.names(group))}")
        if self.executor not in (LOCAL, DASK) and "://" not in self.executor:
            raise ValueError(f"panel: executor {quoted(self.executor)} is unknown: write local, dask, or the address "
                             "of a Dask scheduler such as tcp://host:8786")
        if self.event is not None and self.events is not None:
            raise ValueError("panel: both an event and a ledger of events are given: put the day into the ledger")
        if self.origins and not self.horizon:
            raise ValueError("panel: a backtest of no horizon: set horizon to at least 1, or origins to 0")

    def windows(self) -> tuple[tuple[str, date, date], ...]:
        """Name, first and last day of every event in question; raises ValueError for a day that cannot be read."""
        if self.events is not None:
            found: tuple[Event, ...] = tuple(e for e in read_events(self.events) if e.outside)
        elif self.event is not None:
            try:
                day = date.fromisoformat(str(self.event))
            except ValueError as error:
                raise ValueError(f"panel: event {quoted(self.event)} cannot be read: write it as YYYY-MM-DD") from error
            found = (Event(name=day.isoformat(), label=day.isoformat(), start=day, end=day),)
        else:
            found = ()
        return tuple((event.name, *window(event, self.delay, self.anticipation)) for event in found)

    def asked(self) -> dict[str, Any]:
        """What decides the answer: all but who computes it."""
        told = {key: value for key, value in asdict(self).items() if key not in ("executor", "jobs", "events", "event")}
        said = {key: list(value) if isinstance(value, tuple) else value for key, value in self.table.said.items()}
        windows = [[name, str(first), str(last)] for name, first, last in self.windows()]
        return told | {"table": said, "windows": windows}


def read_settings(path: str | Path) -> dict[str, Any]:
    """Settings of a YAML file of plain keys, such as `executor: dask`.

    Raises ValueError for a key that is no setting, and for a file that holds more than settings.
    """
    from forecast.support import untrusted
    from forecast.support.untrusted import check_text

    file = Path(path)
    loaded = check_text(untrusted.read_settings(file), file.name) or {}
    known = [*(each.name for each in fields(Settings) if each.name != "table"), *NAMES]
    if not isinstance(loaded, Mapping):
        raise ValueError(f"{file.name}: got {type(loaded).__name__}: write one `key: value` a line")
    for key in loaded:
        if key not in known:
            raise ValueError(f"{file.name}: {quoted(key)} is no setting of a panel: "
                             f"{registry.suggest(str(key), known)}")
    plain = {str(key): value.isoformat() if isinstance(value, date) else value for key, value in loaded.items()}
    return settings_of(plain, file.name)


def settings_of(given: Mapping[str, Any], who: str) -> dict[str, Any]:
    """Fields of `Settings` from plain keys, of which those of a table go together into one."""
    own = {each.name for each in fields(Settings)}
    table = {key: value for key, value in given.items() if key in NAMES and key not in own}
    made = {key: value for key, value in given.items() if key in own}
    return made | ({"table": options(table, who)} if table else {})
