"""The command `forecast`: run experiments, sweep over settings, compare what was run; `forecast --help` says how.

The page of help imports neither pandas nor Hydra; whatever is heavy is imported where it is used.
"""

from __future__ import annotations

import argparse
import errno
import gc
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.support.atomic_files import MARK
from forecast.support.bootstrap import NEEDED, ROOT, ensure

if TYPE_CHECKING:
    from forecast.models.backtesting import Progress

DEFAULT = "khasan_rajin"
LOG = logging.getLogger("forecast")
# word after `forecast` -> module and function that take the words after it; imported when it is asked for
COMMANDS = {
    "compare": ("forecast.report.comparison", "command"),
    "rerun": ("forecast.experiment.rerun", "command"),
    "watch": ("forecast.cli.watch", "command"),
    "feeds": ("forecast.cli.check", "list_feeds"),
    "check": ("forecast.cli.check", "check"),
    "panel": ("forecast.cli.panel", "command"),
}
OWN_HELP = {"panel"}  # commands with too many options for the page of all
USAGE = """\
Did the traffic change, when, by how much, which dated events fit, and what comes next.

  forecast                                       run the experiment {default}
  forecast -cn seatbelts horizon=6               another one, with a setting of its own
  forecast -cn seatbelts 'models=[ets,mean]'     with these models only
  forecast -cn seatbelts -m models=ets,mean      a sweep: one run each, and a table
  forecast compare reports/                      a ranked table of what was run
  forecast rerun reports/seatbelts               run a report again, and say what differs
  forecast watch khasan_rajin 2024-06-01         what each row since that day adds to what was known
  forecast feeds                                 the layouts of files that are read
  forecast check FILE                            what would be read of a file; --keep-good OUT.csv parts good from bad
  forecast panel FILE FOLDER --event 2023-11-19  every series of a file: changes, the event, what comes next

options
  -cn, --config-name NAME    the experiment: experiments/NAME.yaml, of this folder or of those that ship
  -cd, --config-dir FOLDER   another folder that holds experiments
  -m, --multirun             run every combination of settings with several values (a=1,2)
  --trust PACKAGE            let a config name classes of this package of your own; nothing else of it is called
  --cfg job                  print the settings that would be run, and stop
  -h, --help                 this page; forecast panel --help: the options of panels
  --version                  the release

output=FOLDER says where a report goes (reports/NAME); hydra.verbose=true shows where an error comes from.
"""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are those of any other bad input."""

    def error(self, message: str) -> Any:
        raise ValueError(message)


def main() -> int:
    """Run the command line; the exit code is 0, 1 for a fault of ours, 2 for bad input."""
    ensure("forecast", ROOT / "requirements.lock", NEEDED)
    gc.set_threshold(200_000, 20, 20)  # looking for cycles among freshly imported modules costs 6 % of a run
    return command(sys.argv[1:])


def command(arguments: Sequence[str]) -> int:
    """Run `arguments`; bad input becomes one sentence on stderr and the exit code 2."""
    try:
        return _dispatch(arguments)
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, OSError) as error:
        if "hydra.verbose=true" in arguments:
            raise
        print(f"forecast: error: {_said(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("forecast: stopped, nothing was written", file=sys.stderr)
        return 130


def _said(error: Exception) -> str:
    """One sentence; characters that steer a terminal are shown by their codes."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        text += (": free some space, raise the limit, or name another folder with output=FOLDER (a panel: OUTPUT); an "
                 "earlier report is as it was")
    elif isinstance(error, PermissionError | NotADirectoryError) or getattr(error, "errno", 0) == errno.EROFS:
        text += ": name a file that you may read, and a folder that you may write with output=FOLDER (a panel: OUTPUT)"
    return re.sub(r"[^\S \n]|[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]",
                  lambda found: f"\\u{ord(found[0]):04x}", text)


