"""Did the traffic change, when, by how much, which dated events fit, and what comes next.

Everything a notebook needs hangs here and is imported only when it is used, so that `import forecast` costs
nothing and the environment can be made by the standard library alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

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
    "Forecaster": "models.forecaster",
    "Detector": "breaks.detection",
    "totals": "models.forecaster",
    "scenario": "models.scenarios",
    "forecast_frame": "models.frame",
    "FrameForecaster": "models.frame_forecaster",
    "Recipe": "models.saved",
    "save": "models.saved",
    "restore": "models.saved",
    "backtest": "models.backtesting",
    "counterfactual": "effects.counterfactuals",
    "event_effect": "effects.event_tests",
    "explain": "effects.event_explanations",
    "best_images": "effects.next_image",
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
    "trusted": "support.untrusted",
}

__all__ = [*_HOMES, "__version__"]  # noqa: PLE0604 - the names are those of the table above

if TYPE_CHECKING:  # with their own names again, so that type checkers take them as public
    from forecast.breaks.detection import Detector as Detector
    from forecast.breaks.detection import detect as detect
    from forecast.breaks.detection import detect_all as detect_all
    from forecast.effects.counterfactuals import counterfactual as counterfactual
    from forecast.effects.event_explanations import explain as explain
    from forecast.effects.event_tests import event_effect as event_effect
    from forecast.effects.monitoring import watch as watch
    from forecast.effects.next_image import best_images as best_images
    from forecast.evidence.events import Event as Event
    from forecast.evidence.events import read_events as read_events
    from forecast.evidence.feeds.layouts import feed_series as feed_series
    from forecast.evidence.feeds.layouts import read_feed as read_feed
    from forecast.evidence.flow import Flow as Flow
    from forecast.evidence.long_table import LongTable as LongTable
    from forecast.evidence.nested_stock import NestedStock as NestedStock
    from forecast.evidence.simulated import SimulatedYard as SimulatedYard
    from forecast.evidence.statements import Statement as Statement
    from forecast.evidence.statements import read_statements as read_statements
    from forecast.evidence.stock import Stock as Stock
    from forecast.evidence.table import Table as Table
    from forecast.evidence.table import read_table as read_table
    from forecast.experiment.conclusions import Conclusions as Conclusions
    from forecast.experiment.conclusions import conclude as conclude
    from forecast.experiment.config import load as load
    from forecast.experiment.experiment import Experiment as Experiment
    from forecast.experiment.experiment import run as run
    from forecast.experiment.findings import Findings as Findings
    from forecast.models.backtesting import backtest as backtest
    from forecast.models.forecaster import Forecaster as Forecaster
    from forecast.models.forecaster import predict as predict
    from forecast.models.forecaster import totals as totals
    from forecast.models.frame import forecast_frame as forecast_frame
    from forecast.models.frame_forecaster import FrameForecaster as FrameForecaster
    from forecast.models.saved import Recipe as Recipe
    from forecast.models.saved import restore as restore
    from forecast.models.saved import save as save
    from forecast.models.scenarios import scenario as scenario
    from forecast.regime_model.fit import RegimeModel as RegimeModel
    from forecast.report.report import show_report as show_report
    from forecast.report.report import summary as summary
    from forecast.report.report import write_report as write_report
    from forecast.series.breaks import Break as Break
    from forecast.series.series import Series as Series
    from forecast.series.simulation import simulate as simulate
    from forecast.support.untrusted import trusted as trusted


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(f"forecast.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'forecast' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
