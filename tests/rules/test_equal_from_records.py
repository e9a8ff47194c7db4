"""From what a CRM shows to points: both stores derive what the documentation says from the same records and events."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from connectors.port import Cursor, Page, Record, Ref, Stream
from rules import ColumnKind, Dialect, EngagementSource, FieldInfo, Type, Vocabulary, compile_accounts, load, needs
from sync_worker.store import engagement, facts, open_store, records, upgrade
from sync_worker.store.derivable import DERIVED, FactSettings
from tests.rules import drawing, folders
from tests.rules.drawing import Words
from tests.rules.engines import population, values
from tests.rules.reference import TODAY
from tests.rules.test_equal_answers import examples, same_scores

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rules import Compiled, Ruleset
    from sync_worker.store import Store
    from tests.rules.folders import DrawnScore
    from tests.rules.reference import Row

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
FIELDS = {name: drawing.ACCOUNT[name] for name in ("country", "industry", "products", "employees", "revenue", "limit",
                                                   "created_at")}  # fmt: skip
FIELDS["listed"] = drawing.ACCOUNT["is_customer"]
TOLD = Words(
    texts=("country", "industry"),
    numbers=("employees", "revenue", "limit"),
    truths=("listed",),
    dates=("created_at", "last_touch"),
    counts=tuple(one for one in drawing.counts if one is not drawing.best_contacts),
    many="products",
)
VOCABULARY = Vocabulary(
    {**{name: FieldInfo(name, kind) for name, (kind, _) in FIELDS.items()}, "last_touch": DERIVED["last_touch"]},
    {"email": FieldInfo("email", Type.TEXT)},
    frozenset({"cloud"}),
    frozenset({"meeting", "web_form"}),
    contact=drawing.VOCABULARY.contact,
)
HOURS = (timedelta(), timedelta(hours=15, minutes=29), timedelta(hours=9))
"""When on its day something happened: at its first moment, shortly before now, in between."""


class Told:
    """Both stores with the same records, and what the records tell."""

    def __init__(self, folder: Path, stores: list[Store]) -> None:
        self.folder, self.stores = folder, stores
        self.rows = population(5, 40, {name: pool for name, (_, pool) in FIELDS.items()})
        for row in self.rows:  # a meeting is a touch, too
            row["touches"] += row["events"]["meeting"]
            row["last_touch"] = (TODAY - timedelta(days=min(row["touches"]))).isoformat() if row["touches"] else None
        for store in stores:
            with store.begin() as tx:
                for page in _pages(self.rows):
                    records.save_page(tx, "salesforce", page.records[0].ref.stream, page, cycle=1, now=NOW,
                                      touches=("call", "meeting"), engagement=("meeting", "web_form"))  # fmt: skip

    def answers(self, rules: Ruleset) -> dict[Dialect, tuple[Compiled, list[tuple[object, ...]]]]:
        """What each store answers of each account."""
        return {Dialect(store.dialect): _answer(store, rules) for store in self.stores}


def _answer(store: Store, rules: Ruleset) -> tuple[Compiled, list[tuple[object, ...]]]:
    columns = needs(rules)
    half_lives = {column.source.half_life_days for column in columns if isinstance(column.source, EngagementSource)}
    settings = FactSettings(pool_user_ids=("pool",), topics={"cloud": "surge"}, crms=("salesforce",))
    with store.begin() as tx:
        engagement.refold(tx, half_lives, NOW)
        facts.build(tx, columns, now=NOW, settings=settings)
        compiled = compile_accounts(rules, Dialect(store.dialect), now=NOW, landmark=engagement.landmark(tx))
        found = tx.exec_driver_sql(compiled.sql, execution_options={"no_parameters": True}).all()
    return compiled, sorted(tuple(row) for row in found)


def _pages(rows: list[Row]) -> Iterator[Page]:
    hours = random.Random(7)  # noqa: S311 - the same hours each time
    yield Page(
        tuple(
            Record(Ref(Stream.ACCOUNTS, f"a{at:04}"),
                   {**{name: row[name] for name in FIELDS}, "owner": "u1", "surge": row["intent"]["cloud"]}, NOW)
            for at, row in enumerate(rows)
        ),
        Cursor("1"),
        full=True,
    )  # fmt: skip
    done = []
    for at, row in enumerate(rows):
        calls = sorted(row["touches"])
        for age in row["events"]["meeting"]:
            calls.remove(age)
        happened = {**row["events"], "call": calls}
        done += [(at, kind, age) for kind, ages in happened.items() for age in ages]
    hours.shuffle(done)
    midnight = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC)
    yield Page(
        tuple(
            Record(Ref(Stream.ACTIVITIES, f"e{number}"),
                   {"account": f"a{at:04}", "kind": kind, "done": True, "owner": "u1",
                    "at": (midnight - timedelta(days=age) + hours.choice(HOURS)).isoformat().replace("+00:00", "Z")},
                   NOW)
            for number, (at, kind, age) in enumerate(done)
        ),
        Cursor("1"),
        full=True,
    )  # fmt: skip


@pytest.fixture
def told(tmp_path: Path, postgres_database: str) -> Iterator[Told]:
    folder = tmp_path / "rules"
    folder.mkdir()
    urls = (f"sqlite:///{tmp_path / 'store.db'}", postgres_database)
    for url in urls:
        upgrade(url)
    stores = [open_store(url) for url in urls]
    yield Told(folder, stores)
    for store in stores:
        store.close()


@examples("records")
@given(drawn=folders.scores("s", {"A": 70, "B": 45.5, "C": 20, "D": 0}, TOLD))
def test_a_score_comes_to_the_same_from_the_same_records(told: Told, drawn: DrawnScore) -> None:
    folders.Sections({"scores": [drawn.written()]}).write(told.folder)
    answers = told.answers(load(told.folder, VOCABULARY))
    same_scores(answers, [drawn], told.rows)
    assert all(len(values(compiled, found, ColumnKind.TOTAL)) == len(told.rows) for compiled, found in answers.values())
