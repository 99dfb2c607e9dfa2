"""The report as files, as a page in a real browser, in the terminal; and runs side by side."""

from __future__ import annotations

import base64
import csv
import hashlib
import html
import io
import json
import re
from dataclasses import replace

import pytest
import yaml

from forecast.evidence.decisions import Decision
from forecast.report import report
from forecast.report.comparison import compare
from forecast.report.report import markdown, page, show_report, summary, write_report
from tests.test_words import findings, reading

CONFIG = "seed: 1\nmodels:\n  ets: {}\n  mean: {window: 12}\n"
SCRIPT = '<script>alert("x")</script>'


@pytest.fixture(scope="module")
def text():
    return page(findings(), CONFIG)


def mean_ship():
    """Findings in which a vessel's name holds a script, an address a scheme of its own, and a note a formula."""
    main = reading()
    first = replace(main.statements[0], publisher=SCRIPT, url="javascript:alert(1)", note="=cmd()")
    account = (Decision("s0", "ships_seen", "used", f"+1 {SCRIPT}"), *main.account[1:])
    made = findings(replace(main, statements=(first, *main.statements[1:]), account=account))
    window = replace(made.windows[0], event=replace(made.windows[0].event, label=SCRIPT, url="data:text/html,x"))
    rows = (replace(main.explained[0][0], label=SCRIPT), *main.explained[0][1:])
    shown = replace(made.main, explained=(rows,))
    return replace(made, title=f"Ships {SCRIPT}", windows=(window, made.windows[1]), readings={"ships_seen": shown})


# -- files ------------------------------------------------------------------------------------------------------
def test_a_report_is_a_page_figures_json_and_tables(tmp_path):
    path = write_report(findings(), tmp_path / "deep" / "run", CONFIG)
    assert path == tmp_path / "deep" / "run" / "report.html"
    assert {p.name for p in path.parent.iterdir()} == {
        "report.html", "figures", "findings.json", "series.csv", "statements.csv", "events.csv", "explanations.csv", "effects.csv",
        "forecast.csv", "totals.csv", "backtest.csv"}
    assert {"key.svg", "key.png", "forecast.svg"} <= {p.name for p in (path.parent / "figures").iterdir()}
    assert path.stat().st_size < 2_000_000


def test_the_json_is_the_same_to_the_byte_and_knows_no_nan(tmp_path):
    one, two = (write_report(findings(), tmp_path / name).with_name("findings.json").read_bytes() for name in "ab")
    assert one == two
    found = json.loads(one, parse_constant=pytest.fail)
    assert found["backtest"]["scores"][1]["dm_p"] is None
    assert found["readings"]["ships_seen"]["decisions"] == {"used": 10, "merged": 0, "left out": 0}
    assert found["tested"]["effects"][0]["event"] == "visit"
    assert list(found) == sorted(found)


def test_json_keeps_ten_digits(tmp_path):
    made = findings(replace(reading(), log_ratio=1 / 3))
    found = json.loads(write_report(made, tmp_path).with_name("findings.json").read_text())
    assert found["readings"]["ships_seen"]["log_ratio"] == 0.3333333333


def test_cells_that_would_be_formulas_are_escaped(tmp_path):
    rows = list(csv.DictReader(io.StringIO(
        write_report(mean_ship(), tmp_path).with_name("statements.csv").read_text(encoding="utf-8"))))
    assert rows[0]["note"] == "'=cmd()"
    assert rows[0]["reason"].startswith("'+1 ")


