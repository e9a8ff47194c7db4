"""What was decided is told later, word for word, whatever has become of the rules and of the account since."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, select

from sync_worker.decide import decide
from sync_worker.explain.then import NoSuchMoment, NotDecided, moment
from sync_worker.report.explanation import explained, past
from sync_worker.report.text import plain
from sync_worker.store import cycles, schema
from tests.cycle.office import TEMPLATES

if TYPE_CHECKING:
    from sync_worker.app import Worker
    from sync_worker.explain import Told
    from tests.cycle.office import Office

RULES = [
    # A table, segments, a grid, routes, decays of each kind, caps and negative points.
    """
version: 1
segments:
  size:
    large: employees >= 500
    small: employees < 50
    other: otherwise
scope: [{id: all, when: "type <> 'Partner' or size = 'large'", because: We sell to them}]
protect:
  - {id: won, when: is_customer and size <> 'small', because: Ours}
  - {id: talks, when: "touches(30) > 0 or events('meeting', 60) > 0", because: We talk}
return:
  - {id: idle, when: days_since(last_touch) > 60, reason: idle, rest: 10 days}
  - {id: never, when: last_touch is empty, reason: never touched, rest: 1 day}
routes: [{id: hot, when: intent('cybersecurity') > 50, to: {team: EMEA Enterprise, by: round robin}, because: Hot}]
books:
  - {id: few, accounts: size = 'large', reps: "team like '%Enterprise'", capacity: 20, rank: timing}
  - {id: many, accounts: employees > 0, reps: "team like '%Mid%'", capacity: 60, rank: priority}
scores:
  - id: priority
    max: 30
    parts:
      firm:
        max: 25
        terms:
          - {id: size, scale: employees, from: 0, to: 200, points: 20, because: Size}
          - {id: place, when: region = 'EMEA', points: 15, because: Near}
          - {id: small, when: size = 'small', points: -8, because: Small}
    tiers: {A: 20, B: 10, C: 0}
  - id: timing
    max: 20
    parts:
      line: {max: 10, linear: 90 days, terms: [{id: met, event: meeting, points: 4, because: Met}]}
      seen: {max: 10, window: 60 days, terms: [{id: web, event: web_form, points: 3, because: Asked}]}
    tiers: {'1': 5, '2': 0}
grids: [{id: grade, rows: priority, columns: timing}]
""",
    """
version: 1
scope: [{id: some, when: employees is not empty, because: Known}]
protect: [{id: open, when: open_opportunities > 0, because: Open}]
return: [{id: left, when: owner_active = false, reason: left, rest: 1 day}]
books: [{id: all, accounts: true, reps: "team is not empty", capacity: 50, rank: priority}]
scores:
  - id: priority
    max: 10
    parts: {only: {max: 10, terms: [{id: size, scale: employees, from: 100, to: 0, points: 10, because: Small}]}}
    tiers: {A: 5, D: 0}
""",
]


def write(office: Office, which: int | None) -> None:
    """The demo's rules, or others."""
    shutil.rmtree(office.rules)
    if which is None:
        shutil.copytree(TEMPLATES / "demo", office.rules)
    else:
        office.rules.mkdir()
        (office.rules / "rules.yaml").write_text(RULES[which])


def judge(worker: Worker, at: datetime) -> None:
    """Decide at a moment, as a run of the worker does after its pull."""
    worker.parts.clock = lambda: at
    with worker.store.begin() as tx:
        run = cycles.start(tx, "plan", at)
    decide(worker.parts, cycle=run)


def looked_at(worker: Worker) -> list[str]:
    """Some accounts of every kind."""
    r = schema.record.c
    with worker.store.read() as tx:
        ids = list(tx.scalars(select(r.id).where(r.stream == "accounts", ~r.deleted).order_by(r.id)))
    return ids[::20]


@pytest.mark.parametrize("on", ["office", "office_on_postgresql"])
def test_a_decision_is_told_later_word_for_word(on: str, request: pytest.FixtureRequest) -> None:
    office: Office = request.getfixturevalue(on)
    start = datetime.now(UTC)
    live: dict[tuple[str, datetime], tuple[str, Told]] = {}
    with office.worker() as worker:
        worker.pull()
        for step, which in enumerate((None, 0, 1, 0)):
            write(office, which)
            at = start + timedelta(days=40 * step)
            judge(worker, at)
            for account in looked_at(worker):
                found = worker.explain(account)
                live[account, at] = found.verdict, found.told
        shutil.rmtree(office.rules)
        logged = 0
        for (account, at), (verdict, told) in live.items():
            found_then = worker.explain_at(account, at.isoformat())
            if found_then.at == at:
                logged += 1
                assert (found_then.verdict, found_then.told) == (verdict, told)
                assert found_then.kept
        assert logged > len(live) / 2


def parts_of(text: str) -> str:
    """What a view shows of the rules: from the tables' heading to where the rest begins."""
    begins = text.index("What tables and grids say of it")
    rest = ("The next tier", "Plans", "Signs of intent", "Owners, the latest first")
    return text[begins : min(text.find(heading) % (len(text) + 1) for heading in rest)].strip()


