"""What a cycle looks at again, what it leaves alone, and what it finds when something was overlooked."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, insert, select, text

from rules import ColumnKind, needs
from rules.model import Tier
from sync_worker.astray import Astray, Judged, judge
from sync_worker.store import changes, check, facts, open_store, outcomes, schema
from tests.store.crm import account, activity, page, save
from tests.store.test_incremental import differing, facts_of, look, undone
from tests.store.world import START, World, all_rules, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules import Ruleset
    from sync_worker.store import Store


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Ruleset:
    """All rules of the random world."""
    return all_rules(tmp_path_factory.mktemp("world") / "rules")


@pytest.fixture
def world(store: Store) -> Iterator[World]:
    """A hundred accounts, each with a meeting."""
    with undone(store) as made:
        ids = [f"a{n:03}" for n in range(100)]
        save(made.tx, page(*(account(id_, START, industry="Software") for id_ in ids)), START)
        met = [activity(f"e{id_}", START, account=id_, kind="meeting", at=stamp(START)) for id_ in ids]
        save(made.tx, page(*met), START)
        yield made


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    asked: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(" ".join(statement.split()))

    event.listen(world.tx, "before_cursor_execute", note)
    yield asked
    event.remove(world.tx, "before_cursor_execute", note)


def test_a_quiet_cycle_asks_little_and_touches_no_row_of_an_account(world: World, rules: Ruleset) -> None:
    look(world, rules)
    world.now += timedelta(minutes=10)
    look(world, rules)  # what was noted is looked at
    world.now += timedelta(minutes=10)
    with statements(world) as asked:
        refreshed, evaluated = look(world, rules)
    assert (refreshed.full, refreshed.accounts, evaluated.full, evaluated.accounts) == (False, 0, False, 0)
    assert len(asked) <= 30
    touching = (
        "INTO fact",
        "FROM fact",
        "INTO outcome",
        "FROM outcome",
        "record AS account",
        "UPDATE setting",
        "INTO setting",
    )
    assert not [statement for statement in asked if any(words in statement for words in touching)]


def test_only_the_account_that_has_changed_is_made_anew(world: World, rules: Ruleset) -> None:
    look(world, rules)
    world.now += timedelta(minutes=10)
    save(world.tx, page(account("a007", world.now, industry="Bank")), world.now)
    refreshed, evaluated = look(world, rules)
    assert (refreshed.full, refreshed.accounts, evaluated.full, evaluated.accounts) == (False, 1, False, 1)
    assert outcomes.changed(world.tx, evaluated) == ["a007"]
    assert differing(world, rules) == (0, 0)


def test_a_record_that_is_shown_again_as_it_was_is_no_change(world: World, rules: Ruleset) -> None:
    look(world, rules)
    world.now += timedelta(minutes=10)
    save(world.tx, page(account("a007", world.now, industry="Software")), world.now)
    assert look(world, rules)[0].accounts == 0


def test_looking_does_not_decide_and_what_was_looked_at_is_judged_later(world: World, rules: Ruleset) -> None:
    look(world, rules)
    save(world.tx, page(account("a007", world.now, industry="Bank")), world.now)
    how = facts_of(world, rules)
    assert facts.refresh(world.tx, needs(rules), now=world.now, settings=how).accounts == 1
    assert facts.refresh(world.tx, needs(rules), now=world.now, settings=how).accounts == 0
    evaluated = outcomes.evaluate(world.tx, rules, now=world.now)
    assert outcomes.changed(world.tx, evaluated) == ["a007"]


def test_a_score_that_drifts_is_changed_when_it_is_a_step_away_from_what_was_logged(
    world: World, rules: Ruleset
) -> None:
    halved = replace(rules.score("halved"), tiers=(Tier("C", 0),))
    alone = replace(rules, protect=(), schemes=(), contacts=(), scores=(halved,))
    look(world, alone)
    found = []
    for _ in range(5):
        world.now += timedelta(days=1)
        found.append(len(outcomes.changed(world.tx, look(world, alone)[1])))
    # 35 points, 10 of which halve every 3 days: 32.9, 31.3 and then 30.
    assert found == [0, 0, 100, 0, 0]


def test_the_same_decision_by_rules_in_another_order_is_no_change(world: World, rules: Ruleset) -> None:
    look(world, rules)
    turned = replace(rules, version="turned", scores=rules.scores[::-1])
    evaluated = look(world, turned)[1]
    assert evaluated.full
    assert outcomes.changed(world.tx, evaluated) == []
    fewer = look(world, replace(rules, version="fewer", scores=rules.scores[1:]))[1]
    assert len(outcomes.changed(world.tx, fewer)) == 100


def test_what_was_overlooked_is_found_and_mended_on_the_first_look_of_a_day(world: World, rules: Ruleset) -> None:
    (sized,) = (rule for rule in rules.protect if "industry" in rule.when.text)
    alone = replace(rules, protect=(sized,), schemes=(), contacts=(), scores=(), books=())
    how = facts_of(world, alone)

    def judged() -> Judged:
        refreshed = facts.refresh(world.tx, needs(alone), now=world.now, settings=how)
        return judge(world.tx, alone, how, refreshed)

    assert judged().astray == Astray(0, 0)
    name = judged().evaluated.compiled.of(ColumnKind.PROTECT)[0].name
    world.tx.exec_driver_sql("UPDATE fact SET industry = 'Bank', employees = 500 WHERE account_id = 'a003'")
    world.tx.exec_driver_sql(f"UPDATE outcome SET {name} = 'x' WHERE account_id < 'a002'")
    assert judged().astray == Astray(0, 0), "once a day"
    world.now += timedelta(days=1)
    found = judged()
    assert found.astray == Astray(1, 0), "all are judged anew where facts were wrong"
    assert found.changed == {"a000", "a001"}
    world.tx.exec_driver_sql(f"UPDATE outcome SET {name} = 'x' WHERE account_id < 'a002'")
    world.now += timedelta(days=1)
    assert judged().astray == Astray(0, 2)
    assert judged().astray == Astray(0, 0)
    assert differing(world, alone) == (0, 0)


def test_what_was_mended_is_what_the_decisions_of_that_look_rest_on(world: World, rules: Ruleset) -> None:
    how = facts_of(world, rules)
    look(world, rules)
    world.tx.exec_driver_sql("UPDATE fact SET industry = 'Bank' WHERE account_id = 'a003'")
    judged = judge(world.tx, rules, how, facts.refresh(world.tx, needs(rules), now=world.now, settings=how))
    assert judged.astray.facts == 1
    assert len(facts.read_sets(world.tx, made_by=judged.facts)) == 100


def test_what_others_change_meanwhile_is_not_taken_for_overlooked(postgresql_store: str, rules: Ruleset) -> None:
    store = open_store(postgresql_store)
    with store.begin() as tx:
        save(tx, page(account("a", START), account("b", START)), START)
        look(World(tx), rules)
    with store.begin() as tx, store.engine.connect() as pulls:
        world = World(tx, START + timedelta(days=1))
        how = facts_of(world, rules)
        refreshed = facts.refresh(tx, needs(rules), now=world.now, settings=how)
        with pulls.begin():
            save(pulls, page(account("a", world.now, industry="Bank")), START)
        assert judge(tx, rules, how, refreshed).astray == Astray(0, 0)
    with store.begin() as tx:
        refreshed = facts.refresh(tx, needs(rules), now=world.now, settings=how)
        assert refreshed.accounts == 1, "it is looked at next"
        tx.exec_driver_sql("UPDATE fact SET industry = 'Bank' WHERE account_id = 'b'")
        assert judge(tx, rules, how, refreshed).astray.facts == 1, "and what was not checked is checked then"
    store.close()


def test_a_note_that_is_made_meanwhile_is_not_forgotten(postgresql_store: str) -> None:
    store = open_store(postgresql_store)
    later = store.engine.connect()
    with store.begin() as tx:
        save(tx, page(account("a", START), account("b", START)), START)
    with store.begin() as tx:
        seen = changes.noted(tx)
        # Another pull changes the same account, and commits while this one is still at work.
        with later.begin():
            save(later, page(account("a", START + timedelta(hours=1), industry="Bank")), START)
        changes.forget(tx, seen)
    with store.read() as tx:
        assert [note.id for note in changes.noted(tx)] == ["a"]
    later.close()
    store.close()


def test_nobody_waits_for_a_look_to_end(postgresql_store: str) -> None:
    store = open_store(postgresql_store)
    with store.begin() as tx:
        save(tx, page(account("a", START)), START)
    with store.begin() as looks, store.engine.connect() as pulls:
        changes.take_turns(looks)
        changes.forget(looks, changes.noted(looks))
        with pulls.begin():
            pulls.execute(text("SET lock_timeout TO '2s'"))
            save(pulls, page(account("a", START + timedelta(hours=1), industry="Bank")), START)
    with store.read() as tx:
        assert [note.id for note in changes.noted(tx)] == ["a"]
    store.close()


def test_a_store_that_no_longer_notes_changes_is_not_sound(store: Store, url: str) -> None:
    on = store.dialect == "postgresql"
    with store.begin() as tx:
        tx.execute(
            text("ALTER TABLE hold DISABLE TRIGGER hold_update_noted" if on else "DROP TRIGGER hold_update_noted")
        )
    try:
        (problem,) = check(url).problems
        assert "hold_update_noted" in problem
        assert "overlooked" in problem
    finally:
        if on:
            with store.begin() as tx:
                tx.execute(text("ALTER TABLE hold ENABLE TRIGGER hold_update_noted"))


def test_every_table_that_facts_are_made_of_is_watched(world: World) -> None:
    tx = world.tx
    tx.execute(text("DELETE FROM touched"))
    tx.execute(insert(schema.alias).values(stream="contacts", old_id="c1", new_id="c2", at=START))
    assert changes.noted(tx) == [], "contacts that were merged are no accounts"
    tx.execute(insert(schema.alias).values(stream="accounts", old_id="x", new_id="y", at=START))
    tx.execute(insert(schema.twin).values(account_id="t", home_id="h", because="x"))
    tx.execute(insert(schema.quarantine).values(stream="accounts", id="q", reason="x", since=START))
    tx.execute(insert(schema.owner_history).values(account_id="o", at=START))
    assert sorted(note.id for note in changes.noted(tx)) == ["h", "o", "q", "t", "x", "y"]
    assert tx.execute(select(schema.touched.c.stream).distinct()).scalars().all() == ["accounts"]
