"""How many threads the matrix products of one process may take."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def _pools() -> ThreadpoolController:
    return ThreadpoolController()


def single_thread() -> AbstractContextManager[object]:
    """One BLAS thread: the products are small, so more threads only burn time, and sums must not depend on them."""
    return _pools().limit(limits=1)  # type: ignore[no-any-return]