def _dispatch(arguments: Sequence[str]) -> int:
    from forecast import __version__

    word = arguments[0] if arguments else ""
    if word in COMMANDS and (word in OWN_HELP or not {"-h", "--help"} & set(arguments)):
        module, function = COMMANDS[word]
        return int(getattr(import_module(module), function)(arguments[1:]))
    given = _parse(arguments)
    if given.help:
        print(_help(), end="")
    elif given.version:
        print(f"forecast {__version__}")
    else:
        from forecast.support.untrusted import trusted

        with trusted(given.trust):
            return _experiment(given)
    return 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = Parser(prog="forecast", add_help=False, allow_abbrev=False)
    parser.add_argument("words", nargs="*")
    parser.add_argument("-cn", "--config-name", default=DEFAULT)
    parser.add_argument("-cd", "--config-dir")
    parser.add_argument("-m", "--multirun", action="store_true")
    parser.add_argument("--trust", action="append", default=[])
    parser.add_argument("-c", "--cfg", choices=["job"])
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--version", action="store_true")
    given, rest = parser.parse_known_intermixed_args(list(arguments))
    if rest:
        from forecast.support.registry import suggest

        options = [option for action in parser._actions for option in action.option_strings]
        raise ValueError(f"option {rest[0]!r} is unknown: {suggest(rest[0], options)}")
    return given


def _help() -> str:
    """The page of help; experiments, names and settings are read from the files that say them."""
    from forecast.experiment.config import GROUPS, experiments
    from forecast.support.registry import folder, names

    lines = [USAGE.format(default=DEFAULT), "experiments (-cn)"]
    for name, path in sorted(experiments().items()):
        title = re.search(r"^title:\s*(.+)$", _start(path), flags=re.M)
        lines.append(f"  {name:<20} {title[1] if title else ''}".rstrip())
    for group in GROUPS:
        lines += ["", f"{group} ({group}=NAME or {group}=[NAME,NAME])", *_wrapped(names(group))]
    base = (folder("conf") / "base.yaml").read_text(encoding="utf-8")
    settings = re.findall(r"^(\w+): *(\d\S*|\w+) +# (.+)$", base, flags=re.M)
    lines += ["", "settings (key=value)", *(f"  {f'{key}={value}':<26} {what}" for key, value, what in settings)]
    return "\n".join(lines) + "\n"


def _start(path: Path) -> str:
    """The first lines of a file of which nothing is known yet, as text that a terminal only shows."""
    if not path.is_file() or not os.access(path, os.R_OK):
        return ""
    with path.open("rb") as file:
        text = file.read(4096).decode("utf-8", errors="replace")
    return "".join(c if c.isprintable() or c == "\n" else "" for c in text)


def _wrapped(words: Sequence[str]) -> list[str]:
    import textwrap

    return textwrap.wrap(", ".join(words), 100, initial_indent="  ", subsequent_indent="  ")


# -- run ------------------------------------------------------------------------------------------------------------
def _experiment(given: argparse.Namespace) -> int:
    from forecast.experiment.config import compose

    overrides, output = _output(given.words)
    _check_words(overrides)
    if given.multirun and not given.cfg:
        return _sweep(given, overrides, output)
    settings = compose(given.config_name, *overrides, config_dir=given.config_dir)
    if given.cfg:
        print(_yaml(settings), end="")
        return 0
    folder = output or Path("reports", settings["name"])
    findings = _run(settings, folder, overrides)
    from forecast.report.report import summary

    summary(findings)
    print(f"The report: {folder / 'report.html'}")
    return 0


def _output(words: Sequence[str]) -> tuple[list[str], Path | None]:
    """The overrides without `output=FOLDER`, and that folder."""
    chosen = [word.partition("=")[2] for word in words if word.lstrip("+").startswith("output=")]
    if any(not folder for folder in chosen):
        raise ValueError("output= names no folder: write output=FOLDER")
    rest = [word for word in words if not word.lstrip("+").startswith("output=")]
    return rest, Path(chosen[-1].strip("'\"")) if chosen else None


