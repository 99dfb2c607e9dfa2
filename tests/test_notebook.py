"""The notebook that ships with the experiments runs from top to bottom, in Jupyter and as a plain script."""

from __future__ import annotations

import os
import subprocess
import sys

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

from forecast import Series, event_effect
from forecast.support.registry import folder

HERE = folder("experiments")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the notebook machinery, not of ours
def test_the_notebook_runs_and_shows_its_results():
    notebook = nbformat.read(HERE / "reuse.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3",
                   resources={"metadata": {"path": str(HERE.parent)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    shown = [output.data["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    assert any("rows observed" in text for text in shown)
    assert any("p_value" in text for text in shown)
    assert any(text.startswith("<!doctype html>") for text in shown), "the whole report as the last cell"


def test_the_script_holds_the_cells_of_the_notebook():
    def cells(book):
        return [(cell.cell_type, cell.source) for cell in book.cells]

    script, notebook = jupytext.read(HERE / "reuse.py"), nbformat.read(HERE / "reuse.ipynb", as_version=4)
    assert cells(script) == cells(notebook), "stale: jupytext --to ipynb experiments/reuse.py"
    assert not any(cell.get("outputs") for cell in notebook.cells), "results belong to whoever runs it"


def test_the_script_runs_where_there_is_no_jupyter(tmp_path):
    """A finder in the way of everything of Jupyter stands for a machine without it."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('IPython', 'ipykernel', 'jupyter_client', 'nbformat', 'nbclient'):\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Absent())\n")
    done = subprocess.run([sys.executable, HERE / "reuse.py"], capture_output=True, text=True, cwd=tmp_path, check=False,
                          env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{HERE.parent}"})
    assert done.returncode == 0, done.stderr


def test_results_show_themselves_and_what_they_hold_is_escaped():
    series = Series.from_values([3, 4, None, 5] * 8, name="<b>yard</b>")
    assert "&lt;b&gt;yard&lt;/b&gt;: 24 of 32 rows observed" in series._repr_html_()
    assert "<table" in series._repr_html_()
    assert "p_value" in event_effect(series, series.start[16])._repr_html_()
