"""Every plot looks as it did: compared with tests/baseline, drawn anew by `python -m tests.looks`."""

from __future__ import annotations

import matplotlib as mpl
import pytest
from matplotlib import font_manager

from forecast.report import plots
from forecast.report.figures import draw
from tests import looks

# root of the mean square of the differences, of 255: below it lie other roundings of the same picture
TOLERANCE = 2.5


def compared(name: str, drawn, tmp_path) -> None:
    from matplotlib.testing.compare import compare_images

    kept = looks.FOLDER / f"{name}.png"
    assert kept.is_file(), "no baseline: run python -m tests.looks, look at it, and add it"
    (tmp_path / kept.name).write_bytes(kept.read_bytes())  # the difference is written beside the expected picture
    fault = compare_images(str(tmp_path / kept.name), str(drawn), tol=TOLERANCE)
    assert fault is None, f"{fault}\nIf that is meant: python -m tests.looks"


@pytest.mark.parametrize("name", looks.CASES)
def test_a_plot_looks_as_it_did(name, tmp_path):
    path = tmp_path / f"{name}-now.png"
    looks.look(name, path)
    compared(name, path, tmp_path)


def test_the_key_picture_looks_as_it_did(tmp_path):
    path = tmp_path / "now.png"
    path.write_bytes(looks._small(draw(looks.MADE)["key"].png))
    compared("key_page", path, tmp_path)


def test_a_change_that_one_can_see_is_more_than_the_tolerance(tmp_path):
    from PIL import Image

    kept = looks.FOLDER / "pit.png"
    with Image.open(kept) as picture:
        moved = picture.convert("RGB")
        moved.paste((255, 255, 255), (70, 60, 110, 140))  # two bars gone
        moved.save(tmp_path / "moved.png")
    with pytest.raises(AssertionError, match="RMS"):
        compared("pit", tmp_path / "moved.png", tmp_path)


def test_every_public_plot_has_a_look_and_none_is_heavy():
    named = {name.removeprefix("plot_") for name in plots.__all__ if name.startswith("plot_")}
    assert named == set(looks.CASES)
    assert all(path.stat().st_size < 30_000 for path in looks.FOLDER.iterdir())


def test_letters_come_from_the_font_that_matplotlib_brings_along():
    with plots.style():
        assert font_manager.findfont(font_manager.FontProperties()).startswith(mpl.get_data_path())
