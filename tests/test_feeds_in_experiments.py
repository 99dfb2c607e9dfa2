"""Feeds as the series of an experiment: kinds, weeks, bounds, names."""

from __future__ import annotations

import math

import numpy as np
import pytest

from forecast.evidence.long_table import LongTable
from tests.feeds import simulated
from tests.feeds.simulated import HERE


def test_an_experiment_reads_a_spreadsheet_as_it_comes():
    evidence = LongTable(str(HERE / "simulated_spreadsheet.ods"), "box", freq=None).read()
    series, account = evidence.series, evidence.decisions
    truth = [row for row in simulated.yard_truth() if row[0] == "box"]
    assert np.array_equal(series.value, [low for *_, low, _ in truth], equal_nan=True)
    assert (series.kind, series.measure) == ("stock", "box")
    assert [d.outcome for d in account] == ["left out" if math.isnan(low) else "used" for *_, low, _ in truth]


def test_an_experiment_sums_portwatch_to_weeks_and_says_what_they_cover():
    series = LongTable(str(HERE / "simulated_portwatch.csv"), "port1/portcalls", freq="W-MON").read().series
    truth = [low for name, _, low, _ in simulated.portwatch()[1] if name == "port1/portcalls"]
    assert series.low.tolist() == [sum(truth[:7]), sum(truth[7:14]), truth[14]]
    assert series.exposure.round(3).tolist() == [1.0, 1.0, 0.143]


def test_calls_are_lower_bounds_unless_the_list_is_known_to_be_complete():
    path = str(HERE / "simulated_port_visits.json")
    truth = [day for port, day, *_ in simulated.visits_truth() if port == "Simulated Bay"]
    open_ = LongTable(path, "Simulated Bay", freq="MS").read().series
    months = sorted({day.replace(day=1) for day in truth})
    assert open_.low.tolist() == [sum(day.replace(day=1) == month for day in truth) for month in months]
    assert np.isinf(open_.high).all()
    daily = LongTable(path, "Simulated Bay", freq="D", complete=True).read().series
    assert len(daily) == (truth[-1] - truth[0]).days + 1
    assert daily.value.sum() == len(truth)


def test_a_wrong_name_of_a_series_is_told_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'port1/portcalls'"):
        LongTable(str(HERE / "simulated_portwatch.csv"), "port1/portcall").read()
    with pytest.raises(ValueError, match="no series of counts"):
        LongTable(str(HERE / "simulated_stac.json")).read()
