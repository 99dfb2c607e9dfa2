"""Did the traffic change, when, by how much, which dated events fit, and what comes next.

Counts: read them, or make them.
    Series            counts of one thing at one place in time order, with bounds, gaps and the share that was watched
    read_table        every series of a table, a workbook or a file of a feed, by name
    read_feed         everything that such a file says, row by row, with its faults and notes
    feed_series       the series of a long file one after the other, in little memory
    simulate          a simulated series with known changes, to try things on
    read_statements   what publishers say ("at least four in May"), from a ledger of statements
    Statement         one claim by one publisher, with its bounds
    read_events       dated events from a ledger
    Event             one dated event, as precise as it is known

Changes: did the level change, when and how?
    detect            the changes of a series, by a detector's name or object
    detect_all        the changes of several series, over several processes
    Break             one change: its date with an interval, the levels before and after, its shape
    RegimeModel       the count regime model; its fit tells changes, odd rows, trend and season
    Detector          what a detector of your own offers

Events: does a known date fit?
    event_effect      the test of a date, or of several together: ratio, interval, p-value, shape, total
    explain           how likely the change belongs to each of several events, to none, or is none
    counterfactual    what would have come without the change, beside what came
    watch             what each new row says, under what the rows before it say
    best_images       the days whose image would tell most about the date of a change

Forecasts: what comes next?
    predict           sample paths of the coming rows, by a model's name or object
    totals            the total of each path over the horizon
    scenario          sample paths if a level returns and stays
    backtest          how well models forecast from earlier rows of this series
    forecast_frame    the same for every series of a long table (unique_id, ds, y)
    FrameForecaster   that in two steps, fit and predict
    Forecaster        what a model of your own offers
    Recipe            all that a forecast depends on; its paths are the same each time
    save              write a recipe or a backtest to a JSON file
    restore           have it back

Experiments: the whole question, from evidence to report.
    load              the experiment of a name or a file, with settings of your own
    Experiment        what is asked of which evidence
    run               do the work; gives the findings
    Findings          everything that a report says, as plain data
    conclude          what the findings amount to
    Conclusions       the answers by name: what changed, the verdict of each event, the grade of the evidence
    write_report      write the page, its figures and its tables into a folder
    show_report       the page in a notebook
    summary           the answer on a terminal
    Flow              evidence of what passes, from statements
    Stock             evidence of what stands at a place, from statements of images
    NestedStock       the same, where counts are of parts and of wholes
    Table             evidence from any table
    LongTable         evidence from a long table
    SimulatedYard     evidence that is simulated
    trusted           let configs and files use classes of a package of your own

    >>> from forecast import Series, detect
    >>> detect(Series.from_values([4, 5, 3, 6, 4, 5, 14, 15, 12, 17, 13, 14], start="2023-01-02"))[0].at
    '2023-02-13'

Everything hangs here and is imported only when it is used, so that `import forecast` costs nothing and the environment
can be made by the standard library alone.
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
