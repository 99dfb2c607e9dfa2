"""Names to objects: the files of a `conf/` group are the names a user types; each says which class it builds.

Nothing here imports Hydra. A target that no config may name is refused, so that a shared file cannot run code.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import is_dataclass
from datetime import date
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from numbers import Integral, Real
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml

from forecast.support.terminal import quoted
from forecast.support.untrusted import TRUSTED, may_name


def folder(name: str) -> Path:
    """Where `conf` or `experiments` lies: inside the installed package, or beside it in a clone."""
    here = Path(__file__).resolve().parent.parent
    return here / name if (here / name).is_dir() else here.parent / name


@cache
def names(group: str) -> tuple[str, ...]:
    """The names offered by a group of `conf/`, sorted."""
    return tuple(sorted(path.stem for path in (folder("conf") / group).glob("*.yaml")))


def suggest(word: str, known: tuple[str, ...] | list[str]) -> str:
    """The tail of an error message: the nearest known name, then all of them."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return (f"did you mean {quoted(close[0])}? " if close else "") + "known: " + ", ".join(known)


def make(group: str, name: str, **settings: Any) -> Any:
    """The object that `conf/GROUP/NAME.yaml` describes, with `settings` over its defaults.

    Raises ValueError when the name is unknown.
    """
    if name not in names(group) and name in (theirs := offered(group)):
        return theirs[name].load()(**settings)
    if name not in names(group):
        raise ValueError(f"{group} {quoted(name)} is unknown: {suggest(name, names(group))}")
    return build({**deepcopy(_entry(group, name)), **settings})


def offered(group: str) -> dict[str, EntryPoint]:
    """What installed packages offer under the entry points `forecast.GROUP`, by name; of trusted packages alone.

    group : detectors, models or feeds; a package is trusted by `--trust PACKAGE`, in a notebook by `trusted([PACKAGE])`
    """
    packages = TRUSTED.get()
    if not packages:  # the common case, which need not look through everything that is installed
        return {}
    return {each.name: each for each in entry_points(group=f"forecast.{group}")
            if each.value.split(":")[0].split(".")[0] in packages}


@cache
def _entry(group: str, name: str) -> dict[str, Any]:
    """What a file of `conf/` holds; read once, for a panel makes the same members thousands of times."""
    recipe = yaml.safe_load((folder("conf") / group / f"{name}.yaml").read_text(encoding="utf-8"))
    (entry,) = recipe.values() if "_target_" not in recipe else (recipe,)
    return dict(entry)


def check_fields(settings: Mapping[str, Any], target: type) -> None:
    """Raise ValueError for a setting that is not what the field of `target`, a dataclass, says it holds.

    Whether a number is in range, or a word a known one, is for the constructor to say.
    """
    hints = _hints(target)
    for name, value in settings.items():
        if name in hints and not _fits(value, hints[name]):
            raise ValueError(f"{name} must be {_called(hints[name])}, got {quoted(value)}: mend it, or put text in "
                             "quotes")


@cache
def _hints(target: type) -> dict[str, Any]:
    return get_type_hints(target) if is_dataclass(target) else {}


def _fits(value: Any, hint: Any) -> bool:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, each) for each in inner)
    if origin is Literal:
        return any(type(value) is type(each) for each in inner)
    if origin in (Sequence, tuple, list):
        return isinstance(value, list | tuple) and all(_fits(each, inner[0]) for each in value)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(  # JSON has no numbers for keys
            _fits(int(key) if str(key).isdecimal() and inner[0] is int else key, inner[0]) and _fits(each, inner[1])
            for key, each in value.items())
    if isinstance(hint, type) and is_dataclass(hint):
        return isinstance(value, hint) or hasattr(hint, "of")  # which says itself what it is made of
    plain = {int: (Integral,), float: (Real,), str: (str, date), bool: (bool,), type(None): (type(None),)}.get(hint)
    return plain is None or (isinstance(value, plain) and (hint is bool or not isinstance(value, bool)))


def _called(hint: Any) -> str:
    """A type in words: `float`, `str or None`, `a list of int`."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(_called(each) for each in inner))
    if origin is Literal:
        return "one of " + ", ".join(map(str, inner))
    if origin in (Sequence, tuple, list):
        return f"a list of {_called(inner[0])}"
    if origin is Mapping:
        return f"a mapping of {_called(inner[0])} to {_called(inner[1])}"
    return "None" if hint is type(None) else str(getattr(hint, "__name__", hint))


def build(recipe: dict[str, Any]) -> Any:
    """The object of a mapping `{_target_: forecast.module.Class, field: value, ...}`.

    Raises ValueError when the target lies outside `forecast` or a field is unknown.
    """
    fields = dict(recipe)
    target = str(fields.pop("_target_"))
    module, _, name = target.rpartition(".")
    if not may_name(target):
        raise ValueError(f"target {quoted(target)} lies outside forecast: a config chooses among what forecast offers")
    try:
        made = getattr(import_module(module), name)
        check_fields(fields, made)
        return made(**fields)
    except (TypeError, AttributeError, ModuleNotFoundError) as error:
        raise ValueError(f"{target}: {error}") from error
