"""HubSpot's limits as HubSpot counts them: the connector keeps to its share of each, and is never told to wait.

The waits are real in all but length: whoever waits moves the account's clock on instead.
"""

from __future__ import annotations

import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from connectors.hubspot import AccessToken, HubSpotConnector, HubSpotSettings
from connectors.port import LimitReached, Outcome, Ref, Stream, Write
from connectors.sandbox import Sandbox
from connectors.sandbox.hubspot.hub import UNCOUNTED, Window

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from connectors.port import Connector, Cursor
    from connectors.sandbox.view import Clock

BURST, SHARE = 20, 0.75
SCORE = {Stream.ACCOUNTS: {"score": "priority_score"}}


class Watched(Window):
    """The sandbox's own count of a limit, and the most that it has ever been."""

    peak = 0

    def take(self, now: datetime) -> None:
        super().take(now)
        self.peak = max(self.peak, self.most - self.left(now))


class Hurry(threading.Event):
    """Whoever waits does not: the account's time moves on. Called, it is the monotonic clock to it."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock, self.ahead = clock, 0.0

    def wait(self, timeout: float | None = None) -> bool:
        self.ahead += timeout or 0.0
        self.clock.advance(timeout or 0.0)
        return self.is_set()

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


class Account:
    """A sandbox with small limits that counts, and connectors that wait without waiting."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.hub = sandbox, sandbox.hub
        self.burst = self.hub.burst = Watched(10, sandbox.hub.settings.burst_limit)
        self.searches = self.hub.searches = Watched(1, sandbox.hub.settings.search_limit)
        self.hurry = Hurry(self.hub.clock)

    def connect(self, **settings: float) -> HubSpotConnector:
        auth = AccessToken(self.sandbox.access_token)
        values: dict[str, float] = {"burst_share": SHARE, "call_share_run": 1.0, **settings}
        made = HubSpotSettings(auth, self.sandbox.url, **values)  # type: ignore[arg-type] # each by its name
        return HubSpotConnector(made, SCORE, stop=self.hurry, tick=self.hurry)

    @property
    def made(self) -> int:
        """Calls that HubSpot would count, whether it let them pass or not."""
        return sum(count for kind, count in self.hub.calls.items() if kind not in UNCOUNTED)


@contextmanager
def account(accounts: int, **limits: int) -> Iterator[Account]:
    with Sandbox(crm="hubspot", accounts=accounts, reps=6, seed=7, search_lag=0.0, **limits) as sandbox:  # type: ignore[arg-type] # each by its name
        yield Account(sandbox)


def pull(connector: Connector, stream: Stream, since: Cursor | None = None) -> tuple[list[Ref], Cursor]:
    pages = list(connector.pull(stream, since))
    return [record.ref for page in pages for record in page.records], pages[-1].cursor


def pull_on(connector: Connector, stream: Stream, since: Cursor | None = None) -> None:
    """Again and again, for longer than any limit of these tests allows."""
    for _ in range(60):
        pull(connector, stream, since)


def test_pulls_reads_and_writes_of_thousands_keep_to_the_share_of_the_burst() -> None:
    with account(1000, burst_limit=BURST) as each, closing(each.connect()) as connector:
        connector.describe()
        list(connector.users())
        refs, cursor = pull(connector, Stream.ACCOUNTS)
        for stream in (Stream.CONTACTS, Stream.OPPORTUNITIES, Stream.ACTIVITIES):
            pull(connector, stream)
        writes = [Write(f"w{place}", ref, {"score": place % 100}) for place, ref in enumerate(refs)]
        assert {result.outcome for result in connector.write(writes)} == {Outcome.DONE}
        assert len(pull(connector, Stream.ACCOUNTS, cursor)[0]) == len(list(connector.read(refs))) == len(refs)
        assert len(list(connector.history(refs, "owner"))) == len(refs)
        assert each.made == each.hub.used > 4 * BURST
        assert each.burst.peak == BURST * SHARE
        assert 1 <= each.searches.peak <= 4
        assert each.hurry.ahead > 20


def test_runs_that_follow_each_other_closely_share_one_burst() -> None:
    with account(300, burst_limit=BURST) as each:
        for _ in range(5):
            with closing(each.connect()) as connector:
                connector.describe()
                pull(connector, Stream.ACCOUNTS)
        assert each.made == each.hub.used
        assert each.burst.peak <= BURST * SHARE


def test_others_who_use_the_same_app_find_their_share_whenever_they_come() -> None:
    with account(1500, burst_limit=BURST) as each, closing(each.connect()) as connector:
        theirs, made = Window(10, BURST - int(BURST * SHARE)), 0
        connector.describe()
        for stream in (Stream.ACCOUNTS, Stream.CONTACTS):
            for _ in connector.pull(stream, None):
                while theirs.left(each.hub.clock.now()):
                    theirs.take(each.hub.clock.now())
                    assert not each.hub.spend(searching=False)
                    made += 1
        assert made > 2 * theirs.most
        assert each.made + made == each.hub.used


@pytest.mark.parametrize("stream", [Stream.ACCOUNTS, Stream.ACTIVITIES])
def test_the_days_share_is_kept_to_though_searches_do_not_tell_of_the_day(stream: Stream) -> None:
    with account(60, daily_limit=60, search_limit=1000, burst_limit=1000) as each:
        with closing(each.connect(call_share_org=0.5, searches_per_second=1000)) as connector:
            connector.describe()
            _, cursor = pull(connector, stream)
            with pytest.raises(LimitReached, match="allowed 50%") as caught:
                pull_on(connector, stream, cursor)
            assert caught.value.hint
        assert each.made == each.hub.used == 30


def test_a_run_keeps_to_its_own_share_of_the_day() -> None:
    with account(60, daily_limit=100, burst_limit=1000, search_limit=1000) as each:
        with closing(each.connect(call_share_run=0.2, searches_per_second=1000)) as connector:
            connector.describe()
            with pytest.raises(LimitReached, match="20 of its 20"):
                pull_on(connector, Stream.ACCOUNTS)
        assert each.made == each.hub.used == 20
