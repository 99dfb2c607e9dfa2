"""A file as a feed sees it: its first bytes, and its text, JSON, XML or archive, each opened within bounds.

Nothing here trusts a file: sizes are counted while unpacking and not as declared, XML with a DOCTYPE is refused (there
entities expand), JSON is bounded in size and depth, and no format that runs code (pickle) is read at all.
"""

from __future__ import annotations

import io
import json
import lzma
import math
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time
from functools import cached_property
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from forecast.support.regular_files import check_regular
from forecast.support.terminal import quoted

HEAD = 65_536
LARGEST_DOCUMENT = 64_000_000  # bytes of JSON, XML or an unpacked archive; tables of text are streamed
LARGEST_RATIO = 200  # unpacked to packed, of archives that unpack to more than a megabyte
DEEPEST = 100
MOST_MEMBERS = 2_000  # of an archive
DECIMAL_COMMAS = re.compile(r"\s*[\d-]+(,\d+)?;\s*[+-]?\d+(,\d+)?\s*")  # 2023,45;12,3
# letters of cp932: all of two bytes or one, and words of kana and of the kanji of every day
WIDE = re.compile(rb"[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc]|[\x80-\xff]")
JAPANESE = re.compile(rb"(?:[\x81-\x83\x88-\x98][\x40-\x7e\x80-\xfc]){2,}|[\x81-\x83\x88-\x90\x98][\x80-\xfc]"
                      rb"|[\x91-\x97][\x98-\xfc]")  # two of 91 to 97 are quotation marks of cp1252
ZIP_FAULTS = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, OSError, struct.error)


