"""What the rule files say of reps finds the CRM's users by their e-mail addresses, on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.port import User
from rules import FieldInfo, Mark, RepRow, Reps, Type
from sync_worker.store import facts, records

if TYPE_CHECKING:
    from datetime import datetime

    from sync_worker.store import Store

KNOWN = {
    "team": FieldInfo("team", Type.TEXT),
    "user": FieldInfo("user", Type.NUMBER),  # HubSpot's owners have one
    "capacity": FieldInfo("capacity", Type.NUMBER),
}
COLUMNS = {
    "capacity": KNOWN["capacity"],
    "certified": FieldInfo("certified", Type.BOOLEAN),
    "Hired on": FieldInfo("Hired on", Type.DATE),
}
MARK = Mark("reps.csv", 2, 1)


def built(store: Store, now: datetime, users: list[User], *rows: RepRow) -> list[dict[str, Any]]:
    with store.begin() as tx:
        records.save_users(tx, "salesforce", users, cycle=1, now=now)
        assert facts.build_reps(tx, KNOWN, Reps(COLUMNS, rows)) == len(users)
        return [dict(row) for row in tx.exec_driver_sql("SELECT * FROM rep_fact ORDER BY rep_id").mappings()]


def rep(id_: str, email: str | None, **fields: str | float) -> User:
    return User(id_, active=True, can_own=True, fields={"email": email, **fields})


def test_a_filled_cell_goes_before_the_crm_and_an_empty_one_does_not(store: Store, now: datetime) -> None:
    """… for every user with the address, whatever its case; who is in no file keeps what the CRM shows."""
    users = [
        rep("u1", "Ada@Acme.example", capacity=120, team="EMEA"),
        rep("u2", "ADA@acme.example", team="AMER"),
        rep("u3", "bob@acme.example", capacity=7, team="EMEA"),
        rep("u4", None, capacity=8, team="EMEA"),
    ]
    found = built(
        store,
        now,
        users,
        RepRow("ada@acme.example", {"capacity": 90.0, "certified": True, "Hired on": "2024-01-31"}, MARK),
        RepRow("bob@acme.example", {"certified": False}, MARK),
        RepRow("gone@acme.example", {"capacity": 5.0}, MARK),
    )
    certified = [None if row["certified"] is None else bool(row["certified"]) for row in found]
    assert [(row["rep_id"], row["team"], row["capacity"]) for row in found] == [
        ("u1", "EMEA", 90.0),
        ("u2", "AMER", 90.0),
        ("u3", "EMEA", 7.0),
        ("u4", "EMEA", 8.0),
    ]
    assert certified == [True, True, False, None]
    assert ["2024-01-31" in row.values() for row in found] == [True, True, False, False]


def test_files_about_nobody_here_change_nothing(store: Store, now: datetime) -> None:
    users = [rep("u1", "ada@acme.example", capacity=3)]
    (found,) = built(store, now, users, RepRow("eve@acme.example", {"capacity": 9.0}, MARK))
    assert found["capacity"] == 3.0


def test_a_file_of_addresses_alone_is_no_mistake(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        records.save_users(tx, "salesforce", [rep("u1", "ada@acme.example", capacity=3)], cycle=1, now=now)
        assert facts.build_reps(tx, KNOWN, Reps({}, (RepRow("ada@acme.example", {}, MARK),))) == 1
