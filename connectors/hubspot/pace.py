"""Keeps calls under HubSpot's limits of the moment: so many in ten seconds, fewer searches in one. It only waits.

The day's limit is the meter's business. What other users of the same app take shows in the headers of each reply.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

LEAST_BURST = 100
"""Calls in ten seconds on the smallest plan, until a reply names the account's own number."""
INTERVAL = 10.0
SEARCHED = 1.1
"""Seconds of the window of searches; a little more than HubSpot's one, as calls travel unevenly."""
PREFIX = "X-HubSpot-RateLimit-"


class Pace:
    """Two sliding windows. ``tick`` is a monotonic clock, in seconds."""

    def __init__(
        self, burst_share: float, searches: int, stop: threading.Event, tick: Callable[[], float] = time.monotonic
    ) -> None:
        self._share, self._searches = burst_share, searches
        self._stop, self._tick = stop, tick
        self._burst, self._interval = LEAST_BURST, INTERVAL
        self._others: int | None = None
        """Calls in the window that were not ours; None before the first reply that tells."""
        self._calls: deque[float] = deque()
        self._searched: deque[float] = deque()

    def wait(self, *, searching: bool, writing: bool = False) -> None:
        """Wait until one more call fits, then count it. The stop event ends the wait.

        One call is kept free for a write, so that it need not wait while what was read for it grows old.
        """
        self._until(self._calls, self._length, self._allowed if writing else max(self._allowed - 1, 1))
        if searching:
            self._until(self._searched, SEARCHED, self._searches)
        if self._others is not None and self._others >= self._burst - self._allowed:
            # Others have used up what was left to them: go on, but slowly, until a reply says that it has passed.
            self._stop.wait(self._interval / 20)
        now = self._tick()
        self._calls.append(now)
        if searching:
            self._searched.append(now)

    @property
    def _allowed(self) -> int:
        return max(int(self._burst * self._share), 1)

    @property
    def _length(self) -> float:
        return self._interval * 1.02

    def _until(self, calls: deque[float], length: float, most: int) -> None:
        self._drop(calls, length)
        while len(calls) >= most:
            self._stop.wait(max(calls[0] + length - self._tick(), 0.0))
            calls.popleft()

    def _drop(self, calls: deque[float], length: float) -> None:
        while calls and calls[0] <= self._tick() - length:
            calls.popleft()

    def note(self, headers: Mapping[str, str]) -> None:
        """Take over what a reply says of the burst limit; a reply may say nothing."""
        burst, left = _number(headers, "Max"), _number(headers, "Remaining")
        interval = _number(headers, "Interval-Milliseconds")
        if interval:
            self._interval = interval / 1000
        if burst:
            self._burst = burst
        if left is None:
            return
        self._drop(self._calls, self._length)
        others = max(self._burst - left - len(self._calls), 0)
        if self._others is None and self._calls:
            # Nobody knows whose calls came before our first: a run that has just ended would be ours, so they count.
            self._calls.extendleft([self._calls[0]] * others)
            others = 0
        self._others = others


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(PREFIX + name, "")
    return int(text) if text.isdecimal() else None


def daily(headers: Mapping[str, str]) -> tuple[int, int] | None:
    """Calls used and the day's limit; None where the reply says nothing of the day, as under OAuth and in searches."""
    limit, left = _number(headers, "Daily"), _number(headers, "Daily-Remaining")
    return (limit - left, limit) if limit and left is not None else None
