"""The command `forecast panel INPUT OUTPUT`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from inspect import getdoc

from forecast.cli.errors import warnings_said
from forecast.cli.parser import Parser
from forecast.cli.table_options import add_table_options
from forecast.evidence.tables.options import GUESS, NAMES
from forecast.panel.run import Progress, run_panel
from forecast.panel.settings import Settings, read_settings, settings_of
from forecast.report.phrases import count
from forecast.support.ends import last_words
from forecast.support.terminal import printable_message, raw_stderr
from forecast.support.untrusted import trusted

EVERY = 15.0  # seconds between two lines
NUMBERS = {"horizon": int, "delay": int, "anticipation": int, "origins": int, "jobs": int, "seed": int, "fdr": float}


def command(words: Sequence[str]) -> int:
    """Examine every series of INPUT and write tables and a summary to OUTPUT; a killed run goes on where it stopped.

    Every field of `Settings` is an option (--keep-good is a flag), and a key of the YAML file after --config; an option
    wins over the file. Raises ValueError for bad options or input. The exit code is 0 also where some series failed:
    the summary and the last line say how many.
    """
    given = vars(_parser().read(words))
    places, config, as_json, quiet, trust = (given.pop(name) for name in ("places", "config", "json", "quiet", "trust"))
    if len(places) != 2:
        raise ValueError(f"panel takes an input and an output, got {' '.join(places) or 'neither'}: "
                         "forecast panel --help shows how")
    table = {name: given.pop(name) for name in NAMES if name in given and name != "kind"}
    said = {name: value for name, value in table.items() if value is not None and (name, value) != ("freq", GUESS)}
    chosen = {name: value for name, value in given.items() if value is not None}
    settings = Settings(**{**(read_settings(config) if config else {}), **settings_of({**chosen, **said}, "panel")})
    kept = f"what was finished is kept in {printable_message(str(places[1]))}: run the same command again to go on"
    with warnings_said(), trusted(trust), _progress(quiet) as progress, last_words(kept):
        told = run_panel(places[0], places[1], settings, progress)
    if as_json:
        print(json.dumps(told, default=str))
    elif not quiet:
        print(f"{count(told['series'], 'series', 'series')}, {told['failed']} failed, {told['changed']} changed; "
              f"the summary: {places[1]}/summary.html")
        if told["forecast_note"]:
            print(told["forecast_note"])
    return 0


def _parser() -> Parser:
    does = ("Every series of INPUT: when it changed, whether at an event, what comes next. Tables and a summary go to\n"
            f"OUTPUT; a killed run goes on when the same command is given again.\n\n{getdoc(Settings)}")
    parser = Parser("panel", does,
                    ("forecast panel portwatch.csv out/ --event 2023-11-19 --jobs 2",
                     "forecast panel portwatch.csv out/ --events mine.csv --only 'port13*/portcalls' --horizon 14",
                     "forecast panel portwatch.csv out/ --config panel.yaml"))
    parser.add_argument("places", nargs="*", metavar="INPUT OUTPUT", help="a file of any feed, and a folder")
    parser.add_argument("--config", metavar="FILE", help="a YAML file of the settings above")
    parser.offer_trust("read layouts")
    add_table_options(parser, without=("kind",))
    for each in fields(Settings):
        if each.name == "table":
            continue
        option = f"--{each.name.replace('_', '-')}"
        if each.name == "keep_good":
            parser.add_argument(option, action="store_true", default=None)
        else:
            parser.add_argument(option, type=NUMBERS.get(each.name, str))
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    return parser


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
def _progress(quiet: bool) -> Iterator[Progress | None]:
    """Rate and time left: a bar on a terminal, a line now and then where there is none."""
    if quiet:
        yield None
        return
    if not sys.stderr.isatty():
        yield _lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
               TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    with Bar(*columns, console=Console(file=raw_stderr()), transient=True) as bar:
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
