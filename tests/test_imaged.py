"""The next image is one that exists: days come from a list of what was imaged, weighed by how clear each is."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from forecast import load, run
from forecast.effects.next_image import clear_days
from forecast.report.prose.method import method

FIRST = date(2022, 1, 3)


def scenes(folder: Path, cloud: dict[date, float]) -> str:
    """A simulated STAC item collection: percent of cloud by day."""
    features = [{"type": "Feature", "id": f"S{day}", "properties": {"datetime": f"{day}T02:15:40Z", "eo:cloud_cover": percent}}
                for day, percent in cloud.items()]
    (folder / "scenes.json").write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return str(folder / "scenes.json")


def test_a_day_without_an_image_shows_nothing_and_the_clearest_image_of_a_day_counts(tmp_path):
    clear = clear_days(scenes(tmp_path, {FIRST + timedelta(2): 25.0, FIRST + timedelta(4): 100.0}), np.datetime64(FIRST), 6)
    np.testing.assert_allclose(clear, [0, 0, 0.75, 0, 0, 0])


def test_only_days_of_the_list_are_recommended(tmp_path):
    plain = run(load("simulated_yard", "models=[]", "detectors=[regimes]"))
    free = {image.day for image in plain.main.images}
    listed = {FIRST + timedelta(k): 10.0 if k % 9 == 0 else 100.0 for k in range(0, 700, 3)}
    found = run(load("simulated_yard", "models=[]", "detectors=[regimes]", f"imaged={scenes(tmp_path, listed)}"))
    worth = [image for image in found.main.images if image.narrowing > 1e-6]
    assert worth
    assert {date.fromisoformat(image.day) for image in worth} <= {day for day, percent in listed.items() if percent < 100}
    assert free != {image.day for image in found.main.images}
    assert "for the days that scenes.json has an image of" in dict(method(found))["Next image"]
    assert any(name.endswith("scenes.json") for name in found.inputs)


def test_a_list_of_other_days_or_no_list_at_all_is_refused(tmp_path):
    with pytest.raises(ValueError, match="has no image between 2022-01-03 and 2022-01-08"):
        clear_days(scenes(tmp_path, {date(2030, 1, 1): 0.0}), np.datetime64(FIRST), 6)
    assert not clear_days(scenes(tmp_path, {date(2030, 1, 1): 0.0}), np.datetime64(FIRST), 6, needed=False).any()
    with pytest.raises(ValueError, match="no list of images: name a STAC item collection"):
        clear_days(str(Path(__file__).parent / "feeds" / "simulated_long_table.csv"), np.datetime64(FIRST), 6)
    with pytest.raises(ValueError, match="imaged must be text, got 3"):
        load("simulated_yard", "imaged=3")


def test_a_series_of_other_years_does_not_stop_the_run(tmp_path):
    cars = "{_target_: forecast.SimulatedYard, start: 2010-01-04, n: 60, breaks: {}}"
    found = run(load("simulated_yard", "models=[]", "detectors=[regimes]", f"+series.early={cars}",
                     f"imaged={scenes(tmp_path, {FIRST + timedelta(k): 0.0 for k in range(200, 500, 2)})}"))
    assert all(image.narrowing == 0 for image in found.readings["early"].images)
