"""Marks of footnotes beside numbers, dates and headings are no part of them."""

from __future__ import annotations

import re
import zipfile
from datetime import date
from pathlib import Path

import pytest

from forecast import read_table
from forecast.cli.main import command
from forecast.evidence.cells import StatementError
from forecast.evidence.tables.numbers import Marks, count_of
from forecast.evidence.tables.words import is_total
from tests.tables import everywhere, values, written


@pytest.mark.parametrize(("cell", "low", "high"), [
    ("12¹", 12, 12), ("12 ²", 12, 12), ("12①", 12, 12), ("¹12", 12, 12), ("12⁽¹⁾", 12, 12), ("12ª", 12, 12), ("20+¹", 20, float("inf")),
    ("10¹", 10, 10), ("１２", 12, 12), ("10–12³", 10, 12)])
def test_a_raised_digit_is_no_digit_of_the_number_before_it(cell, low, high):
    found = count_of(cell, Marks())
    assert (found.low, found.high) == (low, high)


@pytest.mark.parametrize("cell", ["10³", "①", "²", "1²3", "5₂", "5½"])
def test_a_mark_that_may_be_a_number_of_its_own_is_a_fault(cell, tmp_path):
    assert count_of(cell, Marks()) is None
    with pytest.raises(StatementError, match="row 3"):
        read_table(written(tmp_path, f"date,count\n2023-01-01,13\n2023-01-02,{cell}\n2023-01-03,14\n2023-01-04,15\n"))


def test_dates_and_headings_lose_their_marks_and_what_was_left_aside_is_said(tmp_path, capsys):
    path = written(tmp_path, "year¹,cars²,Total³\n2019,12¹,12\n2020²,13,13\n2021,14,14\n2022,15,15\n")
    (series,) = everywhere(path, capsys, date="year¹").values()
    assert values(series) == [12, 13, 14, 15]
    assert str(series.start[1]) == "2020-01-01"
    assert command(["check", str(path)]) == 0
    assert "marks of footnotes after numbers left aside: 2 rows" in capsys.readouterr().out
    assert is_total("Total ¹")


def test_raised_letters_of_a_workbook_are_marks_too(tmp_path, capsys):
    """A workbook keeps 12 and its raised 1 as two runs of one text, which readers of plain text put together to 121."""
    from openpyxl import Workbook
    from openpyxl.cell.rich_text import CellRichText, TextBlock
    from openpyxl.cell.text import InlineFont

    above = InlineFont(vertAlign="superscript")
    made = Workbook()
    for row in (["date", "cars"], [date(2023, 1, 1), CellRichText("12", TextBlock(above, "1"))], [date(2023, 1, 2), 15],
                [date(2023, 1, 3), CellRichText("13", TextBlock(above, "a)"))], [date(2023, 1, 4), 14]):
        made.active.append(row)
    made.save(tmp_path / "t.xlsx")
    assert values(everywhere(tmp_path / "t.xlsx", capsys)["cars"]) == [12, 15, 13, 14]
    for other in (_shared(tmp_path / "t.xlsx"), _ods(tmp_path)):
        assert values(everywhere(other, capsys)["cars"]) == [12, 15, 13, 14]


def _shared(path):
    """The workbook with its texts in a part of their own, as spreadsheet programs keep them."""
    texts = []

    def moved(cell):
        texts.append(f"<si>{cell[2]}</si>")
        return f'{cell[1]}t="s"><v>{len(texts) - 1}</v></c>'

    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name).decode() for name in old.namelist()}
    sheet, head = "xl/worksheets/sheet1.xml", "http://schemas.openxmlformats.org/"
    parts[sheet] = re.sub(r'(<c [^>]*?)t="inlineStr"><is>(.*?)</is></c>', moved, parts[sheet])
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{head}spreadsheetml/2006/main">{"".join(texts)}</sst>'
    relation = f'<Relationship Type="{head}officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml" Id="rId9" />'
    parts["xl/_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace("</Relationships>", relation + "</Relationships>")
    made = path.with_name("shared.xlsx")
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name, text in parts.items():
            new.writestr(name, text)
    return made


def _ods(folder):
    """The same as another program writes it: the sample of an .ods with this table in the place of its own."""
    def cell(text):
        return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'

    mark = '<text:span text:style-name="T1">{}</text:span>'
    rows = [("date", "cars"), ("2023-01-01", "12" + mark.format("1")), ("2023-01-02", "15"), ("2023-01-03", "13" + mark.format("a)")), ("2023-01-04", "14")]
    style = '<style:style style:name="T1" style:family="text"><style:text-properties style:text-position="super 58%"/></style:style>'
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text", "style"))
    lines = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    content = (f'<office:document-content {spaces}><office:automatic-styles>{style}</office:automatic-styles><office:body><office:spreadsheet>'
               f'<table:table table:name="t">{lines}</table:table></office:spreadsheet></office:body></office:document-content>')
    sample, made = Path(__file__).parent / "feeds" / "simulated_spreadsheet.ods", folder / "t.ods"
    with zipfile.ZipFile(sample) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, content if name == "content.xml" else old.read(name))
    return made
