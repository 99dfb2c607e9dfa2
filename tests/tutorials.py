"""Run the tutorials and keep what they show: `python -m tests.tutorials [NAME ... | pictures]`.

Each is a script, `experiments/tutorials/NAME.py`, and the notebook with its outputs beside it; `pictures` draws those of
`experiments/tutorials/README.md` by the lines that stand above them. The tests run all of them and compare.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient

from forecast.support.registry import folder

HERE = folder("experiments") / "tutorials"
SMALL = {"image/png", "text/plain"}  # of a picture: what a page can show, and its name


def names() -> list[str]:
    """The tutorials, by the names of their scripts."""
    return sorted(path.stem for path in HERE.glob("*.py"))


def executed(script: Path) -> Any:
    """The notebook of a script, run from top to bottom in a kernel of its own."""
    book = jupytext.read(script)
    for number, cell in enumerate(book.cells):
        cell["id"] = f"cell-{number}"
    book.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                     "jupytext": {"formats": "ipynb,py:percent"}}
    NotebookClient(book, timeout=300, kernel_name="python3", coalesce_streams=True,  # lines may come late under load
                   resources={"metadata": {"path": str(HERE.parent.parent)}}).execute()
    for cell in book.cells:
        cell.metadata.pop("execution", None)
        if "outputs" in cell:  # warnings of other packages name files of this machine
            cell.outputs = [each for each in cell.outputs if each.get("name") != "stderr"]
        for output in cell.get("outputs", []):
            if "data" in output and "image/png" in output.data:
                output["data"] = {kind: output.data[kind] for kind in SMALL if kind in output.data}
    return book


def shown(book: Any) -> list[list[str]]:
    """What each cell of code shows, as text; a picture by its kind, for its pixels may differ between machines."""
    return [[_text(output) for output in cell.outputs] for cell in book.cells if cell.cell_type == "code"]


def _text(output: Any) -> str:
    if output.output_type == "stream":
        return str(output.text)
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    if "image/png" in output.data:
        return "a picture"
    return re.sub(r" at 0x[0-9a-f]+", "", str(output.data.get("text/plain", sorted(output.data))))


def python_blocks(text: str) -> list[tuple[str, str]]:
    """Blocks of Python in a page, in order, and the picture that follows each, or an empty text."""
    return re.findall(r"^```python\n(.*?)^```$(?:\n\n!\[[^\]]*\]\(([^)]+)\))?", text, flags=re.M | re.S)


def drawn(page: Path) -> dict[str, Any]:
    """The pictures of a page, by their paths: what the axes `ax` are on after its blocks have run in order."""
    scope: dict[str, Any] = {}
    figures = {}
    for block, picture in python_blocks(page.read_text(encoding="utf-8")):
        exec(compile(block, str(page), "exec"), scope)  # noqa: S102 - the page is ours
        if picture:
            figures[picture] = scope["ax"].figure
    return figures


def pictures() -> None:
    """Draw the pictures of the page anew."""
    import matplotlib as mpl

    mpl.use("Agg")
    for name, figure in drawn(HERE / "README.md").items():
        (HERE / name).parent.mkdir(exist_ok=True)
        with mpl.rc_context({"svg.hashsalt": "forecast", "svg.fonttype": "none"}):
            figure.savefig(HERE / name, metadata={"Date": None})


def main(chosen: list[str]) -> None:
    if chosen in ([], ["pictures"]):
        pictures()
    for name in [] if chosen == ["pictures"] else chosen or names():
        book = executed(HERE / f"{name}.py")
        nbformat.write(book, HERE / f"{name}.ipynb")
        print(name)


if __name__ == "__main__":
    main(sys.argv[1:])
