"""How it was done, with what, and how to cite it."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from forecast.experiment.findings import Findings
from forecast.report.phrases import count, day, figure, whole
from forecast.series.calendar import row_noun


def method(findings: Findings) -> list[tuple[str, str]]:
    """The method in one screen, with the settings of this run."""
    g = findings.settings
    bounds = any((r.series.observed & (r.series.low != r.series.high)).any() for r in findings.readings.values())
    said = [("Change", "A level that may jump or slope, with deviations that persist and counts more scattered than "
                       "chance alone (Poisson) would have them; its settings are averaged over a grid with stated "
                       "weights, at even odds of any change against none beforehand. Whether there is a change is "
                       "decided by simulating the same series without one, unless those odds alone settle it."
             + (" A count known as a range enters as that range." if bounds else "")
             + " Nothing is assumed of rows that nobody observed.")]
    if findings.windows:
        said.append(("Events", f"The probability of the date is summed over the window of each of "
                     f"{count(sum(w.event.outside for w in findings.windows), 'event')}; the list of "
                     f"{len(findings.windows)} was fixed before the run and has the hash "
                     f"{findings.frozen}. {_delays(findings)} {_inside(findings)}"))
    if findings.tested:
        said.append(("Step at the date", f"How much likelier the counts are with a step at the known date, compared "
                     f"with {g.get('placebos')} series simulated from the fitted model without a step, with the same "
                     "gaps, bounds and watched days. The p-value is adjusted because several dates are tried: by the "
                     "largest of all, step by step (Westfall and Young 1993)."))
    if findings.backtest:
        said.append(("Forecasts", f"{count(len(findings.backtest.scores), 'method').capitalize()} forecast "
                     f"{count(findings.backtest.horizon, 'row')} from "
                     f"{count(len(findings.backtest.origins), 'past date')}, each from what was known then. Exact "
                     "counts are scored by the error of the whole forecast, not of its middle alone (CRPS: the "
                     "continuous ranked probability score, in the unit of the counts)."))
    if findings.main.images:
        said.append(("Next image", "How much less open the date of the change is expected to be after an image of each "
                                   "day, over the counts that it may show"
                     + (f", for the days that {g['imaged']} has an image of, by how clear each is." if "imaged" in g
                        else ".")))
    said.append(("Words", "Terms of probability follow ICD 203: almost no chance to 5 %, very unlikely to 20 %, "
                          "unlikely to 45 %, roughly even chance to 55 %, likely to 80 %, very likely to 95 %, almost "
                          "certain above. They stand for probabilities after the data only, never for p-values."))
    return said


def _delays(findings: Findings) -> str:
    """How likely each delay between an event and its change is beforehand."""
    means = sorted({w.mean_delay for w in findings.windows})
    if means[-1] == np.inf:
        return "Every day of a window is taken to be as likely as another beforehand."
    average = figure(means[0]) if len(means) == 1 else f"{figure(means[0])} to {figure(means[-1])}"
    return ("Beforehand a change is the less likely to be an event's the longer after it it comes: delays are "
            f"exponential with a mean of {average} days, up to the end of the window.")


def _inside(findings: Findings) -> str:
    """How a change is placed between two rows."""
    s = findings.main.series
    if s.kind == "stock":
        return ("Between two rows every day is taken to be equally likely: the counts cannot say on which side of a "
                "day between them the change lies.")
    return (f"Inside a {row_noun(s)} a change is placed where the count of that {row_noun(s)} puts it, as the share of "
            "it that lay under the old level and under the new one.")


def facts(findings: Findings) -> list[tuple[str, str]]:
    """Settings, versions and the hash of the events of a run."""
    settings, versions = (", ".join(f"{key} {value}" for key, value in sorted(pairs.items()))
                          for pairs in (findings.settings, findings.versions))
    return [("Experiment", findings.name), ("Settings", settings), ("Versions", versions),
            ("Hash of the list of events", findings.frozen)]


def cite(findings: Findings) -> str:
    """How to cite the report: what, which data, by which release, written when."""
    from forecast import __version__

    s = findings.main.series
    what = "Simulated data. " if findings.simulated else ""
    return (f"{what}“{findings.title}”, {figure(len(s), 6)} {row_noun(s, 2)} of {whole(s.start[0], s.end[-1])}; "
            f"experiment {findings.name}, forecast {__version__}, seed {findings.settings.get('seed')}, event list "
            f"{findings.frozen}, written on {day(datetime.now(UTC).date())}.")
