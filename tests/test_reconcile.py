"""Reconciling as code: duplicates, subtraction with bounds, conflicts, scopes, and order that does not matter."""

import math
import tempfile
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.evidence.cells import StatementError
from forecast.evidence.decisions import merge_groups
from forecast.evidence.files import locate
from forecast.evidence.flow import Flow
from forecast.evidence.long_table import LongTable
from forecast.evidence.statements import Statement
from forecast.evidence.stock import Stock
from forecast.evidence.totals import Cumulative, subtract
from forecast.series.series import Series
from forecast.support.registry import build

HEADER = "id,site,measure,kind,start,end,count,qualifier,scope,publisher,same_as\n"
DAY0 = np.datetime64("2024-01-01")


def call(name, start="2024-01-01", end=None, same_as=()):
    first = date.fromisoformat(start)
    return Statement(name, "port", "ships", "sighting", first, date.fromisoformat(end) if end else first, 1, 1, 1,
                     same_as=same_as)


def flow(tmp_path, rows, **choices):
    path = tmp_path / "ledger.csv"
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    chosen = {"site": "port", "scopes": ["all"], "watching": None, "start": None, "exposure": "full", **choices}
    return Flow(ledgers=[str(path)], **chosen)


def total(name, start, end, count, qualifier="exact", *, scope="all"):
    return f"{name},port,ships,period,{start},{end},{count},{qualifier},{scope},A,"


def sighting(name, start, end="", same_as="", publisher="A"):
    return f"{name},port,ships,sighting,{start},{end},1,exact,all,{publisher},{same_as}"


# -- duplicates -----------------------------------------------------------------------------------------------
def test_one_ship_at_two_piers_is_one_call_through_a_chain_of_links():
    calls = [call("a", "2024-01-01", "2024-01-03"), call("b", same_as=(("a", "possible_dup"),)),
             call("c", same_as=(("b", "same_call"),)), call("d")]
    groups = merge_groups(calls, "possible_dup")
    assert {i: g[0] for i, g in groups.items()} == {"a": "b", "b": "b", "c": "b", "d": "d"}
    assert groups["a"][1] == "taken for the same as b (possible_dup)"


def test_a_weak_link_counts_only_when_asked_for():
    calls = [call("a"), call("b", same_as=(("a", "possible_dup"),)), call("c", same_as=(("a", "same_call"),))]
    assert [len({g for g, _ in merge_groups(calls, m).values()}) for m in ("none", "same_call", "possible_dup")] == [
        3, 2, 1]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12), st.randoms())
def test_groups_do_not_depend_on_order(links, rng):
    calls = [call(f"c{i}", same_as=tuple((f"c{b}", "same_call") for a, b in links if a == i)) for i in range(10)]
    shuffled = calls[:]
    rng.shuffle(shuffled)
    assert {i: g for i, (g, _) in merge_groups(calls, "same_call").items()} == {
        i: g for i, (g, _) in merge_groups(shuffled, "same_call").items()}


# -- totals ---------------------------------------------------------------------------------------------------
@given(st.lists(st.integers(0, 5), min_size=5, max_size=30), st.data())
def test_bounds_of_true_statements_never_conflict_and_always_hold_the_truth(counts, data):
    n = len(counts)
    days = DAY0 + np.arange(n + 1)
    running = Cumulative(days)
    for _ in range(data.draw(st.integers(1, 8))):
        i = data.draw(st.integers(0, n - 1))
        j = data.draw(st.integers(i + 1, n))
        true = sum(counts[i:j])
        low, high = data.draw(st.sampled_from([(true, true), (max(true - 2, 0), true + 1), (true, math.inf), (0, true)]))
        assert running.add(days[i], days[j], low, high)
    for i in range(n):
        for j in range(i + 1, n + 1):
            low, high = running.bounds(days[i], days[j])
            assert low <= sum(counts[i:j]) <= high


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 9), st.integers(0, 9))
def test_subtraction_of_bounds_holds_the_truth(first, second, below, above):
    later, earlier = first + second, first
    low, high = subtract((max(later - below, 0), later + above), (max(earlier - below, 0), earlier + above))
    assert low <= second <= high


def test_a_conflict_changes_nothing():
    running = Cumulative(DAY0 + np.array([0, 10, 20], dtype="timedelta64[D]"))
    assert running.add(DAY0, DAY0 + np.timedelta64(20, "D"), 5, 5)
    before = running.most.copy()
    assert not running.add(DAY0, DAY0 + np.timedelta64(10, "D"), 6, 6)
    assert np.array_equal(running.most, before)


