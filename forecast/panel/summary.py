"""What a panel found, as summary.json and as one page: which series changed and when, the events, the failures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from forecast.models.steps import knows_steps
from forecast.panel import tables
from forecast.panel.discoveries import Verdicts
from forecast.panel.manifest import Manifest
from forecast.panel.reading import Input
from forecast.panel.settings import Settings
from forecast.report.phrases import count, figure, p_value, percent, ratio
from forecast.support.atomic_files import write_text
from forecast.support.registry import make

SHOWN = 25  # rows of each table of the page; all are in the Parquet files
DRAWN = 400  # series of the picture


def summarise(folder: Path, held: Input, manifest: Manifest, settings: Settings,
              found: Mapping[str, Verdicts]) -> dict[str, Any]:
    """Write summary.json and summary.html of the tables in `folder`; what the former holds."""
    series, breaks, effects = (tables.read(folder / f"{name}.parquet").to_pandas()
                               for name in ("series", "breaks", "effects"))
    said = _said(series, breaks, held, settings, found)
    said |= {"input": manifest.head["input"], "sha256": manifest.head["sha256"],
             "cpu_seconds": round(sum(line["cpu"] for line in manifest.done.values()), 1)}
    write_text(folder / "summary.json", json.dumps(said, ensure_ascii=False, indent=1) + "\n")
    write_text(folder / "summary.html", _page(said, series, breaks, effects))
    return said


def _said(series: pd.DataFrame, breaks: pd.DataFrame, held: Input, settings: Settings,
          found: Mapping[str, Verdicts]) -> dict[str, Any]:
    events = {name: {"first": str(first), "last": str(last), **_list(found[name], "affected")}
              for name, first, last in settings.windows()}
    return {"feed": held.feed, "series": len(series), "failed": int(series["failed"].notna().sum()),
            **_list(found[""], "changed"), "breaks": int(breaks["changed"].sum()), "fdr": settings.fdr,
            "events": events, "rows_with_faults": held.faults, "notes": held.notes,
            "forecast_note": forecast_note(settings), "settings": settings.asked()}


def forecast_note(settings: Settings) -> str:
    """What a reader of the forecasts must know of their member; nothing where it knows the steps of a level."""
    if not settings.horizon or knows_steps(make("models", settings.model)):
        return ""
    return (f"The forecasts are those of {settings.model}, which does not know when a level changed: after a recent "
            "change they may still lie near the old level. The default, negative_binomial, knows.")


def _list(found: Verdicts, word: str) -> dict[str, Any]:
    return {"tested": int((~pd.isna(found.p_value)).sum()), word: int(found.listed.sum()), "share": found.share,
            "expected_false": found.expected_false}


# -- the page ---------------------------------------------------------------------------------------------------------
def _page(said: dict[str, Any], series: pd.DataFrame, breaks: pd.DataFrame, effects: pd.DataFrame) -> str:
    from forecast.report.page import asset, template

    sections = [_changed(series, breaks), *(_event(name, effects) for name in said["events"]), _failed(series)]
    return template("panel.html").render(css=asset("report.css"), said=said, lines=_lines(said),
                                         map=_map(series, breaks), sections=[each for each in sections if each["rows"]])


def _lines(said: dict[str, Any]) -> list[str]:
    lines = [f"{count(said['series'], 'series', 'series').capitalize()} of {said['input']}: "
             f"{said['changed']} changed{_failures(said['failed'])}.",
             f"Among those said to have changed, at most {figure(said['expected_false'])} are expected to be wrong: "
             "the list is the longest whose expected share of false ones is at most "
             f"{percent(said['fdr'])}, judged by the same series, shuffled in blocks, without those that more probably "
             "did not change. A yearly pattern or a drift that the model does not know may pass for one."]
    lines += [_of_event(name, event) for name, event in said["events"].items()]
    lines += [said["forecast_note"]] if said["forecast_note"] else []
    if said["rows_with_faults"]:
        lines.append(f"{said['rows_with_faults']} bad rows were left out; rejected.csv lists them.")
    return lines


def _failures(number: int) -> str:
    return f", {number} could not be read or computed" if number else ""


def _of_event(name: str, event: Mapping[str, Any]) -> str:
    fits = f"{name} (a change between {event['first']} and {event['last']} fits): "
    if not event["tested"]:
        return fits + "no series could be asked; effects.parquet says of each why."
    whole = f"; over the whole panel at least {percent(event['share'])} did" if event["share"] else ""
    return (f"{fits}{event['affected']} of {event['tested']} series that could be asked changed then, of which at most "
            f"{figure(event['expected_false'])} are expected to be wrong, judged by other windows of the same "
            f"series{whole}. Timing is no proof of cause.")


def _changed(series: pd.DataFrame, breaks: pd.DataFrame) -> dict[str, Any]:
    top = series[series["changed"]].nlargest(SHOWN, "log_ratio")
    firmest = breaks.sort_values("within", ascending=False, kind="stable").drop_duplicates("unique_id")
    joined = top.merge(firmest, on="unique_id", how="left", suffixes=("", "_break"))
    sites = bool(joined["site"].astype(bool).any())
    rows = [[line["unique_id"], *([line["site"]] if sites else []), _day(line["at"]),
             f"{_day(line['low'])} to {_day(line['high'])}", _ratio(line["ratio"]), percent(line["probability"])]
            for line in joined.to_dict("records")]
    return {"id": "changed", "title": "Most surprising changes", "rows": rows,
            "head": ["Series", *(["Site"] if sites else []), "Date", "90 % interval", "Level after over before",
                     "Probability of a change"],
            "caption": f"By the evidence against no change at all; the first {len(rows)} of those on the list."}


def _event(name: str, effects: pd.DataFrame) -> dict[str, Any]:
    mine = effects[(effects["event"] == name) & effects["affected"]]
    top = mine.sort_values("log_ratio", ascending=False, kind="stable").head(SHOWN)
    rows = [[line["unique_id"], p_value(line["p_value"]), _ratio(line["ratio"]),
             f"{_ratio(line['low'])} to {_ratio(line['high'])}"] for line in top.to_dict("records")]
    return {"id": "event", "title": f"Most affected at the time of {name}", "rows": rows,
            "head": ["Series", "p", "Level after over before", "90 % interval"],
            "caption": f"The first {len(rows)} of {len(mine)}, surest first. p: the share of other windows with as "
                       "much evidence of a change."}


def _failed(series: pd.DataFrame) -> dict[str, Any]:
    mine = series[series["failed"].notna()]
    rows = [[line["unique_id"], str(line["observed"]), line["failed"]]
            for line in mine.head(4 * SHOWN).to_dict("records")]
    return {"id": "failed", "title": "Series that failed", "rows": rows, "head": ["Series", "Rows observed", "Reason"],
            "caption": f"The first {len(rows)} of {len(mine)}; series.parquet holds all."}


def _day(value: Any) -> str:
    return "–" if pd.isna(value) else str(value)


def _ratio(value: float | None) -> str:
    return "–" if value is None or pd.isna(value) else ratio(value)


def _map(series: pd.DataFrame, breaks: pd.DataFrame) -> list[tuple[str, Any]]:
    """The heat map of breaks of the series on the list for a page and for a phone; [] where there is none."""
    chosen = series[series["changed"]].nlargest(DRAWN, "log_ratio")["unique_id"]
    drawn = breaks[breaks["unique_id"].isin(set(chosen))]
    if drawn.empty:
        return []
    from markupsafe import Markup

    from forecast.report.figures import inline
    from forecast.report.plots import COLUMN, PAGE

    frame = pd.DataFrame({"unique_id": drawn["unique_id"], "at": pd.to_datetime(drawn["at"]), "ratio": drawn["ratio"],
                          "probability": drawn["within"]})
    words = f"Heat map of {count(len(drawn), 'break')} in {count(drawn['unique_id'].nunique(), 'series', 'series')}"
    return [(kind, Markup(inline(_drawn(frame, width), f"overview-{kind}", words)))  # noqa: S704 - our own SVG
            for kind, width in (("wide", PAGE), ("narrow", COLUMN))]


def _drawn(frame: pd.DataFrame, width: float) -> str:
    """The SVG of the heat map at a width in inches."""
    import io

    from matplotlib.figure import Figure

    from forecast.report.plots import plot_overview, style

    with style():
        sheet = Figure(figsize=(width, 1.2 + min(0.16 * frame["unique_id"].nunique(), 6.0)), layout="constrained")
        plot_overview(frame, sheet.subplots())
        text = io.StringIO()
        sheet.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()
