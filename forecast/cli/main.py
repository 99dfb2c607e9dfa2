"""The command `forecast`: a word names a subcommand, one file each; without one an experiment is run.

Whatever is heavy is imported where it is used.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from forecast.cli.errors import said
from forecast.cli.overview import COMMANDS, overview
from forecast.support.bootstrap import NEEDED, ROOT, ensure


def main() -> int:
    """Run the command line; the exit code is 0, 1 for a fault of ours, 2 for bad input."""
    ensure("forecast", ROOT / "requirements.lock", NEEDED)
    gc.set_threshold(200_000, 20, 20)  # looking for cycles among freshly imported modules costs 6 % of a run
    return command(sys.argv[1:])


def command(arguments: Sequence[str]) -> int:
    """Run `arguments`; bad input becomes one sentence on stderr and the exit code 2."""
    try:
        return _dispatch(arguments)
    except SystemExit as done:  # a parser that has printed its help
        return int(done.code or 0)
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, OSError) as error:
        if "hydra.verbose=true" in arguments:
            raise
        print(f"forecast: error: {said(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("forecast: stopped, nothing was written", file=sys.stderr)
        return 130


def _dispatch(arguments: Sequence[str]) -> int:
    word = arguments[0] if arguments else ""
    if word in COMMANDS:
        return int(import_module(f"forecast.cli.{word}").command(arguments[1:]))
    if {"-h", "--help"} & set(arguments):
        print(overview(), end="")
        return 0
    from forecast.cli.run import command as run

    return run(arguments)
