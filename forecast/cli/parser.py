"""The parser of a subcommand: its own --help with examples; bad input is a ValueError like any other."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from forecast.support.registry import suggest
from forecast.support.terminal import quoted


class Parser(argparse.ArgumentParser):
    """An argparse parser for `forecast NAME`; what it refuses names the option meant and where the help is."""

    def __init__(self, name: str, does: str, examples: Sequence[str] = ()) -> None:
        shown = "examples\n" + "\n".join(f"  {line}" for line in examples) if examples else None
        super().__init__(prog=f"forecast {name}".strip(), description=does, epilog=shown, allow_abbrev=False,
                         formatter_class=argparse.RawDescriptionHelpFormatter)
        self.named = name

    def offer_trust(self, what: str) -> None:
        """Give the parser --trust, for `what` of a package of the user's own."""
        self.add_argument("--trust", action="append", default=[], metavar="PACKAGE",
                          help=f"also {what} of this package of your own")

    def error(self, message: str) -> Any:
        raise ValueError(f"{self.named}: {message}: forecast {self.named} --help shows how")

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """What the words say; options and places may stand in any order.

        Raises ValueError for an option that is unknown (the nearest one is suggested), misses its value or has a wrong
        one; SystemExit after printing the help.
        """
        given, rest = self.parse_known_intermixed_args(list(words))
        if rest:
            known = [option for action in self._actions for option in action.option_strings]
            raise ValueError(f"{self.named}{': ' if self.named else ''}option {quoted(rest[0])} is unknown: "
                             f"{suggest(rest[0], known)}")
        return given
