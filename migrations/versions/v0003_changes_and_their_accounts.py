"""Changes are noted as they happen, what hangs on an account names it in a column, outcomes have the rules' columns."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


class Watched(NamedTuple):
    """A table whose rows tell something of accounts. ``names``: the columns that name them; ``told``: what they say."""

    table: str
    names: tuple[str, ...]
    told: tuple[str, ...] = ()
    only: str = ""
    """Which rows, with ``ROW`` for the row."""


WATCHED = (
    Watched("activity", ("account_id",), ("kind", "at", "touch", "engagement", "contact_id")),
    Watched("hold", ("account_id",), ("until",)),
    Watched("rest", ("account_id",), ("until", "previous_owner")),
    Watched("owner_history", ("account_id",), ("at", "before")),
    Watched("twin", ("account_id", "home_id")),
    Watched("alias", ("old_id", "new_id"), (), "ROW.stream = 'accounts'"),
    Watched("quarantine", ("id",), (), "ROW.stream = 'accounts'"),
    Watched("signal", ("account_id",), ("score", "observed_at", "expires_at")),
    Watched("firmographic", ("account_id",), ("value", "observed_at")),
)
"""All but ``record``, whose rows tell of an account in three ways."""

RECORD_TOLD = ("fields", "deleted", "merged_into", "crm", "account_id")


def upgrade() -> None:
    """Fill the new columns before anything is watched: facts are built anew after an upgrade in any case."""
    op.add_column("record", sa.Column("account_id", sa.String(40)))
    op.add_column("activity", sa.Column("contact_id", sa.String(40)))
    _fill_columns()
    _make_indexes()
    op.create_table(
        "touched",
        sa.Column("stream", sa.String(20), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "id", "number", name="pk_touched"),
    )
    op.create_table(
        "stale",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_stale"),
    )
    op.create_table(
        "rules_outline",
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("outline", sa.JSON(), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_rules_outline"),
    )
    op.drop_table("outcome")
    # Events are folded by their days from now on, where they were folded by their moments.
    op.execute("DELETE FROM engagement")
    op.execute("DELETE FROM setting WHERE name IN ('half_lives', 'fact_columns')")
    for statement in _triggers():
        op.get_bind().exec_driver_sql(statement, execution_options={"no_parameters": True})


def downgrade() -> None:
    """Watch nothing any more."""
    for statement in _without_triggers():
        op.execute(statement)
    op.execute("DELETE FROM engagement")
    op.execute("DELETE FROM setting WHERE name IN ('half_lives', 'fact_columns', 'outcome_columns')")
    _outcome_as_it_was()
    op.drop_table("rules_outline")
    op.drop_table("stale")
    op.drop_table("touched")
    op.drop_index("ix_signal_expires_at", "signal")
    op.drop_index("ix_rest_until", "rest")
    op.drop_index("ix_hold_until", "hold")
    op.drop_index("ix_activity_contact", "activity")
    op.drop_index("ix_activity_account", "activity")
    op.create_index("ix_activity_account", "activity", ["account_id", "touch", "engagement", "at"])
    op.drop_index("ix_record_account", "record")
    op.drop_column("activity", "contact_id")
    op.drop_column("record", "account_id")


def _outcome_as_it_was() -> None:
    op.execute("DROP TABLE IF EXISTS outcome")
    op.create_table(
        "outcome",
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("rules_version", sa.String(64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("read_set", sa.String(64), nullable=False),
        sa.Column("recheck_at", sa.String(27)),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_outcome"),
    )
    op.create_index("ix_outcome_recheck", "outcome", ["recheck_at"])


def _fill_columns() -> None:
    read = "json_extract({}, '$.{}')" if _sqlite() else "{} ->> '{}'"
    account, contact = read.format("fields", "account"), read.format("raw.fields", "contact")
    op.execute(
        f"UPDATE record SET account_id = NULLIF({account}, '') WHERE stream IN ('contacts', 'leads', 'opportunities')"  # noqa: S608 - constants of this file
    )
    op.execute(
        f"UPDATE activity SET contact_id = (SELECT NULLIF({contact}, '') FROM record AS raw"  # noqa: S608 - the same
        f" WHERE raw.stream = 'activities' AND raw.id = activity.id AND LENGTH({contact}) <= 40)"
    )


def _make_indexes() -> None:
    named = sa.text("account_id IS NOT NULL")
    op.create_index("ix_record_account", "record", ["stream", "account_id"], sqlite_where=named, postgresql_where=named)
    op.drop_index("ix_activity_account", "activity")
    op.create_index("ix_activity_account", "activity", ["account_id", "touch", "engagement", "at", "kind"])
    met = sa.text("contact_id IS NOT NULL")
    op.create_index(
        "ix_activity_contact", "activity", ["contact_id", "kind", "at"], sqlite_where=met, postgresql_where=met
    )
    op.create_index("ix_hold_until", "hold", ["until"])
    op.create_index("ix_rest_until", "rest", ["until"])
    op.create_index("ix_signal_expires_at", "signal", ["expires_at"])


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


# A row names an account in a column; a user's record names the user. On PostgreSQL each transaction notes an account
# under its own number, once: nobody waits for anybody, and whoever takes a note away has seen all that it stands for.


def _notes(watched: Watched, row: str) -> list[str]:
    where = [watched.only.replace("ROW", row)] if watched.only else []
    return [
        _note("'accounts'", f"{row}.{name}", " AND ".join([*where, f"{row}.{name} IS NOT NULL"]))
        for name in watched.names
    ]


def _record_notes(row: str) -> list[str]:
    stream = f"CASE WHEN {row}.stream = 'users' THEN 'users' ELSE 'accounts' END"
    whom = f"CASE WHEN {row}.stream IN ('accounts', 'users') THEN {row}.id ELSE {row}.account_id END"
    return [_note(stream, whom, f"{row}.stream IN ('accounts', 'users') OR {row}.account_id IS NOT NULL")]


def _note(stream: str, whom: str, where: str) -> str:
    number = "0" if _sqlite() else "txid_current()"
    return (
        f"INSERT INTO touched (stream, id, number) SELECT {stream}, {whom}, {number} WHERE {where}"
        " ON CONFLICT DO NOTHING;"
    )


def _triggers() -> list[str]:
    made = _trigger("record", RECORD_TOLD, _record_notes("OLD"), _record_notes("NEW"))
    for watched in WATCHED:
        made += _trigger(watched.table, (*watched.names, *watched.told), _notes(watched, "OLD"), _notes(watched, "NEW"))
    return made


def _trigger(table: str, told: tuple[str, ...], old: list[str], new: list[str]) -> list[str]:
    differs = " OR ".join(f"OLD.{name} IS {'NOT' if _sqlite() else 'DISTINCT FROM'} NEW.{name}" for name in told)
    events = {"insert": ("INSERT", "", new), "delete": ("DELETE", "", old)}
    events["update"] = (f"UPDATE OF {', '.join(told)}", f"WHEN ({differs})", [*old, *new])
    return [
        statement
        for name, (event, when, notes) in events.items()
        for statement in (_sqlite_trigger if _sqlite() else _postgresql_trigger)(table, name, event, when, notes)
    ]


def _sqlite_trigger(table: str, name: str, event: str, when: str, notes: list[str]) -> list[str]:
    return [f"CREATE TRIGGER {table}_{name}_noted AFTER {event} ON {table} {when} BEGIN {' '.join(notes)} END"]


def _postgresql_trigger(table: str, name: str, event: str, when: str, notes: list[str]) -> list[str]:
    note = f"note_{table}_{name}"
    return [
        f"CREATE FUNCTION {note}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {' '.join(notes)} RETURN NULL; END $$",
        f"CREATE TRIGGER {table}_{name}_noted AFTER {event} ON {table} FOR EACH ROW {when} EXECUTE FUNCTION {note}()",
    ]


def _without_triggers() -> list[str]:
    tables = ["record", *(watched.table for watched in WATCHED)]
    pairs = [(table, name) for table in tables for name in ("insert", "delete", "update")]
    if _sqlite():
        return [f"DROP TRIGGER {table}_{name}_noted" for table, name in pairs]
    return [f"DROP FUNCTION note_{table}_{name}() CASCADE" for table, name in pairs]
