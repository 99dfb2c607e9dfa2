"""The evidence that ships: tidy, sourced, complete, and the series that it becomes."""

import csv
from collections import Counter

import numpy as np
import pytest

from forecast.evidence.decisions import merge_groups
from forecast.evidence.files import locate
from forecast.evidence.flow import Flow
from forecast.evidence.long_table import LongTable
from forecast.evidence.statements import read_statements, read_watching
from forecast.evidence.stock import Stock

ROWS = {"railcars": 50, "rail_volumes": 233, "port_calls": 78, "port_aggregates": 106}
NO_ADDRESS = {"ships-2023-08-25-reuters", "watch-reuters"}  # a report known by its date alone
VOA = Flow(publishers=["VOA Korean"])


def bins(series):
    return {str(day): (low, high) for day, low, high in zip(series.start, series.low, series.high, strict=True)}


@pytest.mark.parametrize(("ledger", "rows"), ROWS.items())
def test_every_statement_has_a_publisher_and_an_address(ledger, rows):
    statements = read_statements(f"khasan_rajin/{ledger}.csv")
    assert len(statements) == rows
    assert all(s.publisher and s.scope and s.unit in ("", s.unit.strip()) for s in statements)
    assert {s.id for s in statements if not s.url.startswith("http")} <= NO_ADDRESS


def test_all_ledgers_can_be_read_together():
    assert len(read_statements("khasan_rajin")) == sum(ROWS.values())


def test_watching_has_publishers_and_addresses():
    watches = read_watching("khasan_rajin/watching.csv")
    assert {w.id for w in watches if not w.url.startswith("http")} <= NO_ADDRESS
    shares = {w.id: w.share for w in watches if w.share is not None}
    assert shares == {"watch-csis": 109 / 196, "watch-voa-cloud": 38 / 50}


def test_notes_are_short():
    for ledger in ROWS:
        assert max(len(s.note) for s in read_statements(f"khasan_rajin/{ledger}.csv")) < 170


def test_78_rows_are_52_distinct_sightings_at_rajin_of_which_11_are_coal():
    rajin = [s for s in read_statements("khasan_rajin/port_calls.csv") if s.site == "rajin"]
    groups = merge_groups(rajin, "possible_dup")
    distinct = [s for s in rajin if groups[s.id][0] == s.id]
    assert len(distinct) == 52
    assert Counter(s.details["cargo"] == "coal" for s in distinct) == {False: 41, True: 11}


@pytest.mark.parametrize(("settings", "calls"), [
    ({}, 41), ({"scopes": ["coal_pier"]}, 11), ({"include_inferred": False}, 39),
    ({"merge": "same_call"}, 53), ({"merge": "none"}, 56)])
def test_distinct_calls_follow_the_choices(settings, calls):
    account = Flow(unlisted="unknown", start=None, **settings).read().decisions
    assert sum(d.outcome == "used" and d.reason.startswith("one call") for d in account) == calls


def test_voa_totals_give_exact_months_by_subtraction():
    months = bins(VOA.read().series)
    assert [months[m] for m in ("2023-08-01", "2023-09-01", "2023-10-01", "2024-01-01")] == [
        (1, 1), (2, 2), (11, 11), (9, 9)]
    assert months["2024-02-01"] == (4, 5)
    assert months["2022-05-01"] == (0, 0)


def test_62_at_all_container_piers_and_35_at_one_pier_are_kept_apart():
    account = VOA.read().decisions
    fate = {d.statement_id: d for d in account}
    assert fate["ships-2025-03-09-voa"].outcome == "used"
    one_pier = [d for d in account if d.statement_id.startswith("ships-2025-03-09-voa-nk-pier")]
    assert {d.outcome for d in one_pier} == {"left out"}
    assert all("it speaks of nk pier, this series of" in d.reason for d in one_pier)


def test_a_total_that_earlier_totals_exceed_is_a_conflict_and_not_used():
    fate = {d.statement_id: d for d in VOA.read().decisions}
    assert fate["ships-2024-09-04-voa"].outcome == "left out"
    assert "a conflict: it says 20" in fate["ships-2024-09-04-voa"].reason
    assert "ships-2023-12-31-voa" in fate["ships-2024-09-04-voa"].reason


