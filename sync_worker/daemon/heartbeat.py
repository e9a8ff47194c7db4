"""The sign of life: the work loop ticks, and whoever watches asks how long ago. systemd is told the same."""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SILENCE = 600.0
"""Seconds without a tick after which the work loop counts as stuck: one call may take 120 s, and be tried again."""


class Heartbeat:
    """When the work loop last ticked. Any thread may ask; jobs tick as they make progress."""

    def __init__(self, monotonic: Callable[[], float], silence: float = SILENCE) -> None:
        self._monotonic = monotonic
        self._silence = silence
        self._lock = threading.Lock()
        self._last = monotonic()

    def tick(self) -> None:
        """Say that the work loop is alive."""
        with self._lock:
            self._last = self._monotonic()

    def age(self) -> float:
        """Seconds since the last tick, by a clock that no time change disturbs."""
        with self._lock:
            return max(0.0, self._monotonic() - self._last)

    def alive(self) -> bool:
        """Whether the work loop ticked lately."""
        return self.age() < self._silence


def tell_systemd(*states: str) -> bool:
    """Send states such as ``READY=1`` to the service manager that started us; False where there is none.

    The protocol is sd_notify(3): one datagram of lines to the socket named by NOTIFY_SOCKET.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as notify:
            # A leading @ stands for the NUL of an abstract socket.
            notify.sendto("\n".join(states).encode(), "\0" + address[1:] if address[0] == "@" else address)
    except OSError:
        return False  # The work matters more than telling of it; a watchdog that hears nothing restarts us.
    return True
