"""The shapes of HubSpot's replies: what each must hold to be trusted. Pure; anything else is Garbled, never a guess."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.hubspot.errors import RowError, row_error
from connectors.port import Outcome
from connectors.transport import Garbled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a list. ``after`` is HubSpot's mark for the next page, empty on the last."""

    rows: Sequence[Row]
    after: str


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of a search. ``total`` counts everything that it finds, this page included."""

    rows: Sequence[Row]
    total: int
    more: bool


@dataclass(frozen=True, slots=True)
class BatchReply:
    """What a batch did, and what it says went wrong for single records."""

    rows: Sequence[Row]
    errors: Sequence[RowError]


def first(linked: Sequence[tuple[str, bool]]) -> str | None:
    """Of (id, whether it is the primary one) the primary one, else the oldest; the same answer every time."""
    return min(linked, key=lambda each: (not each[1], int(each[0])))[0] if linked else None


def _primary(link: Row) -> bool:
    types = link.get("associationTypes")
    labels = [each.get("label") for each in types if isinstance(each, dict)] if isinstance(types, list) else []
    return any(str(label).lower() == "primary" for label in labels)


def rows_of(reply: Mapping[str, Any], what: str) -> list[Row]:
    """The results, each an object."""
    rows = reply.get("results")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Garbled(f"the reply with {what} holds no list of results")
    return rows


def records_of(reply: Mapping[str, Any], what: str) -> list[Row]:
    """The results, each with an id."""
    rows = rows_of(reply, what)
    if not all(str(row.get("id", "")).isdecimal() for row in rows):
        raise Garbled(f"a record of {what} has no id")
    return rows


def objects_of(reply: Mapping[str, Any], entity: str) -> list[Row]:
    """The results, each with an id and properties."""
    rows = records_of(reply, entity)
    if not all(isinstance(row.get("properties"), dict) for row in rows):
        raise Garbled(f"a record of {entity} has no properties")
    return rows


def after_of(reply: Mapping[str, Any]) -> str:
    """HubSpot's mark for the next page; empty on the last."""
    paging = reply.get("paging")
    further = paging.get("next") if isinstance(paging, dict) else None
    return str(further.get("after") or "") if isinstance(further, dict) else ""


def batch_of(reply: Mapping[str, Any], entity: str) -> BatchReply:
    """Records and errors of a batch."""
    return BatchReply(objects_of(reply, entity), errors_of(reply))


def errors_of(reply: Mapping[str, Any]) -> list[RowError]:
    """What went wrong for single records. With 207 or with 200: the same errors may come with either."""
    errors = reply.get("errors") or []
    if not isinstance(errors, list) or not all(isinstance(each, dict) for each in errors):
        raise Garbled("a batch has errors that cannot be read")
    return [row_error(each) for each in errors]


def check_complete(reply: BatchReply, ids: Sequence[str], entity: str) -> None:
    """Garbled when a record is neither there, nor merged into one that is, nor said to be gone (I14)."""
    absent, strangers = unanswered(reply, ids)
    # A merged record answers under an id that nobody asked for; which of them it answers for is asked one by one.
    left = set(absent[len(strangers) :])
    other = next((each for each in reply.errors if each.outcome is not Outcome.GONE), None)
    if other is not None:
        raise Garbled(f"a batch of {entity} could not be read whole: {other.category}: {other.message}")
    # Only "it is not there" explains an absence; an error that names no record explains any.
    unnamed = any(not each.ids for each in reply.errors)
    left -= {each for error in reply.errors for each in error.ids}
    if left and not unnamed:
        raise Garbled(f"a batch of {entity} says nothing of {len(left)} of its records")


def unanswered(reply: BatchReply, ids: Sequence[str]) -> tuple[list[str], list[str]]:
    """Ids that no record of the reply accounts for, and ids of records that account for none that was asked for."""
    named = {each for error in reply.errors for each in error.ids}
    found = {str(row["id"]): {str(row["id"]), *retired(row)} for row in reply.rows}
    accounted = {each for every in found.values() for each in every} | named
    strangers = [each for each, every in found.items() if not every & set(ids)]
    return [each for each in ids if each not in accounted], strangers


def retired(row: Row) -> list[str]:
    """Ids that merges have turned into this record."""
    text = row["properties"].get("hs_merged_object_ids") if isinstance(row.get("properties"), dict) else None
    return [each.strip() for each in str(text or "").split(";") if each.strip()]


@dataclass(frozen=True, slots=True)
class Links:
    """What a reply says of associations. Of some records it says that they have none; of others nothing."""

    ends: Mapping[str, str]
    """Record → the one that it is associated with, the primary one where it has several."""
    none: frozenset[str]
    silent: frozenset[str]


def links_of(reply: Row, ids: Sequence[str], entity: str) -> Links:
    """The associations of these records. Garbled for an error that is none of "there is none"."""
    errors = errors_of(reply)
    other = next((each for each in errors if each.outcome is not Outcome.GONE), None)
    if other is not None:
        raise Garbled(f"the associations of {entity} could not be read whole: {other.category}: {other.message}")
    ends = {_start(row, entity): first(_ends(row, entity)) for row in rows_of(reply, f"associations of {entity}")}
    none = {each for error in errors for each in error.ids} | {start for start, end in ends.items() if end is None}
    found = {start: end for start, end in ends.items() if end is not None}
    # An error that names no record explains any silence: HubSpot promises no part of its errors.
    silent = frozenset() if any(not each.ids for each in errors) else frozenset(ids) - ends.keys() - none
    return Links(found, frozenset(none), silent)


def _start(row: Row, entity: str) -> str:
    start = row.get("from")
    if not isinstance(start, dict) or not start.get("id"):
        raise Garbled(f"an association of {entity} does not say where it begins")
    return str(start["id"])


def _ends(row: Row, entity: str) -> list[tuple[str, bool]]:
    ends = row.get("to")
    if not isinstance(ends, list) or not all(
        isinstance(each, dict) and str(each.get("toObjectId")).isdecimal() for each in ends
    ):
        raise Garbled(f"an association of {entity} does not say where it leads")
    return [(str(each["toObjectId"]), _primary(each)) for each in ends]
