"""The figures of a report: which plots stand together, drawn once, as SVG for the page and PNG to send around."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forecast import plots
from forecast.experiment import Findings, Reading
from forecast.explanations import WORTH, Window
from forecast.findings_json import effects_by_event
from forecast.outlook import FEW, best_member, scored
from forecast.story import others, subject
from forecast.words import named, plain, row_noun

if TYPE_CHECKING:
    from forecast.effects import Tested

WIDE = 7.0  # inches; the page scales
DPI = 192  # twice the pixels of a screen
FEW_EVENTS = 3  # that many are labelled whether they are likely or not
LANE = 0.14  # inches that one lane of event labels takes


@dataclass(frozen=True)
class Drawn:
    """One figure: its SVG text, and its PNG where it is a key figure."""

    svg: str
    png: bytes | None


def draw(findings: Findings) -> dict[str, Drawn]:
    """Name of a figure -> drawing: key, explanations, effects, forecast, and series_NAME for the others."""
    mark = " (simulated)" if findings.simulated else ""
    made: dict[str, Drawn] = {}
    with plots.style():
        made["key"] = _drawn(_key(findings, mark), png=True)
        if findings.main.explained and findings.windows:
            made["explanations"] = _drawn(_explanations(findings, mark), png=False)
        if findings.tested and findings.tested.effects:
            made["effects"] = _drawn(_effects(findings, findings.tested, mark), png=False)
        if len(findings.forecast):
            made["forecast"] = _drawn(_forecast(findings, mark), png=True)
        for reading in others(findings):
            made[f"series_{safe(reading.name)}"] = _drawn(_series(reading, findings.windows, mark), png=False)
    return made


def safe(name: str) -> str:
    """A name that any file system and any address takes.

    >>> safe("a/b c<script>")
    'a_b_c_script_'
    """
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)


def _key(findings: Findings, mark: str) -> Figure:
    """Observations above, probability of a change with the windows that hold some of it below."""
    main = findings.main
    held = likely_windows(main, findings.windows)
    few = findings.windows if len(findings.windows) <= FEW_EVENTS else held
    above, below = 0.32 + LANE * max(len(few), 1), 1.0 + 0.16 * len(held)
    figure, (top, bottom) = _stacked([(above, 2.0, 0.86), (0.26, below, 0.4)])
    plots.plot_observations(main, findings.windows, top, [w.event.name for w in few])
    plots.plot_breaks(main, bottom, held)
    return _titled(figure, f"{_capital(subject(main))}, {_n(main)}{mark}")


def _explanations(findings: Findings, mark: str) -> Figure:
    table = findings.main.explained[0]
    figure, (ax,) = _stacked([(0.28, 0.19 * len(table) + 0.1, 0.72)], left=2.75)
    plots.plot_explanations(table, ax)
    return _titled(figure, f"Explanations of the change in {plain(findings.primary)}, {_n(findings.main)}{mark}")


def _effects(findings: Findings, tested: Tested, mark: str) -> Figure:
    labels = {w.event.name: w.event.label for w in findings.windows}
    names = [labels[name] for name in effects_by_event(findings)]
    figure, (ax,) = _stacked([(0.42, 0.19 * len(names) + 0.15, 0.45)], left=2.75, right=0.7)
    plots.plot_effect(tested, ax, names)
    return _titled(figure, f"Level after over level before each date, {plain(findings.primary)}, "
                           f"{_n(findings.main)}{mark}")


def _forecast(findings: Findings, mark: str) -> Figure:
    reading = findings.readings[findings.forecast_on]
    best = best_member(findings)
    chosen = findings.forecast[findings.forecast["model"] == best]
    if findings.backtest is None:
        figure, (ax,) = _stacked([(0.28, 2.0, 0.75)])
    else:
        figure, (ax,) = _stacked([(0.28, 2.0, 0.75), (0.3, 0.19 * len(findings.backtest.scores) + 0.15, 0.62)], only=1)
        height = figure.get_figheight()
        size = (0.19 * len(findings.backtest.scores) + 0.15) / height
        enough = scored(findings) >= FEW  # a histogram of a handful of numbers shows nothing
        left = figure.add_axes((1.75 / WIDE, 0.62 / height, (2.3 if enough else 4.9) / WIDE, size))
        plots.plot_backtest(findings.backtest, left)
        left.set_title("Backtest: score by member")
        if enough:
            right = figure.add_axes((4.65 / WIDE, 0.62 / height, 2.1 / WIDE, size))
            plots.plot_pit(findings.backtest, right, best)
            right.set_title("Backtest: calibration")
    plots.plot_forecast(reading.series, chosen, ax)
    return _titled(figure, f"{_capital(subject(reading))}: forecast by {named(best)}, {_n(reading)}{mark}")


def _series(reading: Reading, windows: Sequence[Window], mark: str) -> Figure:
    held = likely_windows(reading, windows) if reading.conclusive else []
    figure, (ax,) = _stacked([(0.3 + LANE * len(held), 1.6, 0.86)])
    plots.plot_observations(reading, windows, ax, [w.event.name for w in held])
    return _titled(figure, f"{_capital(subject(reading))}, {_n(reading)}{mark}")


def likely_windows(reading: Reading, windows: Sequence[Window]) -> list[Window]:
    """Windows that hold enough of the first table of explanations to be named in a picture."""
    held = {e.name for e in reading.explained[0] if e.probability >= WORTH} if reading.explained else set()
    return [w for w in windows if w.event.name in held]


def _stacked(rows: Sequence[tuple[float, float, float]], left: float = 0.62, right: float = 0.14,
             only: int | None = None) -> tuple[Figure, list[Axes]]:
    """A figure with axes below each other; a row is (space above, height, space below) in inches.

    only : add the first so many axes and leave the room of the others
    """
    height = sum(map(sum, rows))
    figure = Figure(figsize=(WIDE, height))
    made, at = [], height
    for above, tall, below in rows[:only]:
        at -= above + tall
        made.append(figure.add_axes((left / WIDE, at / height, (WIDE - left - right) / WIDE, tall / height)))
        at -= below
    return figure, made


def _titled(figure: Figure, title: str) -> Figure:
    figure.text(0.08 / WIDE, 1 - 0.06 / figure.get_figheight(), title, fontweight="bold", va="top", fontsize=8.5)
    return figure


def _drawn(figure: Figure, *, png: bool) -> Drawn:
    out = io.BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    image = None
    if png:
        pixels = io.BytesIO()
        figure.savefig(pixels, format="png", dpi=DPI, metadata={"Software": None}, pil_kwargs={"compress_level": 4})
        image = pixels.getvalue()
    return Drawn(out.getvalue().decode(), image)


def inline(svg: str, name: str, alt: str) -> str:
    """An SVG as it stands inside a page: ids of its own, the page's colours for ink, paper and rules, and its alt text.

    `alt` must be escaped already.
    """
    body = svg[svg.index("<svg"):]
    body = re.sub(r'(id="|href="#|url\(#)', lambda match: f"{match[1]}{name}-", body)
    for colour, ours in ((plots.INK, "var(--ink)"), ("#ffffff", "var(--paper)"), (plots.RULE, "var(--rule)"),
                         (plots.BLUE.lower(), "var(--line)"),
                         ("#6b7480", "var(--quiet)")):
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