def test_cumulative_minus_cumulative_gives_the_month_between(tmp_path):
    evidence = flow(tmp_path, [total("jan", "2024-01-01", "2024-01-31", 9),
                                      total("feb", "2024-01-01", "2024-02-29", 12)]).read()
    series, account = evidence.series, evidence.decisions
    assert series.value.tolist() == [9, 3]
    assert "less jan leaves 3 after 2024-01-31" in {d.statement_id: d.reason for d in account}["feb"]


def test_at_least_stays_a_bound_through_subtraction(tmp_path):
    series = flow(tmp_path, [total("jan", "2024-01-01", "2024-01-31", 9),
                                total("feb", "2024-01-01", "2024-02-29", 16, "at_least")]).read().series
    assert (series.low[1], series.high[1]) == (7, math.inf)


def test_a_falling_total_is_a_conflict_named_in_the_account(tmp_path):
    evidence = flow(tmp_path, [total("jan", "2024-01-01", "2024-01-31", 9),
                                      total("feb", "2024-01-01", "2024-02-29", 7)]).read()
    series, account = evidence.series, evidence.decisions
    fate = {d.statement_id: d for d in account}
    assert fate["feb"].outcome == "left out"
    assert fate["feb"].reason.startswith("a conflict: it says 7 for 2024-01-01 to 2024-02-29")
    assert fate["feb"].reason.endswith("follows from jan")
    assert series.low[0] == 9


def test_scopes_are_never_subtracted_from_one_another(tmp_path):
    rows = [total("all", "2024-01-01", "2024-01-31", 62), total("pier", "2024-01-01", "2024-01-20", 35, scope="pier")]
    evidence = flow(tmp_path, rows).read()
    series, account = evidence.series, evidence.decisions
    assert series.value.tolist() == [62]
    assert {d.statement_id: d.outcome for d in account} == {"all": "used", "pier": "left out"}


def test_a_call_beyond_a_total_is_a_conflict_and_a_zero_yields_to_a_ship_seen(tmp_path):
    account = flow(tmp_path, [total("jan", "2024-01-01", "2024-01-31", 1), sighting("a", "2024-01-05"),
                                 sighting("b", "2024-01-05")]).read().decisions
    assert {d.statement_id: d.outcome for d in account} == {"jan": "used", "a": "used", "b": "left out"}
    account = flow(tmp_path, [total("none", "2024-01-01", "2024-01-31", 0), sighting("a", "2024-01-05")]).read().decisions
    assert {d.statement_id: d.outcome for d in account} == {"none": "left out", "a": "used"}


def test_a_rate_binds_whole_months_from_below_and_parts_from_above(tmp_path):
    rows = [total("all", "2024-03-01", "2024-05-25", 20, "at_most"),
            "low,port,ships_per_month,period,2024-03-01,2024-05-25,1,at_least,all,A,",
            "high,port,ships_per_month,period,2024-03-01,2024-05-25,2,at_most,all,A,"]
    series = flow(tmp_path, rows).read().series
    assert series.low.tolist() == [1, 1, 0]
    assert series.high.tolist() == [2, 2, 2]
    assert series.exposure[2] == pytest.approx(25 / 31)


def test_a_call_whose_day_is_vague_belongs_to_either_bin(tmp_path):
    watching = tmp_path / "watching.csv"
    watching.write_text("id,site,start,end,usable_days,cloudy_days,publisher\nw,port,2024-01-01,2024-02-29,,,A\n",
                        encoding="utf-8")
    rows = [sighting("a", "2024-01-30", "2024-02-02"), sighting("b", "2024-02-10")]
    series = flow(tmp_path, rows, unlisted="zero", watching=str(watching)).read().series
    assert (series.low.tolist(), series.high.tolist()) == ([0, 1], [1, 2])


def test_what_was_merged_into_a_statement_left_out_is_left_out_with_it(tmp_path):
    rows = [total("jan", "2024-01-01", "2024-01-31", 0, "at_most"), sighting("a", "2024-01-05"),
            total("feb", "2024-02-01", "2024-02-29", 1), sighting("b", "2024-02-05"), sighting("c", "2024-02-06"),
            sighting("d", "2024-02-06", "2024-02-07", "c:same_call")]
    account = flow(tmp_path, rows).read().decisions
    assert {d.statement_id: d.outcome for d in account} == {
        "jan": "left out", "a": "used", "feb": "used", "b": "used", "c": "left out", "d": "left out"}


def test_overlapping_vague_calls_still_add_up(tmp_path):
    rows = [sighting("a", "2024-01-03", "2024-01-06"), sighting("b", "2024-01-05", "2024-01-08"),
            sighting("c", "2024-01-20")]
    series = flow(tmp_path, rows, unlisted="unknown").read().series
    assert (series.low.tolist(), series.high.tolist()) == ([3], [math.inf])


