"""The tables of the forecasts: sums over the horizon, row by row, and scores."""

from __future__ import annotations

from forecast.experiment.findings import Findings
from forecast.report.phrases import count, day, figure, named, p_value, share, unit
from forecast.report.tables import Table
from forecast.series.calendar import per_row, row_noun


def totals(findings: Findings) -> Table | None:
    """Sum over the horizon by member; the last row of the horizon for a stock."""
    series = findings.readings[findings.forecast_on].series
    if not len(findings.forecast):
        return None
    if len(findings.totals):
        lines, what = findings.totals, f"{unit(series)} over the whole horizon"
    else:
        lines = findings.forecast.groupby("model", sort=False).last().reset_index()
        what = f"{unit(series)} {per_row(series)} at the end of the horizon"
    order = {m: k for k, m in enumerate(findings.backtest.scores["model"])} if findings.backtest else {}
    ranked = sorted(lines.to_dict("records"), key=lambda line: order.get(line["model"], 0))
    rows = tuple((named(str(r["model"])), figure(r["q0.5"]), figure(r["mean"]), f"{figure(r['q0.1'])} to "
                                                                                f"{figure(r['q0.9'])}",
                  f"{figure(r['q0.025'])} to {figure(r['q0.975'])}") for r in ranked)
    return Table(f"Forecasts by method, best score first: {what}.",
                 ("Method", "Median", "Mean", "80\u202f% "
                                              "interval", "95\u202f% interval"), rows, frozenset({1, 2, 3, 4}))


def by_step(findings: Findings) -> Table | None:
    """The best member's forecast row by row."""
    lines = findings.best_forecast
    if not len(lines):
        return None
    rows = tuple((day(r["when"]), figure(r["q0.5"]), f"{figure(r['q0.1'])} to {figure(r['q0.9'])}",
                  f"{figure(r['q0.025'])} to {figure(r['q0.975'])}") for r in lines.to_dict("records"))
    series = findings.readings[findings.forecast_on].series
    return Table(f"Forecast of {named(str(lines['model'].iloc[0]))} for each {row_noun(series)}, {unit(series)} "
                 f"{per_row(series)}.", ("From", "Median", "80\u202f% interval", "95\u202f% interval"), rows,
                 frozenset({1, 2, 3}))


def scores(findings: Findings) -> Table | None:
    """Scores of every member in the backtest."""
    if findings.backtest is None:
        return None
    b = findings.backtest
    rows = tuple((named(str(r["model"])), figure(r["crps"], 3), figure(r["log_score"], 3), figure(r["mase"], 3),
                  share(r["coverage_80"]), share(r["coverage_95"]), f"{r['pit_mean']:.2f}", p_value(r["dm_p"]))
                 for r in b.scores.to_dict("records"))
    return Table(
        f"Methods tried on {count(len(b.origins), 'past date')}, {count(b.horizon, 'row')} ahead. Error: of the whole "
        "forecast, in the unit of the counts (CRPS, the continuous ranked probability score). Log score: minus the log "
        "of the chance that the forecast gave to what came. Scaled error: of the middle, as a share of that of the "
        "last season repeated (MASE, the mean absolute scaled error). In all three lower is better. Place: mean place "
        "of the counts within the forecasts (PIT, the probability integral transform), 0.5 without bias. "
        f"p: paired test of Diebold and Mariano against {named(b.baseline)}.",
        ("Method", "Error", "Log score", "Scaled error", "In 80\u202f%", "In 95\u202f%", "Place", "p"), rows,
        frozenset(range(1, 8)))
