"""Reports from strangers: what `compare`, `rerun` and `check` read and show of files that others wrote."""

from __future__ import annotations

import csv
import json

import pytest

from forecast.cli.main import command
from forecast.experiment.findings_json import as_json
from forecast.report.comparison import compare
from tests.test_words import findings

EXPLANATION = {"label": "none of these", "probability": 0.5, "name": "none"}
FOUND = {"name": "mine", "primary": "cars", "settings": {"seed": 0}, "readings": {"cars": {"log_ratio": 1.5, "explained": [[EXPLANATION]]}},
         "backtest": {"scores": [{"model": "mean", "crps": 2.0}]}, "config": {"seed": 0}, "versions": {"python": "3.11"}, "inputs": {}}
CONCLUDED = json.loads(as_json(findings()))["conclusions"]
BROKEN: dict[str, tuple[object, str]] = {
    "deep lists": (b"[" * 100_000, "cannot be read"),
    "bytes": (b"\xff\xfe", "cannot be read"),
    "a list": ([1], "the whole"),
    "a number for readings": ({**FOUND, "readings": 3}, "readings: Input should be an object"),
    "a list for a reading": ({**FOUND, "readings": {"cars": [1]}}, "readings.cars"),
    "a word for explanations": ({**FOUND, "readings": {"cars": {"log_ratio": 1, "explained": "x"}}}, "readings.cars.explained"),
    "an explanation without a probability": ({**FOUND, "readings": {"cars": {"log_ratio": 1, "explained": [[{"label": "x"}]]}}}, "probability: Field required"),
    "a primary that is not read": ({**FOUND, "primary": "ships"}, "no reading of its primary series 'ships'"),
    "a word for scores": ({**FOUND, "backtest": {"scores": "x"}}, "backtest.scores"),
    "a list for versions": ({**FOUND, "versions": [1]}, "versions"),
    "a word for inputs": ({**FOUND, "inputs": "x"}, "inputs"),
    "a number for settings": ({**FOUND, "settings": 3}, "settings"),
    "a number for a name": ({**FOUND, "name": 3}, "name"),
    "a number of ten thousand digits": (b'{"name": "mine", "primary": "cars", "settings": {"seed": ' + b"9" * 10_000 + b"}}", "findings.json"),
    "a share that is no number": (json.dumps({**FOUND, "readings": {"cars": {"log_ratio": 1e999, "explained": []}}}).encode(), "readings.cars.log_ratio: Input should be a finite number"),
    "settings that never end": (json.dumps(FOUND).replace('"seed": 0', '"seed": ' + "[" * 5000 + "]" * 5000, 1).encode(), "cannot be read (Invalid JSON: recursion limit"),
    "a verdict of its own": ({**FOUND, "conclusions": CONCLUDED | {"verdicts": [{"event": "visit", "word": "proven"}]}}, "conclusions.verdicts.0.word: Input should be 'supported'"),
    "a word for conclusions": ({**FOUND, "conclusions": "certain"}, "conclusions: Input should be an object"),
}


def _write(folder, content) -> None:
    folder.mkdir(parents=True)
    (folder / "findings.json").write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())


@pytest.mark.parametrize(("content", "said"), BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("word", ["compare", "rerun"])
def test_what_is_no_report_is_refused_in_a_sentence_with_its_file(word, content, said, tmp_path, capsys):
    _write(tmp_path / "run", content)
    assert command([word, str(tmp_path / "run")]) == 2
    shown = capsys.readouterr().err
    assert said in shown
    assert "findings.json" in shown
    assert shown.count("\n") == 1


def test_names_of_strangers_neither_steer_the_terminal_nor_compute_in_a_spreadsheet(tmp_path, capsys):
    evil = "\x1b]0;owned\x07=cmd()<script>alert(1)</script>\u202e"
    label = {"label": f"@{evil}", "probability": 0.5}
    for seed in (1, 2):
        _write(tmp_path / f"{seed}\x1b[31m", {**FOUND, "name": evil, "config": {f"=seed\x1b{evil}": seed}, "settings": {},
                                             "readings": {"cars": {"log_ratio": 1, "explained": [[label]]}}})
    assert command(["compare", str(tmp_path)]) == 0
    page = (tmp_path / "compare.html").read_text(encoding="utf-8")
    table = (tmp_path / "compare.csv").read_text(encoding="utf-8")
    for text in (capsys.readouterr().out, page, table):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "owned" in text
    assert "<script>alert" not in page
    cells = [cell for row in csv.reader(table.splitlines()) for cell in row]
    assert not any(cell.startswith(("=", "@", "+")) for cell in cells)
    assert any(cell.startswith("'=seed") for cell in cells)


def test_runs_without_a_backtest_or_an_explanation_are_ranked_last(tmp_path):
    _write(tmp_path / "a", {**FOUND, "backtest": None, "readings": {"cars": {"log_ratio": None, "explained": []}}})
    _write(tmp_path / "b", FOUND)
    table = compare(tmp_path)
    assert table["run"].tolist() == ["b", "a"]
    assert table["explanation"].tolist() == ["none of these", ""]


def test_rows_that_are_kept_and_rows_that_are_rejected_hold_no_formula(tmp_path):
    (tmp_path / "t.csv").write_text("unique_id,ds,y,note\n=1+1,2023-01-01,4,@x\n=1+1,2023-01-02,=2+2,-x\n")
    assert command(["check", str(tmp_path / "t.csv"), "--keep-good", str(tmp_path / "good.csv")]) == 0
    for name in ("good.csv", "good.rejected.csv"):
        cells = [cell for row in csv.reader((tmp_path / name).read_text().splitlines()) for cell in row]
        assert any("1+1" in cell for cell in cells)
        assert not any(cell.startswith(("=", "@", "-", "+")) for cell in cells)
