"""A person who is a user of two CRMs is one rep with one book; everybody else stays who he is."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_worker.core.books import BookPolicy
from sync_worker.core.model import Decision, OwnerChange, Rep, Score
from sync_worker.core.people import Member, people
from tests.core.daily import assign

POOLS = {"salesforce": "005pool", "hubspot": "99"}
ANN = (
    Member("salesforce", "005ann", "Ann@acme.example", may_own=True),
    Member("hubspot", "11", "ann@ACME.example", may_own=True),
)
BEN = Member("hubspot", "12", "ben@acme.example", may_own=True)


def decision(account: str, crm: str, owner: str) -> Decision:
    """An account in scope that the book emea takes."""
    return Decision(account, crm, account, owner, "target", None, None, "emea", {"priority": Score(50.0, "B", ())})


def test_one_address_in_two_crms_is_one_rep_known_by_the_first_crms_id() -> None:
    found = people([*ANN, BEN], POOLS)
    assert (found.rep("11"), found.rep("005ann"), found.rep("12"), found.rep("gone")) == (
        "005ann",
        "005ann",
        "12",
        "gone",
    )
    assert (found.user("005ann", "hubspot"), found.user("005ann", "salesforce")) == ("11", "005ann")


def test_the_pool_is_one_whatever_the_addresses_of_its_users() -> None:
    found = people([Member("hubspot", "99", "", may_own=True)], POOLS)
    assert (found.pool, found.rep("99"), found.user(found.pool, "hubspot")) == ("005pool", "005pool", "99")


@pytest.mark.parametrize(
    "members",
    [
        pytest.param((ANN[0], Member("hubspot", "11", "", may_own=True)), id="no address"),
        pytest.param((ANN[0], Member("hubspot", "11", "ann@acme.example", may_own=False)), id="one may not own"),
        pytest.param((*ANN, Member("hubspot", "13", "ann@acme.example", may_own=True)), id="two in one CRM"),
    ],
)
def test_in_doubt_nobody_is_put_together(members: tuple[Member, ...]) -> None:
    found = people(members, POOLS)
    assert all(found.rep(member.id) == member.id for member in members)


def test_a_change_is_said_in_the_users_of_the_accounts_home() -> None:
    found = people([*ANN], POOLS)
    at_home = decision("1", "hubspot", "99")
    change = OwnerChange("1", "005pool", "005ann", "book:emea", "best")
    shown = found.shown(change, at_home)
    assert (shown.before, shown.after) == ("99", "11")


@given(st.permutations([*ANN, BEN]))
def test_the_order_of_users_changes_nothing(members: list[Member]) -> None:
    assert people(members, POOLS).reps == people([*ANN, BEN], POOLS).reps


def test_a_book_is_one_over_both_crms_and_nobody_gets_what_his_crm_does_not_have() -> None:
    found = people([*ANN, BEN], POOLS)
    reps = {
        "005ann": Rep("005ann", "Ann", {"salesforce": "005ann", "hubspot": "11"}, {"emea": 3}),
        "12": Rep("12", "Ben", {"hubspot": "12"}, {"emea": 1}),
    }
    accounts = [decision(f"s{n}", "salesforce", "005pool") for n in range(3)]
    accounts += [decision(f"h{n}", "hubspot", "99") for n in range(3)] + [decision("hers", "hubspot", "11")]
    changes = assign([found.seen(d) for d in accounts], reps, [BookPolicy("emea", "priority")], [], pool_user="005pool")
    assert Counter(change.after for change in changes.changes) == {"005ann": 2, "12": 1}, "Ann holds one already"
    assert all(change.account.startswith("h") for change in changes.changes if change.after == "12")
