"""The closed table of requests that the connector makes of Salesforce. Anything else is refused before it leaves."""

from __future__ import annotations

import re

from connectors.transport import Endpoint

DATA = r"/services/data/v\d+\.0"
ID = r"[A-Za-z0-9]{15,18}"

ENDPOINTS = tuple(
    Endpoint(kind, method, re.compile(path), reply, bearer)
    for kind, method, path, reply, bearer in (
        ("token", "POST", r"/services/oauth2/token", "application/json", False),
        ("describe", "GET", rf"{DATA}/sobjects/\w+/describe", "application/json", True),
        ("limits", "GET", rf"{DATA}/limits/?", "application/json", True),
        ("query", "GET", rf"{DATA}/query(All)?/?", "application/json", True),
        ("query more", "GET", rf"{DATA}/query(All)?/[^/]+", "application/json", True),
        ("row read", "GET", rf"{DATA}/sobjects/\w+/{ID}", "application/json", True),
        ("versions", "POST", rf"{DATA}/composite/graph", "application/json", True),
        ("owner write", "PATCH", rf"{DATA}/sobjects/\w+/{ID}", "", True),
        ("owner writes", "POST", rf"{DATA}/composite", "application/json", True),
        ("field writes", "PATCH", rf"{DATA}/composite/sobjects", "application/json", True),
        ("bulk job", "POST", rf"{DATA}/jobs/query", "application/json", True),
        ("bulk poll", "GET", rf"{DATA}/jobs/query/{ID}", "application/json", True),
        ("bulk results", "GET", rf"{DATA}/jobs/query/{ID}/results", "text/csv", True),
        ("bulk abort", "PATCH", rf"{DATA}/jobs/query/{ID}", "application/json", True),
        ("bulk delete", "DELETE", rf"{DATA}/jobs/query/{ID}", "", True),
    )
)
"""``versions`` posts only GET nodes, so it reads; ``owner writes`` posts only PATCH rows. The three kinds that change
records pass exactly once and are never given to ``Transport.read``."""
