"""The names a notebook imports, whichever modules were imported before."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys

import pytest

import forecast

NOTHING_OF_THEIR_OWN = {"show_report", "totals", "explain", "run", "conclude", "summary"}  # that they raise

@pytest.mark.parametrize("name", [name for name in forecast.__all__ if name != "__version__"])
def test_every_public_name_is_there(name):
    assert callable(getattr(forecast, name))


@pytest.mark.parametrize("name", [name for name in forecast.__all__ if name != "__version__"])
def test_every_public_name_says_what_it_takes_and_raises(name):
    item = getattr(forecast, name)
    told = inspect.getdoc(item)
    assert told.splitlines()[0].endswith((".", ":"))
    if not isinstance(item, type) and name not in NOTHING_OF_THEIR_OWN:
        assert re.search(r"\bRaises\b", told)


@pytest.mark.parametrize("first", ["forecast.experiment.experiment", "forecast.series.simulation", "forecast.models.backtesting"])
def test_a_function_is_not_hidden_by_the_file_of_its_name(first):
    code = f"import {first}; from forecast import simulate, backtest; assert callable(simulate) and callable(backtest)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'sumulate'"):
        forecast.sumulate  # noqa: B018
