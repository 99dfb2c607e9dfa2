"""Marks of footnotes: raised and circled digits and letters, which are no part of the number before them."""

from __future__ import annotations

import re
import unicodedata

FORMS = ("<super>", "<circle>")  # of Unicode's decompositions
LETTERS = tuple(map(chr, range(0x80, 0x3300)))  # none beyond is a mark that stands in tables
MARKS = "".join(letter for letter in LETTERS if unicodedata.decomposition(letter).startswith(FORMS))
LOWERED = "".join(letter for letter in LETTERS if unicodedata.decomposition(letter).startswith("<sub>"))
KEPT = re.compile(f"([{MARKS}{LOWERED}]+)")
POWER = re.compile(r"(?:.*\D)?10[⁰²³⁴-⁹]+", flags=re.S)
RAISED = {unicodedata.normalize("NFKC", letter): letter for letter in MARKS
          if unicodedata.decomposition(letter).startswith("<super>")}


def plain(text: str) -> str:
    """A text in the letters and digits of every day (NFKC), without marks of footnotes at its start or end.

    A mark within the text, alone, or after a ten (10³) stays as it is, so that no number is read there.

    >>> plain("12¹"), plain("２０２０²⁾"), plain("Total ①"), plain("10³"), plain("CO₂"), plain("²")
    ('12', '2020', 'Total', '10³', 'CO₂', '²')
    """
    cell = text.strip()
    if cell.isascii():
        return cell
    if not POWER.fullmatch(cell):
        cell = cell.strip(f"{MARKS} ") or cell
    parts = KEPT.split(cell)  # every other one is a run of marks
    return "".join(part if k % 2 else unicodedata.normalize("NFKC", part) for k, part in enumerate(parts)).strip()


def bare(text: str) -> str:
    """A text that ends with a number without the marks behind it; any other text as it is.

    >>> bare("2020¹"), bare("12 ⁽²⁾"), bare("10³"), bare("Port²")
    ('2020', '12', '10³', 'Port²')
    """
    without = text.rstrip(f"{MARKS} ")
    return without if without[-1:].isdecimal() and not POWER.fullmatch(text) else text


def raised(text: str) -> str:
    """A text as raised digits and letters; what has no such form is left out.

    >>> raised("1)"), raised("a"), raised("n€")
    ('¹⁾', 'ᵃ', 'ⁿ')
    """
    return "".join(letter if letter in MARKS else RAISED.get(letter, "") for letter in text)