def test_the_page_reads_the_same_on_that_day_and_later(office: Office) -> None:
    start = datetime.now(UTC)
    with office.worker() as worker:
        worker.pull()
        judge(worker, start)
        account = looked_at(worker)[0]
        then = plain(explained(worker.explain(account))[0])
        write(office, 1)
        judge(worker, start + timedelta(days=400))
        later = plain(past(worker.explain_at(account, f"{start:%Y-%m-%d}"))[0])
    assert parts_of(later) == parts_of(then)
    assert f"on {start:%Y-%m-%d} 23:59 UTC" in later


def test_a_date_is_the_end_of_its_utc_day_and_an_instant_is_itself() -> None:
    now = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    assert moment("2026-11-20", now) == datetime(2026, 11, 20, 23, 59, 59, 999999, UTC)
    assert moment("2026-11-20T10:00", now) == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert moment("2026-11-20 10:00+02:00", now) == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert moment("2026-11-22", now) > now, "today, as far as it has come"


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-01", "2026-02-30", "20.11.2026", "2026-11-20T25:00", "x" * 90]
)
def test_what_is_no_moment_is_refused_with_one_that_is(text: str) -> None:
    with pytest.raises(NoSuchMoment, match="neither a date nor a time") as refused:
        moment(text, datetime(2026, 11, 22, tzinfo=UTC))
    assert "2026-11-04" in refused.value.hint
    assert refused.value.exit_code == 2


def test_a_day_to_come_is_refused() -> None:
    with pytest.raises(NoSuchMoment, match="still to come"):
        moment("2026-11-23", datetime(2026, 11, 22, 23, tzinfo=UTC))


def test_before_the_first_decision_the_date_of_the_first_is_told(office: Office) -> None:
    with office.worker() as worker:
        worker.pull()
        account = looked_at(worker)[0]
        with pytest.raises(NotDecided, match="has never decided about"):
            worker.explain_at(account, "2026-01-01")
        judge(worker, datetime.now(UTC))
        today = f"{datetime.now(UTC):%Y-%m-%d}"
        with pytest.raises(NotDecided, match=f"had not decided .* its first decision is of {today}") as refused:
            worker.explain_at(account, "2026-01-01")
    assert f"--at {today}" in refused.value.hint


def test_rules_that_decided_before_any_were_kept_tell_what_they_said(office: Office) -> None:
    with office.worker() as worker:
        worker.pull()
        now = datetime.now(UTC)
        judge(worker, now)
        account = looked_at(worker)[0]
        whole = worker.explain_at(account, now.isoformat())
        with worker.store.begin() as tx:
            tx.execute(delete(schema.rules_outline))
        found = worker.explain_at(account, now.isoformat())
    assert not found.kept
    assert found.told.scores == whole.told.scores
    ids = [(rule.section, rule.id) for rule in whole.told.rules if rule.decides]
    assert [(rule.section, rule.id) for rule in found.told.rules] == ids
    assert [(term.term, term.points) for term in found.told.terms] == [
        (term.term, term.points) for term in whole.told.terms if term.points
    ]
    assert "The rules of that day were not kept" in plain(past(found)[0])


def test_what_changed_and_which_rules_came_since_are_told(office: Office) -> None:
    start = datetime.now(UTC)
    with office.worker() as worker:
        worker.pull()
        judge(worker, start)
        (office.rules / "scope.yaml").write_text(
            (office.rules / "scope.yaml").read_text() + "# the same in other words\n"
        )
        judge(worker, start + timedelta(hours=1))
        account = next(id_ for id_ in looked_at(worker) if worker.explain(id_).told.scope)
        worker.parts.clock = lambda: start + timedelta(days=9)
        same = worker.explain_at(account, (start + timedelta(hours=2)).isoformat())
        first = worker.explain_at(account, start.isoformat())
        write(office, 1)
        judge(worker, start + timedelta(days=8))
        last = worker.explain_at(account, (start + timedelta(days=8)).isoformat())
    assert (same.at, [came.at for came in same.newer]) == (start, [start + timedelta(hours=1)])
    assert not first.newer
    assert not first.changed
    assert "scope: target-market → some" in last.changed
    assert "decided the same" in plain(past(same)[0])


def test_the_owner_is_told_as_of_the_day_that_is_asked_for(office: Office) -> None:
    with office.worker(office.config(owner_moves=0.5)) as worker:
        plan = office.approved(worker)
        decided = worker.parts.clock()
        worker.apply(plan.plan.id)
        row = next(row.row for row in plan.rows if row.row.rule == "return:unworked")
        before = worker.explain_at(row.account, decided.isoformat())
        office.ahead = timedelta(hours=1)
        after = worker.explain_at(row.account, worker.parts.clock().isoformat())
    names = {str(user["Id"]): user["Name"] for user in office.users()}
    assert before.owner == names[str(row.before["owner"])]
    assert not before.owners
    assert "due to go back to the pool" in before.verdict
    assert after.owner == "Account Pool"
    assert [change.because for change in after.owners] == [row.reason]
    assert after.verdict == "It rests in the pool after its return, and will then be given out again."
