"""What is made anew is all that can differ: facts and outcomes are always those that a full pass would make."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rules import EngagementSource, Ruleset, needs
from sync_worker.store import engagement, facts, outcomes
from tests.store.world import World, all_rules, beginnings, happenings, rulesets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync_worker.store import Store

PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
EXAMPLES = int(os.environ.get("WORLDS", "40"))
"""For each of the two stores; a few changes each."""


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> Ruleset:
    return all_rules(tmp_path_factory.mktemp("world") / "rules")


@pytest.mark.timeout(900)
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(data=st.data())
def test_incremental_is_full_whatever_happens(store: Store, every: Ruleset, data: st.DataObject) -> None:
    rules = data.draw(rulesets(every))
    with undone(store) as world:
        for step in data.draw(beginnings):
            step(world)
        look(world, rules)
        for several in data.draw(st.lists(st.lists(happenings, min_size=1, max_size=4), min_size=2, max_size=5)):
            for step in several:
                step(world)
            if data.draw(st.sampled_from([False] * 15 + [True])):
                rules = data.draw(rulesets(every))
            look(world, rules)
            assert differing(world, rules) == (0, 0)


@contextmanager
def undone(store: Store) -> Iterator[World]:
    """A world that is as it was before, in the end."""
    with store.engine.connect() as connection:
        transaction = connection.begin()
        yield World(connection)
        transaction.rollback()


def look(world: World, rules: Ruleset) -> tuple[facts.Refreshed, outcomes.Evaluated]:
    """Bring facts and outcomes up to date, as a cycle does."""
    how = facts_of(world, rules)
    columns = needs(rules)
    half_lives = {c.source.half_life_days for c in columns if isinstance(c.source, EngagementSource)}
    engagement.refold(world.tx, half_lives, world.now)
    refreshed = facts.refresh(world.tx, columns, now=world.now, settings=how)
    world.now = refreshed.now
    return refreshed, outcomes.evaluate(world.tx, rules, now=world.now)


def facts_of(world: World, rules: Ruleset) -> facts.FactSettings:
    return replace(world.settings, contacts=rules.contacts)


def differing(world: World, rules: Ruleset) -> tuple[int, int]:
    """How many facts and outcomes a full pass makes otherwise, from folds that are made anew as well."""
    trial = world.tx.begin_nested()
    engagement.rescan(world.tx, world.now)
    how = facts_of(world, rules)
    wrong = facts.check(world.tx, needs(rules), now=world.now, settings=how, mend=False)
    found = wrong, outcomes.check(world.tx, rules, now=world.now, mend=False)[0]
    trial.rollback()
    return found
