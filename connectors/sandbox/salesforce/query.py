"""Queries over REST: pages, cursors, explain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connectors.sandbox import soql
from connectors.sandbox.calls import Reply
from connectors.sandbox.salesforce.org import Cursor
from connectors.sandbox.salesforce.records import attributes
from connectors.sandbox.salesforce.wire import Refused

if TYPE_CHECKING:
    from connectors.sandbox.calls import Call
    from connectors.sandbox.salesforce.org import Org

PAGE = 2000
SMALLEST_PAGE = 200
CURSOR_PREFIX = "01g"


def query(org: Org, call: Call) -> Reply:
    """``GET …/query?q=``."""
    return _query(org, call, deleted=False)


def query_all(org: Org, call: Call) -> Reply:
    """``GET …/queryAll?q=``: deleted rows too."""
    return _query(org, call, deleted=True)


def answer(org: Org, text: str, *, deleted: bool) -> soql.Answer:
    """Runs a statement. Raises Refused with the statement's error."""
    try:
        return soql.run(org.company, soql.parse(text), text, org.company.clock.now().date(), deleted=deleted)
    except soql.QueryError as wrong:
        raise Refused(400, wrong.code, str(wrong)) from None


def _query(org: Org, call: Call, *, deleted: bool) -> Reply:
    text = call.query.get("q") or ""
    if "explain" in call.query and not text:
        return _explained(org, call.query["explain"])
    if not text.strip():
        raise Refused(400, "MALFORMED_QUERY", "unexpected token: '<EOF>'")
    found = answer(org, text, deleted=deleted)
    if found.count is not None:
        return Reply(200, {"totalSize": found.count, "done": True, "records": []})
    if found.groups is not None:
        records = [{"attributes": {"type": "AggregateResult"}, **group} for group in found.groups]
        return Reply(200, {"totalSize": len(records), "done": True, "records": records})
    cursor = Cursor(found.rows, soql.show(found, attributes(call.version)), _page_size(call))
    return _page(org, call, cursor, "", 0)


def _page_size(call: Call) -> int:
    for fault in call.fired:
        if fault.fault == "short_page":
            return fault.rows or SMALLEST_PAGE
    wanted = re.search(r"batchSize\s*=\s*(\d+)", call.headers.get("sforce-query-options", ""), re.IGNORECASE)
    return min(PAGE, max(SMALLEST_PAGE, int(wanted.group(1)))) if wanted else PAGE


def _page(org: Org, call: Call, cursor: Cursor, name: str, start: int) -> Reply:
    end = start + cursor.size
    records = [cursor.show(row) for row in cursor.rows[start:end]]
    body: dict[str, object] = {"totalSize": len(cursor.rows), "done": end >= len(cursor.rows)}
    if end < len(cursor.rows):
        if not name:
            name = org.next_id(CURSOR_PREFIX)
            org.cursors[name] = cursor
        body["nextRecordsUrl"] = f"/services/data/v{call.version}/query/{name}-{end}"
    return Reply(200, {**body, "records": records})


def query_more(org: Org, call: Call, locator: str) -> Reply:
    """``GET …/query/LOCATOR-N``: the page that begins at row N. Raises Refused INVALID_QUERY_LOCATOR."""
    name, _, start = locator.rpartition("-")
    cursor = org.cursors.get(name)
    if cursor is None or not start.isdigit() or not 0 <= int(start) < len(cursor.rows):
        raise Refused(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    if any(fault.fault == "short_page" for fault in call.fired):
        cursor = Cursor(cursor.rows, cursor.show, _page_size(call))
    return _page(org, call, cursor, name, int(start))


def _explained(org: Org, text: str) -> Reply:
    found = answer(org, text, deleted=False)
    rows = len(found.rows)
    plan = {
        "cardinality": rows,
        "fields": [],
        "leadingOperationType": "TableScan",
        "relativeCost": 1.0,
        "sobjectCardinality": rows,
        "sobjectType": found.scope.entity.name,
        "notes": [],
    }
    return Reply(200, {"plans": [plan], "sourceQuery": text})
