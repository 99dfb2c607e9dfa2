"""Words that stand with the figures: what their marks mean, and the finding for those who cannot see them."""

from __future__ import annotations

from forecast.experiment.findings import Findings
from forecast.experiment.reading import Reading
from forecast.report.phrases import count, days, listed, named, percent, safe, sentence, unit, whole
from forecast.report.prose import forecast as outlook
from forecast.report.prose import series_story
from forecast.report.prose.excess import brought
from forecast.report.prose.verdicts import robust
from forecast.series.calendar import row_noun


def alt(findings: Findings, name: str) -> str:
    """What a figure shows, for those who cannot see it: the finding itself."""
    if name.startswith("series_"):
        said = next(_series(findings, r) for r in findings.others if name == _named(r))
    else:
        said = {"key": lambda: _series(findings, findings.main), "explanations": lambda: _explanations(findings),
                "effects": lambda: _effects(findings), "sensitivity": lambda: " ".join(robust(findings)),
                "forecast": lambda: outlook.ahead(findings), "backtest": lambda: outlook.ranking(findings),
                "calibration": lambda: outlook.ranking(findings),
                "brought": lambda: brought(findings), "images": lambda: outlook.next_image(
                    findings.main, findings.conclusions.main)}[name]()
    return ("Simulated data. " if findings.simulated else "") + said


def _series(findings: Findings, reading: Reading) -> str:
    s = reading.series
    seen = f"{unit(s)[:1].upper()}{unit(s)[1:]} by {row_noun(s)}, {whole(s.start[0], s.end[-1])}."
    return f"{seen} {series_story.change(reading, findings.conclusions.series[reading.name])}"


def _explanations(findings: Findings) -> str:
    rows = sorted(findings.main.table, key=lambda e: -e.probability)
    return f"Probability by explanation: {listed(f'{e.label} {percent(e.probability)}' for e in rows[:4])}."


def _effects(findings: Findings) -> str:
    beat = sum(bool(v.significant) for v in findings.conclusions.verdicts)
    return (f"Ratio of the levels after and before {count(len(findings.effects), 'date')}: {count(beat, 'date')} with "
            f"an adjusted p of at most {findings.conclusions.level:g}.")


def _named(reading: Reading) -> str:
    return f"series_{safe(reading.name)}"


def captions(findings: Findings) -> dict[str, str]:
    """What each figure's marks mean, as far as they occur in it."""
    held = findings.main.named
    made = {"key": _marks(findings.main, findings) + " Below: the probability of a change between neighbouring rows"
            + (", and the windows of the events that hold most of it." if held else ".")}
    focal = findings.conclusions.focal
    which = f"the change of {days(focal.low, focal.high)}" if focal is not None and focal.of > 1 else "the change"
    made["explanations"] = (f"How probable it is that {which} lies in the window of each event, those of less than "
                            "1 % left out; hollow: the same before the counts were read.")
    if findings.tested:
        made["effects"] = (f"{count(len(findings.tested.effects), 'date').capitalize()} tested; filled marks have an "
                           f"adjusted p of at most {findings.conclusions.level:g}. An event near the true change also "
                           "scores.")
    if len(findings.forecast):
        best = named(findings.best_member)
        s = findings.readings[findings.forecast_on].series
        loose = bool((s.observed & (s.low != s.high)).any())
        made["forecast"] = (f"Observed counts, and {findings.settings.get('draws')} futures drawn by {best}"
                            + ("; bars and arrows: counts known within bounds" if loose else "")
                            + ("; hatched: not observed." if not s.observed.all() else "."))
    made["backtest"] = "Mean error of the whole forecast at past dates, in the unit of the counts."
    made["calibration"] = (f"Where in the forecasts of {named(findings.best_member)} the counts fell: level "
                           "with the dashed line if they are calibrated.")
    made["sensitivity"] = ("Each bar is the analysis done otherwise in one respect, against the line of the analysis "
                           "above; the variants that move it most are shown, in red those that turn the conclusion. "
                           "Read with fewer draws or a coarser grid, the line may differ a little from the table.")
    made["brought"] = ("Observed, and what the level before would have brought, with its 95 % band."
                       if findings.main.series.kind == "stock" else
                       "Sum of observed minus expected since the change; its 95 % band holds the counts' bounds.")
    made["images"] = "What an image of each day is expected to tell of the date of the change."
    return made | {f"series_{safe(r.name)}": _marks(r, findings) for r in findings.others}


def _marks(reading: Reading, findings: Findings) -> str:
    s = reading.series
    partly = s.observed & (s.exposure < 1) & (s.kind == "flow")
    per = f" per fully watched {row_noun(s)}" if partly.any() else ""
    said = [f"Line and band: the level{per} and its 90 % band"]
    if (s.observed & (s.low != s.high)).any():
        said.append("bars: counts known as a range")
    if reading.changes:
        said.append("tall box: the dates between which a change lies")
    if not s.observed.all() and s.freq:
        said.append("hatched: not observed")
    if findings.windows:
        said.append("dashed: events" + (", dotted: events read from these counts" if any(
            not w.event.outside for w in findings.windows) else ""))
    told = findings.conclusions.series[reading.name]
    if any(not span.total for span in told.spans):
        said.append("bracket: one statement on all of its rows")
    if any(span.total for span in told.spans):
        said.append("hatched box: one total, shared evenly")
    if partly.any():
        said.append("counts stand as seen")
    publishers = told.grade.publishers
    end = f" Statements by {listed(publishers)}." if publishers else ""
    return sentence("; ".join(said)) + end
