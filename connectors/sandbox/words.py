"""The words of fault plans: the faults, the kinds of calls of each CRM, and what can be done to which of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

ReplyFault = Literal[
    "expire_token",
    "request_limit",
    "http_420",
    "unavailable",
    "server_error",
    "html_200",
    "lost_locator",
    "query_timeout",
    "burst_429",
    "daily_429",
    "http_502",
    "http_504",
    "migration_477",
]
"""The call is not carried out; an error is the answer."""
WireFault = Literal["reset", "reset_mid_body", "truncate", "lost_reply", "late_write", "stall", "slow_drip"]
"""The connection goes wrong."""
BodyFault = Literal["short_page", "missing_rows", "reordered_rows", "bulk_job_failed", "index_lag"]
"""The call is carried out, and its answer is not what one expects."""
RowFault = Literal["row_lock", "validation_rule", "precondition_lost", "partial_207"]
"""One record is refused, or each of those named."""
CompanyFault = Literal[
    "late_commit",
    "merge",
    "merge_chain",
    "hard_delete",
    "delete",
    "undelete",
    "deactivate_user",
    "remove_field",
    "hide_field",
    "hide_rows",
    "hide_object",
    "read_only_field",
    "person_edit",
]
"""Something happens in the company, just before or after the call."""

REPLY, WIRE, BODY, ROW, COMPANY = (
    frozenset(get_args(kind)) for kind in (ReplyFault, WireFault, BodyFault, RowFault, CompanyFault)
)
NAMES = REPLY | WIRE | BODY | ROW | COMPANY

SALESFORCE_KINDS = frozenset(
    [
        "token",
        "revoke",
        "soap",
        "userinfo",
        "identity",
        "versions",
        "resources",
        "describe_global",
        "sobject_info",
        "describe",
        "query",
        "query_more",
        "row_get",
        "row_post",
        "row_patch",
        "row_delete",
        "collections",
        "collection_read",
        "composite",
        "graph",
        "batch",
        "updated",
        "deleted",
        "limits",
        "bulk_query_create",
        "bulk_query_list",
        "bulk_query_status",
        "bulk_query_results",
        "bulk_query_close",
        "bulk_query_delete",
        "bulk_ingest_create",
        "bulk_ingest_list",
        "bulk_ingest_upload",
        "bulk_ingest_close",
        "bulk_ingest_status",
        "bulk_ingest_results",
        "bulk_ingest_delete",
    ]
)
HUBSPOT_KINDS = frozenset(
    [
        "token",
        "token_info",
        "revoke",
        "account",
        "list",
        "read",
        "create",
        "update",
        "archive",
        "search",
        "merge",
        "gdpr_delete",
        "batch_read",
        "batch_create",
        "batch_update",
        "batch_upsert",
        "batch_archive",
        "owners",
        "owner",
        "properties",
        "property",
        "property_write",
        "property_groups",
        "associations",
        "association_read",
        "association_write",
        "association_labels",
        "pipelines",
        "schemas",
    ]
)
KINDS = SALESFORCE_KINDS | HUBSPOT_KINDS
"""What a call may be; the names under which calls are counted, too."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What one CRM's calls can be asked to suffer."""

    crm: str
    kinds: frozenset[str]
    names: frozenset[str]
    struck: Mapping[str, frozenset[str]]
    """The kinds of call that a fault can do something to, where it is not all of them."""


_ONLY_HUBSPOT = frozenset(
    {"burst_429", "daily_429", "http_502", "http_504", "migration_477", "index_lag", "partial_207"}
)
_ONLY_SALESFORCE = frozenset({"query_timeout", "bulk_job_failed", "precondition_lost"})
_LISTS = frozenset({"query", "query_more", "collections", "collection_read", "composite", "graph", "updated"})
_PAGES = frozenset({"list", "search", "owners", "associations", "association_read"})
_BATCHES = frozenset({"batch_read", "batch_create", "batch_update", "batch_upsert", "properties", "property_groups"})
_WRITES = frozenset({"create", "update", "batch_create", "batch_update", "batch_upsert"})

SALESFORCE = Vocabulary(
    "salesforce",
    SALESFORCE_KINDS,
    NAMES - _ONLY_HUBSPOT,
    {
        **dict.fromkeys(ROW, frozenset({"row_patch", "row_post", "row_delete", "collections", "bulk_ingest_close"})),
        "short_page": frozenset({"query", "query_more"}),
        "missing_rows": _LISTS,
        "reordered_rows": _LISTS,
        "bulk_job_failed": frozenset({"bulk_query_create", "bulk_ingest_close"}),
    },
)
HUBSPOT = Vocabulary(
    "hubspot",
    HUBSPOT_KINDS,
    NAMES - _ONLY_SALESFORCE,
    {
        **dict.fromkeys(ROW, _WRITES),
        "short_page": frozenset({"list", "search", "owners"}),
        "missing_rows": _PAGES | _BATCHES,
        "reordered_rows": _PAGES | _BATCHES,
        "lost_locator": _PAGES,
        "index_lag": frozenset({"search"}),
    },
)
EVERYTHING = Vocabulary(
    "the sandbox",
    KINDS,
    NAMES,
    {
        name: SALESFORCE.struck.get(name, SALESFORCE_KINDS) | HUBSPOT.struck.get(name, HUBSPOT_KINDS)
        for name in SALESFORCE.struck.keys() | HUBSPOT.struck.keys()
    },
)
"""For plans that are read before it is known which CRM they are for."""
