"""Signals that ask a run to end: put off while files move."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Ctrl-C, kill, and a terminal that was closed (which Windows does not know)
ENDS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def ends_put_off() -> Iterator[None]:
    """Let whatever asks the process to end wait until the block is done: a set half moved in is no set."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked: list[int] = []
    before = {end: signal.signal(end, lambda number, frame: asked.append(number)) for end in ENDS}
    try:
        yield
    finally:
        for end, handler in before.items():
            signal.signal(end, handler if handler is not None else signal.SIG_DFL)
    for number in asked[:1]:
        signal.raise_signal(number)
