"""What a data scientist writes in twenty lines, with nothing but `forecast` and pandas, runs and passes mypy --strict."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = '''\
import pandas as pd
from forecast import Forecaster, Series, backtest, detect, event_effect, explain, predict, simulate

raw = simulate(104, level=12, breaks={70: 2.0}, seed=4).frame().set_index("ds")["y"]
series = Series.from_pandas(raw, name="railcars")
changes = detect(series)
picture = changes.plot(events={"visit": "2023-05-01"})
events = {"visit": "2023-05-01", "summit": "2023-09-13", "holiday": "2022-12-25"}
table = explain(series, events, delay_days=45).frame()
effect = event_effect(series, "2023-05-08")
paths = predict(series, model="auto", horizon=8, draws=500, seed=0)
class LastEight:
    def paths(self, series: Series, horizon: int, draws: int, rng):  # type: ignore[no-untyped-def]
        return rng.poisson(series.value[-8:].mean(), (draws, horizon))
own: Forecaster = LastEight()
scores = backtest(series, {"auto": "auto", "mean": "mean", "own": own}, origins=3, horizon=4).frame()
paths.frame().to_csv("forecast.csv", index=False)
print(len(changes), round(effect.ratio, 1), table["name"][0], scores["model"].nunique())
'''


def test_twenty_lines_do_the_whole_work(tmp_path):
    assert len(SCRIPT.strip().splitlines()) <= 20
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == "1"
    assert (tmp_path / "forecast.csv").read_text().startswith("unique_id,ds,mean,median,lo-80,hi-80,lo-95,hi-95\n")


def test_it_passes_the_strictest_check_of_types(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "script.py"], cwd=tmp_path, capture_output=True,
                          text=True, check=False, env={**os.environ, "MYPYPATH": str(ROOT)})
    assert done.returncode == 0, done.stdout
