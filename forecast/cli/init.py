"""`forecast init FILE [NAME]`: an experiment and a list of events, written from what the file shows."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from forecast.cli.parser import Parser
from forecast.cli.table_options import add_table_options, table_options
from forecast.evidence.table import read_series
from forecast.evidence.tables.options import Options
from forecast.evidence.tables.reading import never_falls
from forecast.series.series import Series
from forecast.support.atomic_files import link_in, write_text
from forecast.support.regular_files import expanded
from forecast.support.terminal import short
from forecast.support.untrusted import trusted

MOST = 8  # series that an experiment starts with; more are for a panel
LEAST = 3  # observed rows


def command(words: Sequence[str]) -> int:
    """Write experiments/NAME.yaml and experiments/NAME_events.csv for a file, and say what to run.

    Raises ValueError for a file that cannot be read, one without a series to examine, and files that exist already.
    """
    parser = Parser("init", "Write an experiment for a file: experiments/NAME.yaml, and a list of events to fill in.",
                    ("forecast init counts.xlsx", "forecast init counts.csv mine --date Datum --value Anzahl"))
    parser.add_argument("places", nargs="*", metavar="FILE [NAME]", help="a table or a file of a feed; a name")
    parser.offer_trust("read layouts")
    add_table_options(parser)
    given = parser.read(words)
    if not 1 <= len(given.places) <= 2:
        raise ValueError(f"init takes a file and a name, got {' '.join(given.places) or 'neither'}: "
                         "forecast init --help shows how")
    file = expanded(given.places[0])
    name = given.places[1] if len(given.places) == 2 else named(file.name)
    if not re.fullmatch(r"\w[\w.-]{0,99}", name):
        raise ValueError(f"init: name {name[:120]!r} must be at most 100 letters, digits, '_', '-' and '.'")
    told = table_options(given, "init")
    with trusted(given.trust):
        series = chosen(list(read_series(file, told)), file.name)
    page, events = Path("experiments", f"{name}.yaml"), Path("experiments", f"{name}_events.csv")
    for path in (page, events):
        if os.path.lexists(path):
            raise ValueError(f"{path} exists: name another experiment, or remove it")
        if link := link_in(path):
            raise ValueError(f"{path}: {link} is a link: name an experiment in a folder of your own")
    page.parent.mkdir(exist_ok=True)
    write_text(page, "\n".join(config(series, file, told, events)) + "\n")
    write_text(events, ledger(series[0]))
    print(f"Written: {page}, {events}")
    dates = f"rows of {series[0].freq}" if series[0].freq else "irregular dates"
    print(f"{len(series)} series; the first, {short(series[0].name)}: a {series[0].kind}, {dates}, "
          f"{int(series[0].observed.sum())} counts")
    rising = [each.name for each in series if each.kind == "flow" and told.cumulative is None
              and never_falls(each.low[each.observed].tolist())]
    if rising:
        print(f"{short(rising[0])} never falls: if it is a running total, say --cumulative")
    trust = "".join(f" --trust {package}" for package in given.trust)
    print(f"Put your events into {events} and their names under events: in {page}; then run: "
          f"forecast -cn {name}{trust}")
    return 0


def named(file: str) -> str:
    """A name for an experiment from that of a file.

    >>> named("Port calls 2023.csv.gz"), named("2023.xlsx")
    ('port_calls_2023', 'counts_2023')
    """
    word = re.sub(r"\W+", "_", file.split(".", maxsplit=1)[0].lower()).strip("_") or "mine"
    return word if word[0].isalpha() else f"counts_{word}"


def chosen(series: Sequence[Series], file: str) -> list[Series]:
    """The series to begin with: the longest, of which the fullest; ValueError where none has three counts."""
    able = [each for each in series if each.observed.sum() >= LEAST]
    if not able:
        raise ValueError(f"{file}: no series with at least {LEAST} counts: forecast check shows what is read")
    return sorted(able, key=lambda each: (-int(each.observed.sum()), -float(np.nansum(each.low)), each.name))[:MOST]


def config(series: Sequence[Series], file: Path, told: Options, events: Path) -> Iterator[str]:
    """The lines of the experiment's file."""
    path = quoted(file.as_posix())
    yield "# Made by forecast init; every line may be changed. What is read of the file: forecast check FILE"
    yield from ("defaults:", "  - base", "  - /detectors: [regimes]",
                "  - /models: [auto, seasonal_naive]  # irregular dates are not forecast: see freq below",
                "  - _self_", "", f"title: {quoted(f'Counts of {file.name}')}",
                "question: Did the counts change, and when?",
                f"primary: {key(series[0], series)}  # the series that is tested against the events", "", "series:")
    for each in series:
        yield from (f"  {key(each, series)}:", "    _target_: forecast.Table", f"    path: {path}",
                    f"    unique_id: {quoted(each.name)}",
                    f"    kind: {each.kind}  # flow: what passes, adds up; stock: what stands there on each image",
                    f"    freq: {each.freq or 'null'}  # of the rows: W-MON weeks, MS months, D days, null as they are")
        for name, value in told.said.items():
            if name not in ("kind", "freq"):
                yield f"    {name}: {quoted(list(value) if isinstance(value, tuple) else value)}"
    yield from ("", f"ledger: {events.as_posix()}",
                "events: {}  # names from the ledger, such as {visit: , storm: {delay_days: 30}}",
                "delay_days: 60  # how long after an event a change may still belong to it")
    if not series[0].freq and series[0].kind == "stock":
        yield "images: true  # the counts are read from images: which one to buy next"


def quoted(value: Any) -> str:
    """A value as YAML takes it whatever it holds."""
    return json.dumps(value, ensure_ascii=False)


def key(one: Series, series: Sequence[Series]) -> str:
    """The name of a series in the experiment: letters, digits and _; a number where two would be alike."""
    names = [re.sub(r"\W+", "_", each.name).strip("_") or "series" for each in series]
    place = next(i for i, each in enumerate(series) if each.name == one.name)
    return names[place] if names.count(names[place]) == 1 else f"{names[place]}_{place + 1}"


def ledger(series: Series) -> str:
    """A list of events with one to be replaced, dated in the middle of the series."""
    middle = series.start[len(series) // 2]
    return ("name,label,start,end,precision,kind,outside,publisher,via,url,note\n"
            f"example,Replace this by an event,{middle},,day,visit,yes,who says so,,,delete this line\n")
