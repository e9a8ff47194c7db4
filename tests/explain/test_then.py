"""What was decided is told later, word for word, whatever has become of the rules and of the account since."""

from __future__ import annotations

import random
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete

from sync_worker.explain import explain, explain_at
from sync_worker.explain.then import NoSuchMoment, NotDecided, changes, moment
from sync_worker.report.explanation import explained, past
from sync_worker.report.text import plain
from sync_worker.store import schema
from sync_worker.store.decisions import Decided
from tests.explain.little import ACCOUNTS, NOW, Company

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sync_worker.explain import Told
    from tests.cycle.office import Office

CONDITIONS = """
country in ('DE', 'FR')
country <> 'US' or employees > 500
employees >= 1000
employees < 400 and industry is not empty
industry = 'Banking'
name like '%e%'
days_since(last_touch) > 60
last_touch is empty
touches(30) > 0
days_since(created_at) > 410
engagement('meeting', 7) >= 0.5
events('web_form', 20) > 0 or in_pool
owner_active and not is_customer
days_since(last_engagement) <= 30
area = 'North'
size = 'large'
size <> 'small' and open_opportunities = 0
""".strip().splitlines()
SCORES = """
  - id: priority
    max: {total}
    parts:
      fit:
        max: 25
        terms:
          - {{id: size, scale: employees, from: 0, to: {size}, points: 20, because: Size}}
          - {{id: area, when: area = 'North', points: 15, because: Near}}
          - {{id: cond, when: "{condition}", points: -8, because: Less}}
      did: {{max: 20, {decay}: {days} days, terms: [{{id: met, event: meeting, points: 7, because: Met}}]}}
    tiers: {{A: 20, B: 8, C: 0}}
  - id: timing
    max: 10
    parts: {{web: {{max: 10, window: 20 days, terms: [{{id: web, event: web_form, points: 4, because: Asked}}]}}}}
    tiers: {{'1': 5, '2': 0}}
grids: [{{id: grade, rows: priority, columns: timing}}]
"""
TEAMS = ("team = 'Enterprise'", "team = 'Mid-Market'", "team is not empty")


def drawn_rules(draw: random.Random) -> str:
    """Rules of every kind, with conditions as they fall."""

    def listed(section: str, more: str) -> str:
        found = draw.sample(CONDITIONS, draw.randint(1, 4))
        lines = "".join(f'  - {{id: {section[:3]}{at}, when: "{one}", {more}}}\n' for at, one in enumerate(found))
        return f"{section}:\n{lines}"

    books = "".join(
        f'  - {{id: b{at}, accounts: "{one}", reps: "{draw.choice(TEAMS)}", capacity: 3, rank: priority}}\n'
        for at, one in enumerate(draw.sample(CONDITIONS, 2))
    )
    large = draw.randint(1, 3000)
    return "".join((
        "version: 1\ntables: [areas.csv]\n",
        f"segments:\n  size:\n    large: employees > {large}\n    small: employees < {large // 3}\n",
        "    rest: otherwise\n",
        listed("scope", "because: Ours"),
        listed("protect", "because: Kept"),
        listed("return", f"reason: idle, rest: {draw.randint(1, 9)} days"),
        listed("routes", "to: {team: Enterprise, by: round robin}, because: Way"),
        f"books:\n{books}scores:",
        SCORES.format(
            total=draw.choice((30, 50)),
            size=draw.choice((500, 5000)),
            condition=draw.choice(CONDITIONS),
            decay=draw.choice(("half_life", "linear", "window")),
            days=draw.randint(5, 60),
        ),
    ))  # fmt: skip


def happens(company: Company, draw: random.Random, step: int) -> None:
    """Something changes in the CRM."""
    account = draw.choice(list(ACCOUNTS))
    company.change(account, employees=draw.choice((None, 20.0, 700.0, 3000.0)), owner=draw.choice(("u1", "u2", "pool")))
    kind, ago = draw.choice(("meeting", "web_form", "email")), timedelta(days=draw.randint(0, 40))
    company.happen(f"e{step}", draw.choice(list(ACCOUNTS)), kind, company.now - ago)


