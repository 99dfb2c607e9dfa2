"""The sentences on what comes next: forecasts, how good they were, and the image worth most."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecast.effects.next_image import Image
from forecast.experiment.findings import Findings, Reading
from forecast.report.phrases import (
    THIN,
    count,
    day,
    days,
    figure,
    listed,
    named,
    p_value,
    percent,
    plain,
    rows_of,
    sentence,
    unit,
    whole,
)
from forecast.series.calendar import per_row
from forecast.series.series import DAY

WORTHWHILE = 0.1  # a shorter date interval by less than this share is no gain that anybody would pay for
FEW = 20  # scored counts below which a ranking of members is not one
LEVEL = 0.05


def ahead(findings: Findings) -> str:
    """What the best member expects over the horizon, and how far the others are from it."""
    best = findings.best_member
    if not best:
        return ""
    series = findings.readings[findings.forecast_on].series
    rows = findings.best_forecast
    span = f"the {rows_of(series, len(rows))} after {whole(series.end[-1] - DAY, series.end[-1])}"
    other = findings.forecast_on != findings.primary
    where = f"In {plain(series.name)} (not in {plain(findings.primary)}), over" if other else "Over"
    ranked = findings.backtest is not None and len(_middles(findings)) > 1 and findings.scored >= FEW
    who = named(best) + (", best in the backtest," if ranked else "")
    if len(findings.totals):
        mine = findings.totals[findings.totals["model"] == best].iloc[0]
        said = (f"{where} {span}, {who} gives {figure(mine['q0.5'])} {unit(series)} in all (median; 80{THIN}% interval "
                f"{figure(mine['q0.1'])} to {figure(mine['q0.9'])}).")
    else:
        last = rows.iloc[-1]
        said = (f"At the end of {span}, {who} gives {figure(last['q0.5'])} {unit(series)} {per_row(series)} (median; "
                f"80{THIN}% interval {figure(last['q0.1'])} to {figure(last['q0.9'])}).")
    middles = _middles(findings)
    if len(middles) > 1 and figure(float(middles.min())) != figure(float(middles.max())):
        said += (f" The medians of the {count(len(middles), 'member')} run from {figure(float(middles.min()))} to "
                 f"{figure(float(middles.max()))}.")
    return said


def _middles(findings: Findings) -> pd.Series[float]:
    """Median of each member: of the total over the horizon, or of its last row for a stock."""
    return findings.totals["q0.5"] if len(findings.totals) else findings.forecast.groupby("model")["q0.5"].last()


def ranking(findings: Findings) -> str:
    """How good the members were at past origins, and whether the ranking means anything."""
    if findings.backtest is None:
        return ""
    table, n = findings.backtest.scores, findings.scored
    best = table.iloc[0]
    mean = figure(best["crps"])
    crps = f"has the lowest mean CRPS ({mean})" if len(table) > 1 else f"has a mean CRPS of {mean}"
    said = (f"Scored on {count(n, 'count')} from {count(len(findings.backtest.origins), 'origin')}, "
            f"{named(best['model'])} {crps}, and its 80{THIN}% intervals held {_held(float(best['coverage_80']), n)}.")
    better = table[(table["dm_p"] <= LEVEL) & (table["dm_statistic"] < 0)]
    base = named(findings.backtest.baseline)
    if n < FEW and len(table) > 1:
        return _told(findings, said + " " + sentence(
            f"{count(n, 'count')} {'is' if n == 1 else 'are'} too few to rank {count(len(table), 'member')}"))
    if len(better):
        names = listed(f"{named(str(m))} (p "
                       f"{p_value(float(p))})" for m, p in zip(better["model"], better["dm_p"], strict=True))
        said += f" Better than the baseline, {base}, by the test of Diebold and Mariano: {names}."
    elif len(table) > 1 and table["dm_p"].isna().all():
        said += (f" Their horizons overlap so far that no test can tell the members from the baseline, {base}: that "
                 "takes more origins.")
    elif len(table) > 1:
        least = float(table["dm_p"].min())
        said += f" No member beats the baseline, {base}, by the test of Diebold and Mariano (least p {p_value(least)})."
    return _told(findings, said)


def _told(findings: Findings, said: str) -> str:
    """The sentences, and what was known ahead."""
    told = findings.settings.get("known")
    if not told:
        return said
    return f"{said} What was known ahead ({told}) was told at each origin to the members that take it."


def _held(coverage: float, n: int) -> str:
    """How many counts the 80 % intervals held, against how many they should; said where chance cannot explain it."""
    if not n:
        return "none"
    held, right = _half(coverage * n), _half(0.8 * n)
    far = abs(coverage - 0.8) > 3 * (0.8 * 0.2 / n) ** 0.5  # horizons overlap, so that two would be called too soon
    verdict = (": they are too narrow" if coverage < 0.8 else ": they are wider than they need be") if far else ""
    return f"{held} of them, where {right} are to be expected{verdict}"


def next_image(reading: Reading) -> str:
    """The day whose image is expected to narrow the date of a change most, and by how much."""
    if not reading.images:
        return ""
    best = reading.images[0]
    if round(best.days_then) >= best.days_now or (not reading.conclusive and shorter(best) < WORTHWHILE):
        left = count(best.days_now, "day")
        then = left if round(best.days_then) >= best.days_now else f"{round(best.days_then)} of {left}"
        return (f"No single image narrows the date {_of(reading)} by much: the best, of {day(best.day)}, is expected "
                f"to leave its 90{THIN}% interval at {then}.")
    kind = "An archive image" if np.datetime64(best.day) < reading.series.end[-1] else "An image"
    gain = shorter(best)
    said = (f"{kind} of {day(best.day)} is expected to narrow the date {_of(reading)} most, from "
            f"{count(best.days_now, 'day')} (90{THIN}% interval) to {round(best.days_then)}.")
    if gain < WORTHWHILE:
        said += f" That is a gain of {percent(gain)}: no single image settles it."
    return said


def shorter(image: Image) -> float:
    """Share by which an image is expected to shorten the date interval."""
    return 1 - image.days_then / image.days_now if image.days_now else 0.0


def _of(reading: Reading) -> str:
    return _which(reading) if reading.conclusive else "of a change, if there is one,"


def _which(reading: Reading) -> str:
    """The change whose date is worst known, which images are ranked for."""
    if len(reading.changes) < 2:
        return "of the change"
    worst = max(reading.changes, key=lambda b: np.datetime64(b.high) - np.datetime64(b.low))
    return f"of the change of {days(worst.low, worst.high)}"


def _half(x: float) -> int:
    return int(x + 0.5)
