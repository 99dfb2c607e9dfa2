"""What is said of a table on the command line: an option for each word of `Options`."""

from __future__ import annotations

import argparse

from forecast.cli.parser import Parser
from forecast.evidence.tables.options import FLAGS, GUESS, NAMES, SEVERAL, Options, options

HELP = {
    "date": "heading of the column of dates",
    "value": "heading of the counts; may stand several times",
    "id": "heading of what names a series (site, port, type); may stand several times",
    "low": "heading of lower bounds",
    "high": "heading of upper bounds",
    "exposure": "heading of the share of the days watched",
    "kind": "flow (passes, adds up) or stock (stands there)",
    "freq": "pandas frequency of the rows, null for irregular dates",
    "sheet": "a sheet of a workbook; may stand several times",
    "skip_rows": "rows above the headings",
    "date_format": "how dates are written, such as %%d.%%m.%%y",
    "dayfirst": "whether 01/02/2023 is 1 February",
    "decimal": "decimal mark",
    "thousands": "mark between thousands",
    "missing": "a word for not counted; may stand several times",
    "wide": "whether headings are dates",
    "cumulative": "whether counts are running totals",
    "totals": "keep rows and columns of totals",
}


def add_table_options(parser: Parser, without: tuple[str, ...] = ()) -> None:
    """Give a parser the options of a table; a flag without a word means yes."""
    group = parser.add_argument_group("what is said of a table (the rest is guessed, and the guess is listed)")
    for name in NAMES:
        if name in without:
            continue
        for option in dict.fromkeys((f"--{name.replace('_', '-')}", f"--{name}")):
            shown = HELP[name] if option == f"--{name.replace('_', '-')}" else argparse.SUPPRESS
            word = name.upper()
            if name in SEVERAL:
                group.add_argument(option, dest=name, action="append", metavar=word, help=shown)
            elif name in FLAGS:
                group.add_argument(option, dest=name, nargs="?", const="true", metavar="true|false", help=shown)
            else:
                group.add_argument(option, dest=name, metavar=word, help=shown,
                                   default=GUESS if name == "freq" else None)


def table_options(given: argparse.Namespace, who: str) -> Options:
    """The options that were given; raises ValueError for a value that is none."""
    return options({name: getattr(given, name) for name in NAMES if hasattr(given, name)}, who)
