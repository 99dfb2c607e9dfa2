"""The sentences on what comes next: forecasts, how good they were, and the image worth most."""

from __future__ import annotations

import pandas as pd

from forecast.experiment.findings import Findings
from forecast.experiment.forecast_ranking import Coverage, ForecastRanking, Ranking
from forecast.experiment.reading import Reading
from forecast.experiment.series_answers import Advice, Answer, SeriesAnswer
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
    subject,
    unit,
    whole,
)
from forecast.series.calendar import per_row, row_noun
from forecast.series.days import DAY


def ahead(findings: Findings) -> str:
    """What the best member expects over the horizon, and how far the others are from it."""
    told = findings.conclusions.forecast
    if told is None:
        reason = findings.settings.get("no_forecast")
        return f"Nothing is forecast: {reason}." if reason else ""
    best, middles = told.best, _middles(findings)
    series = findings.readings[findings.forecast_on].series
    rows = findings.best_forecast
    span = (f"the {rows_of(series, len(rows))} after {whole(series.end[-1] - DAY, series.end[-1])}, where its counts "
            "end")
    other = findings.forecast_on != findings.primary
    where = f"For {plain(series.name)} (not {plain(findings.primary)}), over" if other else "Over"
    who = named(best) + (", best on past dates," if told.tellable and len(middles) > 1 else "")
    if len(findings.totals):
        mine = findings.totals[findings.totals["model"] == best].iloc[0]
        said = (f"{where} {span}, {who} expects about {figure(mine['q0.5'])} {unit(series)} in all (80{THIN}% interval "
                f"{figure(mine['q0.1'])} to {figure(mine['q0.9'])}).")
        if mine["q0.5"] > 0 and not rows["q0.5"].any():
            said += f" In any single {row_noun(series)} none at all is likelier than one or more."
    else:
        last = rows.iloc[-1]
        said = (f"At the end of {span}, {who} expects about {figure(last['q0.5'])} {unit(series)} {per_row(series)} "
                f"(80{THIN}% interval {figure(last['q0.1'])} to {figure(last['q0.9'])}).")
    if len(middles) > 1 and figure(float(middles.min())) != figure(float(middles.max())):
        said += (f" The middles of the {count(len(middles), 'method')} run from {figure(float(middles.min()))} to "
                 f"{figure(float(middles.max()))}.")
    return said


def others(findings: Findings) -> str:
    """What comes next for the further series, a sentence each; those without a forecast by their reason, together."""
    said: list[str] = []
    without: dict[str, list[str]] = {}
    by_name = {reading.series.name: reading.series for reading in findings.readings.values()}
    for each in findings.other_forecasts:
        series = by_name[each.series]
        if each.reason:
            without.setdefault(each.reason, []).append(plain(series.name))
            continue
        when = f"from {day(each.first)} to {day(each.last)}" if series.kind == "flow" else f"on {day(each.last)}"
        how = f"{unit(series)} in all" if series.kind == "flow" else f"{unit(series)} at a time"
        ends = f"{figure(each.low)} to {figure(each.high)}"
        opening = f"For {plain(series.name)}, {when}, {named(each.member)}"
        said.append(f"{opening} tells hardly anything: its 80{THIN}% interval is {ends} {how}." if each.vague else
                    f"{opening} expects about {figure(each.middle)} {how} (80{THIN}% interval {ends}).")
    if said:
        said.append("Each begins where its own counts end, so that the days may have passed: it says what the counts "
                    "until then led to expect, not what came.")
    said += [f"Nothing is forecast of {listed(names)}: {reason}." for reason, names in without.items()]
    return " ".join(said)


def title(findings: Findings) -> str:
    """The takeaway of the picture of the forecast."""
    series, rows = findings.readings[findings.forecast_on].series, findings.best_forecast
    what = subject(series)
    head, span = what[:1].upper() + what[1:], rows_of(series, len(rows))
    if len(findings.totals):
        mine = findings.totals[findings.totals["model"] == findings.best_member].iloc[0]
        return (f"{head}: about {figure(mine['q0.5'])} in the next {span} ({figure(mine['q0.1'])} to "
                f"{figure(mine['q0.9'])} with 80{THIN}%)")
    last = rows.iloc[-1]
    return (f"{head}: about {figure(last['q0.5'])} {per_row(series)} after {span} ({figure(last['q0.1'])} to "
            f"{figure(last['q0.9'])} with 80{THIN}%)")