@dataclass(frozen=True)
class Source:
    """One file; everything is read when it is asked for, and whole documents once."""

    path: Path
    packed: Source | None = None  # what the file was unpacked from, and by whose name it is known
    kind: str = ""  # what the user says that its counts are, stock or flow

    def __post_init__(self) -> None:
        if self.path.is_dir() or not self.path.exists():
            raise ValueError(f"{self.path}: {'a folder' if self.path.is_dir() else 'no such file'}: name one file")
        check_regular(self.path)
        if not self.path.stat().st_size:
            raise ValueError(f"{self.path}: an empty file: export it again")

    @property
    def name(self) -> str:
        return self.packed.name if self.packed else self.path.name

    @property
    def place(self) -> Path:
        """The file as the user has it, packed or not."""
        return self.packed.place if self.packed else self.path

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB."""
        with self.path.open("rb") as file:
            return file.read(HEAD)

    # -- text ---------------------------------------------------------------------------------------------------
    @cached_property
    def encoding(self) -> str:
        """Encoding by byte order mark, or by where the zero bytes stand; UTF-8 where nothing speaks against it."""
        marks = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
        for mark, encoding in marks.items():
            if self.head.startswith(mark):
                return encoding
        sample = self.head[:4096]
        if not sample.isascii() and (other := legacy(self.head)):
            return other
        even, odd = (sample[i::2].count(0) / max(len(sample[i::2]), 1) for i in (0, 1))
        if max(even, odd) > 0.4 and min(even, odd) < 0.05:
            return "utf-16-le" if odd > even else "utf-16-be"
        return "utf-8"

    def text(self) -> IO[str]:
        """The file as text; bytes that are no text become characters that no reader of cells lets through."""
        errors = "replace" if self.encoding.startswith("utf-16") else "surrogateescape"
        return self.path.open(encoding=self.encoding, errors=errors, newline="")

    @cached_property
    def first_lines(self) -> tuple[str, ...]:
        """Lines of the first 64 KiB that are not blank, without the last if it is cut."""
        text = self.head.decode(self.encoding, errors="replace")
        lines = text.splitlines()
        whole = lines if len(self.head) < HEAD else lines[:-1]
        return tuple(line for line in whole if line.strip())

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Cells of the first line, if this is text and no JSON, XML or archive."""
        if not self.first_lines or self.is_zip or self.is_json or self.is_xml or self.is_parquet:
            return ()
        line = self.first_lines[0].lstrip("\ufeff")
        return tuple(cell.strip().strip('"').strip() for cell in line.split(self.delimiter))

    @cached_property
    def delimiter(self) -> str:
        if not self.first_lines or DECIMAL_COMMAS.fullmatch(self.first_lines[0].lstrip("\ufeff")):
            return ";"
        return max(",;\t", key=self.first_lines[0].count)

    # -- documents ----------------------------------------------------------------------------------------------
    @cached_property
    def _start(self) -> str:
        return self.head[:400].decode(self.encoding, errors="replace").lstrip("\ufeff \t\r\n")

    @property
    def is_json(self) -> bool:
        return self._start[:1] in ("{", "[") and bool(self._start)

    @property
    def is_xml(self) -> bool:
        return self._start.startswith("<")

    @property
    def is_zip(self) -> bool:
        return self.head.startswith(b"PK\x03\x04")

    @property
    def is_parquet(self) -> bool:
        return self.head.startswith(b"PAR1")

    def _whole(self) -> bytes:
        size = self.path.stat().st_size
        if size > LARGEST_DOCUMENT:
            raise ValueError(f"{self.name}: {size / 1e6:.0f} MB in one document: split it, at most "
                             f"{LARGEST_DOCUMENT // 1_000_000} MB are read at once")
        return self.path.read_bytes()

    @cached_property
    def document(self) -> Any:
        """The JSON document, or None if the file is none. Raises ValueError where it is broken, large or deep."""
        if not self.is_json:
            return None
        try:
            text = self._whole().decode(self.encoding)
            loaded = json.loads(text.lstrip("\ufeff"), parse_constant=_no_constant, object_pairs_hook=_keys)
        except json.JSONDecodeError as error:
            raise ValueError(f"{self.name} line {error.lineno}: no JSON ({error.msg}): export it again") from error
        except UnicodeDecodeError as error:
            raise ValueError(f"{self.name}: byte {error.start} is not {self.encoding}: save it as UTF-8") from error
        except RecursionError as error:
            raise ValueError(f"{self.name}: JSON nested too deeply: no export looks like that") from error
        except ValueError as error:
            raise ValueError(f"{self.name}: JSON that cannot be told ({error}): mend it") from error
        if _depth(loaded) > DEEPEST:
            raise ValueError(f"{self.name}: JSON nested deeper than {DEEPEST}: no export looks like that")
        return loaded

    @cached_property
    def tree(self) -> Element | None:
        """The XML document, of a KMZ the one inside, or None if the file is none; raises ValueError as `document`."""
        if self.is_xml:
            return parse_xml(self._whole(), self.name)
        inside = sorted(name for name in self.members if name.lower().endswith(".kml"))
        if not inside:
            return None
        return parse_xml(self.unpacked("doc.kml" if "doc.kml" in inside else inside[0]), self.name)

    @property
    def root(self) -> str:
        """Name of the outermost XML element without its namespace; empty if the file is no XML."""
        return "" if self.tree is None else local(self.tree)

    # -- archives -----------------------------------------------------------------------------------------------
    @cached_property
    def listed(self) -> tuple[str, ...]:
        """Names in the archive, whatever it unpacks to; none if the file is no archive."""
        if not self.is_zip:
            return ()
        with self._archive() as archive:
            return tuple(archive.namelist()[:MOST_MEMBERS + 1])

    @cached_property
    def members(self) -> tuple[str, ...]:
        """Names in the archive; none if the file is no archive. Raises ValueError for one that unpacks too large."""
        if not self.is_zip:
            return ()
        with self._archive() as archive:
            infos = archive.infolist()
        size = sum(info.file_size for info in infos)
        self._check_size(size)
        if len(infos) > MOST_MEMBERS:
            raise ValueError(f"{self.name}: {len(infos)} files in one archive, at most {MOST_MEMBERS}: no export looks "
                             "like that")
        return tuple(info.filename for info in infos)

    def unpacked(self, name: str) -> bytes:
        """One member, counted while it is unpacked; raises ValueError where it is broken or too large."""
        with self._archive() as archive, archive.open(name) as file:
            data = file.read(LARGEST_DOCUMENT + 1)
            self._check_size(len(data))
        return data

    def _check_size(self, size: int) -> None:
        packed = self.path.stat().st_size
        if size > LARGEST_DOCUMENT or (size > 1_000_000 and size > LARGEST_RATIO * packed):
            raise ValueError(f"{self.name}: {packed} bytes unpack to {size} or more: more than {LARGEST_RATIO} times, "
                             f"or more than {LARGEST_DOCUMENT // 1_000_000} MB, is not read; save it again or split it")

    @contextmanager
    def _archive(self) -> Iterator[zipfile.ZipFile]:
        try:
            with zipfile.ZipFile(self.path) as archive:
                yield archive
        except ZIP_FAULTS as error:
            raise ValueError(f"{self.name}: a broken or locked archive ({error}): save it again") from error


