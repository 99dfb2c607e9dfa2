"""The notebook that ships with the experiments runs from top to bottom."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

from forecast.registry import folder


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the notebook machinery, not of ours
def test_the_notebook_runs(tmp_path):
    notebook = nbformat.read(folder("experiments") / "reuse.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, kernel_name="python3",
                   resources={"metadata": {"path": str(folder("experiments").parent)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert outputs
    assert not [output for output in outputs if output.output_type == "error"]
