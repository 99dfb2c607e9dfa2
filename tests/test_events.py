"""Events: names that experiments list, windows, and dates that may not be evidence."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.evidence.events import PRECISIONS, Event, read_events, window
from forecast.evidence.statements import StatementError

HEADER = "name,label,start,end,precision,outside,publisher\n"


def ledger(tmp_path, rows):
    path = tmp_path / "events.csv"
    path.write_text(HEADER + rows, encoding="utf-8")
    return path


def test_names_that_experiments_list_are_there():
    names = ["shoigu_visit", "depots_finished", "summit_vostochny", "pause_february_2024", "putin_visit"]
    assert [e.name for e in read_events(names=names)] == sorted(names, key=[
        "depots_finished", "shoigu_visit", "summit_vostochny", "pause_february_2024", "putin_visit"].index)


def test_dates_read_from_the_counts_are_never_outside_evidence():
    inside = {e.name: e.start for e in read_events() if not e.outside}
    assert inside == {"csis_rise_start": date(2023, 9, 18), "pause_february_2024": date(2024, 2, 13),
                      "sea_route_white_house": date(2023, 9, 7), "yard_fill_falls": date(2024, 2, 23),
                      "yard_fill_back": date(2024, 3, 12), "oil_reports_stop_2020": date(2020, 9, 1),
                      "oil_reports_resume": date(2022, 12, 1), "oil_reports_end_2024": date(2024, 2, 1),
                      "belarus_meat": date(2025, 10, 1), "flour_by_train_2026": date(2026, 1, 13)}


def test_every_event_has_a_label_a_publisher_and_an_address():
    events = read_events()
    assert len(events) == 78
    assert all(e.label and e.publisher and e.url.startswith("http") for e in events)


def test_a_vague_date_widens_to_whole_months():
    event = Event("depots", "Depots", date(2023, 5, 10), date(2023, 5, 10), precision="month")
    assert window(event) == (date(2023, 5, 1), date(2023, 5, 31))
    quarter = Event("coal", "Coal", date(2021, 2, 1), date(2021, 2, 1), precision="quarter")
    assert window(quarter, delay_days=10) == (date(2021, 1, 1), date(2021, 4, 10))


@given(st.dates(date(1990, 1, 1), date(2040, 1, 1)), st.integers(0, 400), st.integers(0, 400), st.integers(0, 400),
       st.sampled_from(sorted(PRECISIONS)))
def test_a_window_always_holds_the_event_and_its_delays(start, length, delay, before, precision):
    event = Event("e", "E", start, start + timedelta(days=length), precision=precision)
    first, last = window(event, delay, before)
    assert first <= event.start - timedelta(days=before)
    assert last >= event.end + timedelta(days=delay)


def test_negative_days_are_refused():
    with pytest.raises(ValueError, match="delay_days must be at least 0, got -1"):
        window(read_events()[0], delay_days=-1)


def test_every_fault_of_every_event_is_listed_at_once(tmp_path):
    path = ledger(tmp_path, "a,A,2023-13-40,,day,yes,X\nb,B,2023-02-01,2023-01-01,weak,maybe,\nc,C,2023-01-01,,,,X\n"
                            "c,C,2023-01-01,,,,X\n")
    with pytest.raises(StatementError) as error:
        read_events(path)
    assert [(p.row, p.column) for p in error.value.faults] == [
        (2, "start"), (3, "end"), (3, "precision"), (3, "publisher"), (3, "outside"), (5, "name")]


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(StatementError, match="'shoigu_visti': did you mean 'shoigu_visit'"):
        read_events(names=["shoigu_visti"])


@pytest.mark.parametrize(("path", "name"), [("seatbelts/events.csv", "seat_belt_law"),
                                            ("border_rail/events.csv", "rail_crossings_closed")])
def test_other_experiments_have_their_events(path, name):
    assert name in [e.name for e in read_events(path)]
