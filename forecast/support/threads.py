"""How many threads the matrix products of one process may take, and how many processes a run."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController

FEW = 8  # workers that any machine bears


@cache
def _pools() -> ThreadpoolController:
    return ThreadpoolController()


def single_thread() -> AbstractContextManager[object]:
    """One BLAS thread: the products are small, so more threads only burn time, and sums must not depend on them."""
    return _pools().limit(limits=1)  # type: ignore[no-any-return]


def worker_count(jobs: int) -> int:
    """Worker processes for so many jobs: a pool starts all of them at once, and more than there are cores help nothing.

    >>> worker_count(2), worker_count(1_000_000) < 1_000_000
    (2, True)
    """
    return min(jobs, max(FEW, os.cpu_count() or 1))
