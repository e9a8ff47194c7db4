"""What would have to be different: what is told comes true when it happens, in the CRM and by the passing of days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import select

from sync_worker.report.explanation import sentence
from sync_worker.store import schema

if TYPE_CHECKING:
    import pytest

    from sync_worker.app import Worker
    from sync_worker.explain import Explanation, Nearest
    from tests.cycle.office import Office

ADMIN = "admin@acme.example"


def every(worker: Worker) -> list[str]:
    r = schema.record.c
    with worker.store.read() as tx:
        return list(tx.scalars(select(r.id).where(r.stream == "accounts", ~r.deleted).order_by(r.id)))


def first_told(worker: Worker, outcome: str, **wanted: object) -> tuple[Explanation, Nearest]:
    """The first account of which this outcome is told, by a nearest that has these."""
    found = (
        (told, one)
        for account in every(worker)
        for told in (worker.explain(account),)
        for one in (*told.nearest, *(way for tier in told.next_tiers for way in tier.nearest))
        if one.outcome.startswith(outcome)
    )
    return next((t, n) for t, n in found if all(bool(getattr(n, name)) is value for name, value in wanted.items()))


def test_time_alone_returns_an_account_on_the_day_that_is_told_and_not_before(
    pulled: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, one = first_told(pulled, "It would go back to the pool", on=True)
    assert one.on is not None
    for days, due in ((-1, False), (0, True)):
        noon = datetime(one.on.year, one.on.month, one.on.day, 12, tzinfo=UTC) + timedelta(days=days)
        monkeypatch.setattr(pulled.parts, "clock", partial(noon.astimezone, UTC))
        then = pulled.explain(told.account)
        assert ("due to go back" in then.verdict) is due, sentence(one)


def test_what_is_told_of_the_scope_comes_true_in_the_crm(office: Office) -> None:
    with office.worker() as worker:
        worker.pull()
        told, one = first_told(worker, "It would be in scope")
        assert [(need.what, need.wanted, need.seen) for need in one.lacking] == [
            ("type", "other than Partner", "Partner")
        ]
        office.sandbox.company.edit("Account", told.account, actor=ADMIN, Type="Prospect")
        worker.pull()
        assert worker.explain(told.account).told.scope == "target-market"


def test_what_is_told_of_a_tier_comes_true_in_the_crm(office: Office) -> None:
    (office.rules / "scores.yaml").write_text(
        "version: 1\nscores:\n  - id: priority\n    max: 100\n    parts:\n      fit:\n        max: 50\n        terms:\n"
        "          - {id: size, scale: employees, from: 0, to: 20000, points: 50, because: Size}\n"
        "          - {id: hot, when: rating = 'Hot' and industry <> 'Software', points: 5, because: Hot}\n"
        "    tiers: {A: 49, B: 35, C: 1, D: 0}\n"
    )
    with office.worker() as worker:
        worker.pull()
        told, one = first_told(worker, "It would be of tier B")
        (need,) = one.lacking
        assert need.what == "employees"
        wanted = int(need.wanted.removesuffix(" or more").replace(",", ""))
        for employees, tier in ((wanted - 1, "C"), (wanted, "B")):
            office.sandbox.company.edit("Account", told.account, actor=ADMIN, NumberOfEmployees=employees)
            worker.pull()
            assert worker.explain(told.account).told.scores["priority"][1] == tier


def test_every_answer_was_tried_on_the_rules_and_leaves_alone_who_has_the_account(pulled: Worker) -> None:
    told = [pulled.explain(account) for account in every(pulled)[::9]]
    answers = [one for each in told for one in each.nearest]
    assert answers
    assert all(one.tried and one.lacking for one in answers)
    assert "in_pool" not in {need.what for one in answers for need in one.lacking}


def test_an_answer_that_breaks_something_else_says_what_it_takes_besides(office: Office) -> None:
    (office.rules / "scope.yaml").write_text(
        "version: 1\nscope:\n"
        "  - {id: big, when: employees > 999999 and (employees < 900000 or name = 'Big'), because: Big}\n"
        "protect:\n  - {id: none, when: name = 'x', because: None}\n"
    )
    with office.worker() as worker:
        worker.pull()
        found = (worker.explain(account) for account in every(worker))
        (one,) = next(told.nearest for told in found if "employees" not in told.told.empty)
    assert [(need.what, need.wanted) for need in one.lacking] == [("employees", "above 999,999"), ("name", "Big")]
    assert one.tried
