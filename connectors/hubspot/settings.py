"""How to reach a HubSpot account: address, credentials, version, limits. Checks what it is given; calls nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from connectors.origin import Origin
from connectors.transport import Patience

VERSION = re.compile(r"v3|20\d\d-(03|09)")


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A static bearer token: a service key, or an older private app's. It cannot be renewed."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """OAuth: an app's credentials and the refresh token that an administrator's consent brought."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)


Auth = AccessToken | RefreshToken


@dataclass(frozen=True, slots=True)
class HubSpotSettings:
    """One account. Raises ValueError, naming the value and the way out, when it cannot be right."""

    auth: Auth
    url: str = "https://api.hubapi.com"
    """http is allowed on loopback only."""
    api_version: str = "2026-09"
    """``v3`` for the older paths, or a dated version such as ``2026-09``, which obeys the account's own validation
    rules on writes. Of the versions there are, the latest is supported longest."""
    timeout_connect: float = 10.0
    timeout_read: float = 60.0
    call_share_org: float = 0.80
    """Stop when the account's day is used beyond this share."""
    call_share_run: float = 0.25
    """Share of the day's limit that one run may use, when ``calls_per_run`` does not name a number."""
    calls_per_run: int | None = None
    burst_share: float = 0.75
    """Share of the calls allowed in ten seconds; the rest is for whatever else uses the same app."""
    searches_per_second: int = 4
    """HubSpot allows five, over all of the app's searches."""
    overlap_minutes: int = 60
    """How far back each search looks again: its index runs behind the records."""
    patience: Patience = field(default_factory=Patience)

    def __post_init__(self) -> None:
        Origin(self.url)
        if not VERSION.fullmatch(self.api_version):
            raise ValueError(f"api_version {self.api_version!r} is neither v3 nor a dated one, such as 2026-09")
        for name in ("timeout_connect", "timeout_read"):
            if not 0 < getattr(self, name) <= 600:  # noqa: PLR2004 - longer than any call may take
                raise ValueError(f"{name} is {getattr(self, name)}: give seconds between 0 and 600")
        for name in ("call_share_org", "call_share_run", "burst_share"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}: give a share above 0 and up to 1")
        if self.overlap_minutes < 0 or self.searches_per_second < 1:
            raise ValueError("overlap_minutes must not be negative, and searches_per_second must be at least 1")
