"""Undoing a plan against a CRM over HTTP: accounts go back by a plan of their own, and the next run leaves them."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from connectors.sandbox import Sandbox
from sync_worker.core.model import PlanState, RowKind, RowState
from sync_worker.core.undoing import undoes
from sync_worker.store import audit, schema, upgrade
from sync_worker.store.plans import PlanNotFound, PlanRefused
from tests.cycle.branches import Branches
from tests.cycle.office import TEMPLATES, Office

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from connectors.port import Value
    from sync_worker.app import Worker
    from sync_worker.core.model import PlanRow
    from sync_worker.rollback import RollbackReport
    from sync_worker.store.plans import StoredPlan

ADMIN = "admin@acme.example"


@dataclass(frozen=True)
class Scene:
    """An office in which a plan was applied, and what came after."""

    office: Office
    plan: StoredPlan
    back: StoredPlan | None = None
    report: RollbackReport | None = None
    disturbed: Mapping[str, PlanRow] = field(default_factory=dict)
    """Rows of the plan by what people did to their accounts."""

    @property
    def id(self) -> str:
        """The plan's id."""
        return self.plan.plan.id

    @property
    def undo(self) -> StoredPlan:
        """The plan that undid it."""
        assert self.back is not None
        return self.back

    def why_left(self, row: PlanRow) -> str:
        """Why the rollback left a row."""
        assert self.report is not None
        return next(left.why for left in self.report.left if left.account == row.account)


def small_office(folder: Path) -> Iterator[Office]:
    """A company that is small, and yet has moves of every kind."""
    shutil.copytree(TEMPLATES / "demo", folder / "rules")
    store = f"sqlite:///{folder / 'store.db'}"
    upgrade(store)
    with Sandbox(seed=7, accounts=200, reps=8) as sandbox:
        yield Office(sandbox, folder, store)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    yield from small_office(tmp_path)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A plan was applied. For tests that write nothing to the CRM."""
    for office in small_office(tmp_path_factory.mktemp("settled")):
        yield Scene(office, applied(office))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A plan was applied and undone. For tests that look only."""
    for office in small_office(tmp_path_factory.mktemp("finished")):
        plan = applied(office)
        yield Scene(office, plan, undone(office, plan))


@pytest.fixture(scope="module")
def disturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A plan was applied, people changed some of its accounts, and then a rollback was asked for."""
    for office in small_office(tmp_path_factory.mktemp("disturbed")):
        plan = applied(office)
        did = ("orphaned", "moved", "moved and put back", "marked", "deleted")
        rows = dict(zip(did, able_moves(plan, office), strict=False))
        edit = office.sandbox.company.edit
        taker = somebody_else(office, *(row.after["owner"] for row in rows.values()))
        for owner in (taker, rows["moved and put back"].after["owner"]):
            edit("Account", rows["moved and put back"].account, ADMIN, OwnerId=owner)
        edit("Account", rows["moved"].account, ADMIN, OwnerId=taker)
        edit("Account", rows["marked"].account, ADMIN, Do_Not_Move__c=True)
        edit("User", str(rows["orphaned"].before["owner"]), ADMIN, IsActive=False)
        office.sandbox.company.delete("Account", rows["deleted"].account, ADMIN)
        with office.worker() as worker:
            yield Scene(office, plan, report=worker.rollback(plan.plan.id, by="Dana"), disturbed=rows)


def applied(office: Office) -> StoredPlan:
    """A plan that was approved and applied."""
    with office.worker() as worker:
        plan = office.approved(worker)
        worker.apply(plan.plan.id)
        return worker.plan_of(plan.plan.id)


def undone(office: Office, plan: StoredPlan) -> StoredPlan:
    """The plan that undid it, approved and applied."""
    with office.worker() as worker:
        made = asked(worker.rollback(plan.plan.id, by="Dana"))
        worker.approve(made.plan.id, by="Rita Morgan")
        worker.apply(made.plan.id)
        return worker.plan_of(made.plan.id)


def asked(report: RollbackReport) -> StoredPlan:
    """The plan that a rollback made."""
    assert report.plan is not None
    return report.plan


def moves(plan: StoredPlan | None) -> dict[str, PlanRow]:
    """The plan's owner changes by account."""
    return {row.row.account: row.row for row in plan.rows if row.row.kind is RowKind.OWNER} if plan else {}


