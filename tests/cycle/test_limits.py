"""Limits for a day or a week look back at what was sent; capacity comes from the rule or from the rep."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from connectors.port import User
from sync_worker.assigning.limits import period_start
from sync_worker.parts import Stopped
from sync_worker.pool import pool_user
from sync_worker.store.lookup import users

if TYPE_CHECKING:
    from tests.cycle.office import Office

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
        ("pool@acme.example", [replace(POOL, can_own=False)], "may not own accounts"),
        ("ops@acme.example", [POOL, user("005Q", email="ops@acme.example")], "2 active users: 005P, 005Q"),
    ],
)
def test_a_pool_user_who_cannot_be_stops_the_run_and_says_why(wanted: str, users: list[User], says: str) -> None:
    with pytest.raises(Stopped, match=says) as stopped:
        pool_user(users, wanted)
    assert "[pool] user" in stopped.value.hint


def test_the_pools_user_gets_no_account_even_if_a_book_would_take_it_for_a_rep(office: Office) -> None:
    """A pool user who sits in a sales department and has a capacity would be given the pool's own accounts."""
    with office.worker() as worker:
        worker.pull()
        with worker.store.read() as tx:
            pool = pool_user(users(tx), office.pool)
    office.sandbox.company.edit(
        "User", pool, actor="admin@acme.example", Department="EMEA Mid-Market", Book_Capacity__c=5000
    )
    with office.worker() as worker:
        decided = worker.plan().decided
    assert pool not in decided.reps
    assert not any(change.after == pool for change in decided.assignment.changes if change.rule.startswith("book:"))