def _middles(findings: Findings) -> pd.Series[float]:
    """Median of each member: of the total over the horizon, or of its last row for a stock."""
    return findings.totals["q0.5"] if len(findings.totals) else findings.forecast.groupby("model")["q0.5"].last()


def ranking(findings: Findings) -> str:
    """How good the members were at past origins, and whether the ranking means anything."""
    told = findings.conclusions.forecast
    if findings.backtest is None or told is None:
        return ""
    table, n = findings.backtest.scores, told.scored
    best = table.iloc[0]
    mean = figure(best["crps"])
    crps = f"has the smallest mean error ({mean})" if len(table) > 1 else f"has a mean error of {mean}"
    said = (f"Tried on {count(n, 'count')} from {count(len(findings.backtest.origins), 'past date')}, "
            f"{named(best['model'])} {crps}, and its 80{THIN}% intervals held {_held(told)}.{_ranked(findings, told)}")
    known = findings.settings.get("known")
    if not known:
        return said
    return f"{said} What was known ahead ({known}) was told at each past date to the methods that take it."


def _ranked(findings: Findings, told: ForecastRanking) -> str:
    """What the backtest says of the members against the baseline."""
    assert findings.backtest is not None  # noqa: S101 - for the type checker; the caller has looked
    base, members = named(findings.backtest.baseline), count(len(findings.backtest.scores), "method")
    if told.ranking is Ranking.TOO_FEW:
        return " " + sentence(f"{count(told.scored, 'count')} {'is' if told.scored == 1 else 'are'} too few to rank "
                              f"{members}")
    if told.ranking is Ranking.BEATEN:
        names = listed(f"{named(each.member)} (p {p_value(each.p_value)})" for each in told.better)
        return f" Better than the yardstick, {base}, by a paired test: {names}."
    if told.ranking is Ranking.OVERLAPPING:
        return (f" The spans forecast overlap so far that no test can tell the methods from the yardstick, {base}: "
                "that takes more past dates.")
    if told.ranking is Ranking.UNBEATEN and told.least_p is not None:
        least = p_value(told.least_p)
        return f" No method beats the yardstick, {base}, by a paired test (least p {least})."
    return ""


def _held(told: ForecastRanking) -> str:
    """How many counts the 80 % intervals held, against how many they should; said where chance cannot explain it."""
    if told.coverage is Coverage.UNSCORED:
        return "none"
    verdict = {Coverage.NARROW: ": they are too narrow", Coverage.WIDE: ": they are wider than they need be"}
    return f"{told.held} of them, where {told.expected} are to be expected{verdict.get(told.coverage, '')}"


def next_image(reading: Reading, answer: SeriesAnswer) -> str:
    """The day whose image is expected to narrow the date of a change most, and by how much."""
    best = answer.image
    if best is None:
        return ""
    which = _which(reading, answer)
    left = count(best.days_now, "day")
    if best.advice in (Advice.NOTHING, Advice.UNDATED):
        then = left if best.advice is Advice.NOTHING else f"{round(best.days_then)} of {left}"
        return (f"No single image narrows the date {which} by much: the best, of {day(best.day)}, is expected "
                f"to leave its 90{THIN}% interval at {then}.")
    kind = "An archive image" if best.archive else "An image"
    little = f" That is a gain of {percent(best.gain)}: no single image settles it."
    return (f"{kind} of {day(best.day)} is expected to narrow the date {which} most, from {left} (90{THIN}% interval) "
            f"to {round(best.days_then)}.{little if best.advice is Advice.LITTLE else ''}")


def _which(reading: Reading, answer: SeriesAnswer) -> str:
    """The change whose date is worst known, which images are ranked for."""
    if answer.answer is not Answer.CHANGED:
        return "of a change, if there is one,"
    if answer.changes < 2 or answer.image is None or answer.image.change is None:
        return "of the change"
    worst = reading.changes[answer.image.change]
    return f"of the change of {days(worst.low, worst.high)}"
