"""Books of all kinds over HTTP: fixed and open ones, claims, what counts as worked; up to what the plan tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.config import load
from sync_worker.report.plan import shown
from sync_worker.report.text import plain

if TYPE_CHECKING:
    from connectors.port import Value
    from sync_worker.app import Worker
    from sync_worker.config import Config
    from sync_worker.core.model import Decision
    from tests.cycle.office import Office

BOOKS = """version: 1
reps: [reps.csv]
tables: [owners.csv]
books:
  - id: named
    model: fixed
    owner: named_owner
    accounts: named_owner is not empty
    reps: true
    capacity: 100
    rank: priority
  - id: whoever
    model: open
    accounts: region = 'APAC'
    reps: team = 'APAC'
    capacity: 500
    rank: priority
  - id: rest
    accounts: true
    reps: team like 'EMEA%'
    capacity: {touches_per_week: 60, per_account: 1.5}
    rank: priority
    limit: {per: rep, most: 2, every: week}
    affinity:
      - {id: large, accounts: employees >= 1000, reps: team = 'EMEA Enterprise', add: 0.2, because: Sells to large ones}
      - {id: place, same: {account: region, rep: region}, add: 0.1, because: Lives there}
    worked: {green: touches(30) >= 2, amber: touches(60) >= 1}
"""


def settings(office: Office, *flags: str) -> Config:
    office.config(owner_moves=1.0)
    return load(office.folder / "config.toml", environ={}, flags=flags).config


def write(office: Office, owners: str = "website,then named_owner\nnobody.example,nobody\n") -> None:
    """These books in place of the demo's; nothing is protected, so that what books do is seen."""
    (office.rules / "books.yaml").write_text(BOOKS)
    (office.rules / "owners.csv").write_text(owners)
    (office.rules / "policy.test.yaml").unlink(missing_ok=True)


def users(office: Office) -> dict[str, dict[str, Value]]:
    return {str(user["Name"]): user for user in office.users()}


def free(worker: Worker, book: str) -> list[Decision]:
    """What waits in the pool for a book, and may move."""
    decided = worker.plan().decided
    pool = decided.people.pool
    mine = [d for d in decided.decisions if d.scope and not d.protect and not d.held and d.book == book]
    return [d for d in mine if d.owner == pool and not d.resting]


def owner(worker: Worker, account: str) -> str | None:
    """Who owns the account, as the latest pull shows it."""
    return next(d.owner for d in worker.plan().decided.decisions if d.account == account)


def test_an_account_goes_to_the_rep_whom_a_table_names_and_a_second_plan_has_nothing_more_to_say(
    office: Office,
) -> None:
    write(office)
    people = users(office)
    bruno, gone = people["Bruno Kaur"], people["Grace Farrell"]
    with office.worker(settings(office)) as worker:
        first, second = free(worker, "rest")[:2]
        sites = [office.account(one.account)["Website"] for one in (first, second)]
    write(office, f"website,then named_owner\n{sites[0]},{bruno['Email']}\n{sites[1]},{gone['Email']}\n")
    with office.worker(settings(office)) as worker:
        plan = office.approved(worker, [])
        worker.apply(plan.plan.id)
        (row,) = [stored.row for stored in plan.rows if stored.row.rule == "book:named"]
        told = plain(shown(plan, worker.names(), few=None)[0])
        again = worker.plan()
    assert (row.account, row.after["owner"]) == (first.account, bruno["Id"])
    assert row.reason == "named_owner of owners.csv names Bruno Kaur"
    assert office.account(first.account)["OwnerId"] == bruno["Id"]
    assert "named_owner of owners.csv names Grace Farrell, who may own no accounts" in told
    assert again.plan is None or not [stored for stored in again.plan.rows if stored.row.rule == "book:named"]


def test_a_rep_gets_what_the_rep_claims_of_an_open_book_and_is_told_why_not_of_another(office: Office) -> None:
    write(office)
    people = users(office)
    marco = people["Marco Kaur"]
    own = settings(office, "fields.claim=claim", "fields.accounts.claim=Description")
    with office.worker(own) as worker:
        wanted, others = free(worker, "whoever")[0], free(worker, "rest")[0]
        for account in (wanted, others):
            office.sandbox.company.edit(
                "Account", account.account, actor=str(marco["Username"]), Description=marco["Email"]
            )
        withdrawn = free(worker, "whoever")[1].account
        office.sandbox.company.edit("Account", withdrawn, actor=str(marco["Username"]), Description=marco["Id"])
        plan = office.approved(worker, [])
        office.sandbox.company.edit("Account", withdrawn, actor=str(marco["Username"]), Description=None)
        worker.apply(plan.plan.id)
        told = plain(shown(plan, worker.names(), few=None)[0])
        again = worker.plan()
        third = free(worker, "whoever")[0].account
        why, waits = worker.why_not(third, str(people["Nadia Young"]["Email"])), worker.explain(third)
    (row,) = [s.row for s in plan.rows if s.row.rule.startswith("claim:") and s.row.account != withdrawn]
    assert any(stored.row.account == withdrawn for stored in plan.rows)
    assert office.account(withdrawn)["OwnerId"] != marco["Id"]
    assert waits.verdict == "It waits in the pool: its book is open, and reps claim what they want of it."
    assert why.verdict == "The book whoever is open: its accounts go to reps who claim them."
    assert (row.account, row.rule, row.reason) == (wanted.account, "claim:whoever", "the claim names Marco Kaur")
    assert office.account(wanted.account)["OwnerId"] == marco["Id"]
    assert office.account(wanted.account)["Description"] == marco["Email"]
    assert "the claim names Marco Kaur, and the book rest is not for that rep" in told
    assert plan.plan.summary["pool"]["left"]["it waits for a rep to claim it"] > 1  # type: ignore[index]
    assert not [one for one in again.decided.assignment.changes if one.rule.startswith("claim:")]


