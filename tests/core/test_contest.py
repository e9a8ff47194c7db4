"""Who might have an account: what stands in its way is told as it is, whatever keeps the account where it is."""

from __future__ import annotations

from dataclasses import replace

from sync_worker.core.books import Balance, BookPolicy
from sync_worker.core.contest import contest
from sync_worker.core.model import Decision, OwnerChange, Rep, Score
from sync_worker.core.priced import PricedBook, filling
from sync_worker.core.steps import Position

POOL = "pool"
EMEA = BookPolicy("emea", "priority", balance=Balance("priority", 1.0))


def account(id_: str, owner: str = POOL) -> Decision:
    scores = {"priority": Score(50.0, "B", ())}
    return Decision(id_, "salesforce", id_, owner, "target", None, None, "emea", scores, potential=50.0)


def position(*accounts: Decision) -> Position:
    reps = {
        id_: Rep(id_, id_.title(), {"salesforce": id_}, {"emea": 5}, {"emea": frozenset()}) for id_ in ("ann", "bob")
    }
    return Position(accounts, reps, POOL)


def test_what_a_cover_keeps_with_a_rep_could_be_had_by_the_others_and_nobody_is_said_to_have_had_it() -> None:
    found = contest(
        "acme", replace(position(account("acme", "ann")), kept=frozenset({"acme"})), [EMEA], [PricedBook(EMEA)]
    )
    assert found is not None
    assert {one.rep for one in found.candidates} == {"ann", "bob"}
    assert (found.chosen, found.excluded, found.because) == ("ann", (), "")


def test_what_a_route_holds_in_the_pool_is_not_said_to_wait_for_a_place() -> None:
    found = contest("acme", replace(position(account("acme")), kept=frozenset({"acme"})), [EMEA], [PricedBook(EMEA)])
    assert found is not None
    assert {one.rep for one in found.candidates} == {"ann", "bob"}
    assert (found.chosen, found.because) == (None, "")


def test_what_a_step_before_has_given_shows_who_else_might_have_it() -> None:
    given = OwnerChange("acme", POOL, "bob", "route:inbound", "turn of Bob")
    found = contest("acme", replace(position(account("acme")), taken={"acme": given}), [EMEA], [PricedBook(EMEA)])
    assert found is not None
    assert {one.rep for one in found.candidates} == {"ann", "bob"}
    assert found.because == ""


def test_a_rep_who_comes_next_and_is_full_is_told_as_full_and_not_as_behind_by_a_price_that_nobody_pays() -> None:
    full = replace(position().reps["bob"], capacity={"emea": 1})
    start = position(account("acme"), account("globex"), account("mine", "bob"))
    start = replace(start, reps={**start.reps, "bob": full})
    reasons = {change.account: change.reason for change in filling([PricedBook(EMEA)])(start).changes}
    assert set(reasons) == {"acme", "globex"}
    assert {reason.partition("; ")[2] for reason in reasons.values()} == {
        "Ann, since Bob, who comes next, has no place left"
    }


def test_who_has_more_accounts_than_places_is_not_said_to_have_had_the_account_before() -> None:
    start = position(account("acme"), account("one", "bob"), account("two", "bob"))
    over = replace(start.reps["bob"], capacity={"emea": 1})
    found = contest("acme", replace(start, reps={**start.reps, "bob": over}), [EMEA], [PricedBook(EMEA)])
    assert found is not None
    assert [(one.rep, one.bar, one.because) for one in found.excluded] == [
        ("bob", "full", "more accounts than places already")
    ]
