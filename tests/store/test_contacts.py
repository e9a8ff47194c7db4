"""What contacts are and did is counted alike on both stores, and as plain arithmetic has it."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, text

from connectors.port import Stream
from rules import ColumnKind, ContactSource, EngagementSource, EventsSource, FactColumn, FadingSource, Type, needs
from sync_worker.store import contacts, engagement, facts, records, schema
from sync_worker.store.derivable import FactSettings
from sync_worker.store.derived import Accounts
from sync_worker.store.json_sql import reader
from tests.store.crm import account, activity, page, save
from tests.store.people import did, person, rules_in

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from rules import Ruleset
    from sync_worker.store import Store


def accounts(tx: Connection, rules: Ruleset, now: datetime, *, due: bool = False) -> Accounts:
    return Accounts(reader(tx.dialect.name), now, FactSettings(("pool",), contacts=rules.contacts), due=due)


def best(tx: Connection, rules: Ruleset, now: datetime) -> dict[str, tuple[float, float]]:
    """Each account's totals, everything made anew."""
    contacts.build(tx, accounts(tx, rules, now))
    return totals(tx)


def totals(tx: Connection) -> dict[str, tuple[float, float]]:
    found = tx.execute(text("SELECT account_id, contact__champion, contact__titled FROM contact_best"))
    return {row.account_id: (round(row.contact__champion, 6), row.contact__titled) for row in found}


def expected(title: str | None, joined: int | None, events: list[tuple[str, int]]) -> float:
    """The guide's arithmetic for one contact: ``events`` as kind and age in days."""
    halved: float = sum(math.exp2(-age / 14) for kind, age in events if kind == "meeting")
    line = sum(max(0.0, 1 - age / 60) for kind, age in events if kind == "web_form")
    window = sum(age <= 30 for kind, age in events if kind == "reply")
    persona = 40 * (title is not None and "security" in title.lower()) + 5 * (joined is not None and joined > 365)
    return persona + min(900, 10 * round(halved, 6)) + min(900, 60 * round(line, 6)) + min(900, 7 * window)


PEOPLE = [
    ("Head of Security", 366, [("meeting", 0), ("meeting", 14), ("meeting", 28), ("web_form", 15)]),
    ("IT security", None, [("reply", 30), ("reply", 31), ("meeting", 839), ("meeting", 841), ("meeting", 20_000)]),
    (None, 365, [("web_form", 0), ("web_form", 59), ("web_form", 60), ("web_form", 61), ("call", 0), ("meeting", 1)]),
    ("CFO", 10, []),
]


def test_a_contacts_points_are_what_plain_arithmetic_makes_them(store: Store, rules: Ruleset, now: datetime) -> None:
    midnight = now.replace(hour=0, minute=0)
    with store.begin() as tx:
        for number, (title, joined, events) in enumerate(PEOPLE):
            on = None if joined is None else (now - timedelta(days=joined)).date().isoformat()
            save(tx, page(account(f"a{number}", now)), now)
            save(tx, page(person(f"c{number}", f"a{number}", now, title=title, joined_on=on)), now)
            # At the first second and at the last one of the day: an age is counted in whole days.
            ends = (midnight, min(midnight + timedelta(hours=23, minutes=59), now))
            shown = [
                did(100 * number + at, f"c{number}", f"a{number}", kind, days, ends[at % 2])
                for at, (kind, days) in enumerate(events)
            ]
            if shown:
                save(tx, page(*shown), now)
        found = best(tx, rules, now)
    assert {id_: champion for id_, (champion, _) in found.items()} == {
        f"a{number}": pytest.approx(expected(*each), abs=1e-5) for number, each in enumerate(PEOPLE)
    }


def test_an_account_has_the_score_of_its_best_contact_and_none_without_contacts(
    store: Store, rules: Ruleset, now: datetime
) -> None:
    with store.begin() as tx:
        save(tx, page(account("a", now), account("b", now)), now)
        save(tx, page(person("c1", "a", now, title="Security"), person("c2", "a", now), person("c3", "", now)), now)
        assert best(tx, rules, now) == {"a": (40, 10)}
        found = accounts(tx, rules, now)
        column = contacts.highest(found, "champion")
        rows = tx.execute(found.select({"id": found.account.c.id, "champion": column})).all()
    assert [tuple(row) for row in rows] == [("a", 40), ("b", None)]


def test_an_event_counts_for_the_contact_at_the_account_that_the_crm_names_with_it(
    store: Store, rules: Ruleset, now: datetime
) -> None:
    with store.begin() as tx:
        save(tx, page(account("a", now), account("b", now)), now)
        save(tx, page(person("c1", "a", now), person("c2", "a", now)), now)
        save(tx, page(did(1, "c1", "a", "reply", 1, now), did(2, "c1", "b", "reply", 1, now)), now)
        save(tx, page(activity("e3", now, account="a", kind="reply", at=now.isoformat())), now)
        contacts.build(tx, accounts(tx, rules, now))
        compiled, rows = contacts.of_account(tx, rules.contacts, "a", now)
    [total] = compiled.of(ColumnKind.TOTAL, "champion")
    [points] = [column for column in compiled.of(ColumnKind.POINTS, "champion") if column.term == "answered"]
    assert sorted((row["contact_id"], row[total.name], row[points.name]) for row in rows) == [
        ("c1", 7, 7), ("c2", 0, 0)
    ]  # fmt: skip
    [tier] = compiled.of(ColumnKind.TIER)
    assert (tier.rule, {row[tier.name] for row in rows}) == ("titled", {"no"})


