"""Files from strangers: each gets its sentence, soon; and what passes does no harm where it is shown."""

from __future__ import annotations

import csv
import io
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from forecast.evidence.cells import StatementError
from forecast.evidence.events import read_events
from forecast.evidence.flow import Flow
from forecast.evidence.statements import read_statements, read_watching
from forecast.evidence.stock import Stock
from forecast.experiment.experiment import Experiment, run
from forecast.report.report import markdown, summary, write_report
from forecast.support.registry import make

HEAD = ("id", "site", "measure", "kind", "start", "end", "count", "low", "high", "qualifier", "publisher", "url", "note", "vessel")
GOOD = dict(zip(HEAD, ("a", "port", "ships", "period", "2023-01-01", "2023-01-31", "4", "", "", "exact", "P", "", "", ""), strict=True))
DATE = "write the date as YYYY-MM-DD"
CALENDAR = "no such day in the calendar"
PLAIN = "write a plain number"
HIDDEN = "the hidden character U+"

# what it is -> (column, cell, what is said); everything else of the row is in order
CELLS = {
    "year 0": ("start", "0000-01-01", CALENDAR), "year 10000": ("start", "10000-01-01", DATE), "29 February": ("start", "2023-02-29", CALENDAR),
    "30 February": ("start", "2024-02-30", CALENDAR), "day 0": ("start", "2023-01-00", CALENDAR), "month 13": ("start", "2023-13-01", CALENDAR),
    "day first": ("start", "01/02/2023", DATE), "month name": ("start", "1 Feb 2023", DATE), "a time zone": ("start", "2023-01-01T00:00Z", DATE),
    "a time": ("start", "2023-01-01 00:00:00", DATE), "a spreadsheet's number": ("start", "44927", "it would be 2023-01-01"),
    "a month": ("start", "2023-01", DATE), "digits of another script": ("start", "٢٠٢٣-٠١-٠١", DATE), "a negative year": ("start", "-001-01-01", DATE),
    "end before start": ("end", "2022-01-01", "it lies before the start"),
    "1e309": ("count", "1e309", PLAIN), "1e300": ("count", "1e300", "no count is larger"), "minus": ("count", "-1", "cannot be negative"),
    "a word for infinity": ("count", "inf", PLAIN),
    "a word for nothing": ("count", "nan", PLAIN), "null": ("count", "NULL", PLAIN), "decimal comma": ("count", "12,5", PLAIN),
    "thousands": ("count", "1 000", PLAIN), "thousands with a comma": ("count", "1,000", PLAIN), "thousands with a thin blank": ("count", "1\u202f000", PLAIN),
    "other digits": ("count", "١٢", PLAIN), "hex": ("count", "0x1F", PLAIN), "underscore": ("count", "1_000", PLAIN), "per cent": ("count", "50%", PLAIN),
    "a range": ("count", "4-6", PLAIN), "a formula": ("count", "=1+1", PLAIN), "about": ("count", "~20", PLAIN), "a superscript": ("count", "2²", PLAIN),
    "low above high": ("low", "9", "it lies above high 4"), "an unknown word": ("qualifier", "at_lest", "did you mean 'at_least'"),
    "an unknown kind": ("kind", "perod", "did you mean 'period'"), "no publisher": ("publisher", "", "fill it in"), "no id": ("id", "", "fill it in"),
    "an escape code": ("note", "\x1b[31mred", HIDDEN + "001B"), "a mark that turns text": ("vessel", "gpj.\u202eexe", HIDDEN + "202E"),
    "an isolate": ("publisher", "\u2066P", HIDDEN + "2066"), "a bell": ("note", "\a", HIDDEN + "0007"), "a line separator": ("note", "a\u2028b", HIDDEN + "2028"),
    "a blank without width": ("publisher", "Reu\u200bters", HIDDEN + "200B"), "a soft hyphen": ("publisher", "Reu\u00adters", HIDDEN + "00AD"),
    "a cell of 20,000 letters": ("note", "x" * 20_000, "more than 10000 characters"), "a very long number": ("count", "9" * 400, PLAIN),
    "ten megabytes": ("note", "x" * 10_000_000, "no table"),
}
# what it is -> (bytes, what is said)
FILES = {
    "nothing": (b"", "an empty file"), "blanks": (b" \n\n", "an empty file"), "delimiters alone": (b";\n,;,\n", "cells that are all empty"), "NUL": (b"id,site\0\n", "NUL bytes"), "UTF-16": ("id,site".encode("utf-16"), "UTF-16"),
    "Latin-1": (",".join(HEAD).encode() + b"\n\xe9", "not UTF-8 (perhaps Latin-1)"), "a zip": (b"PK\x03\x04abc", "an Excel or zip file"),
    "a pickle": (b"\x80\x04\x95", "not UTF-8"), "JSON": (b'{"a": [1]}', "no such column"), "HTML": (b"<html><script>x</script>", "no such column"),
    "a quote without end": ((",".join(HEAD) + '\n"a,b\n').encode(), "mend the quotes"), "columns twice": ((",".join((*HEAD, "id")) + "\n").encode(), "this column twice"),
    "too many cells": ((",".join(HEAD) + "\n" + "a," * 40 + "\n").encode(), "cells for"), "too few cells": ((",".join(HEAD) + "\na,b\n").encode(), "cells for"),
    "half a million columns": (b"a," * 500_000, "500001 columns"), "a pipe between cells": ("|".join(HEAD).encode(), "no such column"),
}