@pytest.fixture(params=["sqlite", "postgresql"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Company]:
    with Company(tmp_path, "" if request.param == "sqlite" else request.getfixturevalue("postgres_database")) as found:
        yield found


def test_a_decision_is_told_later_word_for_word(anywhere: Company) -> None:
    company, draw = anywhere, random.Random(6)  # noqa: S311 - the same each time
    live: dict[tuple[str, datetime], tuple[str, Told]] = {}
    for step in range(12):
        company.write(drawn_rules(draw))
        areas = f"country,then area\nDE,{draw.choice(('North', 'South'))}\nUS | FR,North\n"
        (company.folder / "rules" / "areas.csv").write_text(areas)
        company.decide(NOW + timedelta(days=9 * step, hours=step))
        for account in draw.sample(list(ACCOUNTS), 2):
            found = explain(company.parts, account)
            live[account, company.now] = found.verdict, found.told
        happens(company, draw, step)
    shutil.rmtree(company.folder / "rules")
    logged = 0
    for (account, at), told in live.items():
        then = explain_at(company.parts, account, at)
        if then.at == at:
            logged += 1
            assert (then.verdict, then.told) == told
            assert then.kept
    assert logged > len(live) / 2


def parts_of(text: str) -> str:
    """What a view shows of the rules: from the tables' heading to where the rest begins."""
    begins = text.index("What tables and grids say of it")
    rest = ("The next tier", "Plans", "Signs of intent", "Owners, the latest first")
    return text[begins : min(text.find(heading) % (len(text) + 1) for heading in rest)].strip()


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    """It has rules, and has decided nothing yet."""
    with Company(tmp_path) as found:
        found.write(drawn_rules(random.Random(8)))  # noqa: S311 - the same each time
        (tmp_path / "rules" / "areas.csv").write_text("country,then area\nDE,North\n")
        yield found


def test_the_page_reads_the_same_on_that_day_and_later(company: Company) -> None:
    company.decide(NOW)
    then = plain(explained(explain(company.parts, "Acme"))[0])
    company.write(drawn_rules(random.Random(3)))  # noqa: S311 - the same each time
    company.decide(NOW + timedelta(days=400))
    later = plain(past(explain_at(company.parts, "Acme", NOW))[0])
    assert parts_of(later) == parts_of(then)
    assert f"Acme (001A) on {NOW:%Y-%m-%d} 09:30 UTC" in later


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


def test_before_the_first_decision_the_date_of_the_first_is_told(company: Company) -> None:
    with pytest.raises(NotDecided, match="has never decided about Acme"):
        explain_at(company.parts, "Acme", NOW)
    company.decide(NOW)
    with pytest.raises(
        NotDecided, match=r"had not decided .* its first decision is of 2026-11-22 09:30 UTC"
    ) as refused:
        explain_at(company.parts, "Acme", NOW - timedelta(seconds=1))
    assert "--at 2026-11-22" in refused.value.hint


def test_rules_that_decided_before_any_were_kept_tell_what_they_said(company: Company) -> None:
    company.decide(NOW)
    whole = explain_at(company.parts, "Acme", NOW).told
    with company.parts.store.begin() as tx:
        tx.execute(delete(schema.rules_outline))
    found = explain_at(company.parts, "Acme", NOW)
    assert not found.kept
    assert found.told.scores == whole.scores
    sections = {"scope", "protect", "return", "book"}
    ids = [(rule.section, rule.id) for rule in whole.rules if rule.decides and rule.section in sections]
    assert [(rule.section, rule.id) for rule in found.told.rules] == ids
    assert [(term.term, term.points) for term in found.told.terms] == [
        (term.term, term.points) for term in whole.terms if term.points
    ]
    assert "The rules of that day were not kept" in plain(past(found)[0])


ANEW = """
version: 1
scope: [{id: anew, when: employees > 0, because: Anew}]
scores:
  - id: priority
    max: 9
    parts: {fit: {max: 9, terms: [{id: size, scale: employees, from: 0, to: 9, points: 9, because: Size}]}}
    tiers: {A: 5, B: 0}
"""


def test_what_changed_and_which_rules_came_since_are_told(company: Company) -> None:
    company.decide(NOW)
    file = company.folder / "rules" / "rules.yaml"
    file.write_text(file.read_text() + "# the same in other words\n")
    company.decide(NOW + timedelta(hours=1))
    same = explain_at(company.parts, "Acme", NOW + timedelta(hours=2))
    first = explain_at(company.parts, "Acme", NOW)
    company.write(ANEW)
    company.decide(NOW + timedelta(days=8))
    last = explain_at(company.parts, "Acme", NOW + timedelta(days=8))
    assert (same.at, [came.at for came in same.newer]) == (NOW, [NOW + timedelta(hours=1)])
    assert "decided the same" in plain(past(same)[0])
    assert not first.newer
    assert not first.changed
    assert next(line for line in last.changed if line.startswith("scope: ")).endswith(" → anew")


def test_nought_is_not_told_as_nothing() -> None:
    said: dict[str, Any] = {"scope": None, "protect": None, "return": None, "book": None, "scores": {}}
    old, new = ({**said, "fields": fields} for fields in ({"potential": 0.0, "area": "North"}, {"potential": 2.5}))
    decided = Decided("a", NOW, 1, "r", new, old, {})
    assert list(changes(decided)) == ["potential: 0 → 2.5", "area: North → nothing"]


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
