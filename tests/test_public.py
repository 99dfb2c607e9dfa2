"""The names a notebook imports, whichever modules were imported before."""

from __future__ import annotations

import doctest
import inspect
import pydoc
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


SHOWN_BY_EXPERIMENT = {"run", "Findings", "Conclusions", "conclude", "write_report", "show_report", "summary"}  # a run is seconds of work


@pytest.mark.parametrize("name", [name for name in forecast.__all__ if name != "__version__"])
def test_every_public_name_has_an_example_that_runs(name):
    """The examples are run with the other tests (`--doctest-modules`)."""
    examples = doctest.DocTestFinder(recurse=False).find(getattr(forecast, name), name)
    assert any(test.examples for test in examples) != (name in SHOWN_BY_EXPERIMENT)
    if name in SHOWN_BY_EXPERIMENT:
        assert "The example of `forecast.Experiment` shows it." in inspect.getdoc(getattr(forecast, name))
        assert re.search(rf"\b{name}\(|^>>> .*{name.lower()} = ", inspect.getdoc(forecast.Experiment), flags=re.M) or name == "Conclusions"


def test_help_tells_the_story_with_every_public_name_and_a_sentence():
    lines = re.findall(r"^    (\w+) {2,}(\S.*)$", forecast.__doc__, flags=re.M)
    assert sorted(name for name, _ in lines) == sorted(set(forecast.__all__) - {"__version__"})
    assert all(len(sentence) > 10 for _, sentence in lines)
    shown = pydoc.render_doc(forecast, renderer=pydoc.plaintext)
    assert all(f"    {name} " in shown.partition("PACKAGE CONTENTS")[0] for name, _ in lines)


@pytest.mark.parametrize("first", ["forecast.experiment.experiment", "forecast.series.simulation", "forecast.models.backtesting"])
def test_a_function_is_not_hidden_by_the_file_of_its_name(first):
    code = f"import {first}; from forecast import simulate, backtest; assert callable(simulate) and callable(backtest)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'sumulate'"):
        forecast.sumulate  # noqa: B018
