"""Run an experiment, or a sweep over its settings: what `forecast` does without a subcommand."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.cli.errors import said, warnings_said
from forecast.cli.overview import COMMANDS, DEFAULT
from forecast.cli.parser import Parser
from forecast.support.terminal import printable, quoted, raw_stderr

if TYPE_CHECKING:
    from forecast.experiment.findings import Findings
    from forecast.support.progress import Progress

LOG = logging.getLogger("forecast")


def command(words: Sequence[str]) -> int:
    """Run what the words name, write its report and print its answer; 2 where a job of a sweep failed.

    Raises ValueError for options, settings and experiments that are unknown.
    """
    from forecast import __version__
    from forecast.support.untrusted import trusted

    given = _parser().read(words)
    if given.version:
        print(f"forecast {__version__}")
        return 0
    with warnings_said(), trusted(given.trust):
        return _experiment(given)


def _parser() -> Parser:
    parser = Parser("", "run an experiment")
    parser.add_argument("words", nargs="*")
    parser.add_argument("-cn", "--config-name", default=DEFAULT)
    parser.add_argument("-cd", "--config-dir")
    parser.add_argument("-m", "--multirun", action="store_true")
    parser.add_argument("--trust", action="append", default=[])
    parser.add_argument("-c", "--cfg", choices=["job"])
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--version", action="store_true")
    return parser


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
    findings = _run(settings, folder, overrides, given.quiet)
    if given.json:
        print((folder / "findings.json").read_text(encoding="utf-8"))
    elif not given.quiet:
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
            raise ValueError(f"{quoted(word)} is an experiment: write forecast -cn {word}")
        raise ValueError(f"{quoted(word)} is neither a setting (key=value) nor a command: "
                         f"{suggest(word, list(COMMANDS))}")


def _run(settings: dict[str, Any], folder: Path, overrides: Sequence[str], quiet: bool) -> Findings:
    """Run what `settings` describe and write its report, the settings and a log to `folder`; the findings."""
    from forecast.experiment.config import build
    from forecast.experiment.output_folders import check_output

    with _logged("hydra.verbose=true" in overrides) as log:
        check_output(folder)  # before the work, not after it
        experiment, text = build(settings), _yaml(settings)
        with _progress(quiet) as progress:
            LOG.info("forecast -cn %s %s", settings["name"], " ".join(overrides))
            from forecast.experiment.experiment import run
            from forecast.report.report import write_report

            findings = run(experiment, progress=progress)
            LOG.info("writing %s", folder)
            again = f"# Run again: forecast -cn config -cd {folder.as_posix()}\n"
            write_report(findings, folder, config=text,
                         also=lambda: {"config.yaml": again + text, "forecast.log": log()})
    return findings


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
def _progress(quiet: bool) -> Iterator[Progress]:
    """Log every step; on a terminal also draw a bar, unless quiet."""
    def logged(done: int, total: int, what: str) -> None:
        LOG.info("%d of %d: %s", done, total, what)

    if quiet or not sys.stderr.isatty():
        yield logged
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress as Bar

    with Bar(console=Console(file=raw_stderr()), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def drawn(done: int, total: int, what: str) -> None:
            logged(done, total, what)
            bar.update(task, completed=done, total=total, description=escape(printable(what)))

        yield drawn


# -- sweep ----------------------------------------------------------------------------------------------------------
def _sweep(given: argparse.Namespace, overrides: Sequence[str], output: Path | None) -> int:
    from forecast.experiment.config import sweep
    from forecast.experiment.output_folders import check_output

    folder = output or Path("reports", given.config_name)
    check_output(folder)

    def job(settings: dict[str, Any], place: Path) -> str:
        if not given.quiet:
            print(f"forecast: {place.name}", file=sys.stderr, flush=True)
        try:
            _run(settings, place, overrides, given.quiet)
        except (ValueError, OSError) as error:  # the other jobs go on, the table and the exit code tell
            return f"{place.name}: {said(error)}"
        return ""

    try:
        answers = sweep(given.config_name, overrides, job, folder, given.config_dir)
    except KeyboardInterrupt as stopped:
        stopped.add_note(f"jobs that were done are in {folder}")
        raise
    failed = [answer for answer in answers if answer]
    for answer in failed:
        print(f"forecast: error: {answer}", file=sys.stderr)
    if len(failed) < len(answers):
        from forecast.report.comparison import compare

        table = compare(folder)
        if not given.quiet:
            print(table.to_json(orient="records") if given.json else table.to_string(index=False))
    return 2 if failed else 0
