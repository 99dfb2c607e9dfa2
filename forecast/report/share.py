"""The picture that stands for a report where a link to it is shared: question, answer, key picture, 1200 x 630."""

from __future__ import annotations

import io
import textwrap
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from forecast.experiment.findings import Findings
from forecast.report import plots
from forecast.report.figures import observed
from forecast.report.plots.parts import INK, QUIET
from forecast.report.prose import course_story
from forecast.report.prose.lead import lead, simulated

PIXELS, DPI = (1200, 630), 150
LEFT = 0.37  # of the width, for the words
LETTERS = 34  # a line of the answer


def share_image(findings: Findings) -> bytes:
    """A PNG of 1200 x 630 pixels, which is what networks show beside a link."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    with plots.style():
        figure = Figure(figsize=(PIXELS[0] / DPI, PIXELS[1] / DPI), dpi=DPI)
        _words(figure, findings)
        _picture(figure, findings)
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
        out = io.BytesIO()
        Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3]).save(out, format="PNG")
    return out.getvalue()


def _words(figure: Figure, findings: Findings) -> None:
    """Title, question and answer down the left side."""
    mark = " (simulated)" if findings.simulated else ""
    y = 0.94
    for text, size, letters, weight, colour in (
            (findings.title + mark, 13, 26, "bold", INK), (findings.question, 8, 44, "normal", QUIET),
            (" ".join(filter(None, (simulated(findings), *lead(findings)))), 10.5, LETTERS, "normal", INK)):
        lines = textwrap.wrap(text, letters)
        figure.text(0.03, y, "\n".join(lines), fontsize=size, fontweight=weight, color=colour, va="top",
                    linespacing=1.3)
        y -= (len(lines) * size * 1.36 + 9) / (72 * PIXELS[1] / DPI)
    last = course_story.month(str(findings.main.series.end[-1].astype("datetime64[D]") - 1))
    figure.text(0.03, 0.04, f"Counts to {last}.", fontsize=7,
                color=QUIET, va="bottom")


def _picture(figure: Figure, findings: Findings) -> None:
    """The counts of the primary series with their level, down the right side."""
    main = findings.main
    title = textwrap.wrap(course_story.title(main, findings.conclusions.main), 62)
    figure.text(LEFT + 0.045, 0.94, "\n".join(title), fontsize=8.5, fontweight="bold", va="top", linespacing=1.25)
    lines = min(plots.event_lines(main.series, findings.windows, main.named, 4.2), 6)
    top = 0.9 - 0.038 * len(title) - 0.034 * lines
    ax = figure.add_axes((LEFT + 0.085, 0.3, 0.99 - LEFT - 0.1, top - 0.3))
    observed(main, findings.windows, ax)