def able_moves(plan: StoredPlan, office: Office) -> list[PlanRow]:
    """The plan's owner changes away from those who still may own accounts, returns first."""
    able = {user["Id"] for user in office.users() if user["IsActive"]}
    return [row for row in moves(plan).values() if row.before["owner"] in able]


def as_effects(rows: Iterable[PlanRow]) -> Counter[tuple[object, ...]]:
    """Owner changes as the CRM logs them."""
    return Counter((row.account, row.before["owner"], row.after["owner"]) for row in rows)


def owner_effects(office: Office) -> Counter[tuple[object, ...]]:
    """What the CRM itself says of changed owners."""
    logged = (effect for effect in office.sandbox.effects if effect["field"] == "OwnerId")
    return Counter((effect["id"], effect["before"], effect["after"]) for effect in logged)


def owners(office: Office, rows: Mapping[str, PlanRow]) -> dict[str, Value]:
    """Who has these accounts now."""
    return {account: office.account(account)["OwnerId"] for account in rows}


def somebody_else(office: Office, *besides: Value) -> str:
    """A rep who is none of these."""
    able = (str(user["Id"]) for user in office.users() if user["IsActive"] and user.get("Book_Capacity__c"))
    return next(user for user in able if user not in besides)


# What was undone -----------------------------------------------------------------------------------------------------


def test_every_account_goes_back_once(finished: Scene) -> None:
    first, back = moves(finished.plan), moves(finished.undo)
    assert {row.state for row in finished.undo.rows} == {RowState.VERIFIED}
    assert len(back) >= len(first) / 2
    assert owners(finished.office, back) == {account: first[account].before["owner"] for account in back}
    assert owner_effects(finished.office) == as_effects(first.values()) + as_effects(back.values())


@pytest.mark.parametrize("days", [0, 29])
def test_the_next_plans_have_nothing_to_say_of_what_was_undone(finished: Scene, days: int) -> None:
    """No owner, and at once no priority either: an undo leaves score, tier and reasons as the rules want them."""
    office = replace(finished.office, ahead=timedelta(days=days))
    with office.worker() as worker:
        later = worker.plan().plan
    back = moves(finished.undo)
    assert not moves(later).keys() & back.keys()
    assert days or later is None or not {row.row.account for row in later.rows} & back.keys()


def test_what_was_undone_is_held_in_the_name_of_who_approved_it(finished: Scene) -> None:
    with finished.office.worker() as worker:
        held = {hold.account: hold for hold in worker.status().holds}
        verdict = worker.explain(next(iter(held))).verdict
    assert held.keys() == moves(finished.undo).keys()
    assert all(hold.reason.startswith("undone by Rita Morgan on ") for hold in held.values())
    assert all(hold.reason.endswith(f" (plan {finished.id})") for hold in held.values())
    assert "undone by Rita Morgan" in verdict


def test_an_undone_return_does_not_rest_any_more(settled: Scene, finished: Scene) -> None:
    returned = next(row for row in able_moves(settled.plan, settled.office) if row.rule.startswith("return:"))
    for scene, rests in ((settled, True), (finished, False)):
        with scene.office.worker() as worker:
            assert worker.explain(returned.account).resting is rests


def test_undoing_it_again_finds_every_account_back(finished: Scene) -> None:
    with finished.office.worker() as worker:
        again = worker.rollback(finished.id, by="Dana")
    assert again.plan is None
    assert {left.account for left in again.left if left.back} >= moves(finished.undo).keys()


def test_an_undo_can_be_undone(office: Office) -> None:
    plan = applied(office)
    back = undone(office, plan)
    forth = undone(office, back)
    assert {row.state for row in forth.rows} == {RowState.VERIFIED}
    assert moves(forth).keys() == moves(back).keys()
    assert owners(office, moves(forth)) == {account: moves(plan)[account].after["owner"] for account in moves(back)}
    with office.worker() as worker:
        assert {hold.kind for hold in worker.status().holds} == {"undone"}, "what people ask for is no flapping"


