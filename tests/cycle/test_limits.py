"""Limits for a day or a week look back at what was sent; capacity comes from the rule or from the rep."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.port import User
from sync_worker.decide import period_start
from sync_worker.parts import Stopped
from sync_worker.pool import pool_user

SUNDAY = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "start"),
    [("run", None), ("day", datetime(2026, 11, 22, tzinfo=UTC)), ("week", datetime(2026, 11, 16, tzinfo=UTC))],
)
def test_a_period_begins_at_midnight_or_on_monday(every: str, start: datetime | None) -> None:
    assert period_start(every, SUNDAY) == start


def user(id_: str, *, active: bool = True, **fields: str) -> User:
    return User(id_, active, True, fields)  # noqa: FBT003 - the value's own order


POOL = user("005P", username="pool@acme.example", email="ops@acme.example")


@pytest.mark.parametrize("wanted", ["pool@acme.example", "POOL@acme.example", "ops@acme.example"])
def test_the_pool_user_is_found_by_username_or_mail(wanted: str) -> None:
    assert pool_user([user("005A", username="a@acme.example"), POOL], wanted) == "005P"


@pytest.mark.parametrize(
    ("wanted", "users", "says"),
    [
        ("", [POOL], "names no pool user"),
        ("who@acme.example", [POOL], "no user of the CRM"),
        ("pool@acme.example", [user("005P", active=False, username="pool@acme.example")], "inactive"),
        ("ops@acme.example", [POOL, user("005Q", email="ops@acme.example")], "2 active users: 005P, 005Q"),
    ],
)
def test_a_pool_user_who_cannot_be_stops_the_run_and_says_why(wanted: str, users: list[User], says: str) -> None:
    with pytest.raises(Stopped, match=says) as stopped:
        pool_user(users, wanted)
    assert "[pool] user" in stopped.value.hint
