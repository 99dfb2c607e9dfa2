"""Detectors and models as scikit-learn's tools use them, long tables in two steps, and what other packages offer."""

from __future__ import annotations

import json
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecast import FrameForecaster, Series, detect, forecast_frame, predict, trusted
from forecast.cli.main import command
from forecast.support import registry
from forecast.support.registry import make, names
from forecast.support.untrusted import TRUSTED

TABLE = pd.DataFrame({"unique_id": ["a"] * 24 + ["b"] * 24, "ds": list(pd.date_range("2022-01-01", periods=24, freq="MS")) * 2,
                      "y": np.random.default_rng(0).poisson(9, 48)})


def clone(estimator):
    """As `sklearn.base.clone` does it since version 1.3."""
    return estimator.__sklearn_clone__()


@pytest.mark.parametrize(("group", "name"), [(group, name) for group in ("detectors", "models") for name in names(group)])
def test_settings_can_be_asked_for_set_and_cloned(group, name):
    one = make(group, name)
    params = one.get_params(deep=False)
    assert type(one)(**params) == one
    assert one.set_params(**params) == one
    assert clone(one) == one
    with pytest.raises(ValueError, match="has no setting 'nonsense': it has"):
        one.set_params(nonsense=1)


def test_settings_of_settings_are_reached_by_two_underscores():
    one = make("detectors", "regimes")
    assert "model__breaks" in one.get_params()
    assert one.set_params(model__breaks=2.0, draws=500).get_params()["model__breaks"] == 2.0
    assert one.get_params()["model__breaks"] != 2.0, "the object itself never changes"


def test_two_steps_give_what_the_one_gives():
    two = FrameForecaster("mean", seed=3).fit(TABLE)
    assert two.predict(2, level=80).equals(forecast_frame(TABLE, 2, "mean", level=80, seed=3))
    with pytest.raises(ValueError, match=r"no table yet: call fit\(frame\) first"):
        clone(two).predict(2)


def test_a_long_table_takes_what_is_known_ahead_of_each_series():
    dates = pd.date_range("2022-01-01", periods=26, freq="MS")
    holiday = pd.DataFrame({"ds": dates, "holiday": (np.arange(26) % 5 == 0).astype(float)})
    both = pd.concat([holiday.assign(unique_id=name) for name in ("a", "b")])
    alike = [forecast_frame(TABLE, 2, "negative_binomial", known=known, draws=100) for known in (holiday, both)]
    assert alike[0].equals(alike[1])
    assert not alike[0].equals(forecast_frame(TABLE, 2, "negative_binomial", draws=100))
    with pytest.raises(ValueError, match="known takes a frame of numbers with a column ds"):
        forecast_frame(TABLE, 2, "negative_binomial", known=holiday.drop(columns="ds"))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of somebody's that offers a detector, a model and no more."""
    (tmp_path / "theirs.py").write_text(
        "class Never:\n    def detect(self, series):\n        return ()\n"
        "class Zeros:\n    def __init__(self, of=0):\n        self.of = of\n"
        "    def paths(self, series, horizon, draws, rng):\n        return rng.poisson(1, (draws, horizon)) * 0 + self.of\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    points = [EntryPoint("never", "theirs:Never", "forecast.detectors"), EntryPoint("zeros", "theirs:Zeros", "forecast.models")]
    monkeypatch.setattr(registry, "entry_points", lambda group: [each for each in points if each.group == group])
    yield
    sys.modules.pop("theirs", None)


@pytest.fixture
def layout(tmp_path, monkeypatch):
    """A package of somebody's that offers the layout of a file, the one of CONTRIBUTING.md."""
    page = (Path(__file__).resolve().parent.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (tmp_path / "yours.py").write_text(page.partition("# forecast/evidence/feeds/tally.py")[2].partition("```")[0])
    monkeypatch.syspath_prepend(str(tmp_path))
    points = [EntryPoint("tally", "yours:FEED", "forecast.feeds")]
    monkeypatch.setattr(registry, "entry_points", lambda group: [each for each in points if each.group == group])
    yield
    sys.modules.pop("yours", None)


def test_every_command_that_reads_a_file_takes_the_layouts_of_a_trusted_package(layout, tmp_path, monkeypatch, capsys):
    pytest.importorskip("pyarrow")
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("post,day,wagons\n" + "".join(f"north,2023-01-{d:02d},{d % 5}\n" for d in range(1, 29)))
    assert command(["check", "t.csv"]) == 0
    assert command(["feeds"]) == 0
    assert "yours" not in sys.modules, "nothing of it is imported before it is trusted"
    assert "tally" not in capsys.readouterr().out
    assert command(["check", "t.csv", "--trust", "yours"]) == 0
    assert "t.csv: tally, tally of a signal post" in capsys.readouterr().out
    assert command(["feeds", "--trust", "yours"]) == 0
    assert "tally of a signal post" in capsys.readouterr().out
    assert command(["init", "t.csv", "--trust", "yours"]) == 0
    assert "forecast -cn t --trust yours\n" in capsys.readouterr().out
    assert "unique_id: \"north\"" in Path("experiments/t.yaml").read_text()
    assert command(["panel", "t.csv", "out", "--trust", "yours", "--horizon", "0", "--quiet"]) == 0
    assert json.loads(Path("out/summary.json").read_text())["feed"] == "tally"
    assert TRUSTED.get() == (), "trust ends with the command"


def test_a_package_offers_detectors_and_models_once_it_is_trusted(package):
    series = Series.from_values([3, 4, 5, 4, 3, 4, 5, 6])
    with pytest.raises(ValueError, match="is unknown"):
        predict(series, "zeros", 2)
    assert "theirs" not in sys.modules, "nothing of it is imported before it is trusted"
    with trusted(["theirs"]):
        assert (predict(series, "zeros", 2, draws=3) == 0).all()
        assert detect(series, "never") == ()