def test_an_earlier_report_stays_whole_when_anything_fails(tmp_path, monkeypatch):
    write_report(findings(), tmp_path / "run")
    before = {p: p.read_bytes() for p in (tmp_path / "run").rglob("*") if p.is_file()}

    def fails(*_):
        raise RuntimeError("no room")

    monkeypatch.setattr(report, "page_text", fails)
    with pytest.raises(RuntimeError, match="no room"):
        write_report(findings(simulated=True), tmp_path / "run")
    assert {p: p.read_bytes() for p in (tmp_path / "run").rglob("*") if p.is_file()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_tables_of_an_earlier_run_go_and_files_of_others_stay(tmp_path):
    write_report(findings(), tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    write_report(findings(backtest=None, tested=None), tmp_path)
    assert not (tmp_path / "backtest.csv").exists()
    assert (tmp_path / "notes.txt").read_text() == "mine"


# -- the page ---------------------------------------------------------------------------------------------------
def test_the_page_asks_no_other_address_for_anything(text):
    asked = re.findall(r"<(?:link|script|img|iframe|object|source|image|use)\b[^>]*?(?:src|href)\s*=\s*[\"']([^\"']+)", text)
    assert [address for address in asked if not address.startswith("#")] == []
    assert re.findall(r"url\((?!#)[^)]*\)|@import", text) == []
    assert "default-src 'none'" in text


def test_the_policy_of_the_page_lets_its_own_script_run_and_no_other(text):
    script = re.search(r"<script>(.*?)</script>", text, flags=re.S)[1]
    known = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{known}'" in text
    assert text.count("<script") == 1
    assert not re.search(r"<[^>]+\son\w+=", text)


def test_the_tables_can_be_taken_out_of_the_page_as_they_were_written(tmp_path):
    made = write_report(findings(), tmp_path, CONFIG)
    inside = dict(re.findall(r'download="([^"]+)" href="data:[^;]+;base64,([^"]+)"', made.read_text(encoding="utf-8")))
    written = {path.name for path in tmp_path.iterdir() if path.suffix in (".csv", ".json")}
    assert set(inside) == written
    assert all(base64.b64decode(text) == (tmp_path / name).read_bytes() for name, text in inside.items())


def test_what_ledgers_hold_is_escaped():
    made = page(mean_ship(), f"title: {SCRIPT}")
    assert SCRIPT not in made
    assert "javascript:" not in made
    assert "data:text/html" not in made
    assert html.escape(SCRIPT, quote=True).replace("&quot;", "&#34;") in made


def test_the_page_reads_in_the_order_of_an_article(text):
    ids = re.findall(r'<section id="(\w+)"', text)
    assert ids == ["answer", "evidence", "events", "forecast", "about"]
    assert text.index("figure-key") < text.index('id="evidence"')


def test_every_table_has_a_caption_and_scopes_and_every_figure_words(text):
    assert text.count("<table") - 1 == text.count("<caption>") > 5  # the first screen's has its words in its head
    assert len(re.findall(r"<th(?! scope)", text)) - text.count("<thead") == 0
    figures = re.findall(r'<svg[^>]*role="img" aria-label="([^"]+)"', text)
    assert len(figures) == text.count("<svg") == text.count("<figcaption>") + 2  # two stand in two widths
    assert "lmost certain" in figures[0]


def test_the_table_of_events_names_none_and_no_change(text):
    assert "A change at a date outside every window" in text
    assert "No change of level at all" in text


def test_simulated_is_said_everywhere():
    made = page(findings(simulated=True))
    assert "<title>Ships at a port (simulated)</title>" in made
    assert all("(simulated)" in svg for svg in re.findall(r"<svg.*?</svg>", made, flags=re.S))
    assert all(label.startswith("Simulated data.") for label in re.findall(r'<svg[^>]*aria-label="([^"]+)"', made))
    assert "(simulated)" in markdown(findings(simulated=True))
    assert "imulated data" not in page(findings())


def test_settings_versions_and_the_hash_of_events_are_printed(text):
    assert "window: 12" in text
    assert "numpy 2.4" in text
    assert "0123456789abcdef" in text


def test_no_sentence_claims_more_than_timing(text):
    said = re.sub(r"<[^>]+>", " ", text)
    assert not re.search(r"\bproves?\b|\bdue to\b|\bbecause of\b|\bcaused by\b", said)


def test_findings_without_events_models_or_images_still_make_a_page():
    main = replace(reading(), images=(), explained=(), breaks={})
    empty = findings(main, windows=(), tested=None, backtest=None, forecast=findings().forecast.head(0),
                     totals=findings().totals.head(0))
    made = page(empty)
    assert 'id="events"' not in made
    assert 'id="forecast"' not in made
    assert "None" not in re.sub(r"<[^>]+>", " ", made)


def test_the_style_stays_inside_the_report_for_notebooks_show_it_among_their_cells(text):
    assert show_report(findings())._repr_html_() == page(findings())
    style = re.sub(r"/\*.*?\*/", "", re.search(r"<style>(.*?)</style>", text, flags=re.S)[1], flags=re.S)
    selectors = re.findall(r"([^{};@]+)\{", style)
    parts = [part.strip() for selector in selectors for part in re.split(r",(?![^(]*\))", selector)]
    assert [p for p in parts if p and not p.startswith((".report", "html", "media", "page", "(", "print"))] == []


# -- terminal and comparison ------------------------------------------------------------------------------------
def test_the_summary_says_the_answer(capsys):
    summary(findings())
    said = " ".join(capsys.readouterr().out.split())
    assert "fits a rise in ships seen at Port One" in said
    assert "A visit" in said


def test_markdown_holds_the_tables():
    said = markdown(findings())
    assert said.startswith("# Ships at a port\n")
    assert "| A visit | supported | 10 to 11 May 2023 | 70\u202f% |" in said


def test_compare_ranks_by_crps_and_names_only_what_differs(tmp_path):
    for name, crps, window in (("a", 2.0, 12), ("b", 1.0, 24)):
        made = findings()
        scores = made.backtest.scores.assign(crps=[crps, crps + 5])
        write_report(replace(made, backtest=replace(made.backtest, scores=scores)), tmp_path / name,
                     yaml.safe_dump({"seed": 1, "models": {"mean": {"window": window}}}))
    table = compare(tmp_path)
    assert table["run"].tolist() == ["b", "a", "b", "a"]
    assert table["models.mean.window"].tolist() == ["24", "12", "24", "12"]
    assert "seed" not in table
    assert (tmp_path / "compare.csv").read_text().startswith("experiment,run,member,crps")
    page_ = (tmp_path / "compare.html").read_text()
    assert "24" in page_
    assert "Tiny, two runs. The smallest mean error, 1, is that of the mean since the last break in b. All agree on “A visit”." in page_


def test_compare_of_nothing_says_what_to_do(tmp_path):
    with pytest.raises(ValueError, match="run an experiment into it"):
        compare(tmp_path)
    (tmp_path / "findings.json").write_text("{}")
    with pytest.raises(ValueError, match="required: run that experiment again"):
        compare(tmp_path)
