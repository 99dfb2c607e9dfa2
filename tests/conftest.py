"""What every test file shares: draws that do not depend on which tests ran before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

pytest_plugins = ["tests.hostile"]  # fixtures of hostile folders


@pytest.fixture(autouse=True)
def same_draws_in_any_order(request: pytest.FixtureRequest) -> None:
    """A file's generator `RNG` starts anew for each of its tests."""
    if isinstance(generator := getattr(request.module, "RNG", None), np.random.Generator):
        generator.bit_generator.state = np.random.default_rng(0).bit_generator.state


@pytest.fixture(autouse=True, scope="session")
def secret_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the user keeps outside output folders is left alone by tests, those of subprocesses included."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield
