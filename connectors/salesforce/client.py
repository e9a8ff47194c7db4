"""simple-salesforce on our own session: the requests that the connector makes, with their replies checked for shape.

Used of the library: its REST client in session_id mode (query, query_more, restful, URL building), the primitives of
its Bulk 2.0 client (create_job, get_job, abort_job, get_query_results) and format_soql. Not used, because each would
break a promise: its logins (a renewal drops the caller's headers), its SFType objects (endless recursion on a
permanent 401), its Bulk wait loops (they abort the job on any polling error and name no job id), delete_job (it cannot
read the real 204), and query_all (no resume after a lost locator). The session carries the token, so the library holds
only a placeholder; it has no timeout, retry or redirect rule of its own left, and its own errors are never reached
because the transport raises first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from simple_salesforce.api import Salesforce
from simple_salesforce.bulk2 import Operation, _Bulk2Client

from connectors.port import BadReply
from connectors.transport import Garbled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from connectors.transport import Transport

NO_AUTO_ASSIGN = {"Sforce-Auto-Assign": "FALSE"}
"""Without it Salesforce may run assignment rules over the owner that was just written."""
PLACEHOLDER = "set-by-the-transport"
DESCRIBED = ("name", "type", "label", "updateable", "picklistValues", "relationshipName", "referenceTo")
NEXT_PAGE = re.compile(r"/services/data/v\d+\.0/query(All)?/[\w-]+")


@dataclass(frozen=True, slots=True)
class QueryPage:
    """One page of a query's rows. ``more`` is the path of the next page, or empty; only it says that there is one."""

    rows: Sequence[Mapping[str, Any]]
    total: int
    more: str


@dataclass(frozen=True, slots=True)
class BulkJob:
    """A Bulk 2.0 query job as Salesforce reports it."""

    id: str
    state: str
    rows: int
    message: str


@dataclass(frozen=True, slots=True)
class BulkPage:
    """One page of a Bulk job's CSV, header included. ``locator`` is empty on the last page."""

    csv: str
    rows: int
    locator: str


@dataclass(frozen=True, slots=True)
class SubReply:
    """One sub-request's answer within a composite or graph reply. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: object


class Client:
    """Salesforce's REST and Bulk 2.0, one method per request. Reads are repeated by the policy, writes pass once."""

    def __init__(self, transport: Transport, api_version: str) -> None:
        self._transport = transport
        self._rest = Salesforce(
            session_id=PLACEHOLDER,
            instance_url=transport.origin.url,
            version=api_version,
            session=transport.session,
            object_pairs_hook=None,
        )
        # Indented replies cost a third more bytes.
        self._rest.headers = {"Content-Type": "application/json"}
        self._bulk = _Bulk2Client("", self._rest.bulk2_url, {"Content-Type": "application/json"}, transport.session)
        self._data = f"/services/data/v{api_version}"

    def describe(self, entity: str) -> Mapping[str, Any]:
        """The object's fields, each with what a schema is made of; a whole describe is a megabyte in a grown org."""
        reply = self._transport.read(lambda: self._rest.restful(f"sobjects/{entity}/describe"))
        if not isinstance(reply, dict) or not isinstance(reply.get("fields"), list):
            raise BadReply(f"the describe of {entity} holds no list of fields")
        return {"fields": [_described_field(each, entity) for each in reply["fields"]]}

    def limits(self) -> None:
        """The cheapest call there is; made for the headers of its reply."""
        self._transport.read(lambda: self._rest.restful("limits"))

    def latest_time(self) -> datetime | None:
        """UTC by Salesforce's clock; None when there has been no reply yet."""
        return self._transport.clock.now()

    def server_time(self) -> datetime:
        """UTC by Salesforce's clock; costs a call only when there has been no reply yet."""
        if self.latest_time() is None:
            self.limits()
        now = self.latest_time()
        if now is None:
            raise BadReply("Salesforce's replies bear no Date", hint="a proxy may strip the header: let Date pass")
        return now

    def query(self, soql: str, *, deleted: bool = False) -> QueryPage:
        """The first page; deleted and merged rows too if asked."""
        return self._transport.read(lambda: _query_page(self._rest.query(soql, include_deleted=deleted)))

    def more(self, path: str) -> QueryPage:
        """The page at ``path``, which the page before named."""
        return self._transport.read(lambda: _query_page(self._rest.query_more(path, identifier_is_url=True)))

    def every_row(self, soql: str, entity: str) -> Iterator[Mapping[str, Any]]:
        """Every row of a small query, page by page; complete or BadReply."""
        page = self.query(soql)
        total, seen = page.total, 0
        while True:
            seen += len(page.rows)
            yield from page.rows
            if not page.more:
                break
            page = self.more(page.more)
        if seen != total:
            raise BadReply(f"Salesforce announced {total} rows of {entity} and sent {seen}", hint="run again")

    def row_version(self, entity: str, record: str) -> tuple[Mapping[str, Any], str | None]:
        """One whole record with its ETag, None where the reply has none."""

        def ask() -> tuple[Mapping[str, Any], str | None]:
            # A compressed reply's ETag ends in --gzip, which a condition inside a composite call would not match.
            response = self._transport.session.get(
                f"{self._rest.base_url}sobjects/{entity}/{record}", headers={"Accept-Encoding": "identity"}
            )
            return _row(response.json()), response.headers.get("ETag")

        return self._transport.read(ask)

    def row_versions(self, entity: str, records: Sequence[str]) -> list[SubReply]:
        """The whole records through one composite graph of GET nodes, in the order asked for."""
        nodes = [
            {"method": "GET", "url": f"{self._data}/sobjects/{entity}/{record}", "referenceId": f"n{index}"}
            for index, record in enumerate(records)
        ]
        body = {"graphs": [{"graphId": "rows", "compositeRequest": nodes}]}
        return self._transport.read(
            lambda: _graph_replies(self._rest.restful("composite/graph", method="POST", json=body), len(nodes))
        )

    def write_row(self, entity: str, record: str, fields: Mapping[str, Any], if_match: str) -> None:
        """One conditional PATCH, sent once."""
        self._rest.restful(
            f"sobjects/{entity}/{record}",
            method="PATCH",
            json=fields,
            headers={**NO_AUTO_ASSIGN, "If-Match": if_match},
        )

    def write_rows(self, rows: Sequence[tuple[str, str, Mapping[str, Any], str]]) -> Mapping[str, SubReply]:
        """Up to 25 conditional PATCHes (object, id, fields, ETag) in one composite call, sent once.

        The replies come under ``r0``, ``r1``, … in the order of the rows; one may be missing.
        """
        requests = [
            {
                "method": "PATCH",
                "url": f"{self._data}/sobjects/{entity}/{record}",
                "referenceId": f"r{index}",
                "httpHeaders": {**NO_AUTO_ASSIGN, "If-Match": etag},
                "body": fields,
            }
            for index, (entity, record, fields, etag) in enumerate(rows)
        ]
        reply = self._rest.restful(
            "composite",
            method="POST",
            json={"allOrNone": False, "compositeRequest": requests},
            headers=NO_AUTO_ASSIGN,
        )
        return _sub_replies(reply.get("compositeResponse") if isinstance(reply, dict) else None)

    def write_fields(self, rows: Sequence[Mapping[str, Any]]) -> Sequence[object]:
        """Up to 200 rows in one collections call, sent once; whatever list came back."""
        reply = self._rest.restful(
            "composite/sobjects",
            method="PATCH",
            json={"allOrNone": False, "records": list(rows)},
            headers=NO_AUTO_ASSIGN,
        )
        if reply is not None and not isinstance(reply, list):
            raise Garbled("the reply to a collections write is no list")
        return reply or []

    def create_job(self, soql: str) -> BulkJob:
        """Start a query job that sees deleted rows. Sent once: a repeat would leave a job that nobody knows."""
        return _job(self._bulk.create_job(Operation.query_all, query=soql))

    def job(self, job_id: str) -> BulkJob:
        """How the job stands."""
        return self._transport.read(lambda: _job(self._bulk.get_job(job_id, is_query=True)))

    def job_rows(self, job_id: str, locator: str, most: int) -> BulkPage:
        """One page of results."""

        def ask() -> BulkPage:
            try:
                page = self._bulk.get_query_results(job_id, locator, most)
            except (KeyError, ValueError) as error:
                raise Garbled("a page of Bulk results lacks its count or is no UTF-8") from error
            return BulkPage(page["records"], page["number_of_records"], page["locator"])

        return self._transport.read(ask)

    def abort_job(self, job_id: str) -> None:
        """Stop a running job."""
        self._bulk.abort_job(job_id, is_query=True)

    def delete_job(self, job_id: str) -> None:
        """Remove an ended job and its results."""
        self._transport.session.delete(f"{self._rest.bulk2_url}query/{job_id}")


def _described_field(field: object, entity: str) -> dict[str, Any]:
    kept = {key: field[key] for key in DESCRIBED if field.get(key) is not None} if isinstance(field, dict) else {}
    values, targets = kept.get("picklistValues", []), kept.get("referenceTo", [])
    texts = all(isinstance(kept.get(key, ""), str) for key in ("name", "type", "label", "relationshipName"))
    if not kept.get("name") or not texts or not isinstance(values, list) or not isinstance(targets, list):
        raise BadReply(f"the describe of {entity} holds something else than fields")
    if not all(isinstance(value, dict) for value in values):
        raise BadReply(f"the describe of {entity}.{kept['name']} holds something else than picklist values")
    return kept


def _row(body: object) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise Garbled("a record came as something else than an object")
    return body


def _query_page(reply: object) -> QueryPage:
    if not isinstance(reply, dict):
        raise Garbled("a query's reply is no object")
    rows, total, done = reply.get("records"), reply.get("totalSize"), reply.get("done")
    if not isinstance(rows, list) or not isinstance(total, int) or not isinstance(done, bool):
        raise Garbled("a query's reply lacks records, totalSize or done")
    if not all(isinstance(row, dict) for row in rows):
        raise Garbled("a query's reply holds something else than records")
    return QueryPage(rows, total, "" if done else _next_path(reply.get("nextRecordsUrl")))


def _next_path(url: object) -> str:
    # Only the path counts: the host is always ours, whatever the reply says.
    path = urlsplit(url).path if isinstance(url, str) else ""
    if not NEXT_PAGE.fullmatch(path):
        raise Garbled("a query's reply says that there is more and names no page that can be fetched")
    return path


def _sub_replies(entries: object) -> dict[str, SubReply]:
    replies: dict[str, SubReply] = {}
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("httpStatusCode"), int):
            headers = entry.get("httpHeaders")
            lowered = {str(k).lower(): str(v) for k, v in headers.items()} if isinstance(headers, dict) else {}
            replies[str(entry.get("referenceId"))] = SubReply(entry["httpStatusCode"], lowered, entry.get("body"))
    return replies


def _graph_replies(reply: object, nodes: int) -> list[SubReply]:
    graphs = reply.get("graphs") if isinstance(reply, dict) else None
    if not isinstance(graphs, list) or len(graphs) != 1 or not isinstance(graphs[0], dict):
        raise Garbled("a graph's reply holds no graph")
    response = graphs[0].get("graphResponse")
    replies = _sub_replies(response.get("compositeResponse") if isinstance(response, dict) else None)
    if set(replies) != {f"n{index}" for index in range(nodes)}:
        raise Garbled("a graph's reply lacks some of its nodes")
    return [replies[f"n{index}"] for index in range(nodes)]


def _job(reply: object) -> BulkJob:
    if not isinstance(reply, dict) or not isinstance(reply.get("id"), str) or not isinstance(reply.get("state"), str):
        raise Garbled("a Bulk job's reply lacks id or state")
    rows = reply.get("numberRecordsProcessed")
    return BulkJob(
        reply["id"], reply["state"], rows if isinstance(rows, int) else 0, str(reply.get("errorMessage") or "")
    )
