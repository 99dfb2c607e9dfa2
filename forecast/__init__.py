"""Did the traffic change, when, by how much, which dated events fit, and what comes next.

Everything a notebook needs hangs here and is imported only when it is used, so that `import forecast` costs
nothing and the environment can be made by the standard library alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# public name -> module that holds it
_HOMES = {
    "Series": "series.series",
    "Event": "evidence.events",
    "read_events": "evidence.events",
    "Statement": "evidence.statements",
    "read_statements": "evidence.statements",
    "read_feed": "evidence.feeds.layouts",
    "feed_series": "evidence.feeds.layouts",
    "RegimeModel": "regime_model.fit",
    "Break": "series.breaks",
    "detect": "breaks.detection",
    "detect_all": "breaks.detection",
    "predict": "models.forecaster",
    "totals": "models.forecaster",
    "scenario": "models.scenarios",
    "forecast_frame": "models.frame",
    "Recipe": "models.saved",
    "save": "models.saved",
    "restore": "models.saved",
    "backtest": "models.backtesting",
    "counterfactual": "effects.counterfactuals",
    "event_effect": "effects.event_tests",
    "explain": "effects.event_explanations",
    "watch": "effects.monitoring",
    "simulate": "series.simulation",
    "Experiment": "experiment.experiment",
    "Findings": "experiment.findings",
    "run": "experiment.experiment",
    "conclude": "experiment.conclusions",
    "Conclusions": "experiment.conclusions",
    "load": "experiment.config",
    "write_report": "report.report",
    "show_report": "report.report",
    "summary": "report.report",
    "Flow": "evidence.flow",
    "Stock": "evidence.stock",
    "NestedStock": "evidence.nested_stock",
    "LongTable": "evidence.long_table",
    "Table": "evidence.table",
    "read_table": "evidence.table",
    "SimulatedYard": "evidence.simulated",
}

__all__ = [*_HOMES, "__version__"]  # noqa: PLE0604 - the names are those of the table above

if TYPE_CHECKING:
    from forecast.breaks.detection import detect, detect_all
    from forecast.effects.counterfactuals import counterfactual
    from forecast.effects.event_explanations import explain
    from forecast.effects.event_tests import event_effect
    from forecast.effects.monitoring import watch
    from forecast.evidence.events import Event, read_events
    from forecast.evidence.feeds.layouts import feed_series, read_feed
    from forecast.evidence.flow import Flow
    from forecast.evidence.long_table import LongTable
    from forecast.evidence.nested_stock import NestedStock
    from forecast.evidence.simulated import SimulatedYard
    from forecast.evidence.statements import Statement, read_statements
    from forecast.evidence.stock import Stock
    from forecast.evidence.table import Table, read_table
    from forecast.experiment.conclusions import Conclusions, conclude
    from forecast.experiment.config import load
    from forecast.experiment.experiment import Experiment, run
    from forecast.experiment.findings import Findings
    from forecast.models.backtesting import backtest
    from forecast.models.forecaster import predict, totals
    from forecast.models.frame import forecast_frame
    from forecast.models.saved import Recipe, restore, save
    from forecast.models.scenarios import scenario
    from forecast.regime_model.fit import RegimeModel
    from forecast.report.report import show_report, summary, write_report
    from forecast.series.breaks import Break
    from forecast.series.series import Series
    from forecast.series.simulation import simulate


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(f"forecast.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'forecast' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
