"""Every setting as a frozen value with its default. No I/O. The loader takes names and types from here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

CRMS = ("salesforce", "hubspot")
"""The CRMs that there are connectors for, by the names of their sections, in the order in which they are worked."""
STREAMS = ("users", "accounts", "contacts", "leads", "opportunities", "activities")

FieldName = str | Mapping[str, str]
"""A CRM field's name: the same in every CRM, or by CRM."""


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """Where the worker remembers."""

    url: str = field(default="sqlite:///sync-worker.db", repr=False)
    """An SQLAlchemy URL: ``sqlite:///FILE`` or ``postgresql+psycopg://…``; one with a password is never printed."""


@dataclass(frozen=True, slots=True)
class SalesforceConfig:
    """How to reach the org. Secrets are read at start and never printed."""

    url: str
    api_version: str = "66.0"
    auth: Literal["client_credentials", "jwt", "token"] = "client_credentials"
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    username: str = ""
    private_key: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    timeout_connect: float = 10.0
    timeout_read: float = 120.0
    call_share_org: float = 0.80
    call_share_run: float = 0.25
    composite_owner_writes: bool = False
    bulk_threshold: int = 20_000
    overlap_minutes: int = 15


@dataclass(frozen=True, slots=True)
class HubSpotConfig:
    """How to reach the HubSpot account. Secrets are read at start and never printed."""

    url: str = "https://api.hubapi.com"
    api_version: str = "2026-09"
    auth: Literal["token", "oauth"] = "token"
    access_token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    timeout_connect: float = 10.0
    timeout_read: float = 60.0
    call_share_org: float = 0.80
    call_share_run: float = 0.25
    calls_per_run: int = 0
    """How many calls one run may make, instead of ``call_share_run``; 0: that share."""
    burst_share: float = 0.75
    """Share of the calls that HubSpot allows in ten seconds; the rest is for whatever else uses the same app."""
    overlap_minutes: int = 60
    settle_seconds: float = 5.0
    """How long to wait between a write and the look into the property history that verifies it (I2)."""


@dataclass(frozen=True, slots=True)
class HomeConfig:
    """Which CRM decides on an account that both have; only read where the config names two."""

    crm: str = ""
    """The home of every such account, unless ``field`` says otherwise; required with two CRMs."""
    field: str = ""
    """Account field (worker name) that names the home of this one account: ``salesforce`` or ``hubspot``."""
    link: str = ""
    """Account field (worker name) in which one CRM holds the other one's record id."""
    by_domain: bool = True
    """Whether accounts with the same registered domain are the same account."""


@dataclass(frozen=True, slots=True)
class SignalsConfig:
    """Intent and firmographics that come as files."""

    folder: Path | None = None
    """Where the files are dropped, CSV and JSONL. None: there are none."""
    precedence: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Account field → sources, the strongest first: CRMs by name, files by their source. What is not named comes last:
    the account's home, the other CRM, then files by source name."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Account fields that only files have: name → type (text, number, yes/no, date)."""
    topics: Mapping[str, str] = field(default_factory=dict)
    """A vendor's topic → the topic that rules name. Others are taken in small letters with underscores."""
    combine: Literal["highest", "average", "latest"] = "highest"
    """What counts when several sources have a live signal of one topic for one account."""


@dataclass(frozen=True, slots=True)
class MatchingConfig:
    """How leads, and lines of files that name a company, find their account where ids and sites say nothing."""

    auto: float | None = None
    """From which likeness of names on (0 to 1) an account is taken without asking. None: a person confirms each."""
    review: float = 0.75
    """From which likeness on a person is asked; below it is no match."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Another name or site of a company → the account that is meant: its id, its site or its name."""


@dataclass(frozen=True, slots=True)
class FieldsConfig:
    """Worker field name → CRM field name, by stream; added to the connectors' own defaults.

    With two CRMs a name may differ: then it is a mapping from CRM to field name, and a CRM that it leaves out has none.
    """

    users: Mapping[str, FieldName] = field(default_factory=dict)
    accounts: Mapping[str, FieldName] = field(default_factory=dict)
    contacts: Mapping[str, FieldName] = field(default_factory=dict)
    leads: Mapping[str, FieldName] = field(default_factory=dict)
    opportunities: Mapping[str, FieldName] = field(default_factory=dict)
    activities: Mapping[str, FieldName] = field(default_factory=dict)
    score: str = ""
    """Account field (worker name) that takes the score; empty: not written. With those of ``tier``, ``reasons`` and
    ``models`` the only fields besides the owner that the worker may ever write (I8)."""
    tier: str = ""
    reasons: str = ""
    models: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """A further score's or grid's id → which account field takes its ``score``, ``tier`` and ``reasons``."""
    do_not_move: str = ""
    """Account field (worker name) that reps tick to keep the worker away; always honoured."""
    claim: str = ""
    """Account field (worker name) where reps write who wants an account of the pool; never written by the worker."""

    def own(self, crm: str) -> Mapping[str, Mapping[str, str]]:
        """Stream → worker field name → field name, as this CRM's connector takes them.

        Empty for what a table by CRM leaves out: that leaves a standard field out as well.
        """
        return {
            stream: {
                name: said if isinstance(said, str) else said.get(crm, "")
                for name, said in getattr(self, stream).items()
            }
            for stream in STREAMS
        }

    @property
    def written(self) -> Mapping[str, str]:
        """The setting → the account field that it names, for those besides the owner that are written; none empty."""
        said = {"score": self.score, "tier": self.tier, "reasons": self.reasons}
        said |= {f"models.{model}.{key}": name for model, own in self.models.items() for key, name in own.items()}
        return {key: name for key, name in said.items() if name}