def legacy(head: bytes) -> str:
    """An encoding of one or two bytes a letter that text is in which is no UTF-8; empty for UTF-8, or a slip in it.

    Letters beside ASCII stand alone in Western text (cp1252), and in rows in Cyrillic (cp1251), Korean (cp949) or
    Japanese (cp932).

    >>> legacy("Züge, Zahl".encode("latin-1")), legacy("날짜,척수".encode("cp949")), legacy("日付,人数".encode("cp932"))
    ('cp1252', 'cp949', 'cp932')
    >>> legacy("Züge".encode())
    ''
    """
    try:
        head.decode("utf-8")
        return ""
    except UnicodeDecodeError as error:
        if error.start >= len(head) - 3 or b"\0" in head:  # the last letter is cut off, or this is no text
            return ""
    if _mostly_utf8(head):
        return ""
    wide = len(WIDE.findall(head))
    if wide and sum(len(run) for run in JAPANESE.findall(head)) > 2 * 0.6 * wide:
        return "cp932"
    runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", head)]
    if sum(runs) < 2 * len(runs):
        return "cp1252" if not re.search(rb"[\x81\x8d\x8f\x90\x9d]", head) else ""
    return _of_runs(head, runs)


def _of_runs(head: bytes, runs: list[int]) -> str:
    """Korean or Cyrillic, by what letters the bytes would be; empty for neither."""
    hangul = sum("가" <= letter <= "힣" for letter in head.decode("cp949", errors="ignore"))
    if hangul >= 0.4 * sum(runs) / 2 and all(length % 2 == 0 for length in runs[:50]):
        return "cp949"
    letters = re.sub(rb"[\x00-\x7f]", b"", head).decode("cp1251", errors="replace")
    return "cp1251" if sum("а" <= letter.lower() <= "я" for letter in letters) > 0.8 * len(letters) else ""


def _mostly_utf8(head: bytes) -> bool:
    """Whether most of what is beside ASCII is well-formed UTF-8, so that a bad byte is a slip."""
    text = head.decode("utf-8", errors="replace")
    beside = [letter for letter in text if not letter.isascii()]
    return beside.count("\ufffd") < 0.5 * len(beside)


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is no JSON")


def _keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"{quoted(twice)} stands twice in one object")
    return made


def _depth(loaded: Any) -> int:
    level, depth = [loaded], 0
    while level:
        depth += 1
        level = [child for node in level if isinstance(node, (dict, list))
                 for child in (node.values() if isinstance(node, dict) else node)]
    return depth


def local(element: Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def parse_xml(data: bytes, name: str) -> Element:
    """The tree of an XML document; a DOCTYPE, and with it every entity, is refused.

    >>> parse_xml(b"<a><b/></a>", "x.xml").tag
    'a'
    """
    builder = TreeBuilder()
    check_xml(data, name, builder)
    return builder.close()


def check_xml(data: bytes, name: str, builder: TreeBuilder | None = None) -> None:
    """Raise ValueError for what is no XML, is nested deeply or has a DOCTYPE; what is read goes to `builder`."""
    parser = expat.ParserCreate(namespace_separator="}")
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise ValueError(f"{name}: XML nested deeper than {DEEPEST}: no export looks like that")
        if builder is not None:
            builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        if builder is not None:
            builder.end(tag)

    def doctype(*_: Any) -> None:
        raise ValueError(f"{name}: XML with a DOCTYPE, which can hold entities without end: remove it")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler = doctype
    if builder is not None:
        parser.buffer_text = True
        parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError) as error:
        raise ValueError(f"{name}: no XML ({error}): export it again") from error
    except ValueError as error:
        if "multi-byte" not in str(error):
            raise
        raise ValueError(f"{name}: XML in an encoding that is not read: save it as UTF-8") from error


def scalar(value: Any) -> str:
    """A value of JSON, a spreadsheet or Parquet as the text of a cell; what is no scalar or not finite is blank.

    >>> [scalar(v) for v in (12.0, None, float("nan"), " a ", True)]
    ['12', '', '', 'a', 'True']
    """
    if isinstance(value, float):
        return "" if math.isnan(value) else str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, (date, time)):  # a datetime is a date; both write themselves as ISO 8601
        return str(value).strip()
    return str(value).strip() if isinstance(value, (str, int)) else ""


def reach(node: Any, path: str) -> Any:
    """What lies at a dotted path of nested mappings; None where there is nothing.

    >>> reach({"a": {"b": 3}}, "a.b")
    3
    """
    for part in path.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    return node


def stored(members: dict[str, bytes]) -> io.BytesIO:
    """An archive of what was unpacked and checked, so that another reader sees that and nothing else."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    packed.seek(0)
    return packed
