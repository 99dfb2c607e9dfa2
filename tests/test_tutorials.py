"""The tutorials run from top to bottom and show what they keep; every picture of their page is drawn by its lines."""

from __future__ import annotations

import jupytext
import matplotlib as mpl
import nbformat
import pytest
from matplotlib import pyplot

from tests import tutorials


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the notebook machinery, not of ours
@pytest.mark.parametrize("name", tutorials.names())
def test_a_tutorial_shows_what_it_keeps(name):
    kept = nbformat.read(tutorials.HERE / f"{name}.ipynb", as_version=4)
    script = jupytext.read(tutorials.HERE / f"{name}.py")
    stale = f"stale: python -m tests.tutorials {name}"
    assert [(cell.cell_type, cell.source) for cell in kept.cells] == [(cell.cell_type, cell.source) for cell in script.cells], stale
    assert tutorials.shown(tutorials.executed(tutorials.HERE / f"{name}.py")) == tutorials.shown(kept), stale


def test_every_tutorial_stands_in_the_table_of_their_page():
    page = (tutorials.HERE / "README.md").read_text(encoding="utf-8")
    assert all(f"| [{name}]({name}.ipynb) |" in page for name in tutorials.names())
    assert page.count(".ipynb) |") == len(tutorials.names())


def test_every_picture_of_their_page_is_drawn_by_the_lines_above_it():
    mpl.use("Agg")
    figures = tutorials.drawn(tutorials.HERE / "README.md")
    assert sorted(figures) == sorted(f"pictures/{path.name}" for path in (tutorials.HERE / "pictures").glob("*.svg"))
    assert all(figure.axes for figure in figures.values())
    pyplot.close("all")
