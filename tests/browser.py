"""Chromium through its own pipe: pages opened from files, keys pressed, sizes measured, axe-core run, PDF printed.

Nothing but Debian's chromium is needed: it speaks its DevTools protocol over two pipes, messages parted by a zero byte.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--no-first-run", "--hide-scrollbars",
         "--force-color-profile=srgb", "--remote-debugging-pipe")
KEYS = {"Tab": ("Tab", 9, ""), "Enter": ("Enter", 13, "\r"), "Space": (" ", 32, " "),
        "ArrowRight": ("ArrowRight", 39, ""), "ArrowLeft": ("ArrowLeft", 37, ""), "Escape": ("Escape", 27, "")}
PATIENCE = 60  # seconds for one answer: a loaded machine is slow, a browser that hangs is a failure


def require_chromium() -> str:
    """The browser's path; without it a test is skipped, and fails where CI promised it."""
    if CHROMIUM is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is missing: install Debian's package chromium")
        pytest.skip("chromium is not installed: no test in a real browser")
    return CHROMIUM


class Browser:
    """One headless chromium; a context manager that ends it and throws its profile away."""

    def __init__(self) -> None:
        path = require_chromium()
        self._profile = tempfile.mkdtemp(prefix="chromium-")
        (theirs_in, self._out), (self._in, theirs_out) = os.pipe(), os.pipe()
        # high numbers first, so that putting one in the place of 3 does not close the other
        ends = [fcntl.fcntl(fd, fcntl.F_DUPFD, 20) for fd in (theirs_in, theirs_out)]
        quiet = os.open(os.devnull, os.O_RDWR)
        moves = [(os.POSIX_SPAWN_DUP2, ends[0], 3), (os.POSIX_SPAWN_DUP2, ends[1], 4),
                 *((os.POSIX_SPAWN_DUP2, quiet, fd) for fd in (0, 1, 2))]
        self._pid = os.posix_spawn(path, [path, *FLAGS, f"--user-data-dir={self._profile}"], os.environ,
                                   file_actions=moves, setpgroup=0)
        for fd in (theirs_in, theirs_out, *ends, quiet):
            os.close(fd)
        self._number, self._rest, self._session = 0, b"", ""
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        target = self.say("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.say("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.say(f"{domain}.enable")
        return self

    def __exit__(self, *_: object) -> None:
        self._session = ""
        self.say("Browser.close")
        os.waitpid(self._pid, 0)
        os.close(self._out)
        os.close(self._in)
        shutil.rmtree(self._profile, ignore_errors=True)

    # -- the protocol -------------------------------------------------------------------------------------------
    def say(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command and wait for its answer; events that come meanwhile are kept."""
        self._number += 1
        mine = self._number
        message = {"id": mine, "method": method, "params": params} | (
            {"sessionId": self._session} if self._session else {})
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data):]
        while True:
            got = self._read()
            if got.get("id") == mine:
                assert "error" not in got, f"{method}: {got.get('error')}"
                return dict(got["result"])
            self.events.append(got)

    def _read(self) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], max(0.0, until - time.monotonic()))
            assert ready, f"chromium said nothing for {PATIENCE} s"
            more = os.read(self._in, 1 << 20)
            assert more, "chromium ended"
            self._rest += more
        message, self._rest = self._rest.split(b"\0", 1)
        return dict(json.loads(message))

    def _named(self, method: str) -> list[dict[str, Any]]:
        return [event["params"] for event in self.events if event.get("method") == method]

    # -- what a test does ---------------------------------------------------------------------------------------
    def open(self, page: Path, width: int = 1280, height: int = 800, *, dark: bool = False, script: bool = True) -> None:
        """Load a file at a size of the window; what was heard of an earlier page is forgotten."""
        self.say("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.say("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.say("Emulation.setScriptExecutionDisabled", value=not script)
        self.events.clear()
        self.say("Page.navigate", url=page.resolve().as_uri())
        while not self._named("Page.loadEventFired"):
            self.events.append(self._read())

    def ask(self, expression: str) -> Any:
        """The value of an expression in the page; promises are awaited."""
        answer = self.say("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, key: str, times: int = 1) -> None:
        """Press a key as a person would: the page sees events that it can trust."""
        name, code, text = KEYS[key]
        about = {"key": name, "code": key, "windowsVirtualKeyCode": code} | ({"text": text} if text else {})
        for _ in range(times):
            self.say("Input.dispatchKeyEvent", type="keyDown", **about)
            self.say("Input.dispatchKeyEvent", type="keyUp", **about)

    def type(self, text: str) -> None:
        for letter in text:
            self.say("Input.dispatchKeyEvent", type="keyDown", key=letter, text=letter)
            self.say("Input.dispatchKeyEvent", type="keyUp", key=letter)

    def point(self, x: float, y: float) -> None:
        """Move the mouse there."""
        self.say("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def faults(self) -> list[str]:
        """Errors and warnings of the console, exceptions, and what the policy of the page refused."""
        told = [event["entry"]["text"] for event in self._named("Log.entryAdded")
                if event["entry"]["level"] in ("error", "warning")]
        told += [str(event["args"]) for event in self._named("Runtime.consoleAPICalled")
                 if event["type"] in ("error", "warning", "assert")]
        return told + [event["exceptionDetails"]["text"] for event in self._named("Runtime.exceptionThrown")]

    def requests(self) -> list[str]:
        """Addresses asked for since the page was opened, the page's own included."""
        return [event["request"]["url"] for event in self._named("Network.requestWillBeSent")]

    def axe(self) -> list[str]:
        """Violations that axe-core finds, each with the element that has it."""
        found = find_spec("axe_core_python")
        assert found is not None and found.origin is not None  # noqa: PT018 - one thought
        self.ask((Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8") + "; 0")
        result = self.ask("axe.run(document, {resultTypes: ['violations']})")
        return [f"{each['id']} ({each['impact']}): {node['html'][:160]}" for each in result["violations"]
                for node in each["nodes"]]

    def tab_to(self, selector: str) -> None:
        """Press Tab until the element has the focus, as somebody without a mouse does."""
        for _ in range(400):
            self.press("Tab")
            if self.ask(f"document.activeElement.matches({selector!r})"):
                return
        pytest.fail(f"Tab never reaches {selector}")

    def rows_shown(self) -> int:
        """Rows of the ledger that its filter leaves."""
        return int(self.ask("document.querySelectorAll('#ledger tbody tr:not([hidden])').length"))

    def tip(self) -> str:
        """What stands in the note beside the pointer; "" without one."""
        return str(self.ask("(document.querySelector('.tip:not([hidden])') || {innerText: ''}).innerText"))

    def pdf(self) -> bytes:
        """The page printed on the paper that its style names."""
        return base64.b64decode(self.say("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])

    def picture(self, *, whole: bool = False) -> bytes:
        """What is seen, or the whole page, as PNG."""
        return base64.b64decode(self.say("Page.captureScreenshot", captureBeyondViewport=whole, format="png")["data"])
