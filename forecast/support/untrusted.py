"""What a shared config may not hold: a shared file must not be code.

Every file but our own `conf/` is read with a safe loader and refused before Hydra sees it if it names a target
outside what `forecast` offers, touches Hydra's own settings (callbacks and logging run code before any function of
ours does) or asks for a resolver (`${oc.env:...}` copies secrets into saved configs). Overrides of the command line
and the composed whole pass the same check. A user's own package may be named where the user, never the file, says
that it is trusted; even then nothing but a class is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from forecast.support import yaml_graph
from forecast.support.regular_files import check_regular
from forecast.support.terminal import quoted, short

OURS = re.compile(r"forecast\.((breaks|models)(\.[a-z]\w*)*\.[A-Z]\w*"
                  r"|Flow|NestedStock|Stock|LongTable|Table|SimulatedYard)", re.ASCII)
# where sources stood in the first edition -> the name that a config uses now
MOVED = {**{f"forecast.reconcile.{name}": f"forecast.{name}" for name in ("Flow", "Stock", "LongTable")},
         "forecast.longtable.LongTable": "forecast.LongTable",
         "forecast.simulate.SimulatedYard": "forecast.SimulatedYard"}
THEIRS = re.compile(r"[a-zA-Z_]\w*(\.[a-zA-Z]\w*)*\.[A-Z]\w*", re.ASCII)
TRUSTED: ContextVar[tuple[str, ...]] = ContextVar("TRUSTED", default=())
PLAIN = re.compile(r"\$\{\.*\w[\w.\-]*(\[\w+\][\w.\-]*)*\}")  # ${a.b}, ${.c} or ${a[0].b}: a reference, no call
LARGEST = 20_000  # nodes of one file: aliases can fold a file of a kilobyte out to the size of the memory
DEEPEST = 20  # levels of one file
REFERENCES = 12  # in one experiment: each may name a text of others, and ten levels of ten fill the memory
MOST_BYTES = 256 * 1024
LONGEST = 10_000  # characters of an override
MOST_LETTERS = LONGEST  # of one text
MOST_KEY = 200  # letters of the name of a setting
# what a reader does not see, or what turns the text around it: a name is to be what it looks like
INVISIBLE = "\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
HIDDEN = re.compile(f"[\x00\r{INVISIBLE}]")
# Hydra's own settings that an override may set, and the values that they take.
WORD = r"[\w.,-]+"
ALLOWED = {
    "hydra.verbose": WORD,
    "hydra/launcher": "basic|joblib|submitit_local|submitit_slurm",
    "hydra/sweeper": "basic",
    "hydra.launcher.n_jobs": r"-?[1-9]\d{0,2}",  # a pool starts all of its workers, however few the jobs
    **dict.fromkeys((f"hydra.launcher.{key}" for key in ("timeout_min", "cpus_per_task", "mem_gb", "partition")), WORD),
}


class RefusedError(ValueError):
    """A file or an override that is more than settings."""


@contextmanager
def trusted(packages: Sequence[str]) -> Iterator[None]:
    """Let configs name classes of these packages of the user's own while this lasts.

    Raises ValueError for what is no name of a package.

    >>> with trusted(["mypackage"]):
    ...     may_name("mypackage.models.Mine"), may_name("otherpackage.models.Mine")
    (True, False)
    """
    for name in packages:
        if not name.isidentifier():
            raise ValueError(f"trust {quoted(name)} is no name of a package: write --trust mypackage")
    before = TRUSTED.set((*TRUSTED.get(), *packages))
    try:
        yield
    finally:
        TRUSTED.reset(before)


def may_name(target: Any) -> bool:
    """Whether a config may name `target`: a class among our sources, detectors and models, or of a trusted package.

    >>> may_name("forecast.models.ets.Ets"), may_name("os.system"), may_name("forecast.support.bootstrap.ensure")
    (True, False, False)
    """
    if not isinstance(target, str):
        return False
    return bool(OURS.fullmatch(target)) or (target.split(".")[0] in TRUSTED.get() and bool(THEIRS.fullmatch(target)))


def read_settings(file: Path) -> str:
    """The text of a file of settings.

    Raises RefusedError for what is no file, or is too large or no UTF-8 to be one.
    """
    try:
        check_regular(file)
    except (ValueError, FileNotFoundError) as error:
        raise RefusedError(f"{file.name}: is no file: name a YAML file") from error
    if file.stat().st_size > MOST_BYTES:
        raise RefusedError(f"{file.name}: larger than {MOST_BYTES // 1024} KiB: an experiment is short, counts lie in "
                           "ledgers")
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedError(f"{file.name}: byte {error.start} is no UTF-8: save it as UTF-8") from error


def check_text(text: str, where: str) -> Any:
    """What the YAML `text` holds, if it is settings and nothing else.

    Raises RefusedError for a target outside forecast, Hydra's own settings, a resolver, a tag or a package header, and
    ValueError for what is no YAML.
    """
    if len(text) > MOST_BYTES:
        raise RefusedError(f"{where}: longer than {MOST_BYTES // 1024} KiB: an experiment is short, counts lie in "
                           "ledgers")
    for line in text.splitlines():  # as Hydra parts lines: a header may also follow U+0085 or U+2028
        if (header := re.match(r"\s*#\s*@(.*)", line)) and header[1].split() != ["package", "_global_"]:
            raise RefusedError(f"{where}: header '# @{header[1][:80]}' is not for experiments: leave it out")
    try:
        loaded = yaml_graph.loaded(text, LARGEST, DEEPEST)
    except yaml.constructor.ConstructorError as error:
        raise RefusedError(f"{where}: {short(str(error.problem))}: an experiment is plain settings, mend that "
                           "line") from error
    except yaml.YAMLError as error:
        raise ValueError(faulty(error, where)) from error
    except RecursionError as error:
        raise RefusedError(f"{where}: nested too deeply for settings") from error
    except yaml_graph.GraphError as error:
        raise RefusedError(f"{where}{error.line}: {error}") from error
    except (ValueError, OverflowError) as error:  # a number of thousands of digits, a 30 February
        said = str(error).partition(";")[0]
        raise RefusedError(f"{where}: {said}: mend that number or date") from error
    check(loaded, where)
    return loaded


def faulty(error: yaml.YAMLError, where: str) -> str:
    """What is wrong with a YAML file, and in which line."""
    mark = getattr(error, "problem_mark", None)
    line = f", line {mark.line + 1}" if mark else ""
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error).splitlines()[0]
    return f"{where}{line}: {short(str(problem))}: mend the YAML"


def check(loaded: Any, where: str) -> None:
    """Raise RefusedError if a loaded mapping is more than settings; see `check_text`."""
    queue, seen, references = [("", loaded, 0)], 0, 0
    while queue:
        path, node, depth = queue.pop()
        seen += 1
        if seen > LARGEST:
            raise RefusedError(f"{where}: more than {LARGEST} entries: an experiment is short, counts lie in ledgers")
        if depth > DEEPEST:
            raise RefusedError(f"{where}: nested too deeply for settings")
        if isinstance(node, Mapping):
            for key, value in node.items():
                _check_key(key, value, where)
                queue += [(f"{path}.{key}".lstrip("."), value, depth + 1), (path, str(key), depth)]
        elif isinstance(node, (list, tuple)):
            queue += [(path, value, depth + 1) for value in node]
        elif isinstance(node, str):
            _check_word(node, f"{where}: {path}" if path else where)
            references += node.count("${")
            if path.split(".")[0] == "defaults":
                _check_default(node, where)
        elif not isinstance(node, bool | int | float | date | None):
            raise RefusedError(f"{where}: {path}: a {type(node).__name__} is no setting: write text, a number or a "
                               "list")
        elif isinstance(node, int) and abs(node) >= 2**63:
            raise RefusedError(f"{where}: {path}: a number of more than 18 digits: write a smaller one")
    if references > REFERENCES:
        raise RefusedError(f"{where}: more than {REFERENCES} references such as ${{horizon}}: write the values out")


def _check_key(key: Any, value: Any, where: str) -> None:
    if not isinstance(key, str | int | float | date):
        raise RefusedError(f"{where}: {quoted(key)} is no name of a setting: write a word before the colon")
    if len(str(key)) > MOST_KEY:
        raise RefusedError(f"{where}: {quoted(key)} is too long for a name: write at most {MOST_KEY} letters")
    if re.match(r"hydra($|[./@])|.*@hydra\b", str(key)):
        raise RefusedError(f"{where}: {quoted(key)}: Hydra's own settings can run code: leave it out")
    if key == "_target_" and not may_name(value):
        raise RefusedError(f"{where}: {_outside(value)}")


def _outside(target: Any) -> str:
    if isinstance(target, str) and target in MOVED:
        return f"target {quoted(target)} has moved: write {MOVED[target]}"
    return (f"target {quoted(target)} lies outside forecast's sources, detectors and models: name one of them, or say "
            "--trust PACKAGE for a class of your own")


def _check_default(word: str, where: str) -> None:
    """A defaults list names files of the folders of experiments, and nothing beside them."""
    if "hydra" in re.split(r"\W+", word):
        raise RefusedError(f"{where}: defaults name {quoted(word)}: Hydra's own settings are not for experiments")
    if ".." in word or "://" in word or "~" in word or word.startswith("//"):
        raise RefusedError(f"{where}: defaults name {quoted(word)}: only files of the folder of experiments can be "
                           "named")


def _check_word(word: str, where: str) -> None:
    if len(word) > MOST_LETTERS:
        raise RefusedError(f"{where}: a text of {len(word):,} letters ({quoted(word)}): write at most "
                           f"{MOST_LETTERS:,}, more belongs into a file")
    if mark := HIDDEN.search(word):
        raise RefusedError(f"{where}: text holds the hidden character U+{ord(mark[0]):04X}: take it out")
    if word.count("${") > REFERENCES:
        raise RefusedError(f"{where}: more than {REFERENCES} references such as ${{horizon}}: write the values out")
    rest, before = word, ""
    while rest != before:
        before, rest = rest, PLAIN.sub("", rest)
    if "${" in rest:
        raise RefusedError(f"{where}: {quoted(word)}: only a plain reference such as ${{horizon}} is read, no resolver")


def check_override(text: str) -> None:
    """Raise RefusedError if an override of the command line is more than a setting.

    >>> check_override("horizon=6")
    >>> check_override("hydra.callbacks.x._target_=os.system")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    forecast.support.untrusted.RefusedError: override 'hydra.callbacks.x._target_=os.system': of Hydra's own ...
    """
    if len(text) > LONGEST:
        raise RefusedError(f"override {text[:40]!r}...: longer than {LONGEST:,} characters: put it into a file")
    key, _, value = text.partition("=")
    key = key.lstrip("+~").strip()
    if "hydra" in re.split(r"[./@:\s]+", key):
        if key in ALLOWED and not re.fullmatch(ALLOWED[key], value):
            raise RefusedError(f"override {quoted(text)}: {key} must fit {ALLOWED[key]}, got "
                               f"{quoted(value)}: write such a value")
        if key not in ALLOWED:
            raise RefusedError(f"override {quoted(text)}: of Hydra's own settings only {', '.join(ALLOWED)} may be "
                          "set; output=FOLDER says where a report goes")
        return
    _check_word(text, "override")
    last = key.rpartition(".")[2]
    if last == "_target_" and not may_name(value):
        raise RefusedError(f"override {quoted(text)}: {_outside(value)}")