@dataclass(frozen=True, slots=True)
class ActivitiesConfig:
    """Which kinds of activity count as what. What reps did is a touch, what buyers did is engagement."""

    touches: tuple[str, ...] = ("call", "email", "meeting", "task")
    engagement: tuple[str, ...] = ("meeting", "web_form", "reply", "webinar")


@dataclass(frozen=True, slots=True)
class IntentConfig:
    """Intent that the CRM holds: topic → account field (worker name) with a score from 0 to 100."""

    topics: Mapping[str, str] = field(default_factory=dict)
    observed: str = ""
    """Account field (worker name) with the date of the signals; empty: they never grow old."""
    time_to_live_days: int = 28


@dataclass(frozen=True, slots=True)
class RulesConfig:
    """Where the rule files are."""

    folder: Path = Path("rules")
    score: str = "priority"
    """The score that is written to the CRM and ranks what no book ranks."""


@dataclass(frozen=True, slots=True)
class PoolConfig:
    """Who owns the accounts that nobody works."""

    user: str = ""
    """Username or e-mail address of the pool user; required."""


@dataclass(frozen=True, slots=True)
class ScheduleConfig:
    """When the daemon works. Times are local to ``time_zone``."""

    time_zone: str = "UTC"
    daily: str = "05:30"
    """The cycle that plans (and applies, where the policy says so); HH:MM, or empty for never."""
    pull_every_minutes: int = 60
    apply_every_minutes: int = 5
    """How soon an approved plan is applied."""


@dataclass(frozen=True, slots=True)
class GuardsConfig:
    """The blast radius of one plan (I7). Shares are of accounts in scope, or of one rep's book."""

    owner_moves: float = 0.05
    owner_moves_most: int = 500
    owner_moves_floor: int = 10
    rep_moves: float = 0.20
    rep_moves_most: int = 50
    rep_moves_floor: int = 10
    rule_growth: float = 3.0
    ping_pong_days: int = 90
    ping_pong_most: int = 10
    """A plan that gives more accounts back to an owner who had them within ``ping_pong_days`` is held."""
    fewer_rows: float = 0.05
    """A full pull with this share fewer rows than the last one stops the run before it plans (I14)."""


@dataclass(frozen=True, slots=True)
class ApplyConfig:
    """Who lets a plan be written, and how."""

    policy: Literal["approve", "automatic"] = "approve"
    plan_lives_hours: int = 24
    hold_days: int = 30
    """How long the worker stays away from an account whose owner somebody else changed (I12)."""
    score_step: float = 5.0
    """A score alone is written when it has moved by this much; a new tier or other reasons always are."""
    settle_seconds: float = 0.0
    """How long to wait between a confirmed write and its verification."""


@dataclass(frozen=True, slots=True)
class AuditConfig:
    """How the audit log is kept honest."""

    checkpoint: Path | None = None
    """A file, best on another volume, that remembers how far the log had come: so that a log that was cut off, or a
    store restored from an old backup, is noticed. None: there is none."""


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """Where ``run`` answers /healthz, /readyz and /metrics."""

    host: str = "127.0.0.1"
    port: int = 8321
    """0 takes any free port; the log says which."""


@dataclass(frozen=True, slots=True)
class LogConfig:
    """How the log looks. It goes to stderr."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"


@dataclass(frozen=True, slots=True)
class Config:
    """All settings. ``digest`` is a SHA-256 over every setting that can change a plan; secrets are not in it.

    At least one CRM has a section.
    """

    salesforce: SalesforceConfig | None = None
    hubspot: HubSpotConfig | None = None
    home: HomeConfig = field(default_factory=HomeConfig)
    store: StoreConfig = field(default_factory=StoreConfig)
    fields: FieldsConfig = field(default_factory=FieldsConfig)
    activities: ActivitiesConfig = field(default_factory=ActivitiesConfig)
    intent: IntentConfig = field(default_factory=IntentConfig)
    signals: SignalsConfig = field(default_factory=SignalsConfig)
    matching: MatchingConfig = field(default_factory=MatchingConfig)
    rules: RulesConfig = field(default_factory=RulesConfig)
    pool: PoolConfig = field(default_factory=PoolConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    guards: GuardsConfig = field(default_factory=GuardsConfig)
    apply: ApplyConfig = field(default_factory=ApplyConfig)
    audit: AuditConfig = field(default_factory=AuditConfig)
    server: ServerConfig = field(default_factory=ServerConfig)
    log: LogConfig = field(default_factory=LogConfig)
    digest: str = ""
    secret_files: tuple[Path, ...] = ()
    """The files that secrets were read from."""

    @property
    def crms(self) -> tuple[str, ...]:
        """The names of the CRMs that have a section, in the order of ``CRMS``."""
        return tuple(crm for crm in CRMS if getattr(self, crm) is not None)

    def section(self, crm: str) -> SalesforceConfig | HubSpotConfig:
        """How to reach one of ``crms``."""
        found: SalesforceConfig | HubSpotConfig = getattr(self, crm)
        return found