def test_13_february_to_10_march_2024_is_an_observed_zero():
    weeks = Flow(freq="W-MON", unlisted="unknown").read().series
    assert [bins(weeks)[w] for w in ("2024-02-19", "2024-02-26")] == [(0, 0), (0, 0)]
    days = Flow(freq="D", unlisted="unknown", start="2024-02-01", end="2024-03-31").read().series
    zeros = days.start[days.high == 0]
    assert (str(zeros[0]), str(zeros[-1]), len(zeros)) == ("2024-02-13", "2024-03-09", 26)
    assert bins(days)["2024-03-10"][0] == 1


def test_a_month_without_watchers_is_missing_and_a_sighting_in_it_a_lower_bound():
    months = Flow(unlisted="zero").read().series
    assert np.isnan(bins(months)["2025-05-01"]).all()
    assert bins(months)["2025-10-01"] == (1, np.inf)
    assert bins(months)["2024-11-01"] == (0, 0)


def test_without_totals_a_listed_month_is_a_lower_bound_only():
    months = Flow(unlisted="unknown").read().series
    assert bins(months)["2023-10-01"] == (6, np.inf)
    assert np.isnan(bins(months)["2024-11-01"]).all()


def test_exposure_is_the_stated_share_of_usable_days():
    months = Flow(unlisted="zero").read().series
    exposure = dict(zip(months.start.astype(str), months.exposure, strict=True))
    assert exposure["2023-12-01"] == pytest.approx(109 / 196)
    assert exposure["2023-09-01"] == pytest.approx(0.76)
    pooled = (109 + 38) / (196 + 50)
    assert exposure["2022-06-01"] == pytest.approx(pooled)
    assert exposure["2025-03-01"] == pytest.approx(pooled * 9 / 31)
    full = Flow(unlisted="zero", exposure="full").read().series
    assert set(full.exposure[full.high == 0]) == {1.0}


def test_one_publisher_has_one_exposure_so_that_effort_cannot_pass_for_traffic():
    months = VOA.read().series
    assert np.ptp(months.exposure[:-1]) < 1e-12


def test_who_watched_for_container_ships_did_not_watch_for_coal():
    coal = Flow(scopes=["coal_pier"], unlisted="zero").read().series
    assert np.isnan(coal.rows(coal.start < np.datetime64("2023-08-01")).low).all()
    assert np.nansum(coal.low) == 11


def test_whole_yards_stand_on_five_dates_and_the_envelope_is_no_observation():
    evidence = Stock().read()
    cars, account = evidence.series, evidence.decisions
    assert bins(cars) == {"2023-08-21": (27, 37), "2023-09-14": (0, 0), "2023-10-05": (62, 84),
                          "2024-06-17": (219, 297), "2024-12-03": (225, 225)}
    fate = {d.statement_id: d for d in account}
    assert "unseen dates" in fate["cars-2018-to-2023-csis"].reason
    assert fate["cars-2024-06-17-csis-tmg-ore"].into == "cars-2024-06-17-csis-tmg"


def test_one_yard_alone_is_a_choice():
    cars = Stock(sites=["tumangang_freight_yard"]).read().series
    assert len(cars) == 2


OIL = Flow(ledgers=["khasan_rajin/rail_volumes.csv"], watching=None, site="russia_dprk", measure="oil_barrels",
           scopes=["reported_to_un"], start="2018-01-01", end="2024-06-30", conversions={"oil_tonnes": [7.9, 8.35]}, unit="barrels",
           exposure="full", name="oil")


def test_oil_in_tonnes_and_barrels_becomes_one_series_of_an_amount():
    oil = OIL.read()
    months = bins(oil.series)
    assert not oil.series.is_count
    assert months["2023-10-01"] == (0, 0)  # reported as nothing, and the annual total leaves room for rounding alone
    assert months["2023-07-01"] == (10932.5, 10933.5)
    assert months["2018-04-01"] == (pytest.approx(4292.5 * 7.9), pytest.approx(4293.5 * 8.35))
    assert all(months[f"{day}-01"] == (0, 0) for day in ("2020-10", "2021-01", "2021-10"))
    assert np.isnan([months[f"{day}-01"][0] for day in ("2020-07", "2021-11", "2022-11", "2024-02", "2024-06")]).all()


