"""A stock bounded by counts of its parts and of what it lies in; contradictions are found, not resolved."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from forecast import NestedStock, read_statements
from forecast.evidence.statements import Statement

AREAS = {"hall": "yard", "shed": "yard", "yard": "crossing", "abroad": "crossing"}
NAMES = {"yard": "the yard", "hall": "the hall", "abroad": "the other side"}


def count(name: str, site: str, day: str, low: float, high: float | None = None, *, scope: str = "yard", publisher: str = "A",
          measure: str = "railcars", until: str = "", kind: str = "snapshot", car_type: str = "all", qualifier: str = "exact",
          same_as: tuple[tuple[str, str], ...] = ()) -> Statement:
    return Statement(id=name, site=site, measure=measure, kind=kind, start=date.fromisoformat(day),  # type: ignore[arg-type]
                     end=date.fromisoformat(until or day), count=None, low=low, high=low if high is None else high, scope=scope,
                     publisher=publisher, qualifier=qualifier, same_as=same_as, details={"car_type": car_type})


def read(*statements: Statement, **settings: object):
    return NestedStock(site="yard", areas=AREAS, names=NAMES, **settings).of(statements)  # type: ignore[arg-type]


def bounds(evidence) -> list[tuple[str, float, float]]:
    s = evidence.series
    return list(zip(s.start.astype(str).tolist(), s.low.tolist(), s.high.tolist(), strict=True))


def test_a_part_bounds_the_whole_from_below_and_what_holds_the_place_from_above():
    made = read(count("a", "hall", "2023-01-05", 7), count("b", "crossing", "2023-01-05", 30), count("c", "yard", "2023-02-01", 12),
                count("d", "yard", "2023-03-01", 9, scope="train"))
    assert bounds(made) == [("2023-01-05", 7, 30), ("2023-02-01", 12, 12), ("2023-03-01", 9, np.inf)]
    assert not made.contradictions


def test_parts_that_lie_apart_add_up_within_one_publisher_and_parts_of_parts_do_not():
    two = read(count("a", "hall", "2023-01-05", 7, scope="train"), count("b", "shed", "2023-01-05", 4, scope="train"))
    assert bounds(two) == [("2023-01-05", 11, np.inf)]
    others = read(count("a", "hall", "2023-01-05", 7), count("b", "shed", "2023-01-05", 4, publisher="B"))
    assert bounds(others) == [("2023-01-05", 7, np.inf)]
    inner = read(count("a", "hall", "2023-01-05", 7), count("b", "yard", "2023-01-05", 5, scope="train"))
    assert bounds(inner) == [("2023-01-05", 7, np.inf)]


def test_types_of_car_add_up_where_no_total_is_stated_and_a_locomotive_is_no_car():
    rows = [count("ore", "yard", "2023-01-05", 5, car_type="ore"), count("box", "yard", "2023-01-05", 3, car_type="box"),
            count("engine", "yard", "2023-01-05", 2, car_type="locomotive")]
    assert bounds(read(*rows)) == [("2023-01-05", 8, np.inf)]
    assert bounds(read(*rows, count("total", "yard", "2023-01-05", 9))) == [("2023-01-05", 9, 9)]


def test_lengths_and_trains_are_ranges_of_cars_by_choices_that_can_be_reversed():
    rows = [count("long", "yard", "2023-01-05", 300, measure="train_length", scope="train"),
            count("short", "yard", "2023-01-05", 150, measure="train_length", scope="train"),
            count("two", "hall", "2023-02-01", 2, measure="trains", scope="partial"), count("all", "yard", "2023-03-01", 4)]
    assert bounds(read(*rows))[:2] == [("2023-01-05", 30, np.inf), ("2023-02-01", 6, np.inf)]
    assert [day for day, _, _ in bounds(read(*rows, lengths=(), trains=""))] == ["2023-03-01"]
    assert bounds(read(*rows, metres_per_car=[10, 10]))[0] == ("2023-01-05", 45, np.inf)


def test_a_bound_on_a_period_holds_for_every_image_in_it_as_many_as_were_looked_at():
    most = count("most", "yard", "2022-01-01", 0, 20, until="2022-12-31", kind="period", qualifier="at_most")
    looked = count("looked", "crossing", "2022-03-01", 6, np.inf, until="2022-03-31", kind="period", measure="images_looked_at")
    made = read(most, looked, count("a", "hall", "2022-03-10", 4), count("b", "yard", "2023-01-01", 50))
    assert len(bounds(made)) == 6 + 2
    assert all((low, high) == ((4, 20) if day == "2022-03-10" else (0, 20)) for day, low, high in bounds(made)[:-1])
    assert all("2022-03-01" <= day <= "2022-03-31" for day, _, _ in bounds(made)[:-1])
    assert "even distances" in {d.statement_id: d.reason for d in made.decisions}["looked"]
    assert len(bounds(read(most, looked, count("a", "hall", "2022-03-10", 4), images_looked_at=""))) == 1


def test_counts_that_exclude_each_other_are_named_and_neither_is_believed():
    most = count("most", "yard", "2022-01-01", 0, 20, until="2022-12-31", kind="period", qualifier="at_most", publisher="B")
    made = read(most, count("a", "hall", "2022-03-10", 27, scope="train"))
    (found,) = made.contradictions
    assert (found.day, found.low, found.lows, found.high, found.highs) == (date(2022, 3, 10), 27, ("a",), 20, ("most",))
    assert bounds(made) == [("2022-03-10", 20, 27)]
    assert bounds(made.only("A")) == [("2022-03-10", 27, np.inf)]
    assert made.only("B") is None


def test_a_train_that_stands_there_for_days_is_counted_on_each_and_a_repeat_of_one_day_once():
    made = read(count("a", "hall", "2023-01-05", 7), count("b", "hall", "2023-01-07", 7, same_as=(("a", "same_call"),)),
                count("c", "hall", "2023-01-05", 7, publisher="B", same_as=(("a", "same_call"),)))
    assert bounds(made) == [("2023-01-05", 7, np.inf), ("2023-01-07", 7, np.inf)]
    assert {d.statement_id: d.outcome for d in made.decisions} == {"a": "used", "b": "used", "c": "merged"}


@pytest.mark.parametrize(("other", "said"), [
    (count("x", "abroad", "2023-01-05", 5), "it speaks of the other side, which neither holds the yard nor lies in it"),
    (count("x", "crossing", "2023-01-05", 5, scope="train"), "a part of crossing: it need not lie in the yard"),
    (count("x", "yard", "2023-01-05", 5, measure="ships"), "it counts ships, this series counts railcars"),
    (count("x", "yard", "2023-01-01", 5, until="2023-02-01", kind="period"), "a flow over a period is no stock"),
])
def test_what_says_nothing_of_the_place_is_left_out_in_words_of_a_reader(other, said):
    made = read(other, count("a", "hall", "2023-01-05", 7))
    assert {d.statement_id: d.reason for d in made.decisions}["x"] == said


def test_areas_that_go_round_are_refused():
    with pytest.raises(ValueError, match="circle"):
        NestedStock(areas={"a": "b", "b": "a"})
    with pytest.raises(ValueError, match="metres_per_car"):
        NestedStock(metres_per_car=[15, 10])


def test_csis_and_voa_and_kbs_contradict_each_other_as_counts_of_one_yard():
    areas = {"tumangang": "tumangang_khasan", "tumangang_freight_yard": "tumangang", "tumangang_storage_yard_east": "tumangang"}
    made = NestedStock(areas=areas).read()
    assert [(str(c.day), c.low, c.high) for c in made.contradictions] == [("2023-02-02", 27, 20), ("2023-08-21", 27, 20)]
    assert {"cars-2018-to-2023-csis"} == {i for c in made.contradictions for i in c.highs}


def test_every_statement_of_the_ledgers_is_accounted_for_in_words():
    made = NestedStock(areas={"tumangang_freight_yard": "tumangang"}).read()
    known = read_statements(("khasan_rajin/railcars.csv", "khasan_rajin/rail_volumes.csv"))
    assert sorted(d.statement_id for d in made.decisions) == sorted(s.id for s in known)
    assert not [d.reason for d in made.decisions if d.outcome == "left out" and "_" in d.reason]


def test_more_images_than_days_are_no_more_than_one_a_day(tmp_path: Path):
    most = count("most", "yard", "2022-01-01", 0, 20, until="2022-12-31", kind="period", qualifier="at_most")
    looked = count("looked", "yard", "2022-03-01", 900, np.inf, until="2022-03-31", kind="period", measure="images_looked_at")
    made = read(most, looked, count("a", "hall", "2022-03-10", 4))
    assert len(bounds(made)) == 31
