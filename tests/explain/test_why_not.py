"""What a rep is told who did not get an account is what the plan did, with the figures and the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from connectors.port import User
from sync_worker.explain.people import RepNotFound, find_rep
from sync_worker.report.text import plain
from sync_worker.report.why_not import barred
from sync_worker.store import lookup, plans, schema

if TYPE_CHECKING:
    from sync_worker.app import Worker
    from sync_worker.core.model import PlanRow
    from sync_worker.explain import WhyNot
    from tests.cycle.office import Office

ADMIN = "admin@acme.example"


def given(worker: Worker) -> list[PlanRow]:
    """What the plan gives to reps."""
    with worker.store.read() as tx:
        plan = plans.latest(tx)
    assert plan is not None
    return [stored.row for stored in plan.rows if stored.row.rule.startswith("book:")]


def users(worker: Worker) -> dict[str, User]:
    with worker.store.read() as tx:
        return {user.id: user for user in lookup.users(tx)}


def kinds(found: WhyNot) -> list[str]:
    return [reason.kind for reason in found.reasons]


def test_whoever_the_plan_gives_an_account_to_is_told_so_and_the_others_who_comes_first(pulled: Worker) -> None:
    rows, known = given(pulled), users(pulled)
    assert rows
    for row in rows[:3]:
        rep = str(row.after["owner"])
        told = pulled.why_not(row.account, rep)
        assert kinds(told) == ["next"]
        assert told.claim is not None
        assert told.claim.goes_to is not None
        assert told.claim.goes_to.rep == rep
        team = known[rep].fields["team"]
        for other in (id_ for id_, user in known.items() if user.fields.get("team") == team and id_ != rep):
            found = pulled.why_not(row.account, other)
            assert found.claim is not None
            assert found.claim.goes_to == told.claim.goes_to
            assert kinds(found)[0] in {"dearer", "full", "limit", "inactive", "previous"}
            if kinds(found) == ["dearer"]:
                assert str(known[rep].fields["name"]) in found.verdict
                assert "comes first, ahead of" in found.verdict or "gets it: " in found.verdict


def test_a_rep_of_another_team_is_told_which_book_it_is_and_what_would_have_to_differ(pulled: Worker) -> None:
    row, known = given(pulled)[0], users(pulled)
    team = known[str(row.after["owner"])].fields["team"]
    other = next(u for u in known.values() if u.active and u.can_own and u.fields.get("team") not in {team, None, ""})
    found = pulled.why_not(row.account, str(other.fields["email"]))
    assert kinds(found) == ["book"]
    book = row.rule.removeprefix("book:")
    ours, theirs = found.reasons[0].nearest
    assert [(need.what, need.wanted, need.seen) for need in ours.lacking] == [("team", team, other.fields["team"])]
    assert ours.outcome == f"The book {book} would be for {other.fields['name']}"
    assert theirs.outcome == f"A book of {other.fields['name']}'s would take it"
    assert theirs.tried
    assert {need.what for need in theirs.lacking} <= {"region", "segment"}


def test_all_that_stands_in_the_way_is_told_at_once(office: Office) -> None:
    """An account with an owner, protected, and a rep who has left: each by itself would be enough."""
    with office.worker() as worker:
        worker.pull()
        names = {name: id_ for id_, name in worker.names().items()}
        left = next(user for user in users(worker).values() if not user.active)
        owned = next(
            id_
            for id_ in (str(row["Id"]) for row in office.sandbox.company.rows("Account"))
            if "owned" in kinds(worker.why_not(id_, left.id))
        )
        office.sandbox.company.create(
            "Opportunity",
            {"AccountId": owned, "Name": "New", "StageName": "Prospecting", "CloseDate": "2027-01-01"},
            actor=ADMIN,
        )
        office.sandbox.company.edit("Account", owned, actor=ADMIN, Do_Not_Move__c=True)
        worker.pull()
        found = worker.why_not(owned, left.id)
        whose = worker.why_not(owned, found.owner)
    assert kinds(found) == ["held", "protected", "owned", "inactive"]
    assert found.verdict == "Nothing may move it now: marked do-not-move in the CRM."
    assert found.reasons[1].nearest
    assert found.reasons[3].text == f"{found.rep_name} is not active in the CRM."
    text = plain(barred(found)[0])
    assert "Each of these stands in the way by itself." in text
    assert f": why not {found.rep_name}?" in text
    assert (kinds(whose), whose.verdict) == (["theirs"], f"{found.owner} has it already.")
    assert whose.rep == names[found.owner]


def test_an_account_out_of_scope_goes_to_nobody_and_the_way_in_is_told(pulled: Worker) -> None:
    partner = next(row["Id"] for row in pulled_accounts(pulled) if row["type"] == "Partner")
    rep = next(user for user in users(pulled).values() if user.active and user.can_own and user.fields.get("team"))
    found = pulled.why_not(str(partner), rep.id)
    assert found.verdict == "It is out of scope: the worker gives it to nobody."
    assert [need.what for need in found.reasons[0].nearest[0].lacking] == ["type"]


def pulled_accounts(worker: Worker) -> list[dict[str, object]]:
    r = schema.record.c
    with worker.store.read() as tx:
        rows = tx.execute(select(r.id, r.fields).where(r.stream == "accounts", ~r.deleted).order_by(r.id)).all()
    return [{"Id": id_, **fields} for id_, fields in rows]


PEOPLE = [
    User("005A", active=True, can_own=True, fields={"name": "Ann Lee", "email": "ann@x.example"}),
    User("005B", active=True, can_own=True, fields={"name": "Ann Leeson", "email": "leeson@x.example"}),
    User("005C", active=False, can_own=True, fields={"name": "Bob Ray", "email": "bob@x.example"}),
    User("005D", active=True, can_own=True, fields={"name": "Bob Ray", "email": "ray@x.example"}),
    User("77", active=True, can_own=True, fields={"name": "Cy Ode", "email": "CY@x.example"}),
    User("005E", active=True, can_own=True, fields={"name": "Cy Ode", "email": "cy@x.example"}),
    User("005F", active=True, can_own=True, fields={}),
]


@pytest.mark.parametrize(
    ("asked", "id_"),
    [
        ("005A", "005A"),
        ("ANN@x.example", "005A"),
        ("ann lee", "005A"),
        ("leeson", "005B"),
        ("Bob Ray", "005D"),
        ("bob@x.example", "005C"),
        ("Cy Ode", "77"),
        ("005F", "005F"),
    ],
)
def test_a_rep_is_found_by_id_address_or_name(asked: str, id_: str) -> None:
    """Of two with one name it is the active one; one person's users in two CRMs are one rep."""
    assert find_rep(PEOPLE, asked).id == id_


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        (
            "Ann",
            "several users go by 'Ann': Ann Lee (ann@x.example), Ann Leeson (leeson@x.example)",
            "give the address",
        ),
        ("Ana Lee", "no user of the CRM goes by 'Ana Lee'", "did you mean 'Ann Lee'?"),
        ("zzz", "no user of the CRM goes by 'zzz'", "give an id"),
        ("", "no user of the CRM goes by ''", "give an id"),
    ],
)
def test_a_rep_who_is_not_there_or_there_twice_is_told_with_the_nearest_name(
    asked: str, message: str, hint: str
) -> None:
    with pytest.raises(RepNotFound) as refused:
        find_rep(PEOPLE, asked)
    assert str(refused.value) == message
    assert hint in refused.value.hint