def test_postgresql_undoes_just_the_same(office: Office, postgres_database: str) -> None:
    upgrade(postgres_database)
    office.store = postgres_database
    plan = applied(office)
    back = undone(office, plan)
    assert owners(office, moves(back)) == {account: moves(plan)[account].before["owner"] for account in moves(back)}
    with office.worker() as worker:
        assert not moves(worker.plan().plan).keys() & moves(back).keys()
        assert {hold.kind for hold in worker.status().holds} == {"undone"}


# What an undo looks like ---------------------------------------------------------------------------------------------


def test_rows_say_what_they_undo_and_rest_on_the_inputs_of_now(settled: Scene) -> None:
    with settled.office.worker() as worker:
        made = asked(worker.rollback(settled.id, by="Dana"))
    first = moves(settled.plan)
    for account, row in moves(made).items():
        assert undoes(row.rule) == settled.id
        assert row.reason == f"undoes row {first[account].number} of plan {settled.id}: {first[account].reason}"
        assert (row.before, row.after) == (first[account].after, first[account].before)
        assert row.read_set != first[account].read_set
    assert [row.row.number for row in made.rows] == list(range(1, len(made.rows) + 1))
    pool = next(user["Id"] for user in settled.office.users() if user["Name"] == "Account Pool")
    into_the_pool = [row.row.after["owner"] == pool for row in made.rows]
    assert into_the_pool == sorted(into_the_pool, reverse=True), "books are emptied before they are filled"


def test_single_rows_can_be_undone(settled: Scene) -> None:
    one, other = able_moves(settled.plan, settled.office)[-2:]
    priority = next(row.row for row in settled.plan.rows if row.row.kind is RowKind.PRIORITY)
    with settled.office.worker() as worker:
        report = worker.rollback(settled.id, by="Dana", rows=[one.number, other.number, priority.number])
    assert moves(asked(report)).keys() == {one.account, other.account}
    assert [left.number for left in report.left] == [priority.number]


def test_a_big_undo_is_held_by_the_guards_like_any_plan(settled: Scene) -> None:
    with settled.office.worker(settled.office.config(owner_moves=0.01)) as worker:
        made = asked(worker.rollback(settled.id, by="Dana"))
        assert made.state is PlanState.HELD
        with pytest.raises(PlanRefused, match="owner_moves"):
            worker.approve(made.plan.id, by="Rita Morgan")


def test_who_asked_is_audited_and_the_run_is_recorded(settled: Scene) -> None:
    number = able_moves(settled.plan, settled.office)[0].number
    with settled.office.worker() as worker:
        made = asked(worker.rollback(settled.id, by="Dana", rows=[number], note="wrong territory"))
        with worker.store.read() as tx:
            entries = {entry.kind: entry for entry in audit.search(tx, plan=made.plan.id)}
        run = worker.status().runs[0]
    who = entries["rollback.asked"]
    assert who.values == {"by": "Dana", "note": "wrong territory"}
    assert (who.entry["undoes"], who.entry["rows"]) == (settled.id, [number])
    assert entries["plan.saved"].number < who.number
    assert (run.kind, run.outcome) == ("rollback", "ok")


def test_asking_twice_keeps_one_plan_and_its_approval(settled: Scene) -> None:
    number = able_moves(settled.plan, settled.office)[1].number
    with settled.office.worker() as worker:
        made = asked(worker.rollback(settled.id, by="Dana", rows=[number]))
        worker.approve(made.plan.id, by="Rita Morgan")
        again = asked(worker.rollback(settled.id, by="Dana", rows=[number]))
    assert (again.plan.id, again.state) == (made.plan.id, PlanState.APPROVED)


def test_a_policy_does_not_approve_an_undo(office: Office) -> None:
    with office.worker(office.config(policy="automatic")) as worker:
        plan = worker.cycle().planned.plan
        assert plan is not None
        made = asked(worker.rollback(plan.plan.id, by="Dana"))
        assert made.state is PlanState.PLANNED
        assert worker.apply_approved() is None


