"""What each setting may be: the edge where text and TOML become typed values. Knows no file and no environment."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_type_hints

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from sync_worker.config import checks
from sync_worker.config.values import CRMS, STREAMS, Config

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRETS: Mapping[str, tuple[str, ...]] = {
    "salesforce": ("client_secret", "private_key", "access_token"),
    "hubspot": ("access_token", "client_secret", "refresh_token"),
    "store": ("url",),
}
"""Settings that come through ``NAME_file`` or ``NAME_env``. The store's URL may be plain while it has no password."""


Text = Annotated[str, BeforeValidator(checks.text)]
Words = Annotated[tuple[Text, ...], BeforeValidator(checks.words)]
Share = Annotated[float, BeforeValidator(checks.share), Field(ge=0, le=1, allow_inf_nan=False)]
PositiveShare = Annotated[float, BeforeValidator(checks.share), Field(gt=0, le=1, allow_inf_nan=False)]
Wait = Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)]
"""Seconds for one call: no CRM lets one last longer than ten minutes."""
Pause = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Days = Annotated[int, Field(ge=0, le=3660)]
Minutes = Annotated[int, Field(ge=1, le=1440)]
Overlap = Annotated[int, Field(ge=0, le=1440)]
FieldMap = Annotated[dict[str, Text | dict[str, Text]], BeforeValidator(checks.field_map)]
FileFields = Annotated[dict[str, Literal["text", "number", "yes/no", "date"]], BeforeValidator(checks.file_fields)]
Precedence = dict[str, Annotated[tuple[Text, ...], BeforeValidator(checks.sources)]]
WorkerName = Annotated[Text, BeforeValidator(checks.worker_name)]

_NARROWER: Mapping[str, object] = {
    "salesforce.url": Annotated[str, BeforeValidator(checks.crm_url)],
    "salesforce.api_version": Annotated[Text, BeforeValidator(checks.version)],
    "salesforce.bulk_threshold": Count,
    "hubspot.url": Annotated[str, BeforeValidator(checks.crm_url)],
    "hubspot.api_version": Annotated[Text, BeforeValidator(checks.hubspot_version)],
    "hubspot.calls_per_run": Count,
    "hubspot.burst_share": PositiveShare,
    "hubspot.settle_seconds": Pause,
    **{f"{crm}.{key}": Wait for crm in CRMS for key in ("timeout_connect", "timeout_read")},
    **{f"{crm}.{key}": PositiveShare for crm in CRMS for key in ("call_share_org", "call_share_run")},
    **{f"{crm}.overlap_minutes": Overlap for crm in CRMS},
    "home.crm": Annotated[Text, BeforeValidator(checks.crm_name)],
    "home.field": WorkerName,
    "home.link": WorkerName,
    "store.url": Annotated[str, BeforeValidator(checks.store_url)],
    **{f"fields.{stream}": FieldMap for stream in STREAMS},
    "fields.models": Annotated[dict[str, dict[str, Text]], BeforeValidator(checks.models)],
    **{f"fields.{key}": WorkerName for key in ("score", "tier", "reasons", "do_not_move", "claim")},
    "activities.touches": Words,
    "activities.engagement": Words,
    "intent.topics": Annotated[dict[str, Text], BeforeValidator(checks.topic_map)],
    "intent.observed": WorkerName,
    "intent.time_to_live_days": Annotated[int, Field(ge=1, le=3660)],
    "signals.folder": Annotated[Path | None, BeforeValidator(checks.place)],
    "signals.precedence": Precedence,
    "signals.fields": FileFields,
    "signals.topics": Annotated[dict[str, Text], BeforeValidator(checks.vendor_topics)],
    "matching.auto": Annotated[
        Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None, BeforeValidator(checks.share_or_none)
    ],
    "matching.review": PositiveShare,
    "matching.aliases": Annotated[dict[str, Text], BeforeValidator(checks.aliases)],
    "schedule.time_zone": Annotated[str, BeforeValidator(checks.zone)],
    "schedule.daily": Annotated[str, BeforeValidator(checks.time_of_day)],
    "schedule.pull_every_minutes": Minutes,
    "schedule.apply_every_minutes": Minutes,
    "guards.owner_moves": Share,
    "guards.owner_moves_most": Count,
    "guards.owner_moves_floor": Count,
    "guards.rep_moves": Share,
    "guards.rep_moves_most": Count,
    "guards.rep_moves_floor": Count,
    "guards.rule_growth": Annotated[float, Field(gt=1, le=1000, allow_inf_nan=False)],
    "guards.ping_pong_days": Annotated[int, Field(ge=1, le=3660)],
    "guards.ping_pong_most": Count,
    "guards.fewer_rows": Share,
    "apply.plan_lives_hours": Annotated[int, Field(ge=1, le=168)],
    "apply.hold_days": Days,
    "apply.score_step": Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)],
    "apply.settle_seconds": Pause,
    "audit.checkpoint": Annotated[Path | None, BeforeValidator(checks.place)],
    "server.port": Annotated[int, Field(ge=0, le=65535)],
}
"""Shapes narrower than the value's own type."""


@cache
def sections() -> Mapping[str, type]:
    """Section name → its value class."""
    kinds = {name: next(iter(get_args(kind)), kind) for name, kind in get_type_hints(Config).items()}
    return {name: kind for name, kind in kinds.items() if isinstance(kind, type) and is_dataclass(kind)}


@cache
def keys(section: str) -> Mapping[str, Any]:
    """Key → type of one section, under the names of the value class."""
    hints = get_type_hints(sections()[section])
    return {field.name: hints[field.name] for field in fields(sections()[section])}


def default(section: str, key: str) -> Any:  # noqa: ANN401 - as many types as there are settings
    """What holds where nobody says anything."""
    [found] = [field.default for field in fields(sections()[section]) if field.name == key]
    return found


@cache
def spelled(section: str) -> tuple[str, ...]:
    """The keys as a person writes them: a secret only through ``_file`` and ``_env``."""
    secret = SECRETS.get(section, ())
    plain = [key for key in keys(section) if key not in secret or section == "store"]
    return (*plain, *(f"{key}_{way}" for key in secret for way in ("file", "env")))


def is_map(section: str, key: str) -> bool:
    """True for settings that are tables of their own, merged key by key."""
    return "Mapping" in str(keys(section).get(key, ""))


def by_crm(section: str, key: str) -> bool:
    """True for maps whose values may differ from CRM to CRM."""
    return section == "fields" and key in STREAMS


def of_tables(section: str, key: str) -> bool:
    """True for maps whose values may be tables."""
    return by_crm(section, key) or (section, key) == ("fields", "models")


def shaped(section: str, key: str, value: object) -> Any:  # noqa: ANN401 - as many types as there are settings
    """The value as its setting's type. Raises ValueError with what is wrong with it."""
    try:
        return _adapter(section, key).validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(_plain(first["msg"])) from None


@cache
def _adapter(section: str, key: str) -> TypeAdapter[Any]:
    shape: Any = _NARROWER.get(f"{section}.{key}") or keys(section).get(key, str)
    return TypeAdapter(shape)


def _plain(message: str) -> str:
    message = message.replace("Input is not a valid path for <class 'pathlib.Path'>", "should be a path, in quotes")
    return message.removeprefix("Value error, ").replace("Input should be", "should be", 1)
