"""What one HubSpot account remembers between calls: the portal, tokens, limits, and call counts."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter, deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from connectors.sandbox.faults import FaultPlan, read_faults
from connectors.sandbox.hubspot.portal import INTEGRATION
from connectors.sandbox.words import HUBSPOT

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping
    from threading import RLock

    from connectors.port import Value
    from connectors.sandbox.calls import Call
    from connectors.sandbox.effects import EffectLog
    from connectors.sandbox.faults import Fault
    from connectors.sandbox.hubspot.portal import Portal
    from connectors.sandbox.hubspot.records import Record
    from connectors.sandbox.seed import Seeding
    from connectors.sandbox.view import Clock

MOST_HEARD = 5000
SECRET = frozenset({"token", "token_info", "revoke"})
"""Calls that hold credentials."""
UNCOUNTED = frozenset({"token", "token_info", "revoke", "not_found"})
"""Calls that HubSpot does not hold against its limits."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How this account is set up."""

    seed: int = 7
    daily_limit: int = 650_000
    burst_limit: int = 190
    """Calls in any ten seconds."""
    search_limit: int = 5
    """Searches in any second, over all object types."""
    search_lag: float = 5.0
    """Seconds until a search sees a change."""
    search_results: int = 10_000
    """How many results of one search may be seen."""
    token_seconds: int = 1800
    """How long an OAuth token lives."""
    hub_id: int = 24_680_135
    association_page: int = 500
    """Associations in one page of one record."""


class Window:
    """The calls of the last few seconds."""

    def __init__(self, seconds: float, most: int) -> None:
        self._length, self.most = timedelta(seconds=seconds), most
        self._calls: deque[datetime] = deque()

    def left(self, now: datetime) -> int:
        """How many more calls there may be."""
        while self._calls and not now - self._length < self._calls[0] <= now:
            self._calls.popleft()
        return max(0, self.most - len(self._calls))

    def take(self, now: datetime) -> None:
        """Notes a call."""
        self._calls.append(now)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows: whom its calls come from, and until when; a key without an end has no end."""

    actor: str
    ends: datetime | None = None


class Tokens:
    """The app's own key, and the tokens of OAuth. All are functions of the seed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.by_token: dict[str, Grant] = {}
        self._expired: dict[str, datetime] = {}
        self._issued: Counter[str] = Counter()
        self._key = ""

    def key(self) -> str:
        """The app's key: a new one after the last was withdrawn."""
        if self._key not in self.by_token:
            self._key = f"pat-na1-{uuid.UUID(bytes=self._secret('key')[:16])}"
            self.by_token[self._key] = Grant(INTEGRATION)
        return self._key

    def issue(self, actor: str, now: datetime) -> str:
        """A new OAuth token for the app, or for a person by the owner's id."""
        token = f"C{self._secret(actor).hex()}"
        self.by_token[token] = Grant(actor, now + timedelta(seconds=self._settings.token_seconds))
        return token

    def grant(self, token: str, now: datetime) -> Grant | None:
        """What the token allows; None if it is unknown or has expired."""
        found = self.by_token.get(token)
        if found is not None and found.ends is not None and found.ends <= now:
            self.expire(token, found.ends)
            return None
        return found

    def expired_at(self, token: str) -> datetime | None:
        """When the token ended; None if it was never any."""
        return self._expired.get(token)

    def expire(self, token: str, when: datetime) -> None:
        """The token is refused from now on."""
        if self.by_token.pop(token, None) is not None:
            self._expired[token] = when

    def _secret(self, purpose: str) -> bytes:
        self._issued[purpose] += 1
        return hashlib.sha256(f"hubspot {purpose} {self._settings.seed} {self._issued[purpose]}".encode()).digest()


class Hub:
    """The emulated account."""

    crm: ClassVar[str] = "hubspot"

    def __init__(self, portal: Portal, settings: Settings, faults: FaultPlan | None = None) -> None:
        self.portal, self.settings = portal, settings
        self.faults = faults or FaultPlan(())
        self.tokens = Tokens(settings)
        self.client_id = str(_uuid(f"client id {settings.seed}"))
        self.client_secret = str(_uuid(f"client secret {settings.seed}"))
        self.refresh_token = f"na1-{_uuid(f'refresh token {settings.seed}')}"
        self.burst = Window(10, settings.burst_limit)
        self.searches = Window(1, settings.search_limit)
        self.calls: Counter[str] = Counter()
        self.found: dict[Hashable, list[Record]] = {}
        """Results of the latest searches, in their order: later pages are cut from them."""
        self._used = 0
        self._day = portal.clock.now().date()
        self.heard: deque[Call] = deque(maxlen=MOST_HEARD)
        """The latest calls, without their credentials."""

    def hear(self, call: Call, kind: str) -> None:
        """Notes one call."""
        headers = {name: value for name, value in call.headers.items() if name != "authorization"}
        secret = kind in SECRET
        noted = replace(call, kind=kind, headers=headers, body=b"" if secret else call.body)
        self.heard.append(replace(noted, path="/oauth", pairs=(), query={}) if secret else noted)
        self.calls[kind] += 1

    @property
    def used(self) -> int:
        """Calls of the day, which ends at midnight, UTC; a reset of the counts leaves it alone."""
        today = self.portal.clock.now().date()
        if today != self._day:
            self._used, self._day = 0, today
        return self._used

    def spend(self, *, searching: bool) -> str:
        """Holds a call against the limits, or names the limit that is spent; then it does not count."""
        now = self.portal.clock.now()
        if self.used >= self.settings.daily_limit:
            return "daily"
        if not self.burst.left(now):
            return "ten_secondly_rolling"
        if searching and not self.searches.left(now):
            return "secondly"
        self._used += 1
        self.burst.take(now)
        if searching:
            self.searches.take(now)
        return ""

    # What the sandbox itself asks of a dialect

    @property
    def lock(self) -> RLock:
        """Held for as long as somebody needs one picture."""
        return self.portal.lock

    @property
    def log(self) -> EffectLog:
        """What has really changed."""
        return self.portal.log

    @property
    def seeding(self) -> Seeding:
        """The company on its first morning."""
        return self.portal.seeding

    @property
    def clock(self) -> Clock:
        """The account's time."""
        return self.portal.clock

    def credentials(self) -> dict[str, object]:
        """What a client needs to get in."""
        return {
            "access_token": self.tokens.key(),
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "refresh_token": self.refresh_token,
            "hub_id": self.settings.hub_id,
        }

    def app_token(self) -> str:
        """A valid token of the app."""
        return self.tokens.key()

    def person_token(self, who: str) -> tuple[str, str]:
        """A valid token of a person, and the owner's id. Raises KeyError."""
        owner = self.portal.owner_named(who)
        return self.tokens.issue(owner.id, self.portal.clock.now()), owner.id

    def expire_tokens(self) -> None:
        """Every token given out so far is refused from now on."""
        for token in list(self.tokens.by_token):
            self.tokens.expire(token, self.portal.clock.now())

    def edit(self, name: str, id_: str, actor: str, values: Mapping[str, Value]) -> bool:
        """A person changes a record. Raises KeyError."""
        return self.portal.edit(name, id_, actor, **values)

    def plan(self, faults: Iterable[Mapping[str, object] | Fault]) -> FaultPlan:
        """A fault plan that this dialect can carry out. Raises FaultPlanError."""
        return read_faults(faults, words=HUBSPOT)


def _uuid(text: str) -> uuid.UUID:
    return uuid.UUID(bytes=hashlib.sha256(f"hubspot {text}".encode()).digest()[:16])
