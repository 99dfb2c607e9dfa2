"""The checks of `tests/fuzz.py`, briefly and with the same inputs each time."""

from __future__ import annotations

import pytest

from tests.fuzz import CHECKS, SHARE, run


@pytest.mark.parametrize("name", CHECKS)
def test_generated_inputs_keep_what_must_be_true(name):
    became = run(name, max(8, round(40 * SHARE.get(name, 1.0))), same=True)
    assert "refused" not in became or len(became) > 1, "every input was refused at the door"