def _ledger(path: Path, *rows: dict[str, str], head: tuple[str, ...] = HEAD) -> Path:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, head)
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    return path


def test_the_corpus_is_as_large_as_promised():
    assert len(CELLS) + len(FILES) >= 40


@pytest.mark.parametrize(("column", "cell", "said"), CELLS.values(), ids=CELLS)
def test_a_hostile_cell_is_refused_with_its_place_and_soon(column, cell, said, tmp_path):
    file = _ledger(tmp_path / "hostile.csv", GOOD | {"id": "first"}, GOOD | {column: cell})
    began = time.process_time()
    with pytest.raises(StatementError) as error:
        read_statements(file)
    assert time.process_time() - began < 5
    text = str(error.value)
    assert said in text
    assert "hostile.csv" in text
    assert len(text) < 2000 or column == "note"
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text)


@pytest.mark.parametrize(("content", "said"), FILES.values(), ids=FILES)
@pytest.mark.parametrize("read", [read_statements, read_events, read_watching])
def test_a_hostile_file_is_refused_in_a_sentence_by_each_reader(read, content, said, tmp_path):
    (tmp_path / "hostile.csv").write_bytes(content)
    began = time.process_time()
    with pytest.raises(StatementError) as error:
        read(tmp_path / "hostile.csv")
    assert time.process_time() - began < 5
    assert said in str(error.value) or re.search("no such column|row 1|all empty", str(error.value))


def test_minus_zero_is_zero_and_a_billion_is_a_count(tmp_path):
    assert [s.count for s in read_statements(_ledger(tmp_path / "a.csv", GOOD | {"count": "1e9"}))] == [1e9]
    with pytest.raises(StatementError, match="negative"):
        read_statements(_ledger(tmp_path / "b.csv", GOOD | {"count": "-1e-9"}))
    assert str(read_statements(_ledger(tmp_path / "c.csv", GOOD | {"count": "-0"}))[0].low) == "0.0"


def test_a_billion_cells_are_refused_before_they_are_read(tmp_path):
    with (tmp_path / "big.csv").open("wb") as file:
        file.truncate(2_000_000_000)
    began = time.process_time()
    with pytest.raises(StatementError, match="more than 64 MiB"):
        read_statements(tmp_path / "big.csv")
    assert time.process_time() - began < 1


def test_cumulative_figures_that_fall_are_said_and_never_give_negative_counts(tmp_path):
    rows = [GOOD | {"id": f"c{k}", "start": "2023-01-01", "end": f"2023-{k:02d}-28", "count": str(n)} for k, n in ((1, 10), (2, 25), (3, 18), (4, 30))]
    evidence = Flow(ledgers=[str(_ledger(tmp_path / "a.csv", *rows))], watching=None, site="port", scopes=[""], start=None).read()
    series, account = evidence.series, evidence.decisions
    low = series.low[series.observed]
    assert (low >= 0).all()
    assert any(decision.outcome == "left out" and decision.statement_id.startswith("c") for decision in account)
    assert {decision.statement_id for decision in account} == {"c1", "c2", "c3", "c4"}


def test_the_same_day_twice_counts_once_and_is_said(tmp_path):
    rows = [GOOD | {"id": name, "kind": "snapshot", "end": "", "count": count} for name, count in (("a", "4"), ("b", "9"))]
    evidence = Stock(ledgers=[str(_ledger(tmp_path / "a.csv", *rows))], measure="ships", sites=["port"], scopes=[""]).read()
    series, account = evidence.series, evidence.decisions
    assert len(series) == 1
    assert sorted(decision.outcome for decision in account) == ["left out", "used"]


# -- what passes is shown as it is ----------------------------------------------------------------------------------
BAD = ("<script>alert(1)</script><svg onload=alert(2)>\"'&|`*_[x](javascript:alert(3)) $\\frac{$ $x^2$ =cmd()|calc [red]b[/red] "
       "${oc.env:HOME} {{7*7}} {% x %}")


