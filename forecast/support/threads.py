"""Threads of one process: how many its matrix products may take, one for work beside other work; processes of a run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import TypeVar

from threadpoolctl import ThreadpoolController

FEW = 8  # workers that any machine bears
Made = TypeVar("Made")


@cache
def _pools() -> ThreadpoolController:
    return ThreadpoolController()


def single_thread() -> AbstractContextManager[object]:
    """One BLAS thread: the products are small, so more threads only burn time, and sums must not depend on them."""
    return _pools().limit(limits=1)  # type: ignore[no-any-return]


@contextmanager
def work_beside() -> Iterator[Callable[[Callable[[], Made]], Callable[[], Made]]]:
    """Start work in a second thread; what is given back waits for its result, or raises what the work raised.

    Compiled loops and programs that are waited for leave a core to it. On a machine with one core the work is done
    when its result is asked for. What was started may not depend on what is done meanwhile. Matrix products take one
    thread each, in both. Where the block ends by an error, Ctrl-C among them, nobody waits for the work.

    >>> with work_beside() as start:
    ...     answer = start(lambda: 6 * 7)
    ...     answer()
    42
    """
    with single_thread():
        if cores() < 2:
            yield cache
            return
        pool = ThreadPoolExecutor(1)
        try:
            yield lambda work: pool.submit(work).result
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def worker_count(jobs: int) -> int:
    """Worker processes for so many jobs: a pool starts all of them at once, and more than there are cores help nothing.

    >>> worker_count(2), worker_count(1_000_000) < 1_000_000
    (2, True)
    """
    return min(jobs, max(FEW, os.cpu_count() or 1))
