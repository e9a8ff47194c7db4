"""The limits of a day, of ten seconds and of a second: what is told of them, and how a call beyond them is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from connectors.sandbox import Sandbox
from connectors.sandbox.hubspot.hub import Settings, Window
from tests.connectors.sandbox.conftest import TODAY
from tests.connectors.sandbox.hubspot.conftest import Account, company

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIST = "/crm/v3/objects/companies"
RATES = "X-HubSpot-RateLimit-"


@pytest.fixture
def limited() -> Iterator[Callable[..., Account]]:
    running: list[tuple[Sandbox, Account]] = []

    def start(**limits: Any) -> Account:
        sandbox = Sandbox(crm="hubspot", accounts=20, reps=5, seed=3, today=TODAY, **limits).start()
        running.append((sandbox, Account(sandbox)))
        return running[-1][1]

    yield start
    for sandbox, account in running:
        account.close()
        sandbox.stop()


def refusal(account: Account, method: str = "GET", path: str = LIST, **more: Any) -> dict[str, Any]:
    reply = account(method, path, **more)
    assert reply.status_code == 429
    body: dict[str, Any] = reply.json()
    assert set(body) == {"status", "message", "errorType", "correlationId", "policyName"}
    return body


def test_each_reply_tells_what_is_left_of_ten_seconds_and_of_the_day(hub: Account) -> None:
    first, second = hub("GET", LIST).headers, hub("GET", LIST).headers
    assert (first[RATES + "Max"], first[RATES + "Interval-Milliseconds"]) == ("190", "10000")
    assert int(first[RATES + "Remaining"]) - int(second[RATES + "Remaining"]) == 1
    assert first[RATES + "Daily"] == "650000"
    assert int(first[RATES + "Daily-Remaining"]) - int(second[RATES + "Daily-Remaining"]) == 1
    assert "Retry-After" not in first


def test_searches_tell_nothing_of_limits(hub: Account) -> None:
    reply = hub("POST", f"{LIST}/search", json={})
    assert not any(name.lower().startswith(RATES.lower()) for name in reply.headers)


def test_an_oauth_token_is_not_told_of_the_day(sandbox: Sandbox) -> None:
    person = Account(sandbox, sandbox.user_token("admin@acme.example"))
    headers = person("GET", LIST).headers
    person.close()
    assert RATES + "Remaining" in headers
    assert RATES + "Daily" not in headers


def test_more_calls_than_ten_seconds_allow_are_refused_until_they_have_passed(limited: Any) -> None:
    account = limited(burst_limit=5)
    for _ in range(5):
        account.get(LIST)
    body = refusal(account)
    assert body["message"] == "You have reached your ten_secondly_rolling limit."
    assert (body["errorType"], body["policyName"]) == ("RATE_LIMIT", "TEN_SECONDLY_ROLLING")
    account.sandbox.portal.clock.advance(9)
    refusal(account)
    account.sandbox.portal.clock.advance(2)
    account.get(LIST)


def test_a_refused_write_does_nothing(limited: Any) -> None:
    account = limited(burst_limit=1)
    account.get(LIST)
    refusal(account, "PATCH", f"{LIST}/{company(account.sandbox)}", json={"properties": {"city": "Oslo"}})
    assert account.sandbox.effects == []


def test_a_day_has_its_calls_until_midnight(limited: Any) -> None:
    account = limited(daily_limit=3)
    for _ in range(3):
        account.get(LIST)
    assert refusal(account)["policyName"] == "DAILY"
    account.sandbox.portal.clock.advance(60)
    now = account.sandbox.portal.clock.now()
    account.sandbox.portal.clock.advance(86_400 - (now.hour * 3600 + now.minute * 60))
    account.get(LIST)


def test_a_second_has_five_searches() -> None:
    window, now = Window(1, Settings().search_limit), datetime(2026, 11, 22, 8, tzinfo=UTC)
    for left in (5, 4, 3, 2, 1):
        assert window.left(now) == left
        window.take(now)
    assert window.left(now + timedelta(milliseconds=999)) == 0
    assert window.left(now + timedelta(seconds=1)) == 5


def test_searches_of_all_object_types_share_one_limit(limited: Any) -> None:
    """Whatever the machine's speed: some two searches in a row fall into one second."""
    account = limited(search_limit=1)
    names = [name for _ in range(20) for name in ("companies", "contacts", "notes")]
    replies = (account("POST", f"/crm/v3/objects/{name}/search", json={}) for name in names)
    refused = next(reply for reply in replies if reply.status_code == 429)
    assert refused.json()["policyName"] == "SECONDLY"
    account.get(LIST)
    account.sandbox.portal.clock.advance(1.1)
    assert account("POST", f"{LIST}/search", json={}).status_code == 200


def test_tokens_are_not_held_against_the_limits(limited: Any) -> None:
    account = limited(daily_limit=1)
    for _ in range(3):
        assert account("POST", "/oauth/v1/token", data={}).status_code == 400
    account.get(LIST)
    assert account.sandbox.calls == {"total": 4, "by_kind": {"list": 1, "token": 3}}


def test_the_account_tells_its_day(hub: Account) -> None:
    hub.get(LIST)
    usage = hub.get("/account-info/v3/api-usage/daily/private-apps")["results"][0]
    assert (usage["usageLimit"], usage["currentUsage"]) == (650_000, 2)
    assert hub.get("/account-info/v3/details")["timeZone"] == "UTC"
