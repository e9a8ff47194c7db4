"""Signals as events. Only the C level and one waiting thread take part, so a busy or stuck main thread does not matter.

A Python handler would run in the main thread, between any two of its steps, even while that thread holds the very
lock that setting an event needs.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator

log = structlog.get_logger(__name__)

HEEDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@contextmanager
def heeded(stop: threading.Event) -> Iterator[None]:
    """While this lasts, a first SIGTERM, SIGINT or SIGHUP sets ``stop``, and a second one ends the process at once.

    Main thread only. The exit code of a second signal is 128 and its number, as shells have it.
    """
    reader, writer = socket.socketpair()
    writer.settimeout(0)  # the C level must never wait
    before = {number: signal.signal(number, _nothing) for number in HEEDED}
    wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    waiting = threading.Thread(target=_wait, args=(reader, stop), name="signals", daemon=True)
    waiting.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        writer.close()
        waiting.join(1)
        reader.close()


def _nothing(_number: int, _frame: object) -> None:
    """Stand in for the default action; the byte that the C level sends is what counts."""


def _wait(reader: socket.socket, stop: threading.Event) -> None:
    while heard := reader.recv(1):
        name = signal.Signals(heard[0]).name
        if stop.is_set():
            log.warning("told to stop a second time: gone at once", signal=name)
            logging.shutdown()
            os._exit(128 + heard[0])
        log.info("told to stop: nothing new is begun", signal=name)
        stop.set()
