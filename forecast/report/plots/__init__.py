"""Plots of results: `plot_x(result, ax) -> Axes`. Nothing here computes a statistic; pyplot is imported
only by `draw` for a figure of its own.

Each stands alone on any axes and fits what it writes (ticks, labels, keys) to their width: COLUMN and PAGE are the
widths, in inches, that the report uses. Dates are days since 1970, as numpy and Matplotlib both have them. The style is
`templates/forecast.mplstyle`; draw inside `with style():`, or in any style of your own.
"""

from forecast.report.plots.counterfactual import plot_cumulative, plot_effect
from forecast.report.plots.events import MOST, plot_effects, plot_explanations, plot_sensitivity
from forecast.report.plots.forecasts import plot_backtest, plot_coverage, plot_forecast, plot_pit
from forecast.report.plots.images import plot_images
from forecast.report.plots.observations import event_lines, plot_breaks, plot_events, plot_observations
from forecast.report.plots.overview import plot_overview
from forecast.report.plots.parts import BLUE, COLUMN, INK, PAGE, QUIET, RULE, date_axis, middles, style
from forecast.report.plots.results import draw

__all__ = ["BLUE", "COLUMN", "INK", "MOST", "PAGE", "QUIET", "RULE", "date_axis", "draw", "event_lines", "middles",
           "plot_backtest",
           "plot_breaks", "plot_coverage", "plot_cumulative", "plot_effect", "plot_effects", "plot_events",
           "plot_explanations", "plot_forecast", "plot_images", "plot_observations", "plot_overview", "plot_pit",
           "plot_sensitivity", "style"]
