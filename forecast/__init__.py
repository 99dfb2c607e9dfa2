"""Did the traffic change, when, by how much, which dated events fit, and what comes next.

Everything a notebook needs hangs here and is imported only when it is used, so that `import forecast` costs
nothing and the environment can be made by the standard library alone.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# public name -> module that holds it
_HOMES = {
    "Series": "series",
    "Event": "events",
    "read_events": "events",
    "Statement": "statements",
    "read_statements": "statements",
    "read_feed": "feeds",
    "feed_series": "feeds",
    "Break": "breaks",
    "detect": "breaks",
    "detect_all": "breaks",
    "predict": "models",
    "totals": "models",
    "scenario": "models.scenario",
    "forecast_frame": "frame",
    "Recipe": "saved",
    "save": "saved",
    "restore": "saved",
    "backtest": "backtest",
    "counterfactual": "counterfactual",
    "event_effect": "effects",
    "explain": "explanations",
    "watch": "watch",
    "simulate": "simulate",
    "Experiment": "experiment",
    "Findings": "findings",
    "run": "experiment",
    "load": "config",
    "write_report": "report",
    "show_report": "report",
    "summary": "report",
}

__all__ = [*_HOMES, "__version__"]  # noqa: PLE0604 - the names are those of the table above

if TYPE_CHECKING:
    from forecast.backtest import backtest
    from forecast.breaks import Break, detect, detect_all
    from forecast.config import load
    from forecast.counterfactual import counterfactual
    from forecast.effects import event_effect
    from forecast.events import Event, read_events
    from forecast.experiment import Experiment, run
    from forecast.explanations import explain
    from forecast.feeds import feed_series, read_feed
    from forecast.findings import Findings
    from forecast.frame import forecast_frame
    from forecast.models import predict, totals
    from forecast.models.scenario import scenario
    from forecast.report import show_report, summary, write_report
    from forecast.saved import Recipe, restore, save
    from forecast.series import Series
    from forecast.simulate import simulate
    from forecast.statements import Statement, read_statements
    from forecast.watch import watch


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        # a function may carry the name of its module (simulate, backtest): bind it over the module
        value = getattr(import_module(f"forecast.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'forecast' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """Keeps `forecast.simulate` the function when some module imports the file of the same name first."""

    def __setattr__(self, name: str, value: Any) -> None:
        if _HOMES.get(name) == name and isinstance(value, ModuleType):
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
