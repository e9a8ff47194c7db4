"""The only place that writes SOQL. Identifiers are checked, values typed and quoted; nothing is concatenated raw."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from simple_salesforce.format import format_soql

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from connectors.salesforce.cursor import Position

IDENTIFIER = re.compile(r"[A-Za-z]\w{0,79}(\.[A-Za-z]\w{0,79}){0,5}")
RECORD_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")
LONGEST_URL = 15_500
"""Bytes of an encoded query. Salesforce takes 16,384 in all; host, path and headers' names need some of it."""
MOST_IDS = 500
MOST_HISTORIES = 200
"""Records whose histories one query brings: far within the longest URL, and a few pages at most of rows."""


def identifier(name: str) -> str:
    """``name`` if it can be a field or object; ValueError else."""
    if not IDENTIFIER.fullmatch(name):
        raise ValueError(f"{name!r} is no Salesforce field or object name")
    return name


def record_id(value: str) -> str:
    """``value`` if it has the form of a record id; ValueError else."""
    if not RECORD_ID.fullmatch(value):
        raise ValueError(f"{value!r} is no Salesforce record id")
    return value


def moment(at: datetime) -> str:
    """A time as a SOQL literal, to the second, UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def select(fields: Iterable[str], entity: str) -> str:
    """``SELECT … FROM …`` without a condition."""
    return f"SELECT {', '.join(identifier(name) for name in fields)} FROM {identifier(entity)}"  # noqa: S608 - each name is checked


def window(
    fields: Iterable[str],
    entity: str,
    *,
    floor: datetime | None = None,
    upper: datetime | None = None,
    after: Position | None = None,
) -> str:
    """Rows modified from ``floor`` (or from ``after``, itself included) to before ``upper``, in keyset order."""
    conditions: list[str] = []
    if after is not None:
        stamp = after.literal()
        # The first condition alone can use the index; the second drops the rows of that instant that came before.
        conditions.append(f"SystemModstamp >= {stamp}")
        conditions.append(f"(SystemModstamp > {stamp} OR Id >= '{record_id(after.id)}')")
    elif floor is not None:
        conditions.append(f"SystemModstamp >= {moment(floor)}")
    if upper is not None:
        conditions.append(f"SystemModstamp < {moment(upper)}")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"{select(fields, entity)}{where} ORDER BY SystemModstamp, Id"


def by_ids(fields: Sequence[str], entity: str, ids: Sequence[str]) -> Iterator[str]:
    """Queries that together name every id, each within the longest URL."""
    head = select(fields, entity)
    each = len(quote("'001000000000000AAA',", safe=""))
    room = (LONGEST_URL - len(quote(head, safe="")) - 100) // each
    size = max(1, min(MOST_IDS, room))
    for start in range(0, len(ids), size):
        yield format_soql(head + " WHERE Id IN {ids}", ids=[record_id(each) for each in ids[start : start + size]])


def histories(entity: str, parent: str, records: Sequence[str], fields: Sequence[str]) -> str:
    """The field histories of these records, MOST_HISTORIES at most, oldest first."""
    columns = ("Id", parent, "Field", "OldValue", "NewValue", "CreatedById", "CreatedDate")
    return format_soql(
        f"{select(columns, entity)} WHERE {identifier(parent)} IN {{records}} AND Field IN {{fields}}"
        " ORDER BY CreatedDate, Id",
        records=[record_id(each) for each in records],
        fields=list(fields),
    )
