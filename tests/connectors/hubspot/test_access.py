"""Tokens, limits, addresses and settings: who gets in, how fast, and where to."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from connectors.hubspot import AccessToken, HubSpotSettings, RefreshToken
from connectors.hubspot.endpoints import ENDPOINTS, versioned
from connectors.hubspot.pace import Pace, daily
from connectors.port import LimitReached, NotPermitted, Ref, Stream, Unauthorized
from tests.connectors.salesforce.scripted import Answer, Scripted

if TYPE_CHECKING:
    from tests.connectors.contract.hubspot import HubSpotSandbox
    from tests.connectors.hubspot.conftest import Connect


def oauth(account: HubSpotSandbox, **changed: str) -> RefreshToken:
    hub = account.sandbox.hub
    values = {"client_id": hub.client_id, "client_secret": hub.client_secret, "refresh_token": hub.refresh_token}
    return RefreshToken(**{**values, **changed})


@pytest.mark.parametrize("version", ["v3", "2026-03", "2026-09"])
def test_a_refresh_token_brings_one_access_token_for_many_calls(account: HubSpotSandbox, version: str) -> None:
    connector = account.connect(auth=oauth(account), api_version=version)
    connector.describe()
    list(connector.users())
    assert connector.budget().by_kind["token"] == 1


def test_a_token_that_expires_in_mid_run_is_renewed_once(account: HubSpotSandbox) -> None:
    connector = account.connect(auth=oauth(account))
    connector.describe()
    account.sandbox.expire_tokens()
    list(connector.users())
    assert connector.budget().by_kind["token"] == 2


def test_wrong_credentials_are_refused_once_and_named_without_the_secret(account: HubSpotSandbox) -> None:
    connector = account.connect(auth=oauth(account, client_secret="s3cret-wrong"))
    for _ in range(2):
        with pytest.raises(Unauthorized, match="BAD_CLIENT_SECRET") as caught:
            connector.describe()
        assert "s3cret-wrong" not in str(caught.value) + caught.value.hint
    assert connector.budget().by_kind == {"token": 1}


def test_a_missing_scope_is_named(account: HubSpotSandbox) -> None:
    account.portal.hidden_types.add("deals")
    connector = account.connect()
    with pytest.raises(NotPermitted, match=r"crm\.objects\.deals") as caught:
        list(connector.pull(Stream.OPPORTUNITIES, None))
    assert "scopes" in caught.value.hint


def test_a_throttled_read_is_asked_again_and_a_days_end_is_not(account: HubSpotSandbox) -> None:
    connector = account.connect()
    connector.describe()
    account.sandbox.faults({"on": "list", "fault": "burst_429", "times": 2, "every": 1, "retry_after": 86_400})
    began = time.monotonic()
    assert sum(len(page.records) for page in connector.pull(Stream.ACCOUNTS, None)) == account.pool_size
    assert time.monotonic() - began < 5
    account.sandbox.faults({"on": "list", "fault": "daily_429"})
    account.reset_calls()
    with pytest.raises(LimitReached):
        list(connector.pull(Stream.ACCOUNTS, None))
    assert account.sandbox.calls["by_kind"] == {"search": 1, "list": 1}


def test_no_hidden_retry_of_the_library_sends_a_read_twice(account: HubSpotSandbox) -> None:
    connector = account.connect()
    connector.describe()
    account.sandbox.faults({"on": "list", "fault": "burst_429", "every": 1, "retry_after": 0})
    account.reset_calls()
    with pytest.raises(Exception, match="limit is reached"):
        list(connector.pull(Stream.ACCOUNTS, None))
    assert account.sandbox.calls["by_kind"] == {"search": 1, "list": 3}


def test_one_connection_serves_calls_of_every_kind(account: HubSpotSandbox) -> None:
    connector = account.connect()
    for stream in Stream:
        list(connector.pull(stream, None))
    adapter = connector._transport.session.get_adapter(account.sandbox.url)
    (pool,) = adapter.poolmanager.pools._container.values()  # type: ignore[attr-defined] # of requests' own
    assert (pool.num_connections, pool.num_requests) == (1, connector.budget().spent)
    assert {call.headers["user-agent"] for call in account.sandbox.requests} == {"sync-worker"}


def test_a_stalled_reply_ends_after_the_time_limit(connect: Connect) -> None:
    with Scripted(Answer({"results": []}, stall=5.0)) as server:
        began = time.monotonic()
        with pytest.raises(Exception, match="no whole reply in time"):
            list(connect(server.url, timeout_read=0.2).users())
        assert time.monotonic() - began < 4


class Stopwatch(threading.Event):
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0.0
        return self.is_set()

    def __call__(self) -> float:
        return self.now


def test_calls_keep_to_their_share_of_the_burst_and_searches_to_theirs() -> None:
    watch = Stopwatch()
    pace = Pace(0.5, 4, watch, tick=watch)
    pace.note({"X-HubSpot-RateLimit-Max": "40", "X-HubSpot-RateLimit-Interval-Milliseconds": "10000"})
    times: list[float] = []
    searches: list[float] = []
    for place in range(100):
        pace.wait(searching=place % 2 == 0)
        times.append(watch.now)
        if place % 2 == 0:
            searches.append(watch.now)
    assert all(sum(at - 10 < one <= at for one in times) <= 20 for at in times)
    assert all(sum(at - 1 < one <= at for one in searches) <= 4 for at in searches)
    assert 40 < watch.now < 60


def test_calls_slow_down_when_others_use_up_the_burst() -> None:
    watch = Stopwatch()
    pace = Pace(0.75, 4, watch, tick=watch)
    pace.wait(searching=False)
    pace.note({"X-HubSpot-RateLimit-Max": "100", "X-HubSpot-RateLimit-Remaining": "99"})
    pace.wait(searching=False)
    assert watch.now == 0
    pace.note({"X-HubSpot-RateLimit-Max": "100", "X-HubSpot-RateLimit-Remaining": "20"})
    pace.wait(searching=False)
    assert watch.now == 0.5
    pace.note({"X-HubSpot-RateLimit-Max": "100", "X-HubSpot-RateLimit-Remaining": "80"})
    pace.wait(searching=False)
    assert watch.now == 0.5


def test_our_own_use_of_the_burst_slows_nothing_down() -> None:
    watch = Stopwatch()
    pace = Pace(0.75, 4, watch, tick=watch)
    for place in range(74):
        pace.wait(searching=False)
        pace.note({"X-HubSpot-RateLimit-Max": "100", "X-HubSpot-RateLimit-Remaining": str(99 - place)})
    assert watch.now == 0


def test_a_write_need_not_wait_after_the_reading_that_it_rests_on() -> None:
    watch = Stopwatch()
    pace = Pace(0.5, 4, watch, tick=watch)
    pace.note({"X-HubSpot-RateLimit-Max": "40", "X-HubSpot-RateLimit-Interval-Milliseconds": "10000"})
    for _ in range(100):
        pace.wait(searching=False)
        read = watch.now
        pace.wait(searching=False, writing=True)
        assert watch.now == read


def test_calls_before_the_first_one_count_as_our_own_for_they_may_be_of_a_run_that_has_just_ended() -> None:
    watch = Stopwatch()
    pace = Pace(0.75, 4, watch, tick=watch)
    pace.wait(searching=False)
    pace.note({"X-HubSpot-RateLimit-Max": "100", "X-HubSpot-RateLimit-Remaining": "27"})
    pace.wait(searching=False)
    assert watch.now == 0
    pace.wait(searching=False)
    assert 10 < watch.now < 11


def test_the_day_is_read_from_the_headers_where_they_tell_it() -> None:
    headers = {"X-HubSpot-RateLimit-Daily": "650000", "X-HubSpot-RateLimit-Daily-Remaining": "649000"}
    assert daily(headers) == (1000, 650_000)
    assert daily({}) is None
    assert daily({**headers, "X-HubSpot-RateLimit-Daily": "many"}) is None


def test_under_oauth_the_smallest_plan_is_taken_for_the_run(account: HubSpotSandbox) -> None:
    assert account.connect(auth=oauth(account)).budget().allowed == 62_500


@pytest.mark.parametrize(
    ("path", "dated"),
    [
        ("/crm/v3/objects/companies", "/crm/objects/2026-09/companies"),
        ("/crm/v3/objects/companies/batch/read", "/crm/objects/2026-09/companies/batch/read"),
        ("/crm/v3/owners/", "/crm/owners/2026-09/"),
        ("/crm/v3/properties/deals", "/crm/properties/2026-09/deals"),
        ("/crm/v4/associations/calls/companies/batch/read", "/crm/associations/2026-09/calls/companies/batch/read"),
        ("/oauth/v1/token", "/oauth/2026-09/token"),
    ],
)
def test_each_path_of_the_library_has_a_dated_one_and_both_are_allowed(path: str, dated: str) -> None:
    assert versioned(path, "2026-09") == dated
    assert versioned(path, "v3") == path
    for each in (path, dated):
        assert sum(bool(endpoint.path.fullmatch(each)) for endpoint in ENDPOINTS) >= 1


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"url": "http://api.hubapi.com"}, "not encrypted"),
        ({"url": "https://api.hubapi.com/crm"}, "has a path"),
        ({"api_version": "v4"}, "neither v3 nor a dated one"),
        ({"api_version": "2026-05"}, "neither v3 nor a dated one"),
        ({"burst_share": 0.0}, "share above 0"),
        ({"searches_per_second": 0}, "at least 1"),
        ({"timeout_read": 0.0}, "between 0 and 600"),
    ],
)
def test_settings_that_cannot_be_right_are_refused_with_the_way_out(changed: dict[str, object], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        HubSpotSettings(AccessToken("key"), **changed)  # type: ignore[arg-type] # wrong on purpose


def test_secrets_are_not_printed() -> None:
    shown = repr(HubSpotSettings(AccessToken("pat-secret"))) + repr(RefreshToken("app", "hush", "refresh-secret"))
    assert not any(word in shown for word in ("pat-secret", "hush", "refresh-secret"))


def test_an_id_that_is_no_hubspot_id_never_leaves(account: HubSpotSandbox) -> None:
    with pytest.raises(ValueError, match="no id of a HubSpot record"):
        list(account.connect().read([Ref(Stream.ACCOUNTS, "001xx../0")]))
