"""The command `forecast`: a word names a subcommand, one file each; without one an experiment is run.

Whatever is heavy is imported where it is used.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from forecast.cli.errors import said
from forecast.cli.overview import COMMANDS, overview
from forecast.support.bootstrap import NEEDED, ROOT, ensure
from forecast.support.ends import SAID, end_with_parent, ends_answered
from forecast.support.surroundings import check_surroundings
from forecast.support.terminal import give_up, open_streams, printable_message, shown_streams

ENDED = 128  # exit codes above it say which signal asked for the end
if getattr(multiprocessing.current_process(), "_inheriting", False):
    end_with_parent(os.getppid())  # a spawned worker (of Dask, say) imports this before all that it works with


def main() -> int:
    """Run the command line; the exit code is 0, 1 for a fault of ours, 2 for bad input or output, 128 + a signal."""
    open_streams()
    os.environ["MPLBACKEND"] = "agg"  # nothing is shown on a screen, and a name that is foreign here would stop us
    ensure("forecast", ROOT / "requirements.lock", NEEDED)
    gc.set_threshold(200_000, 20, 20)  # looking for cycles among freshly imported modules costs 6 % of a run
    with ends_answered():
        code = command(sys.argv[1:])
        if code > ENDED:
            os._exit(code)  # what is registered for the end of the interpreter may take long
    return code


def command(arguments: Sequence[str]) -> int:
    """Run `arguments`; bad input becomes one sentence on stderr and the exit code 2."""
    with shown_streams() as out:
        try:
            code = _answered(arguments)
            out.flush()
        except BrokenPipeError:  # the reader of our output has seen enough
            give_up(out.raw)
            return 0
        if out.failed:
            give_up(out.raw)
            rest = "; all else that was asked for is done" if code == 0 else ""
            print(f"forecast: standard output cannot be written ({printable_message(out.failed)}){rest}",
                  file=sys.stderr)
        return code or (2 if out.failed else 0)


def _answered(arguments: Sequence[str]) -> int:
    try:
        return _dispatch(arguments)
    except SystemExit as done:  # a parser that has printed its help
        return int(done.code or 0)
    except BrokenPipeError:
        raise
    except (ValueError, OSError) as error:
        if "hydra.verbose=true" in arguments:
            raise
        print(f"forecast: error: {said(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stopped:
        written = "; ".join(getattr(stopped, "__notes__", ())) or "nothing was written"
        print(f"forecast: stopped, {printable_message(written)}", file=sys.stderr, flush=True)
        SAID.set()
        return getattr(stopped, "code", ENDED + 2)


def _dispatch(arguments: Sequence[str]) -> int:
    check_surroundings()
    word = arguments[0] if arguments else ""
    if word in COMMANDS:
        return int(import_module(f"forecast.cli.{word}").command(arguments[1:]))
    if {"-h", "--help"} & set(arguments):
        print(overview(), end="")
        return 0
    from forecast.cli.run import command as run

    return run(arguments)
