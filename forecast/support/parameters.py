"""Settings as scikit-learn's tools ask for them: `get_params`, `set_params`, and what `sklearn.base.clone` needs."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, Self


class Tunable:
    """A frozen dataclass whose fields are its settings; base of every detector and forecaster."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Setting -> value; with `deep` also the settings of settings, as outer__inner.

        >>> from forecast.models.ets import Ets
        >>> Ets().set_params(**Ets().get_params()) == Ets()
        True
        """
        own = {each.name: getattr(self, each.name) for each in fields(self)}  # type: ignore[arg-type]
        inner = {f"{name}__{each.name}": getattr(value, each.name) for name, value in own.items()
                 if deep and is_dataclass(value) and not isinstance(value, type) for each in fields(value)}
        return own | inner

    def set_params(self, **params: Any) -> Self:
        """A copy with these settings; the object itself never changes.

        Raises ValueError for a setting that there is not, and what the constructor raises for a wrong one.
        """
        own: dict[str, Any] = {}
        nested: dict[str, dict[str, Any]] = {}
        for name, value in params.items():
            outer, _, inner = name.partition("__")
            if name not in self.get_params():
                raise ValueError(f"{type(self).__name__} has no setting {name!r}: it has "
                                 f"{', '.join(self.get_params()) or 'none'}")
            if inner:
                nested.setdefault(outer, {})[inner] = value
            else:
                own[name] = value
        made = replace(self, **own)  # type: ignore[type-var]
        return replace(made, **{name: replace(getattr(made, name), **inner)  # type: ignore[type-var]
                                for name, inner in nested.items()}) if nested else made

    def __sklearn_clone__(self) -> Self:
        """Itself: it holds settings alone and never changes."""
        return self
