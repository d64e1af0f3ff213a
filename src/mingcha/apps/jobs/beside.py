"""A worker beside the server: on one machine with SQLite nobody starts a second service by hand."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_GRACE = 10  # seconds in which a worker that was told to end does
_PAUSES = (0.5, 2, 10, 30)  # before one that died is started again


@contextmanager
def worker_beside() -> Iterator[None]:
    """Within it a `mingcha worker` runs as a child, and is started again if it dies; at the end it ends too.

    It has a session of its own, so that Ctrl-C reaches the server only, which then ends it in order; and it ends by
    itself when the server was killed. Two servers of one instance may each have one: the second waits (worker.alone).
    """
    stop = threading.Event()
    keeper = threading.Thread(target=_keep, args=(stop,), daemon=True)
    before = signal.signal(signal.SIGTERM, _leave) if threading.current_thread() is threading.main_thread() else None
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join(_GRACE + 5)
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _keep(stop: threading.Event) -> None:
    died = 0
    while not stop.is_set():
        worker = _start()
        while worker.poll() is None and not stop.wait(0.3):
            pass
        if stop.is_set():
            return _end(worker)
        stop.wait(_PAUSES[min(died, len(_PAUSES) - 1)])
        died += 1


def _start() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mingcha.cli", "worker", "--parent", str(os.getpid())]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 our own command


def _end(worker: subprocess.Popen[bytes]) -> None:
    worker.terminate()
    try:
        worker.wait(_GRACE)
    except subprocess.TimeoutExpired:  # in the middle of something that gives no sign of life: it will be found
        worker.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.wait(2)


def _leave(number: int, frame: FrameType | None) -> None:
    """SIGTERM unwinds us, so that the worker is ended; the server has handlers of its own while it serves."""
    sys.exit(0)
