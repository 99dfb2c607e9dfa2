"""What a shared config may not hold: a shared file must not be code.

Every file but our own `conf/` is read with a safe loader and refused before Hydra sees it if it names a target
outside `forecast`, touches Hydra's own settings (callbacks and logging run code before any function of ours does)
or asks for a resolver (`${oc.env:...}` copies secrets into saved configs). Overrides of the command line and the
composed whole pass the same check.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

TARGET = re.compile(r"forecast(\.[a-z]\w*)+\.[A-Z]\w*")
PLAIN = re.compile(r"\$\{\.*\w[\w.\-]*(\[\w+\])*\.?[\w.\-]*\}")  # ${a.b}, ${.c} or ${a[0].b}: a reference, no call
LARGEST = 20_000  # nodes of one file: aliases can fold a file of a kilobyte out to the size of the memory
# Hydra's own settings that an override may set, and the values that they take.
WORD = r"[\w.,-]+"
ALLOWED = {
    "hydra.verbose": WORD,
    "hydra/launcher": "basic|joblib|submitit_local|submitit_slurm",
    "hydra/sweeper": "basic",
    **dict.fromkeys((f"hydra.launcher.{key}" for key in
                     ("n_jobs", "timeout_min", "cpus_per_task", "mem_gb", "partition")), WORD),
}


class RefusedError(ValueError):
    """A file or an override that is more than settings."""


def check_text(text: str, where: str) -> Any:
    """What the YAML `text` holds, if it is settings and nothing else.

    Raises RefusedError for a target outside forecast, Hydra's own settings, a resolver, a tag or a package header, and
    ValueError for what is no YAML.
    """
    for header in re.findall(r"^\s*#\s*@(\w+\s+\S+)", text, flags=re.M):
        if header.split() != ["package", "_global_"]:
            raise RefusedError(f"{where}: header '# @{header}' is not for experiments: leave it out")
    try:
        loaded = yaml.safe_load(text)
    except yaml.constructor.ConstructorError as error:
        raise RefusedError(f"{where}: {error.problem}: an experiment is plain settings, mend that line") from error
    except yaml.YAMLError as error:
        raise ValueError(faulty(error, where)) from error
    except RecursionError as error:
        raise RefusedError(f"{where}: nested too deeply for settings") from error
    check(loaded, where)
    return loaded


def faulty(error: yaml.YAMLError, where: str) -> str:
    """What is wrong with a YAML file, and in which line."""
    mark = getattr(error, "problem_mark", None)
    line = f", line {mark.line + 1}" if mark else ""
    return f"{where}{line}: {getattr(error, 'problem', None) or error}: mend the YAML"


def check(loaded: Any, where: str) -> None:
    """Raise RefusedError if a loaded mapping is more than settings; see `check_text`."""
    queue, seen = [("", loaded)], 0
    while queue:
        path, node = queue.pop()
        seen += 1
        if seen > LARGEST:
            raise RefusedError(f"{where}: more than {LARGEST} entries: an experiment is short, counts lie in ledgers")
        if isinstance(node, Mapping):
            for key, value in node.items():
                _check_key(str(key), value, where)
                queue += [(f"{path}.{key}".lstrip("."), value), (path, str(key))]
        elif isinstance(node, (list, tuple)):
            queue += [(path, value) for value in node]
        elif isinstance(node, str):
            _check_word(node, f"{where}: {path}" if path else where)
            if path.split(".")[0] == "defaults" and "hydra" in re.split(r"\W+", node):
                raise RefusedError(f"{where}: defaults name {node!r}: Hydra's own settings are not for experiments")


def _check_key(key: str, value: Any, where: str) -> None:
    if re.match(r"hydra($|[./@])|.*@hydra\b", key):
        raise RefusedError(f"{where}: {key!r}: Hydra's own settings can run code: leave it out")
    if key == "_target_" and not (isinstance(value, str) and TARGET.fullmatch(value)):
        raise RefusedError(f"{where}: target {value!r} lies outside forecast: a config chooses among our classes")


def _check_word(word: str, where: str) -> None:
    rest, before = word, ""
    while rest != before:
        before, rest = rest, PLAIN.sub("", rest)
    if "${" in rest:
        raise RefusedError(f"{where}: {word!r}: only a plain reference such as ${{horizon}} is read, no resolver")


def check_override(text: str) -> None:
    """Raise RefusedError if an override of the command line is more than a setting.

    >>> check_override("horizon=6")
    >>> check_override("hydra.callbacks.x._target_=os.system")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    forecast.refusals.RefusedError: override 'hydra.callbacks.x._target_=os.system': of Hydra's own settings only ...
    """
    key, _, value = text.partition("=")
    key = key.lstrip("+~").strip()
    if "hydra" in re.split(r"[./@:\s]+", key):
        if not re.fullmatch(ALLOWED.get(key, r"(?!)"), value):
            raise RefusedError(f"override {text!r}: of Hydra's own settings only {', '.join(ALLOWED)} may be "
                          "set; output=FOLDER says where a report goes")
        return
    _check_word(text, "override")
    last = key.rpartition(".")[2]
    if last == "_target_" and not TARGET.fullmatch(value):
        raise RefusedError(f"override {text!r}: the target lies outside forecast")