def test_the_conversion_of_oil_is_that_of_its_own_pairs():
    """Barrels a tonne where both are stated: the years 2018 and 2019, and August 2020 (255 barrels, 32 t)."""
    read = read_statements("khasan_rajin/rail_volumes.csv")
    tonnes = Flow(ledgers=OIL.ledgers, watching=None, site="russia_dprk", measure="oil_tonnes", scopes=["reported_to_un"],
                  start="2018-01-01", end="2020-12-31", unit="tonnes", exposure="full", name="oil").of(read)
    starts = tonnes.series.start.astype(str).tolist()
    for year, barrels in (("2018", 241114), ("2019", 277365)):
        (stated,) = [s.count for s in read if s.measure == "oil_barrels" and str(s.start) == f"{year}-01-01" and str(s.end) == f"{year}-12-31"]
        assert stated == barrels
        first = starts.index(f"{year}-01-01")
        least, most = (side[11] for side in tonnes.totals.since(first))
        low, high = OIL.conversions["oil_tonnes"]
        assert barrels / most <= high
        assert barrels / least >= low
    assert low <= 255 / 32 <= high


def test_running_totals_of_one_publisher_that_others_refute_are_conflicts():
    said = {d.statement_id: d.reason for d in OIL.read().decisions}
    assert said["russia-dprk-oil-tonnes-2019-08-31-newspim-voa"].startswith("a conflict")
    assert said["russia-dprk-oil-tonnes-2019-12-31-korea-herald"].startswith("a conflict")
    assert said["russia-dprk-oil-tonnes-2018-04-30-upi"].startswith("a conflict")


def test_coal_in_tonnes_is_bounded_by_year():
    tonnes = Flow(ledgers=["khasan_rajin/rail_volumes.csv"], watching=None, site="khasan_rajin",
                     measure="coal_tonnes", scopes=["line"], freq="YS", start=None).read().series
    assert bins(tonnes)["2014-01-01"] == (238200, 238200)
    assert bins(tonnes)["2017-01-01"] == (2000000, np.inf)
    assert np.isnan(bins(tonnes)["2016-01-01"]).all()


@pytest.mark.parametrize("source", [
    VOA, Flow(unlisted="zero", freq="W-MON"), Flow(cargo=["containers"], merge="none"), Flow(scopes=["nk_pier"]),
    Flow(scopes=["coal_pier"], publishers=["VOA Korean"]), Flow(start="2024-01-01", end="2024-06-30"), Stock(),
    Stock(scopes=["yard", "partial"], sites=["khasan", "tumangang"])], ids=str)
def test_every_statement_appears_once_in_an_account(source):
    account = source.read().decisions
    ids = [d.statement_id for d in account]
    assert sorted(ids) == sorted(s.id for s in read_statements(source.ledgers))
    assert all(d.reason and d.outcome in ("used", "merged", "left out") for d in account)
    used = {d.statement_id for d in account if d.outcome == "used"}
    assert all(d.into in used for d in account if d.outcome == "merged")


def test_months_that_the_reporter_left_out_become_missing():
    left_out = {}
    for bridge in ("laredo", "el_paso", "eagle_pass", "brownsville"):
        evidence = LongTable("border_rail/railcars.csv", bridge, omission_above=1000).read()
        series, account = evidence.series, evidence.decisions
        left_out[bridge] = [d.statement_id.split()[1] for d in account if d.outcome == "left out"]
        assert set(left_out[bridge]) <= set(series.start[~series.observed].astype(str))
        assert not (series.low == 0).any()
    assert left_out == {"laredo": [], "el_paso": ["2013-10-01"], "eagle_pass": ["2017-09-01", "2018-09-01"],
                        "brownsville": []}


def test_a_month_that_the_table_skips_is_missing():
    evidence = LongTable("border_rail/railcars.csv", "laredo").read()
    series, account = evidence.series, evidence.decisions
    assert series.start[~series.observed].astype(str).tolist() == ["2008-05-01"]
    assert len(account) == 215


def test_zeros_stand_where_no_rule_is_asked_for():
    series = LongTable("border_rail/railcars.csv", "el_paso").read().series
    assert series.low[series.start == np.datetime64("2013-10-01")] == 0


def test_the_seat_belt_series_ships_whole():
    evidence = LongTable("seatbelts/drivers_killed.csv").read()
    series, account = evidence.series, evidence.decisions
    assert (len(series), series.value[0], str(series.start[-1]), len(account)) == (192, 107, "1984-12-01", 192)


def test_ledgers_are_tidy_csv():
    for path in locate("khasan_rajin").parent.glob("*/*.csv"):
        raw = path.read_bytes()
        assert b"\r" not in raw
        assert raw.endswith(b"\n")
        rows = list(csv.reader(raw.decode("utf-8").splitlines()))
        assert {len(row) for row in rows} == {len(rows[0])}, path.name
        assert all(cell == cell.strip() for row in rows for cell in row)