def _check_words(words: Sequence[str]) -> None:
    """Raise ValueError for a word that is neither a setting nor a command."""
    from forecast.experiment.config import experiments
    from forecast.support.registry import suggest

    for word in words:
        if "=" in word or word.startswith("~"):
            continue
        if word in experiments():
            raise ValueError(f"{word!r} is an experiment: write forecast -cn {word}")
        raise ValueError(f"{word!r} is neither a setting (key=value) nor a command: {suggest(word, list(COMMANDS))}")


def _run(settings: dict[str, Any], folder: Path, overrides: Sequence[str]) -> Any:
    """Run what `settings` describe and write its report, the settings and a log to `folder`; the findings."""
    from forecast.experiment.config import build

    _check_folder(folder)
    experiment, text = build(settings), _yaml(settings)
    with _logged("hydra.verbose=true" in overrides) as log, _progress() as progress:
        LOG.info("forecast -cn %s %s", settings["name"], " ".join(overrides))
        from forecast.experiment.experiment import run
        from forecast.report.report import write_report

        findings = run(experiment, progress=progress)
        LOG.info("writing %s", folder)
        again = f"# Run again: forecast -cn config -cd {folder.as_posix()}\n"
        write_report(findings, folder, config=text, also=lambda: {"config.yaml": again + text, "forecast.log": log()})
    return findings


def _check_folder(folder: Path) -> None:
    """Raise ValueError where no report can be put, before the work and not after it."""
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"output {folder} is a file: name a folder")
    ours = ("findings.json", "config.yaml", "*/findings.json")
    holds = [path for path in folder.iterdir() if not path.name.startswith(MARK)] if folder.is_dir() else []
    if holds and not any(any(folder.glob(name)) for name in ours):
        raise ValueError(f"output {folder} holds something that is no report: name a new or an empty folder")
    stands = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not stands.is_dir() or not os.access(stands, os.W_OK | os.X_OK):
        raise ValueError(f"output {folder} cannot be written: name another folder with output=FOLDER")


def _yaml(settings: dict[str, Any]) -> str:
    import yaml

    return str(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True, width=110))


@contextmanager
def _logged(verbose: bool) -> Iterator[Callable[[], str]]:
    """Collect what is logged and warned; kept in memory, for nothing is written before the report is whole."""
    import io

    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    logging.captureWarnings(True)
    try:
        yield text.getvalue
    finally:
        logging.captureWarnings(False)
        root.removeHandler(handler)
        root.setLevel(level)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Log every step; on a terminal also draw a bar."""
    def logged(done: int, total: int, what: str) -> None:
        LOG.info("%d of %d: %s", done, total, what)

    if not sys.stderr.isatty():
        yield logged
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def drawn(done: int, total: int, what: str) -> None:
            logged(done, total, what)
            bar.update(task, completed=done, total=total, description=what)

        yield drawn


# -- sweep ----------------------------------------------------------------------------------------------------------
def _sweep(given: argparse.Namespace, overrides: Sequence[str], output: Path | None) -> int:
    from forecast.experiment.config import sweep

    folder = output or Path("reports", given.config_name)
    _check_folder(folder)

    def job(settings: dict[str, Any], place: Path) -> str:
        print(f"forecast: {place.name}", file=sys.stderr, flush=True)
        try:
            _run(settings, place, overrides)
        except (ValueError, OSError) as error:  # the other jobs go on, the table and the exit code tell
            return f"{place.name}: {_said(error)}"
        return ""

    answers = sweep(given.config_name, overrides, job, folder, given.config_dir)
    failed = [answer for answer in answers if answer]
    for answer in failed:
        print(f"forecast: error: {answer}", file=sys.stderr)
    if len(failed) < len(answers):
        from forecast.report.comparison import command as compared

        compared([str(folder)])
    return 2 if failed else 0
