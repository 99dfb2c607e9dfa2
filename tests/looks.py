"""How every plot looks, on findings made by hand: `python -m tests.looks` draws tests/baseline anew; look at what changed.

The pictures hold for the one Matplotlib that the lock names, with the DejaVu Sans that it brings along.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from forecast.effects.checks.variant import Outcome, Variant
from forecast.effects.next_image import Worth
from forecast.report import plots
from forecast.report.figures import draw, observed
from forecast.report.prose.verdicts import label, leader
from tests.test_words import after_the_event, findings, reading

FOLDER = Path(__file__).parent / "baseline"
HEIGHT, DPI = 3.4, 90


def variants() -> tuple[Variant, ...]:
    """A base, and six ways of doing the analysis otherwise, one of which turns it."""
    shares = (("publisher_left_out", "Reuters", 0.28, True), ("delay_changed", "none", 0.45, False),
              ("delay_changed", "30 days", 0.52, False), ("delay_changed", "90 days", 0.71, False),
              ("publisher_left_out", "Watcher", 0.66, False), ("prior_changed", "wider levels", 0.61, False))
    return (Variant("base", "base", Outcome.STANDS, 0.99, "visit", 0.63),
            *(Variant(check, name, Outcome.ANOTHER_LEADS if turns else Outcome.STANDS, 0.98,
                      "treaty" if turns else "visit", share) for check, name, share, turns in shares))


def in_words() -> tuple[list[str], list[str]]:
    """How each of these variants is written, and what leads in it."""
    return [label(MADE, v) for v in variants()], [leader(MADE, v) for v in variants()]


def bounded() -> object:
    """A reading with an exact count, a range, a lower bound and months that nobody saw."""
    main = reading()
    low, high = np.array(main.series.low), np.array(main.series.high)
    low[6], high[6], low[7], high[7] = 8, 14, 9, np.inf
    return replace(main, series=replace(main.series, low=low, high=high))


def panel() -> pd.DataFrame:
    """Breaks of twelve series, some of which have none."""
    rng = np.random.default_rng(1)
    lines = [{"unique_id": f"port {k:02d}", "at": pd.Timestamp("2020-01-01") + pd.Timedelta(days=int(rng.integers(1500))),
              "ratio": float(np.exp(rng.normal())), "probability": float(rng.uniform(0.3, 1))} for k in range(9) for _ in "ab"]
    return pd.DataFrame([*lines, *({"unique_id": f"quiet {k}", "at": pd.NaT, "ratio": np.nan, "probability": np.nan}
                                   for k in range(3))])


def candidates() -> Worth:
    """Images of thirty days, the middle ones worth most."""
    return Worth(np.arange("2023-05-01", "2023-05-31", dtype="datetime64[D]"), np.exp(-((np.arange(30) - 14) / 7) ** 2))


MADE = findings()
FAN = MADE.forecast[MADE.forecast["model"] == "mean"]
CASES: dict[str, Callable[[Axes], Axes]] = {
    "observations": lambda ax: observed(bounded(), MADE.windows, ax),  # type: ignore[arg-type]
    "events": lambda ax: plots.plot_events(MADE.windows, _dated(ax), ["visit"]),
    "breaks": lambda ax: plots.plot_breaks(MADE.main.series, MADE.main.gaps, ax, MADE.windows),
    "explanations": lambda ax: plots.plot_explanations(MADE.main.explained[0], ax),
    "effects": lambda ax: plots.plot_effects(MADE.tested, ax, ["A visit", "A treaty"]),  # type: ignore[arg-type]
    "effect": lambda ax: plots.plot_effect(after_the_event(), ax, "ships a month"),
    "cumulative": lambda ax: plots.plot_cumulative(after_the_event(), ax, "ships"),
    "sensitivity": lambda ax: plots.plot_sensitivity(variants(), ax, *in_words()),
    "forecast": lambda ax: plots.plot_forecast(MADE.main.series, FAN, ax),
    "backtest": lambda ax: plots.plot_backtest(MADE.backtest, ax),  # type: ignore[arg-type]
    "pit": lambda ax: plots.plot_pit(MADE.backtest, ax),  # type: ignore[arg-type]
    "coverage": lambda ax: plots.plot_coverage(MADE.backtest, ax),  # type: ignore[arg-type]
    "images": lambda ax: plots.plot_images(candidates(), ax),
    "overview": lambda ax: plots.plot_overview(panel(), ax),
}


def _dated(ax: Axes) -> Axes:
    plots.date_axis(ax, *(float(np.datetime64(day, "D").astype(int)) for day in ("2023-01-01", "2023-12-31")))
    return ax


def look(name: str, path: Path) -> None:
    """Draw one plot on axes of its own, a column wide, to a PNG."""
    with plots.style():
        figure = Figure(figsize=(plots.COLUMN, HEIGHT))
        FigureCanvasAgg(figure)
        CASES[name](figure.add_axes((0.16, 0.42, 0.64, 0.45)))
        figure.savefig(path, dpi=DPI, metadata={"Software": None})


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in CASES:
        look(name, FOLDER / f"{name}.png")
    (FOLDER / "key_page.png").write_bytes(_small(draw(MADE)["key"].png))


def _small(png: bytes | None) -> bytes:
    """The key picture of the report at half its size, which is enough to see a change."""
    import io

    from PIL import Image as Picture

    assert png is not None
    with Picture.open(io.BytesIO(png)) as picture:
        out = io.BytesIO()
        picture.convert("L").resize((picture.width // 2, picture.height // 2)).save(out, "PNG", optimize=True)
    return out.getvalue()


if __name__ == "__main__":
    main()
