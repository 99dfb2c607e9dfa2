"""The command `forecast panel INPUT OUTPUT`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from inspect import getdoc
from typing import Any

from forecast.panel.run import Progress, run_panel
from forecast.panel.settings import Settings, read_settings
from forecast.report.phrases import count
from forecast.support.registry import suggest

USAGE = "usage: forecast panel INPUT OUTPUT [--event DATE] [--jobs N] ...; forecast panel --help lists all"
EVERY = 15.0  # seconds between two lines
NUMBERS = {"horizon": int, "delay": int, "anticipation": int, "origins": int, "jobs": int, "seed": int, "fdr": float}


def command(words: Sequence[str]) -> int:
    """Examine every series of INPUT and write tables and a summary to OUTPUT; a killed run goes on where it stopped.

    Every field of `Settings` is an option (--keep-good is a flag), and a key of the YAML file after --config; an option
    wins over the file. Raises ValueError for bad options or input. The exit code is 0 also where some series failed:
    the summary and the last line say how many.
    """
    if {"-h", "--help"} & set(words):
        print(USAGE.partition(";")[0], getdoc(Settings), sep="\n\n")
        return 0
    source, output, given = _parsed(words)
    config = given.pop("config", None)
    settings = Settings(**{**(read_settings(config) if config else {}), **given})
    with _progress() as progress:
        said = run_panel(source, output, settings, progress)
    print(f"{count(said['series'], 'series', 'series')}, {said['failed']} failed, {said['changed']} changed; "
          f"the summary: {output}/summary.html")
    return 0


def _parsed(words: Sequence[str]) -> tuple[str, str, dict[str, Any]]:
    parser = argparse.ArgumentParser(prog="forecast panel", add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("places", nargs="*")
    parser.add_argument("--config")
    for each in fields(Settings):
        option = f"--{each.name.replace('_', '-')}"
        if each.name == "keep_good":
            parser.add_argument(option, action="store_true", default=None)
        else:
            parser.add_argument(option, type=NUMBERS.get(each.name, str))
    try:
        given, rest = parser.parse_known_args(list(words))
    except argparse.ArgumentError as error:
        raise ValueError(f"panel: {error}: {USAGE}") from error
    if rest:
        options = [name for action in parser._actions for name in action.option_strings]
        raise ValueError(f"panel: option {rest[0]!r} is unknown: {suggest(rest[0], options)}")
    if len(given.places) != 2:
        raise ValueError(f"panel takes an input and an output, got {' '.join(given.places) or 'neither'}: {USAGE}")
    told = {name: value for name, value in vars(given).items() if value is not None and name != "places"}
    return given.places[0], given.places[1], told


@dataclass
class Pace:
    """Series a second since the first report, which says how many a run before had done."""

    began: float = field(default_factory=time.monotonic)
    before: int | None = None

    def rate(self, done: int) -> float:
        if self.before is None:
            self.began, self.before = time.monotonic(), done
        return (done - self.before) / max(time.monotonic() - self.began, 1e-9)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Rate and time left: a bar on a terminal, a line now and then where there is none."""
    if not sys.stderr.isatty():
        yield _lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
               TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task, pace = bar.add_task("reading", total=None, rate=""), Pace()

        def drawn(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, description="series", rate=f"{pace.rate(done):.1f} a second")

        yield drawn


def _lines() -> Progress:
    pace, last = Pace(), -EVERY

    def said(done: int, total: int) -> None:
        nonlocal last
        rate, now = pace.rate(done), time.monotonic()
        if now - last >= EVERY or done == total:
            last = now
            left = f", {(total - done) / rate / 60:.0f} min left" if rate > 0 else ""
            print(f"forecast: {done} of {total} series, {rate:.1f} a second{left}", file=sys.stderr, flush=True)

    return said