def test_a_capacity_follows_from_touches_and_affinities_from_what_reps_and_accounts_are(office: Office) -> None:
    write(office)
    (office.rules / "reps.csv").write_text("email,region\nbruno.kaur@acme.example,EMEA|AMER\n")
    with office.worker(settings(office)) as worker:
        decided = worker.plan().decided
    bruno = next(rep for rep in decided.reps.values() if rep.name == "Bruno Kaur")
    stefan = next(rep for rep in decided.reps.values() if rep.name == "Stefan Mehta")
    assert bruno.capacity["rest"] == stefan.capacity["rest"] == 40
    assert bruno.budgets == {"rest": "60 touches a week at 1.5 for each account"}
    assert (bruno.suits, stefan.suits) == ({"rest": frozenset({"large"})}, {})
    assert (bruno.compared["region"], stefan.compared["region"]) == (frozenset({"EMEA", "AMER"}), frozenset({"EMEA"}))
    known = [one for one in decided.decisions if one.book == "rest"]
    assert any(one.suits for one in known)
    assert not all(one.suits for one in known)
    assert {one.compared["region"] for one in known} <= {frozenset({"EMEA"}), frozenset({"AMER"}), frozenset()}


def test_a_plan_and_an_explanation_tell_how_accounts_are_worked(office: Office) -> None:
    write(office)
    with office.worker(settings(office)) as worker:
        report = worker.plan()
        owned = [one for one in report.decided.decisions if one.scope and one.book == "rest"]
        mine = [one for one in owned if one.owner != report.decided.people.pool]
        states = {state: [one for one in mine if one.worked == state] for state in ("green", "amber", "red")}
        assert report.plan is not None
        (book,) = report.plan.plan.summary["worked"]["books"]  # type: ignore[index]
        told = plain(shown(report.plan, worker.names(), few=None)[0])
        found = worker.explain(states["amber"][0].account)
    assert all(states.values())
    assert book == {"book": "rest", **{state: len(found) for state, found in states.items()}}
    assert "How accounts are worked, as their books expect" in told
    tried = {rule.id: rule for rule in found.rules if rule.section == "worked"}
    assert [rule.holds for rule in tried.values()] == [False, True, None]
    assert tried["amber"].decides
    assert tried["green"].values == {"touches(30)": tried["green"].values["touches(30)"]}
    assert [rule.id for rule in found.rules if rule.section == "affinity"] == ["large"]


def test_an_account_that_goes_back_to_a_rep_who_had_it_says_so_and_too_many_are_held(office: Office) -> None:
    write(office)
    (office.rules / "scope.yaml").write_text("version: 1\nscope: [{id: all, when: named_owner is not empty}]\n")
    bruno, stefan = (users(office)[name] for name in ("Bruno Kaur", "Stefan Mehta"))
    account = next(row for row in office.sandbox.company.rows("Account") if row.get("Website"))
    own = settings(office, "guards.ping_pong_most=0")
    for rep in (bruno, stefan):
        write(office, f"website,then named_owner\n{account['Website']},{rep['Email']}\n")
        with office.worker(own) as worker:
            plan = office.approved(worker, [])
            worker.apply(plan.plan.id)
        assert not plan.plan.summary["came_back"]
    write(office, f"website,then named_owner\n{account['Website']},{bruno['Email']}\n")
    with office.worker(own) as worker:
        held = worker.plan().plan
    assert held is not None
    (row,) = [stored.row for stored in held.rows if stored.row.rule == "book:named"]
    assert (
        row.reason
        == f"named_owner of owners.csv names Bruno Kaur; back again, had until {plan.plan.created_at:%Y-%m-%d}"
    )
    assert [guard.name for guard in held.plan.guards] == ["ping_pong"]
    assert held.plan.summary["came_back"] == 1
