"""How to reach an org: address, credentials, limits. Checks what it is given; calls nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from connectors.origin import Origin
from connectors.transport import Patience

OLDEST_VERSION = 50
"""The first API version whose composite graphs, Bulk 2.0 queries and conditional Account rows are all there."""
SHARED_LOGIN_HOSTS = frozenset({"login.salesforce.com", "test.salesforce.com"})


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """OAuth client credentials: the app acts as its configured run-as user."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class JwtBearer:
    """OAuth JWT bearer: a signed assertion for one pre-authorised user. ``private_key`` is PEM text."""

    client_id: str
    username: str
    private_key: str = field(repr=False)
    audience: str = ""
    """Empty: login.salesforce.com, test.salesforce.com for a sandbox org, the url itself on loopback."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A ready access token, for trials; it cannot be renewed."""

    token: str = field(repr=False)


Auth = ClientCredentials | JwtBearer | AccessToken


@dataclass(frozen=True, slots=True)
class SalesforceSettings:
    """One org. Raises ValueError, naming the value and the way out, when it cannot be right."""

    url: str
    """The org's own address, ``https://acme.my.salesforce.com``; http is allowed on loopback only."""
    auth: Auth
    api_version: str = "66.0"
    timeout_connect: float = 10.0
    timeout_read: float = 120.0
    call_share_org: float = 0.80
    """Stop when the org's rolling day is used beyond this share."""
    call_share_run: float = 0.25
    """Share of the org's limit that one run may use, when ``calls_per_run`` does not name a number."""
    calls_per_run: int | None = None
    composite_owner_writes: bool = False
    bulk_threshold: int = 20_000
    """Rows from which a full pull uses Bulk 2.0. A REST page holds 2,000 rows, so 20,000 rows cost 10 calls, about
    what a Bulk job costs in creating, polling, fetching and deleting; and REST answers at once while a job queues for
    minutes. Salesforce's own advice of 2,000 is about writes and throughput, not about calls."""
    overlap_minutes: int = 15
    patience: Patience = field(default_factory=Patience)

    def __post_init__(self) -> None:
        origin = Origin(self.url)
        if origin.host in SHARED_LOGIN_HOSTS:
            raise ValueError(
                f"{self.url!r} is the shared login page: use the org's My Domain, https://….my.salesforce.com"
            )
        if not re.fullmatch(r"\d{2,3}\.0", self.api_version) or float(self.api_version) < OLDEST_VERSION:
            raise ValueError(f"api_version {self.api_version!r} is not one from {OLDEST_VERSION}.0 on, such as 66.0")
        for name in ("timeout_connect", "timeout_read"):
            if not 0 < getattr(self, name) <= 600:  # noqa: PLR2004 - Salesforce ends every call after ten minutes
                raise ValueError(f"{name} is {getattr(self, name)}: give seconds between 0 and 600")
        for name in ("call_share_org", "call_share_run"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}: give a share above 0 and up to 1")
        if self.overlap_minutes < 0 or self.bulk_threshold < 1:
            raise ValueError("overlap_minutes must not be negative, and bulk_threshold must be at least 1")
