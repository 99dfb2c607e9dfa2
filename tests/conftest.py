"""What every test file shares: draws that do not depend on which tests ran before."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def same_draws_in_any_order(request: pytest.FixtureRequest) -> None:
    """A file's generator `RNG` starts anew for each of its tests."""
    if isinstance(generator := getattr(request.module, "RNG", None), np.random.Generator):
        generator.bit_generator.state = np.random.default_rng(0).bit_generator.state
