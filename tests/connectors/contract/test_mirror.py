"""Whoever keeps what a connector brings has a true copy of the CRM, whatever people do and wherever the worker dies."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from connectors.port import Cursor, Record, Ref, SchemaChanged, Stream
from connectors.sandbox import Sandbox
from tests.connectors.contract.conftest import HARNESSES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.port import Connector
    from tests.connectors.contract.harness import Crm

LAG = 30.0
"""Seconds by which an index runs behind, where a CRM has one."""


class Mirror:
    """What the worker would have saved: the latest showing of each account, and the cursor."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.cursor: Cursor | None = None

    def pull(self, connector: Connector) -> Iterator[None]:
        """Page by page; whoever stops taking them has died after the page that was saved."""
        for page in connector.pull(Stream.ACCOUNTS, self.cursor):
            self.records |= {record.ref.id: record for record in page.records}
            self.cursor = page.cursor
            yield

    def pull_in_full(self, connector: Connector) -> None:
        """What a full pull does not bring is gone."""
        self.records, self.cursor = {}, None
        list(self.pull(connector))

    @property
    def alive(self) -> dict[str, object]:
        return {key: record.fields["employees"] for key, record in self.records.items() if not record.deleted}

    def left(self, id_: str) -> str:
        """What has become of a record, along the chain of its merges."""
        while (winner := self.records[id_].merged_into) is not None:
            assert self.records[id_].deleted
            id_ = winner
        return id_


def held(crm: Crm) -> dict[str, object]:
    return {each: crm.value(Ref(Stream.ACCOUNTS, each), "employees") for each in crm.ids(Stream.ACCOUNTS)}


class People:
    """They edit, delete and merge accounts, and remember what they have merged."""

    def __init__(self, crm: Crm, chance: random.Random) -> None:
        self.crm, self.chance = crm, chance
        self.merged: list[tuple[Ref, Ref, Ref]] = []

    def meddle(self) -> None:
        alive = sorted(self.crm.ids(Stream.ACCOUNTS))
        one, other = (Ref(Stream.ACCOUNTS, each) for each in self.chance.sample(alive, 2))
        match self.chance.choice(["edit", "late", "delete", "merge", "rest"]):
            case "edit":
                self.crm.edit(one, employees=self.chance.randrange(9999))
            case "late":
                self.crm.commit_late(one, self.chance.randrange(1, 800), employees=self.chance.randrange(9999))
            case "delete" if len(alive) > 20:
                self.crm.delete(one)
            case "merge" if len(alive) > 20:
                self.merged.append((one, other, self.crm.merge(one, other)))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", HARNESSES)
def test_whatever_people_do_and_wherever_the_worker_dies_its_mirror_comes_out_equal(name: str, seed: int) -> None:
    """Edits, late commits, deletes and merges, between pages and between runs; an index that lags; deaths anywhere."""
    chance = random.Random(seed)  # noqa: S311 - the same story each time
    with Sandbox(crm=name, accounts=40, reps=4, seed=seed, search_lag=LAG, search_limit=1000) as sandbox:
        crm: Crm = HARNESSES[name](sandbox)
        people, mirror = People(crm, chance), Mirror()
        crm.short_pages(3)
        for _ in range(6):
            for _ in mirror.pull(crm.connect()):
                people.meddle()
                if chance.random() < 0.2:
                    break
            crm.pass_time(chance.choice([1, 20, 600]))
        crm.pass_time(LAG)
        connector = crm.connect()
        for _ in range(4):
            list(mirror.pull(connector))
        assert mirror.alive == held(crm)
        assert all(mirror.left(one.id) == mirror.left(left.id) for *both, left in people.merged for one in both)
        whole = Mirror()
        whole.pull_in_full(connector)
        assert whole.alive == held(crm)
        crm.close()


def test_a_full_pull_tells_of_merges_as_an_increment_does(crm: Crm) -> None:
    connector, mirror = crm.connect(), Mirror()
    winner, loser, third = (Ref(Stream.ACCOUNTS, each) for each in sorted(crm.ids(Stream.ACCOUNTS))[:3])
    middle = crm.merge(winner, loser)
    left = crm.merge(middle, third)
    mirror.pull_in_full(connector)
    gone = {ref.id for ref in (winner, loser, third, middle)} - {left.id}
    assert {mirror.left(each) for each in gone} == {left.id}
    assert all(mirror.records[each].deleted for each in gone)


def test_a_winner_that_is_deleted_before_anybody_looked_takes_the_loser_with_it(crm: Crm) -> None:
    connector, mirror = crm.connect(), Mirror()
    list(mirror.pull(connector))
    winner, loser = (Ref(Stream.ACCOUNTS, each) for each in sorted(crm.ids(Stream.ACCOUNTS))[:2])
    left = crm.merge(winner, loser)
    crm.delete(left)
    list(mirror.pull(connector))
    assert all(mirror.records[each.id].deleted for each in (winner, loser, left))
    assert mirror.left(loser.id) == left.id


def test_a_record_taken_back_from_deletion_comes_back_with_the_next_full_pull_at_the_latest(crm: Crm) -> None:
    connector, mirror = crm.connect(), Mirror()
    ref = Ref(Stream.ACCOUNTS, min(crm.ids(Stream.ACCOUNTS)))
    list(mirror.pull(connector))
    crm.delete(ref)
    list(mirror.pull(connector))
    assert ref.id not in mirror.alive
    crm.restore(ref)
    mirror.pull_in_full(connector)
    assert mirror.alive == held(crm)


def test_a_cursor_so_old_that_deletions_may_have_been_forgotten_brings_everything_again(crm: Crm) -> None:
    mirror = Mirror()
    list(mirror.pull(crm.connect()))
    crm.pass_time(61 * 86_400)
    pages = list(crm.connect().pull(Stream.ACCOUNTS, mirror.cursor))
    assert all(page.full for page in pages)
    assert sum(len(page.records) for page in pages) == crm.pool_size


def test_a_field_that_has_gone_stops_the_pull_and_its_cursor_and_is_named(crm: Crm) -> None:
    connector, mirror = crm.connect(), Mirror()
    list(mirror.pull(connector))
    crm.edit(Ref(Stream.ACCOUNTS, crm.ids(Stream.ACCOUNTS)[0]), employees=7)
    before = mirror.cursor
    crm.hide(Stream.ACCOUNTS, "region")
    with pytest.raises(SchemaChanged, match=r"(?i)region"):
        list(mirror.pull(connector))
    assert mirror.cursor == before
