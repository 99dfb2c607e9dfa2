"""Compiled loops: how numba is asked to compile the kernels of the rooms, and where it keeps them.

Import a module of kernels only where a loop is needed. Every kernel is small (a cold compile costs seconds) and cached
on disk: beside the file where that is writable, else in numba's cache folder of the user, else (a read-only package and
no home) not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from forecast.support.surroundings import check_surroundings

check_surroundings()  # before numba reads what lies in the current folder
import numba  # noqa: E402

Array = np.ndarray[Any, Any]
Loop = TypeVar("Loop", bound=Callable[..., Any])


def kernel(loop: Loop) -> Loop:
    """Compile a loop on first use, or read it from numba's cache."""
    return _compiled(loop)


def vector_kernel(loop: Loop) -> Loop:
    """As `kernel`, where sums may be reordered so that several rows are handled at once."""
    return _compiled(loop, fastmath={"nnan", "nsz", "reassoc", "contract"})


def _compiled(loop: Loop, **options: Any) -> Loop:
    try:
        return cast(Loop, numba.njit(cache=True, nogil=True, **options)(loop))
    except RuntimeError as error:
        if "no locator available" not in str(error):
            raise
        return cast(Loop, numba.njit(nogil=True, **options)(loop))  # nowhere to keep it: compiled by each process


def part_kernel(loop: Loop) -> Loop:
    """A part of kernels, put into each before it is compiled.

    A kernel that calls another one is compiled with it or, where that one lies in the cache already, beside it, and
    then rounds otherwise; with parts, all processes round alike. numba keeps a kernel whose own file did not change:
    after an edit of a part that another file imports, save that file anew, too.
    """
    return cast(Loop, numba.njit(inline="always")(loop))
