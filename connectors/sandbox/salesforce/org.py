"""What one Salesforce org remembers between calls: the company, sessions, cursors, jobs, limits and call counts."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

from connectors.sandbox.faults import FaultPlan, read_faults
from connectors.sandbox.ids import record_id
from connectors.sandbox.words import SALESFORCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from threading import RLock

    from connectors.port import Value
    from connectors.sandbox.calls import Call
    from connectors.sandbox.company import Company
    from connectors.sandbox.effects import EffectLog
    from connectors.sandbox.faults import Fault
    from connectors.sandbox.salesforce.bulk_job import Job
    from connectors.sandbox.schema import Row
    from connectors.sandbox.seed import Seeding
    from connectors.sandbox.view import Clock

OLDEST_VERSION = 31
UNCOUNTED = frozenset({"token", "revoke", "userinfo", "identity", "versions", "soap", "not_found"})
"""Calls that Salesforce does not hold against the daily limit."""
SECRET = frozenset({"token", "revoke", "soap"})
"""Calls whose bodies hold credentials."""
MOST_HEARD = 5000
MOST_KEPT = 1 << 20
"""Bytes of a body that are kept for those who ask what was sent."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How this org is set up."""

    seed: int = 7
    daily_limit: int = 100_000
    jwt_key: str = ""
    """The PEM of the public key that signed assertions are checked against."""
    versions: tuple[str, ...] = ("64.0", "65.0", "66.0", "67.0")
    bulk_polls: int = 2
    """How often a bulk job is asked for before it says JobComplete."""


@dataclass(slots=True)
class Cursor:
    """A query's answer as it was when it was asked; its pages may be read in any order and more than once."""

    rows: list[Row]
    show: Callable[[Row], Mapping[str, object]]
    size: int
    """Rows in a page."""


@dataclass(slots=True)
class Sessions:
    """Access tokens. The first one of each user is a function of the seed; a new one comes when it has expired."""

    seed: int
    org: str
    by_token: dict[str, str] = field(default_factory=dict)
    current: dict[str, str] = field(default_factory=dict)
    issued: Counter[str] = field(default_factory=Counter)

    def token_for(self, user: str) -> str:
        """The user's valid token, a new one if there is none."""
        if user not in self.current:
            secret = hashlib.sha256(f"token {self.seed} {user} {self.issued[user]}".encode()).hexdigest()
            self.issued[user] += 1
            self.current[user] = f"{self.org[:15]}!AQ{secret}"
            self.by_token[self.current[user]] = user
        return self.current[user]

    def user_of(self, token: str) -> str | None:
        """Whose token it is; None if it is unknown or has expired."""
        return self.by_token.get(token)

    def expire(self, token: str) -> None:
        """The token is refused from now on."""
        user = self.by_token.pop(token, None)
        if user is not None and self.current.get(user) == token:
            del self.current[user]


class Org:
    """The emulated org."""

    crm: ClassVar[str] = "salesforce"

    def __init__(self, company: Company, settings: Settings, faults: FaultPlan | None = None) -> None:
        self.company, self.settings = company, settings
        self.faults = faults or FaultPlan(())
        self.sessions = Sessions(settings.seed, company.seeding.org)
        self.client_id = "3MVG9" + _digest(f"client id {settings.seed}")[:80]
        self.client_secret = _digest(f"client secret {settings.seed}").upper()
        self.refresh_token = "5Aep861" + _digest(f"refresh token {settings.seed}")
        self.cursors: dict[str, Cursor] = {}
        self.jobs: dict[str, Job] = {}
        self.calls: Counter[str] = Counter()
        self.used = 0
        """Calls held against the daily limit; a reset of the counts leaves it alone."""
        self.heard: deque[Call] = deque(maxlen=MOST_HEARD)
        """The latest calls, without their credentials."""
        self._numbers: Counter[str] = Counter()

    def hear(self, call: Call, kind: str) -> None:
        """Notes one call."""
        headers = {name: value for name, value in call.headers.items() if name != "authorization"}
        self.heard.append(
            replace(call, kind=kind, headers=headers, body=b"" if kind in SECRET else call.body[:MOST_KEPT])
        )
        self.calls[kind] += 1
        if kind not in UNCOUNTED:
            self.used += 1

    @property
    def over_limit(self) -> bool:
        """Whether the day's calls are spent."""
        return self.used > self.settings.daily_limit

    @property
    def usage(self) -> str:
        """The value of the Sforce-Limit-Info header."""
        return f"api-usage={self.used}/{self.settings.daily_limit}"

    # What the sandbox itself asks of a dialect

    @property
    def lock(self) -> RLock:
        """Held for as long as somebody needs one picture."""
        return self.company.lock

    @property
    def log(self) -> EffectLog:
        """What has really changed."""
        return self.company.log

    @property
    def seeding(self) -> Seeding:
        """The company on its first morning."""
        return self.company.seeding

    @property
    def clock(self) -> Clock:
        """The org's time."""
        return self.company.clock

    def credentials(self) -> dict[str, object]:
        """What a client needs to get in."""
        return {
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "access_token": self.app_token(),
            "refresh_token": self.refresh_token,
        }

    def app_token(self) -> str:
        """A valid token of the integration user."""
        return self.sessions.token_for(self.company.seeding.integration)

    def person_token(self, who: str) -> tuple[str, str]:
        """A valid token of a person, named by id, username or full name, and the user's id. Raises KeyError."""
        user = self.company.user_id(who)
        return self.sessions.token_for(user), user

    def expire_tokens(self) -> None:
        """Every token given out so far is refused from now on."""
        for token in list(self.sessions.by_token):
            self.sessions.expire(token)

    def edit(self, name: str, id_: str, actor: str, values: Mapping[str, Value]) -> bool:
        """A person changes a record. Raises KeyError."""
        return self.company.edit(name, id_, actor, **values)

    def plan(self, faults: Iterable[Mapping[str, object] | Fault]) -> FaultPlan:
        """A fault plan that this dialect can carry out. Raises FaultPlanError."""
        return read_faults(faults, words=SALESFORCE)

    def next_id(self, prefix: str) -> str:
        """A new id for something that is no record: a cursor or a job."""
        self._numbers[prefix] += 1
        return record_id(prefix, self._numbers[prefix])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
