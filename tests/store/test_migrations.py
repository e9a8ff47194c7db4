"""The migrations make exactly the tables that the code uses, with guards that hold in the database itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import delete, insert, inspect, text, update
from sqlalchemy.exc import DBAPIError

import migrations
from sync_worker.core.model import TERMINAL, RowState
from sync_worker.store import StoreError, check, open_store, upgrade
from sync_worker.store.engine import connect, place
from sync_worker.store.schema import audit, metadata, plan, plan_row
from sync_worker.store.upgrading import config

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from sync_worker.store import Store


def test_the_migrated_database_is_what_the_schema_says(store: Store) -> None:
    with store.read() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_revisions_known_to_the_worker_are_those_on_disk() -> None:
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    newest_first = [script.revision for script in scripts.walk_revisions()]
    assert tuple(reversed(newest_first)) == migrations.REVISIONS
    assert scripts.get_current_head() == migrations.HEAD


def test_upgrading_twice_changes_nothing(store: Store, url: str) -> None:
    upgrade(url)
    assert check(url).ok
    assert check(url).revision == migrations.HEAD
    assert store.dialect == check(url).dialect


def test_a_database_of_something_else_is_left_alone(empty_url: str, tmp_path: Path) -> None:
    (tmp_path / "store.db").touch()
    other = connect(place(empty_url))
    with other.begin() as tx:
        tx.execute(text("CREATE TABLE plan (price integer)"))
    with pytest.raises(StoreError, match="tables of something else: plan"):
        upgrade(empty_url)
    with other.read() as tx:
        assert inspect(tx).get_table_names() == ["plan"]
    other.close()


def test_a_migration_that_fails_half_way_leaves_nothing(empty_url: str, tmp_path: Path) -> None:
    (tmp_path / "store.db").touch()
    other = connect(place(empty_url))
    with other.begin() as tx:
        tx.execute(text("CREATE VIEW setting AS SELECT 1 AS a"))
    with pytest.raises(DBAPIError, match="setting"):
        upgrade(empty_url)
    with other.read() as tx:
        assert inspect(tx).get_table_names() == []
    other.close()


def test_every_migration_can_be_undone(empty_url: str) -> None:
    url = empty_url
    upgrade(url)
    store = open_store(url)
    with store.begin() as tx:
        command.downgrade(config(tx), "base")
        assert inspect(tx).get_table_names() == ["alembic_version"]
    store.close()
    upgrade(url)
    assert check(url).ok


def test_what_one_crm_brought_is_kept_as_that_crms_and_goes_back_without_the_other_one(empty_url: str) -> None:
    upgrade(empty_url)
    store = open_store(empty_url)
    with store.begin() as tx:
        command.downgrade(config(tx), "0001")
        for statement in OF_ONE_CRM:
            tx.execute(text(statement))
    upgrade(empty_url)
    with store.begin() as tx:
        assert tx.execute(text("SELECT id, crm FROM record")).all() == [("001A", "salesforce")]
        assert tx.execute(text("SELECT crm, stream, full_count FROM cursor")).all() == [("salesforce", "accounts", 7)]
        row = tx.execute(text("SELECT crm, state, first_sent_at, replaced FROM plan_row")).one()
        assert row == ("salesforce", "unknown", AT, None)
        assert tx.execute(text("SELECT name FROM setting")).scalars().all() == ["landmark"], "pulls bring the others"
        for statement in OF_ANOTHER_CRM:
            tx.execute(text(statement))
        command.downgrade(config(tx), "0001")
        assert tx.execute(text("SELECT id FROM record")).scalars().all() == ["001A"]
        assert tx.execute(text("SELECT stream, full_count FROM cursor")).all() == [("accounts", 7)]
        assert tx.execute(text("SELECT state FROM plan_row")).scalars().all() == ["overwritten"]
    with pytest.raises(DBAPIError, match="ended stays as it is"), store.begin() as tx:
        tx.execute(delete(plan_row))
    store.close()
    upgrade(empty_url)
    assert check(empty_url).ok


@pytest.mark.parametrize("state", list(RowState))
def test_a_plan_row_that_has_ended_stays_as_it_is(store: Store, now: datetime, state: RowState) -> None:
    with store.begin() as tx:
        _a_row(tx, now, state)
    for change in (update(plan_row).values(state="approved"), delete(plan_row)):
        if state in TERMINAL:
            with pytest.raises(DBAPIError, match="ended stays as it is"), store.begin() as tx:
                tx.execute(change)
        else:
            with store.begin() as tx:
                assert tx.execute(change).rowcount == 1


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit SET entry = '{}'", "DELETE FROM audit"],
)
def test_audit_entries_are_never_changed_or_deleted(store: Store, now: datetime, statement: str) -> None:
    with store.begin() as tx:
        _an_entry(tx, now)
    with pytest.raises(DBAPIError, match="never changed or deleted"), store.begin() as tx:
        tx.execute(text(statement))


def test_no_engine_has_a_way_around_the_audit_triggers(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        _an_entry(tx, now)
    around = {
        "sqlite": "INSERT OR REPLACE INTO audit (number, at, kind, entry, previous, hash) VALUES (1, 1, 1, 1, 1, 1)",
        "postgresql": "TRUNCATE audit",
    }
    with pytest.raises(DBAPIError, match="never changed or deleted"), store.begin() as tx:
        tx.execute(text(around[store.dialect]))


AT = "2026-11-20T09:30:00.000000Z"

OF_ONE_CRM = (
    (
        f"INSERT INTO record (stream, id, fields, modified, deleted, sequence) VALUES "
        f"('accounts', '001A', '{{}}', '{AT}', false, 1)"
    ),
    f"INSERT INTO cursor (stream, value, saved_at, full_count) VALUES ('accounts', 'c', '{AT}', 7)",
    (
        f"INSERT INTO plan (id, hash, created_at, expires_at, state, rules_version, config_digest, worker_version, "
        f"guards, summary) VALUES ('p', 'h', '{AT}', '{AT}', 'applying', 'r', 'c', '0', '[]', '{{}}')"
    ),
    (
        f"INSERT INTO plan_row (plan_id, number, account_id, account_name, kind, before, after, rule, reason, "
        f"read_set, rest_days, state, tries, adopted, sent_at) VALUES "
        f"('p', 1, '001A', 'A', 'owner', '{{}}', '{{}}', 'r', 'r', 's', 0, 'unknown', 1, false, '{AT}')"
    ),
    *(
        f"INSERT INTO setting (name, value, at) VALUES ('{name}', '{{\"accounts\": {{}}}}', '{AT}')"
        for name in ("schema", "org_calls", "landmark")
    ),
)
"""What a store of the first revision holds."""

OF_ANOTHER_CRM = (
    (
        f"INSERT INTO record (stream, id, crm, fields, modified, deleted, sequence) VALUES "
        f"('accounts', '7', 'hubspot', '{{}}', '{AT}', false, 2)"
    ),
    f"INSERT INTO cursor (crm, stream, value, saved_at) VALUES ('hubspot', 'accounts', 'c', '{AT}')",
    "INSERT INTO twin (account_id, home_id, because) VALUES ('7', '001A', 'both are acme.com')",
    f"INSERT INTO signal_file (digest, file, kind, lines, bad, at) VALUES ('d', 'f.csv', 'intent', 1, 1, '{AT}')",
    "INSERT INTO bad_line (digest, line, reason) VALUES ('d', 2, 'topic is empty')",
    "UPDATE plan_row SET state = 'overwrote'",
)


def _a_row(tx: Connection, now: datetime, state: RowState) -> None:
    tx.execute(
        insert(plan).values(
            id="p", hash="h", created_at=now, expires_at=now, state="planned", rules_version="r", config_digest="c",
            worker_version="0", guards=[], summary={},
        ),
    )  # fmt: skip
    tx.execute(
        insert(plan_row).values(
            plan_id="p", number=1, crm="salesforce", account_id="a", account_name="A", kind="owner", before={},
            after={}, rule="r", reason="r", read_set="s", state=state.value,
        ),
    )  # fmt: skip


def _an_entry(tx: Connection, now: datetime) -> None:
    tx.execute(insert(audit).values(number=1, at=now, kind="k", entry="{}", previous="0", hash="1"))
