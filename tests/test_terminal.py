"""What reaches a terminal: text of strangers is shown, never obeyed, whichever command prints it."""

from __future__ import annotations

import io
import json

import pytest

from forecast.cli.main import command
from forecast.support.terminal import STEERING, Shown, printable, quoted, short, shown_streams
from tests.test_hostile_findings import FOUND

EVIL = "\x1b]0;owned\x07\x9b31m\u202e\u2066\u200b\u2028"


def test_controls_are_shown_by_their_codes_and_blanks_stay():
    assert printable(f"a\tb\n\u2009{EVIL[:2]}") == "a\tb\n\u2009\\u001b]"
    assert all(ord(c) >= 32 for c in printable(EVIL))
    assert "\u202e" not in printable(EVIL)


def test_long_values_are_quoted_in_a_line():
    assert quoted("a" * 10) == "'aaaaaaaaaa'"
    assert len(quoted("a" * 10**6)) < 90
    assert quoted(10**5000) == "a int too large to show"
    assert len(short("x" * 10**6)) < 320


def test_a_stream_that_cannot_be_written_is_given_up_once():
    class Full(io.StringIO):
        def write(self, text):
            raise OSError(28, "No space left on device")

    stream = Shown(Full(), drawn=False)
    assert stream.write("abc") == 3
    stream.flush()
    assert stream.failed == "No space left on device"
    with pytest.raises(BrokenPipeError):
        Shown(type("Gone", (io.StringIO,), {"write": lambda *_: (_ for _ in ()).throw(BrokenPipeError())})(), drawn=False).write("a")


def test_streams_are_put_back(capsys):
    with shown_streams():
        print("\x1b[31mred")
    print("\x1b[32m")
    assert capsys.readouterr().out == "\\u001b[31mred\n\x1b[32m\n"


def _clean(capsys) -> str:
    shown = capsys.readouterr()
    text = shown.out + shown.err
    assert not any(c in text for c in EVIL if STEERING.match(c)), text
    return text


def test_names_of_files_settings_and_keys_steer_no_terminal(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "evil\x1b[31m.yaml").write_text("title: Mine\n")
    (tmp_path / "runs" / "a\x1b[32m").mkdir(parents=True)
    (tmp_path / "runs" / "a\x1b[32m" / "findings.json").write_text(json.dumps(
        {**FOUND, "inputs": {EVIL: "0"}, "versions": {EVIL: EVIL}, "config": {EVIL: {EVIL: EVIL}}, "readings": {EVIL: FOUND["readings"]["cars"], **FOUND["readings"]}}))
    (tmp_path / f"t{EVIL[:4]}.csv").write_text(f"unique_id,ds,y\n{EVIL},2023-01-01,1\n{EVIL},2023-01-02,x\n", encoding="utf-8")
    for words in (["--help"], ["-cn", "evil\x1b[31m"], ["-cn", EVIL], [EVIL], [f"title={EVIL}"], [f"output={EVIL}/x", f"a{EVIL}=1"], ["compare", "runs"], ["compare", "runs", "--json"],
                  ["compare", EVIL], ["rerun", "runs/a\x1b[32m"], ["rerun", EVIL], ["check", f"t{EVIL[:4]}.csv"], ["check", EVIL], ["panel", f"t{EVIL[:4]}.csv", "out"],
                  ["panel", EVIL, "out"], ["panel", f"t{EVIL[:4]}.csv", f"o{EVIL[:4]}", "--keep-good"], ["watch", EVIL, "2024-01-01"], ["feeds", EVIL], ["check", f"--{EVIL}"]):
        command(words)
        assert _clean(capsys)