# What is left alone --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("which", "why"),
    [
        ("moved", "Dana Whitfield moved it from"),
        # The CRM shows what the plan wrote, and yet it is a person who wants it so: no pull saw it, the history tells.
        ("moved and put back", "Dana Whitfield moved it from"),
        ("marked", "do-not-move"),
        ("orphaned", "no longer an active user"),
        ("deleted", "deleted"),
    ],
)
def test_what_people_have_changed_since_is_left_with_its_reason(disturbed: Scene, which: str, why: str) -> None:
    assert disturbed.report is not None
    assert why in disturbed.why_left(disturbed.disturbed[which])
    assert disturbed.disturbed[which].account not in moves(disturbed.report.plan)


def test_a_person_who_moves_an_account_after_the_undo_was_planned_wins(office: Office) -> None:
    plan = applied(office)
    moved = able_moves(plan, office)[-1]
    with office.worker() as worker:
        made = asked(worker.rollback(plan.plan.id, by="Dana"))
        worker.approve(made.plan.id, by="Rita Morgan")
        taker = somebody_else(office, *moved.before.values(), *moved.after.values())
        office.sandbox.company.edit("Account", moved.account, ADMIN, OwnerId=taker)
        counts = worker.apply(made.plan.id)[0].counts
    assert counts == {RowState.CONFIRMED: len(made.rows) - 1, RowState.CONFLICT: 1}
    assert office.account(moved.account)["OwnerId"] == taker


def test_what_our_write_replaced_can_be_put_back(office: Office) -> None:
    """The state in which a CRM without conditional writes leaves a row: a person had just given the account away."""
    with office.worker() as worker:
        plan = office.approved(worker)
        moved = able_moves(plan, office)[-1]
        wanted = somebody_else(office, *moved.before.values(), *moved.after.values())
        worker.apply(
            plan.plan.id, progress=lambda at: overwrote(worker, moved, wanted) if at.step == "owners" else None
        )
        made = asked(worker.rollback(plan.plan.id, by="Dana", overwrote=True))
        [row] = moves(made).values()
        assert (row.account, row.before, row.after) == (moved.account, moved.after, {"owner": wanted})
        assert row.reason == f"puts back what row {moved.number} of plan {plan.plan.id} replaced"
        whole = asked(worker.rollback(plan.plan.id, by="Dana"))
        assert moves(whole)[moved.account].after == {"owner": wanted}, (
            "the person's wish, not the owner before the plan"
        )
        worker.approve(whole.plan.id, by="Rita Morgan")
        worker.apply(whole.plan.id)
    assert office.account(moved.account)["OwnerId"] == wanted


def overwrote(worker: Worker, row: PlanRow, wanted: str) -> None:
    """Let a row that was confirmed end as one that replaced a person's change."""
    r = schema.plan_row
    confirmed = (r.c.account_id == row.account) & (r.c.kind == RowKind.OWNER.value) & (r.c.state == "confirmed")
    with worker.store.begin() as tx:
        tx.execute(update(r).where(confirmed).values(state=RowState.OVERWROTE.value, replaced={"owner": wanted}))


# A CRM without conditional writes, beside one that has them ----------------------------------------------------------


@pytest.fixture
def branches(tmp_path: Path) -> Iterator[Branches]:
    """The same company of 120 accounts in both CRMs; where both have an account, HubSpot decides about it."""
    with (
        Sandbox(seed=7, accounts=120, reps=6) as salesforce,
        Sandbox(crm="hubspot", seed=7, accounts=120, reps=6, search_lag=0, burst_limit=100_000) as hubspot,
    ):
        both = Branches(salesforce, hubspot, tmp_path)
        both.settle_in()
        yield both


