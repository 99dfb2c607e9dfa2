"""Names to objects: the files of a `conf/` group are the names a user types; each says which class it builds.

Nothing here imports Hydra. A target that no config may name is refused, so that a shared file cannot run code.
"""

from __future__ import annotations

import difflib
from copy import deepcopy
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from forecast.refusals import may_name


def folder(name: str) -> Path:
    """Where `conf` or `experiments` lies: inside the installed package, or beside it in a clone."""
    here = Path(__file__).resolve().parent
    return here / name if (here / name).is_dir() else here.parent / name


@cache
def names(group: str) -> tuple[str, ...]:
    """The names offered by a group of `conf/`, sorted."""
    return tuple(sorted(path.stem for path in (folder("conf") / group).glob("*.yaml")))


def suggest(word: str, known: tuple[str, ...] | list[str]) -> str:
    """The tail of an error message: the nearest known name, then all of them."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return (f"did you mean {close[0]!r}? " if close else "") + "known: " + ", ".join(known)


def make(group: str, name: str, **settings: Any) -> Any:
    """The object that `conf/GROUP/NAME.yaml` describes, with `settings` over its defaults.

    Raises ValueError when the name is unknown.
    """
    if name not in names(group):
        raise ValueError(f"{group} {name!r} is unknown: {suggest(name, names(group))}")
    return build({**deepcopy(_entry(group, name)), **settings})


@cache
def _entry(group: str, name: str) -> dict[str, Any]:
    """What a file of `conf/` holds; read once, for a panel makes the same members thousands of times."""
    recipe = yaml.safe_load((folder("conf") / group / f"{name}.yaml").read_text(encoding="utf-8"))
    (entry,) = recipe.values() if "_target_" not in recipe else (recipe,)
    return dict(entry)


def build(recipe: dict[str, Any]) -> Any:
    """The object of a mapping `{_target_: forecast.module.Class, field: value, ...}`.

    Raises ValueError when the target lies outside `forecast` or a field is unknown.
    """
    fields = dict(recipe)
    target = str(fields.pop("_target_"))
    module, _, name = target.rpartition(".")
    if not may_name(target):
        raise ValueError(f"target {target!r} lies outside forecast: a config chooses among what forecast offers")
    try:
        return getattr(import_module(module), name)(**fields)
    except (TypeError, AttributeError, ModuleNotFoundError) as error:
        raise ValueError(f"{target}: {error}") from error
