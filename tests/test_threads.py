"""Work beside other work: its result, its error, and what becomes of it where there is one core or the block ends."""

import threading

import pytest

from forecast.support import threads
from forecast.support.threads import work_beside


@pytest.fixture(params=[1, 2])
def number(request, monkeypatch):
    """Of cores that the process may use."""
    monkeypatch.setattr(threads, "cores", lambda: request.param)
    return request.param


def test_work_beside_gives_its_result_from_a_thread_of_its_own_where_there_is_a_second_core(number):
    with work_beside() as start:
        where = start(threading.current_thread)
        assert (where() is threading.main_thread()) == (number == 1)
        assert where() is where()


def test_work_beside_keeps_its_error(number):
    with work_beside() as start:
        failed = start(lambda: int("no number"))
        with pytest.raises(ValueError, match="no number"):
            failed()


def test_an_error_of_the_block_does_not_wait_for_the_work(number):
    going = threading.Event()
    try:
        with pytest.raises(KeyboardInterrupt):
            _stopped(lambda: going.wait(60))
        assert not going.is_set()
    finally:
        going.set()


def _stopped(work):
    with work_beside() as start:
        start(work)
        raise KeyboardInterrupt