def edit_before_the_write(branches: Branches, row: PlanRow) -> str:
    """Let a person give the account to somebody between our reading and our write; to whom."""
    owners = branches.hubspot.portal.owners.values()
    besides = {row.before["owner"], row.after["owner"]}
    taker = next(owner for owner in owners if owner.kind == "PERSON" and not owner.archived and owner.id not in besides)
    edit = {"target": row.account, "actor": taker.email, "set": {"hubspot_owner_id": taker.id}}
    branches.hubspot.faults({"on": "batch_update", "fault": "person_edit", "object": "companies", **edit})
    return taker.id


def hubspot_owner(branches: Branches, row: PlanRow) -> str | None:
    record = branches.hubspot.portal.get("companies", row.account)
    return record.values.get("hubspot_owner_id") if record else None


def test_what_our_write_replaced_in_hubspot_is_found_and_put_back(branches: Branches) -> None:
    with branches.worker("home.crm=hubspot") as worker:
        plan = branches.approved(worker)
        row = next(row for row in moves(plan).values() if row.crm == "hubspot")
        taker = edit_before_the_write(branches, row)
        worker.apply(plan.plan.id)
        assert hubspot_owner(branches, row) == row.after["owner"], "the last writer wins"
        ended = {each.row.number: each.state for each in worker.plan_of(plan.plan.id).rows}
        assert ended[row.number] is RowState.OVERWROTE
        made = asked(worker.rollback(plan.plan.id, by="Dana", overwrote=True))
        worker.approve(made.plan.id, by="Rita Morgan", overrides=[guard.name for guard in made.plan.guards])
        applied, _ = worker.apply(made.plan.id)
        again = worker.rollback(plan.plan.id, by="Dana", overwrote=True)
    assert applied.counts == {RowState.CONFIRMED: 1}
    assert hubspot_owner(branches, row) == taker
    assert [left.back for left in again.left] == [True]


def test_a_plan_for_two_crms_is_undone_in_both(branches: Branches) -> None:
    with branches.worker("home.crm=hubspot") as worker:
        plan = branches.approved(worker)
        worker.apply(plan.plan.id)
        made = asked(worker.rollback(plan.plan.id, by="Dana"))
        worker.approve(made.plan.id, by="Rita Morgan", overrides=[guard.name for guard in made.plan.guards])
        worker.apply(made.plan.id)
        back = worker.plan_of(made.plan.id)
        later = worker.plan().plan
    assert {row.crm for row in moves(back).values()} == {"salesforce", "hubspot"}
    assert {row.state for row in back.rows} == {RowState.VERIFIED}
    assert not moves(later).keys() & moves(back).keys()


# What cannot be asked for --------------------------------------------------------------------------------------------


def test_a_plan_that_was_never_applied_cannot_be_undone(office: Office) -> None:
    with office.worker() as worker:
        plan = office.approved(worker)
        calls = office.sandbox.calls["total"]
        with pytest.raises(PlanRefused, match="was ever written: there is nothing to undo"):
            worker.rollback(plan.plan.id, by="Dana")
        assert office.sandbox.calls["total"] == calls, "that is known without asking the CRM"
        assert worker.plan_of(plan.plan.id).state is PlanState.APPROVED
        with pytest.raises(PlanNotFound):
            worker.rollback("nothing", by="Dana")


def test_a_row_that_the_plan_does_not_have_is_said(settled: Scene) -> None:
    with settled.office.worker() as worker:
        with pytest.raises(PlanRefused, match=f"no row 9999: its rows are 1 to {len(settled.plan.rows)}") as refused:
            worker.rollback(settled.id, by="Dana", rows=[1, 9999])
        assert refused.value.exit_code == 2
        with pytest.raises(PlanRefused, match="replaced no change of a person's"):
            worker.rollback(settled.id, by="Dana", overwrote=True)


def test_a_plan_that_is_being_applied_is_left_to_its_run(settled: Scene) -> None:
    p = schema.plan
    with settled.office.worker() as worker:
        for state, message in ((PlanState.APPLYING, "is being applied"), (PlanState.APPLIED, "has no row 9999")):
            with worker.store.begin() as tx:
                tx.execute(update(p).where(p.c.id == settled.id).values(state=state.value))
            with pytest.raises(PlanRefused, match=message):
                worker.rollback(settled.id, by="Dana", rows=[9999])