def test_what_hangs_on_a_merges_loser_is_its_winners(store: Store, rules: Ruleset, now: datetime) -> None:
    with store.begin() as tx:
        save(tx, page(account("a", now), account("b", now)), now)
        save(tx, page(person("c1", "b", now)), now)
        save(tx, page(did(1, "c1", "b", "reply", 1, now)), now)
        assert best(tx, rules, now) == {"b": (7, 0)}
        gone = account("b", now)
        save(tx, page(type(gone)(gone.ref, gone.fields, now, deleted=True, merged_into="a")), now)
        assert best(tx, rules, now) == {"a": (7, 0)}


def test_a_twins_contacts_and_what_they_did_are_the_homes(store: Store, rules: Ruleset, now: datetime) -> None:
    how = FactSettings(("pool",), crms=("salesforce", "hubspot"), contacts=rules.contacts)
    kinds: dict[str, Any] = {"cycle": 1, "now": now, "touches": (), "engagement": ("reply",)}
    with store.begin() as tx:
        save(tx, page(account("a", now), account("b", now)), now)
        records.save_page(tx, "hubspot", Stream.ACCOUNTS, page(account("77", now)), **kinds)
        records.save_page(tx, "hubspot", Stream.CONTACTS, page(person("88", "77", now)), **kinds)
        records.save_page(tx, "hubspot", Stream.ACTIVITIES, page(did(1, "88", "77", "reply", 1, now)), **kinds)
        facts.refresh(tx, needs(rules), now=now, settings=how)
        assert totals(tx) == {"77": (7, 0)}
    with store.begin() as tx:
        tx.execute(insert(schema.twin).values(account_id="77", home_id="a", because="the same domain"))
    with store.begin() as tx:
        assert not facts.refresh(tx, needs(rules), now=now, settings=how).full
        assert totals(tx) == {"a": (7, 0)}
        assert facts.check(tx, needs(rules), now=now, settings=how, mend=False) == 0


def test_what_has_gone_astray_is_found_and_put_right(store: Store, rules: Ruleset, now: datetime) -> None:
    how = FactSettings(("pool",), contacts=rules.contacts)
    with store.begin() as tx:
        save(tx, page(account("a", now)), now)
        save(tx, page(person("c1", "a", now, title="CISO")), now)
        facts.refresh(tx, needs(rules), now=now, settings=how)
        tx.execute(text("UPDATE contact_best SET contact__titled = 3"))
        assert facts.check(tx, needs(rules), now=now, settings=how, mend=False) == 1
        assert totals(tx) == {"a": (0, 3)}
        assert facts.check(tx, needs(rules), now=now, settings=how, mend=True) == 1
        assert totals(tx) == {"a": (0, 10)}
        assert facts.check(tx, needs(rules), now=now, settings=how, mend=True) == 0


def test_a_folder_without_such_scores_has_no_such_tables(
    store: Store, rules: Ruleset, now: datetime, tmp_path: Path
) -> None:
    none = rules_in(tmp_path / "rules", "version: 1\n")
    with store.begin() as tx:
        contacts.build(tx, accounts(tx, rules, now))
        contacts.build(tx, accounts(tx, none, now))
        contacts.build(tx, accounts(tx, none, now, due=True))
    with store.begin() as tx, pytest.raises(Exception, match="contact_best"):
        totals(tx)


DECAYS = (
    FactColumn("halved", Type.NUMBER, EngagementSource("meeting", 14)),
    FactColumn("line", Type.NUMBER, FadingSource("meeting", 60)),
    FactColumn("window", Type.NUMBER, EventsSource("meeting", 30)),
    FactColumn("contact__champion", Type.NUMBER, ContactSource("champion")),
)


@pytest.mark.parametrize("columns", [DECAYS, *([one] for one in DECAYS)], ids=lambda found: found[-1].name)
def test_what_a_plan_rests_on_changes_with_events_and_not_with_the_days(
    store: Store, rules: Ruleset, now: datetime, columns: list[FactColumn]
) -> None:
    """I3: a plan that is approved after midnight still goes out, unless something has happened."""
    how = FactSettings(("pool",), contacts=rules.contacts)
    with store.begin() as tx:
        save(tx, page(account("a", now), account("b", now)), now)
        save(tx, page(person("c1", "a", now, title="CISO")), now)
        save(tx, page(*(did(at, "c1", "a", kind, 3 * at, now) for at, kind in enumerate(("meeting", "web_form")))), now)
        engagement.refold(tx, [14.0], now)
    seen = []
    for days, more in ((0, None), (1, None), (2, "meeting"), (3, None)):
        today = now + timedelta(days=days)
        with store.begin() as tx:
            if more:
                save(tx, page(did(9, "c1", "a", more, 0, today)), today)
            facts.refresh(tx, columns, now=today, settings=how)
            seen.append(facts.read_sets(tx))
            assert seen[-1] == facts.read_sets(tx, ["a", "b"])
    assert seen[0] == seen[1]
    assert seen[1]["a"] != seen[2]["a"]
    assert seen[1]["b"] == seen[2]["b"]
    assert seen[2] == seen[3]
