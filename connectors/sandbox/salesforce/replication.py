"""Which records changed or went in a span of time: ``updated`` and ``deleted``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from connectors.sandbox.calls import Reply
from connectors.sandbox.salesforce.records import entity_named
from connectors.sandbox.salesforce.wire import Refused
from connectors.sandbox.seed.draw import stamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.sandbox.calls import Call
    from connectors.sandbox.salesforce.org import Org

UPDATED_DAYS = 30
DELETED_DAYS = 15
MOST_IDS = 600_000


def updated(org: Org, call: Call, name: str) -> Reply:
    """``GET …/sobjects/T/updated?start&end``: seconds are cut off, as Salesforce does."""
    entity = entity_named(org, name)
    start, end = _span(org, call, UPDATED_DAYS)
    ids = [row["Id"] for row in org.company.rows(entity.name) if start <= str(row.get("SystemModstamp", "")) < end]
    _check_size(ids)
    return Reply(200, {"ids": ids, "latestDateCovered": end})


def deleted(org: Org, call: Call, name: str) -> Reply:
    """``GET …/sobjects/T/deleted?start&end``."""
    entity = entity_named(org, name)
    start, end = _span(org, call, DELETED_DAYS)
    gone = [
        row
        for row in org.company.rows(entity.name, deleted=True)
        if row.get("IsDeleted") and start <= str(row.get("SystemModstamp", "")) < end
    ]
    records = [{"id": row["Id"], "deletedDate": row["SystemModstamp"]} for row in gone]
    _check_size(records)
    earliest = stamp(org.company.clock.now() - timedelta(days=DELETED_DAYS))
    return Reply(200, {"deletedRecords": records, "earliestDateAvailable": earliest, "latestDateCovered": end})


def _check_size(found: Sequence[object]) -> None:
    if len(found) > MOST_IDS:
        raise Refused(400, "EXCEEDED_ID_LIMIT", f"too many ids: more than {MOST_IDS}")


def _span(org: Org, call: Call, days: int) -> tuple[str, str]:
    start, end = (_minute(call, name) for name in ("start", "end"))
    now = org.company.clock.now()
    if start >= end:
        raise Refused(400, "INVALID_REPLICATION_DATE", "endDate must be at least one minute greater than startDate")
    if start < now - timedelta(days=days):
        raise Refused(400, "INVALID_REPLICATION_DATE", f"startDate cannot be more than {days} days ago")
    return stamp(start), stamp(min(end, now + timedelta(seconds=1)))


def _minute(call: Call, name: str) -> datetime:
    text = call.query.get(name, "")
    try:
        # A plus sign that was not escaped arrives as a blank.
        found = datetime.fromisoformat(text.replace("Z", "+00:00").replace(" ", "+"))
    except ValueError:
        raise Refused(400, "INVALID_REPLICATION_DATE", f"Invalid {name} date: {text!r}") from None
    if found.tzinfo is None:
        raise Refused(400, "INVALID_REPLICATION_DATE", f"{name} has no time zone: {text!r}")
    return found.astimezone(UTC).replace(second=0, microsecond=0)