@pytest.fixture(scope="module")
def findings(tmp_path_factory):
    """Findings in which every text is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    counts = [2, 3, 4, 1, 3, 2, 5, 3, 2, 4, 3, 1, 14, 11, 13, 17, 12, 9, 15, 12, 13, 11, 16, 14]
    rows = [GOOD | {"id": f"=id{k}", "start": f"{2021 + k // 12}-{k % 12 + 1:02d}-01", "end": f"{2021 + k // 12}-{k % 12 + 1:02d}-28", "count": str(n),
                    "site": "port<b>", "publisher": f"@{BAD}", "note": f"-{BAD}", "vessel": BAD,
                    "url": ("javascript:alert(1)", 'https://x.org/"><script>alert(9)</script>', "data:text/html,x", " JaVaScRiPt:x")[k % 4]}
            for k, n in enumerate(counts)]
    events = ("name", "label", "start", "publisher", "url", "note")
    ledger = _ledger(folder / "e.csv", dict(zip(events, ("one", f"={BAD}", "2021-12-20", f"+{BAD}", "javascript:alert(1)", "x"), strict=True)),
                     dict(zip(events, ("two", "$\\alpha$ of $", "2021-06-20", "p", "vbscript:x", ""), strict=True)), head=events)
    source = Flow(ledgers=[str(_ledger(folder / "s.csv", *rows))], watching=None, site="port<b>", scopes=[""], start=None)
    return run(Experiment(name="hostile", title=f"T {BAD}", question=f"Q {BAD}", series={"a<b>$x$": source}, primary="a<b>$x$", ledger=str(ledger),
                          events={"one": None, "two": None}, models={"m$y$<i>": make("models", "mean")}, baseline="m$y$<i>", origins=2, horizon=2,
                          draws=50, placebos=19))


@pytest.fixture(scope="module")
def report(findings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    write_report(findings, folder, config="title: '</pre><script>alert(5)</script>{{7*7}}'\n")
    return folder


def test_the_page_holds_no_script_handler_or_link_but_its_own(report):
    from html.parser import HTMLParser

    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.tags: list[tuple[str, dict[str, str | None]]] = []

        def handle_starttag(self, tag, attrs):
            self.tags.append((tag, dict(attrs)))

    reader = Reader()
    reader.feed((report / "report.html").read_text(encoding="utf-8"))
    assert sum(tag == "script" for tag, _ in reader.tags) == 1
    assert not any(name.startswith("on") for _, attributes in reader.tags for name in attributes)
    addresses = [value or "" for _, attributes in reader.tags for name, value in attributes.items() if name in ("href", "src", "xlink:href")]
    assert all(re.match(r"https://x\.org/|#|data:(text/csv|application/json);base64,", value) for value in addresses)
    assert "49" not in re.findall(r"alert\(5\)</script>(\S*)", (report / "report.html").read_text(encoding="utf-8"))


def test_the_figures_show_labels_as_text_with_dollars_and_all(report):
    from xml.etree import ElementTree as Tree

    texts: list[str] = []
    for file in (report / "figures").glob("*.svg"):
        for node in Tree.parse(file).iter():  # noqa: S314 - our own drawings
            assert node.tag.rpartition("}")[2] not in ("script", "foreignObject", "a", "image")
            assert not any(name.lower().startswith("on") for name in node.attrib)
            texts.append(node.text or "")
    assert "$\\alpha$ of $" in texts


def test_no_cell_of_a_table_is_a_formula(report):
    seen = 0
    for file in report.glob("*.csv"):
        for row in csv.reader(io.StringIO(file.read_text(encoding="utf-8"), newline="")):
            for cell in row:
                seen += cell.startswith("'")
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")) or re.fullmatch(r"-?[\d.]+(e[-+]\d+)?|-inf", cell), cell
    assert seen


def test_markdown_holds_no_html_links_or_code(findings):
    text = markdown(findings)
    assert not re.search(r"<[A-Za-z/!]", text)
    assert not re.search(r"(?<!\\)\[x\]", text)
    assert not re.search(r"(?<!\\)`", text)
    assert "alert(1)" in text


def test_the_terminal_shows_markup_as_text(findings):
    from rich.console import Console

    out = io.StringIO()
    summary(findings, Console(file=out, width=300, force_terminal=True))
    assert "[red]b[/red]" in out.getvalue()


def test_a_name_of_a_series_is_no_path(report, findings, tmp_path):
    sneaky = replace(findings, readings={**findings.readings, "../../up": replace(findings.main, name="../../up")})
    write_report(sneaky, tmp_path / "inside" / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]
    assert [path.name for path in (tmp_path / "inside").iterdir()] == ["run"]
    assert all(path.parent.name in ("run", "figures") for path in tmp_path.rglob("*") if path.is_file())


# -- edges that a changed comparison would move ---------------------------------------------------------------------
def test_a_day_watched_is_a_day_and_none_or_more_than_there_are_is_refused(tmp_path):
    head = ("id", "site", "start", "end", "usable_days", "cloudy_days", "publisher")
    row = dict(zip(head, ("w", "port", "2023-01-01", "2023-01-01", "1", "", "P"), strict=True))
    assert [w.share for w in read_watching(_ledger(tmp_path / "a.csv", row, head=head))] == [1.0]
    for wrong in ({"usable_days": "0"}, {"usable_days": "2"}, {"end": "2022-12-31"}):
        with pytest.raises(StatementError):
            read_watching(_ledger(tmp_path / "b.csv", row | wrong, head=head))


def test_a_high_bound_alone_starts_at_zero_and_a_low_one_is_open(tmp_path):
    rows = [GOOD | {"count": "", "high": "5"}, GOOD | {"id": "b", "count": "", "low": "5"}]
    found = read_statements(_ledger(tmp_path / "a.csv", *rows))
    assert [(s.low, s.high) for s in found] == [(0.0, 5.0), (5.0, float("inf"))]