# -- order, choices, errors -----------------------------------------------------------------------------------
@settings(max_examples=8, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(["totals", "zero", "unknown"]))
def test_the_order_of_statements_does_not_matter(rng, unlisted):
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name in ("port_calls.csv", "port_aggregates.csv"):
            head, *rows = locate(f"khasan_rajin/{name}").read_text(encoding="utf-8").splitlines()
            rng.shuffle(rows)
            paths.append(str(Path(folder) / name))
            Path(paths[-1]).write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
        evidence = Flow(ledgers=paths, unlisted=unlisted).read()
        mixed, account = evidence.series, evidence.decisions
    evidence = Flow(unlisted=unlisted).read()
    plain, expected = evidence.series, evidence.decisions
    assert account == expected
    assert np.array_equal(mixed.low, plain.low, equal_nan=True)
    assert np.array_equal(mixed.high, plain.high, equal_nan=True)


def test_sources_are_built_from_a_config_and_read_nothing_before_they_are_asked():
    source = build({"_target_": "forecast.Flow", "ledgers": ["nowhere.csv"], "start": date(2024, 1, 1)})
    with pytest.raises(ValueError, match=r"no file or folder 'nowhere.csv'"):
        source.read()
    assert isinstance(build({"_target_": "forecast.Stock"}).read().series, Series)


@pytest.mark.parametrize(("make", "words"), [
    (lambda: Flow(unlisted="zeros"), "unlisted 'zeros' is unknown: did you mean 'zero'"),
    (lambda: Flow(merge="maybe"), "merge 'maybe' is unknown"),
    (lambda: Flow(scopes="port"), "scopes takes a list, got 'port'"),
    (lambda: Flow(start="2024-13-01"), "'2024-13-01' is no day"),
    (lambda: Flow(site="rajn").read(), "none of 184 statements can be used, most of them because it is about rajin"),
    (lambda: Stock(scopes=["yards"]).read(), "none of 50 statements can be used"),
    (lambda: LongTable("border_rail/railcars.csv", "el_pasa").read(), "did you mean 'el_paso'"),
    (lambda: LongTable("border_rail/railcars.csv", "el_paso", freq="QS").read(), "2010-02-01 does not lie on the grid"),
])
def test_a_wrong_choice_says_what_and_what_to_do(make, words):
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        make()


def test_a_long_table_takes_bounds_and_gaps(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("unique_id,ds,y,y_low,y_high\nn,2024-01-01,3,,\nn,2024-02-01,,2,\nn,2024-04-01,,,5\nn,2024-05-01,,,\n",
                    encoding="utf-8")
    evidence = LongTable(str(path)).read()
    series, account = evidence.series, evidence.decisions
    assert np.array_equal(series.low, [3, 2, np.nan, 0, np.nan], equal_nan=True)
    assert np.array_equal(series.high, [3, math.inf, np.nan, 5, np.nan], equal_nan=True)
    assert [d.outcome for d in account] == ["used", "used", "used", "left out"]


def test_a_long_table_lists_its_faults_at_once(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("unique_id,ds,y\nn,2024-01-01,x\nn,45123,2\n,2024-02-01,2\n", encoding="utf-8")
    with pytest.raises(StatementError) as error:
        LongTable(str(path)).read()
    assert [(p.row, p.column) for p in error.value.faults] == [(2, "y"), (3, "ds"), (4, "unique_id")]


def test_yards_counted_twice_on_a_day_are_one_observation(tmp_path):
    path = tmp_path / "cars.csv"
    path.write_text("id,site,measure,kind,start,end,count,scope,publisher\na,x,railcars,snapshot,2024-01-01,,5,yard,A\n"
                    f"b,y,railcars,snapshot,2024-01-01,,9,yard,B\nc,y,railcars,snapshot,{date(2024, 1, 1) + timedelta(7)},,7,"
                    "yard,B\n", encoding="utf-8")
    evidence = Stock(ledgers=[str(path)], sites=["y", "x"]).read()
    series, account = evidence.series, evidence.decisions
    assert series.value.tolist() == [9, 7]
    assert {d.statement_id: d.outcome for d in account}["a"] == "left out"


def test_months_named_by_their_end_are_the_months_and_hours_are_refused():
    by_start, by_end = (Flow(freq=freq).read().series for freq in ("MS", "ME"))
    assert by_start.start.tolist() == by_end.start.tolist()
    assert by_end.freq == "MS"
    with pytest.raises(ValueError, match="shorter than a day"):
        Flow(freq="h").read()
