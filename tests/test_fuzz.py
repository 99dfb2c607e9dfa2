"""The checks of `tests/fuzz.py`, briefly and with the same inputs each time."""

from __future__ import annotations

import pytest

from tests.fuzz import CHECKS, run


@pytest.mark.parametrize("name", CHECKS)
def test_generated_inputs_keep_what_must_be_true(name):
    run(name, 40, same=True)
