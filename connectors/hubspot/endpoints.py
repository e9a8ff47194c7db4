"""The closed table of requests that the connector makes of HubSpot, and where each lies in a version. Pure."""

from __future__ import annotations

import re

from connectors.transport import JSON, Endpoint

DATED = r"20\d\d-(?:03|09)"
TYPE = r"[a-z]+"
LIBRARY_PATH = re.compile(r"/crm/v\d/(\w+)(/.*)?")


def _family(name: str, older: str = "v3") -> str:
    return rf"/crm/(?:{older}/{name}|{name}/{DATED})"


ENDPOINTS = tuple(
    Endpoint(kind, method, re.compile(path), JSON, bearer)
    for kind, method, path, bearer in (
        ("token", "POST", rf"/oauth/(?:v1|{DATED})/token", False),
        ("properties", "GET", rf"{_family('properties')}/{TYPE}", True),
        ("owners", "GET", rf"{_family('owners')}/?", True),
        ("list", "GET", rf"{_family('objects')}/{TYPE}", True),
        ("search", "POST", rf"{_family('objects')}/{TYPE}/search", True),
        ("read", "POST", rf"{_family('objects')}/{TYPE}/batch/read", True),
        ("associations", "POST", rf"{_family('associations', 'v4')}/{TYPE}/{TYPE}/batch/read", True),
        ("write", "POST", rf"{_family('objects')}/{TYPE}/batch/update", True),
    )
)
"""Only ``write`` changes records; it passes exactly once and is never given to ``Transport.read``."""


def versioned(path: str, version: str) -> str:
    """The client library's path in this version: it knows v3 and v4 only, a dated version stands elsewhere."""
    if not version.startswith("20"):
        return path
    if path == "/oauth/v1/token":
        return f"/oauth/{version}/token"
    found = LIBRARY_PATH.fullmatch(path)
    return f"/crm/{found[1]}/{version}{found[2] or ''}" if found else path
