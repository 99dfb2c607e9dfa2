"""How a process ends that is asked to: at once, whole, and with all of its workers."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

# Ctrl-C, kill, and a terminal that was closed (which Windows does not know)
ENDS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
GRACE = 1.2  # seconds that unwinding may take; then the process ends as it is, and a killed run loses nothing
POLL = 0.2  # seconds after which a worker sees that its parent has ended


class Ended(KeyboardInterrupt):
    """A signal has asked the process to end; `code` is the exit code that says so."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


@contextmanager
def ends_answered() -> Iterator[None]:
    """Let signals that ask for an end unwind the block as Ctrl-C does; the process is gone soon, whatever it does.

    What is ignored stays ignored, so that nohup works.
    """
    def answer(number: int, frame: FrameType | None) -> None:
        threading.Thread(target=_gone_after, args=(GRACE, 128 + number), daemon=True).start()
        raise Ended(number)

    usual = (signal.SIG_DFL, signal.default_int_handler)
    for end in ENDS:
        if signal.getsignal(end) in usual:
            signal.signal(end, answer)
    yield


def _gone_after(seconds: float, code: int) -> None:
    time.sleep(seconds)
    if not SAID.is_set():  # unwinding took longer, as that of a busy cluster may
        with suppress(OSError):  # nobody may listen any more
            os.write(2, f"forecast: stopped, {'; '.join(LAST_WORDS) or 'nothing half written is left'}\n".encode())
    os._exit(code)


SAID = threading.Event()  # what is to be said of an end has been said
LAST_WORDS: list[str] = []  # what is said where the process ends before it has unwound


@contextmanager
def last_words(sentence: str) -> Iterator[None]:
    """Say this of an end that comes while the block runs, also where the block is not unwound in time."""
    LAST_WORDS.append(sentence)
    try:
        yield
    except KeyboardInterrupt as stopped:
        stopped.add_note(sentence)
        raise
    finally:
        LAST_WORDS.remove(sentence)


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


# -- workers ----------------------------------------------------------------------------------------------------------
def workers_that_end() -> dict[str, Any]:
    """Settings of a joblib pool whose processes end when this one has ended, however it did."""
    return {"initializer": end_with_parent, "initargs": (os.getpid(),)}


def end_with_parent(parent: int) -> None:
    """Let this process, a worker of `parent`, end soon after that one."""
    if sys.platform != "win32":  # which does not tell
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL)
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def pools_that_end() -> Iterator[None]:
    """Let the pools that others make with joblib here (Hydra's launcher) end with this process as well."""
    from joblib import parallel

    usual = parallel.BACKENDS["loky"]

    class EndingBackend(usual):  # type: ignore[misc, valid-type]
        def configure(self, *given: Any, **named: Any) -> Any:
            return super().configure(*given, **{**workers_that_end(), **named})

    parallel.register_parallel_backend("loky", EndingBackend)
    try:
        yield
    finally:
        parallel.register_parallel_backend("loky", usual)
