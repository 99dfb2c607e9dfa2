"""The figures of a report: which plots stand together, drawn once, as SVG for the page and PNG to send around.

Every figure fits a column, and so a phone. The two that people look at first are drawn for a page too, and have a PNG.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from forecast.effects.explanations import NONE, NOWHERE
from forecast.experiment.conclusions import Attribution
from forecast.experiment.course import spans
from forecast.experiment.findings import Findings
from forecast.experiment.reading import Reading
from forecast.experiment.series_answers import Answer
from forecast.report import plots
from forecast.report.phrases import is_some, percent, plain, safe, subject, unit
from forecast.report.plots import COLUMN, PAGE
from forecast.report.plots.sheet import LANE, ROW, Sheet
from forecast.report.prose import course_story, verdicts
from forecast.report.prose import forecast as outlook
from forecast.report.tables import ranked
from forecast.series.calendar import row_noun

if TYPE_CHECKING:
    from forecast.effects.counterfactuals import Counterfactual
    from forecast.effects.event_tests import Tested
    from forecast.effects.explanations import Window
    from forecast.effects.next_image import Worth
    from forecast.models.backtesting import Backtest

DPI = 192  # twice the pixels of a screen
FEW_EVENTS = 3  # that many are labelled whether they are likely or not
Spots = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Drawn:
    """One figure: its SVG text, and where it is as wide as a page the same for a column, and a PNG.

    spots, narrow_spots : where the count of each row of the series lies, as shares of the width (from the left) and of
        the height (from above); empty for figures without counts to point at
    """

    svg: str
    narrow: str | None = None
    png: bytes | None = None
    spots: Spots = ()
    narrow_spots: Spots = ()


def draw(findings: Findings) -> dict[str, Drawn]:
    """Name of a figure -> drawing: key, explanations, effects, forecast, backtest, calibration, series_NAME."""
    mark = " (simulated)" if findings.simulated else ""
    made: dict[str, Drawn] = {}
    with plots.style():
        made["key"] = _both(lambda width: _key(findings, mark, width), findings.main)
        if findings.main.explained and findings.windows:
            made["explanations"] = Drawn(_svg(_explanations(findings, mark)))
        if findings.tested and findings.tested.effects:
            made["effects"] = Drawn(_svg(_effects(findings, findings.tested, mark)))
        best = findings.conclusions.main.image
        if findings.main.worth is not None and best is not None and best.open:
            made["images"] = Drawn(_svg(_images(findings.main, findings.main.worth, mark)))
        if (since := findings.since_change) is not None:
            made["brought"] = Drawn(_svg(_brought(findings, since, mark)))
        if findings.sensitivity:
            made["sensitivity"] = Drawn(_svg(_sensitivity(findings, mark)))
        if len(findings.forecast):
            made["forecast"] = _both(lambda width: _forecast(findings, mark, width))
        if findings.backtest is not None:
            made["backtest"] = Drawn(_svg(_scores(findings, findings.backtest, mark)))
            told = findings.conclusions.forecast
            if told is not None and told.tellable:  # a histogram of a handful of numbers shows nothing
                made["calibration"] = Drawn(_svg(_calibration(findings, findings.backtest, mark)))
        for reading in findings.others:
            made[f"series_{safe(reading.name)}"] = Drawn(_svg(_series(findings, reading, mark)))
    return made


def _key(findings: Findings, mark: str, width: float) -> Figure:
    """Observations above, probability of a change with the windows that hold some of it below."""
    main = findings.main
    held = [w for w in findings.windows if w.event.name in main.named]
    few = findings.windows if len(findings.windows) <= FEW_EVENTS else held
    lines = plots.event_lines(main.series, few, [w.event.name for w in few], width - 0.8)
    inner = plots.event_lines(main.series, held, [w.event.name for w in held], width - 0.8)
    above, below = 0.16 + LANE * max(lines, 1), 0.8 + 0.16 * inner
    sheet = Sheet(f"{course_story.title(main, findings.conclusions.main)}{mark}", width,
                  ((above, 2.0, 0.5), (0.3, below, 0.4)))
    top, bottom = sheet.axes
    observed(main, findings.windows, top, [w.event.name for w in few])
    plots.plot_breaks(main.series, main.gaps, bottom, held)
    return sheet.settled()


def observed(reading: Reading, windows: Sequence[Window], ax: Axes, labelled: Sequence[str] | None = None) -> Axes:
    """The counts of a reading, its level and its breaks; where none are said, events worth naming have a label."""
    return plots.plot_observations(
        reading.series, ax, reading.breaks.get("regimes", ()), windows, reading.named if labelled is None else labelled,
        reading.bands, {statement.id: statement.publisher for statement in reading.statements}, spans(reading),
        reading.assumed, reading.odd)


def _explanations(findings: Findings, mark: str) -> Figure:
    table = [e for e in findings.main.table if e.name in (NONE, NOWHERE) or is_some(e.probability)]
    sheet = Sheet(f"{_events_title(findings)}{mark}", COLUMN, ((0.1, ROW * len(table) + 0.1, 0.5),), left=0.12)
    plots.plot_explanations(table, sheet.axes[0])
    return sheet.settled()


def _events_title(findings: Findings) -> str:
    """The takeaway of the picture of the events."""
    e = findings.conclusions.explained
    if e.attribution in (Attribution.UNDATED, Attribution.OUTSIDE):
        return "No event on the list fits the change" if e.attribution is Attribution.OUTSIDE else (
            "The counts do not choose among the events")
    return (f"“{findings.label(e.leader)}” {'fits best' if e.separable else 'leads, not alone'}: "
            f"{percent(e.probability)}")


def _effects(findings: Findings, tested: Tested, mark: str) -> Figure:
    labels = {w.event.name: w.event.label for w in findings.windows}
    names = [labels[name] for name in findings.effects]
    sheet = Sheet(f"Level after over level before each date, {plain(findings.primary)}, {_n(findings.main)}{mark}",
                  COLUMN, ((0.24, ROW * len(names) + 0.15, 0.58),), left=0.12, right=0.72)
    plots.plot_effects(tested, sheet.axes[0], names)
    return sheet.settled()


def _images(reading: Reading, worth: Worth, mark: str) -> Figure:
    sheet = Sheet(f"What an image of each day would tell of the change in {plain(reading.name)}{mark}", COLUMN,
                  ((0.1, 1.4, 0.5),))
    plots.plot_images(worth, sheet.axes[0])
    return sheet.settled()


def _brought(findings: Findings, since: Counterfactual, mark: str) -> Figure:
    seen = int(np.sum(~np.isnan(since.observed)))
    s = findings.main.series
    sheet = Sheet(f"{_capital(subject(s))} beyond the level before the change, n = {seen}{mark}", COLUMN,
                  ((0.1, 1.5, 0.5),))
    if s.kind == "stock":  # cars that stand there a week later are no further cars: nothing to sum up
        plots.plot_effect(since, sheet.axes[0], f"{unit(s)} at a time")
    else:
        plots.plot_cumulative(since, sheet.axes[0], unit(s))
    return sheet.settled()


def _sensitivity(findings: Findings, mark: str) -> Figure:
    variants = ranked(findings.sensitivity)
    rows = min(len(variants) - 1, plots.MOST)
    sheet = Sheet(f"The conclusion on {plain(findings.primary)} under other choices, {_n(findings.main)}{mark}", COLUMN,
                  ((0.1, ROW * rows + 0.15, 0.6),), left=0.12)
    plots.plot_sensitivity(variants, sheet.axes[0], [verdicts.label(findings, v) for v in variants],
                           [verdicts.leader(findings, v) for v in variants])
    return sheet.settled()


def _forecast(findings: Findings, mark: str, width: float) -> Figure:
    reading = findings.readings[findings.forecast_on]
    chosen = findings.best_forecast
    sheet = Sheet(f"{outlook.title(findings)}{mark}", width, ((0.1, 2.0, 0.5),))
    plots.plot_forecast(reading.series, chosen, sheet.axes[0])
    return sheet.settled()


def _scores(findings: Findings, backtest: Backtest, mark: str) -> Figure:
    sheet = Sheet(f"Forecasts of {plain(findings.forecast_on)} tried on past dates: error by method{mark}", COLUMN,
                  ((0.1, ROW * len(backtest.scores) + 0.15, 0.6),), left=0.12)
    plots.plot_backtest(backtest, sheet.axes[0])
    return sheet.settled()


def _calibration(findings: Findings, backtest: Backtest, mark: str) -> Figure:
    sheet = Sheet(f"Forecasts of {plain(findings.forecast_on)} tried on past dates: calibration{mark}", COLUMN,
                  ((0.1, 1.5, 0.45),))
    plots.plot_pit(backtest, sheet.axes[0], findings.best_member)
    return sheet.settled()


def _series(findings: Findings, reading: Reading, mark: str) -> Figure:
    changed = findings.conclusions.series[reading.name].answer is Answer.CHANGED
    held = [w for w in findings.windows if changed and w.event.name in reading.named]
    lines = plots.event_lines(reading.series, held, [w.event.name for w in held], COLUMN - 0.8)
    sheet = Sheet(f"{course_story.title(reading, findings.conclusions.series[reading.name])}{mark}", COLUMN,
                  ((0.14 + LANE * lines, 1.6, 0.5),))
    observed(reading, findings.windows, sheet.axes[0], [w.event.name for w in held])
    return sheet.settled()


def _both(make: Callable[[float], Figure], reading: Reading | None = None) -> Drawn:
    """A figure for a column and for a page, with the places of the counts of `reading` in its first axes."""
    small, large = make(COLUMN), make(PAGE)
    spots, narrow_spots = ((_spots(figure, reading) if reading else ()) for figure in (large, small))
    return Drawn(_svg(large), _svg(small), _png(large), spots, narrow_spots)


def _spots(figure: Figure, reading: Reading) -> Spots:
    s, ax = reading.series, figure.axes[0]
    places = ax.transData.transform(np.column_stack([plots.middles(s), np.nan_to_num(s.middle)]))
    width, height = figure.bbox.size
    return tuple((float(x / width), float(1 - y / height)) for x, y in places)


def _svg(figure: Figure) -> str:
    out = io.BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue().decode()


def _png(figure: Figure) -> bytes:
    """Twice the pixels of a screen; without the channel for transparency, which nothing here uses."""
    from PIL import Image

    figure.set_dpi(DPI)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    out = io.BytesIO()
    Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3]).save(out, format="PNG", compress_level=1,
                                                                   dpi=(DPI, DPI))
    return out.getvalue()


def inline(svg: str, name: str, alt: str) -> str:
    """An SVG as it stands inside a page: ids of its own, the page's colours for ink, paper and rules, and its alt text.

    `alt` must be escaped already.
    """
    body = svg[svg.index("<svg"):]
    body = re.sub(r'(id="|href="#|url\(#)', lambda match: f"{match[1]}{name}-", body)
    for colour, ours in ((plots.INK, "var(--ink)"), ("#ffffff", "var(--paper)"), (plots.RULE, "var(--rule)"),
                         (plots.BLUE.lower(), "var(--line)"), (plots.QUIET, "var(--quiet)")):
        body = body.replace(colour, ours)
    body = re.sub(r'<metadata>.*?</metadata>\s*', "", body, flags=re.S)
    head = re.sub(r' (width|height)="[^"]*"', "", body[:body.index(">")], count=2)
    return f'{head} role="img" aria-label="{alt}"{body[body.index(">"):]}'


def _n(reading: Reading) -> str:
    s = reading.series
    seen = int(s.observed.sum())
    exact = int(np.sum(s.observed & (s.low == s.high)))
    return f"n = {seen} {row_noun(s, seen)}" + ("" if exact == seen else f", {exact} of them exact")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


