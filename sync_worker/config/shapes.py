"""What each setting may be: the edge where text and TOML become typed values. Knows no file and no environment."""

from __future__ import annotations

import re
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from connectors.origin import LOOPBACK_HOSTS
from sync_worker.config.values import Config

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

_CRM_NAME = re.compile(r"([A-Za-z]\w*(\.[A-Za-z]\w*){0,4})?", re.ASCII)

SECRETS: Mapping[str, tuple[str, ...]] = {
    "salesforce": ("client_secret", "private_key", "access_token"),
    "store": ("url",),
}
"""Settings that come through ``NAME_file`` or ``NAME_env``. The store's URL may be plain while it has no password."""


def share(value: object) -> object:
    """A share of one: ``0.05`` or ``"5%"``."""
    if isinstance(value, str) and (match := re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", value)):
        value = float(match[1]) / 100 if match[2] else float(match[1])
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 1:
        raise ValueError(f'is {value * 100:g} %: write "{value:g}%" or {value / 100:g}')
    return value


def text(value: object) -> object:
    """Text; a number that lost its quotes is named as such."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f'is a number here: put it in quotes, "{value}"')  # noqa: TRY004 - pydantic collects ValueError
    return value


def words(value: object) -> object:
    """A list; text with commas is one too, for variables and flags."""
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def crm_url(value: object) -> object:
    """The org's address: https, or http on loopback only; without path, query or credentials."""
    if not isinstance(value, str):
        return value
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError('is no address: write it whole, like "https://acme.my.salesforce.com"')
    if parts.username or parts.password or parts.query or parts.fragment or parts.path not in {"", "/"}:
        raise ValueError("must be the scheme and the host alone: no path, query or credentials")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK_HOSTS:
        raise ValueError("is plain http, which is for a sandbox on this machine only (127.0.0.1): use https")
    if not _has_port(parts):
        raise ValueError("has a port that cannot be: it is a number from 1 to 65535, and https needs none")
    return value.rstrip("/")


def _has_port(parts: SplitResult) -> bool:
    """Whether the address names a port that can be, or leaves it to the scheme."""
    try:
        return parts.port != 0
    except ValueError:
        return False


def store_url(value: object) -> object:
    """A SQLite file or a PostgreSQL database."""
    if not isinstance(value, str):
        return value
    if value.startswith("sqlite:///") and value.removeprefix("sqlite:///").strip("/") not in {"", ":memory:"}:
        return value
    if value.startswith("postgresql+psycopg://"):
        return value
    if value.startswith(("postgresql://", "postgres://")):
        raise ValueError('needs its driver named: "postgresql+psycopg://…"')
    raise ValueError('must be "sqlite:///FILE" or "postgresql+psycopg://USER@HOST/NAME"')


def zone(value: object) -> object:
    """An IANA time zone."""
    if isinstance(value, str) and value != "UTC":
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError('is no time zone: write one like "Europe/Berlin" or "UTC"') from None
    return value


def time_of_day(value: object) -> object:
    """HH:MM, or empty for never."""
    if isinstance(value, str) and value and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError('is no time of day: write HH:MM like "05:30", or "" for never')
    return value


def version(value: object) -> object:
    """A Salesforce API version."""
    if isinstance(value, str) and not re.fullmatch(r"\d{2,3}\.0", value):
        raise ValueError('is no API version: write it like "66.0"')
    return value


def field_map(value: object) -> object:
    """Worker names, which rules can spell, to CRM field names; an empty one leaves a standard field out."""
    for name, crm_name in value.items() if isinstance(value, dict) else ():
        worker_name(name)
        if isinstance(crm_name, str) and not _CRM_NAME.fullmatch(crm_name):
            raise ValueError("is no CRM field name: write the field's API name, like Region__c")
    return value


def topic_map(value: object) -> object:
    """Topics to worker names."""
    for name, field in value.items() if isinstance(value, dict) else ():
        worker_name(name)
        worker_name(field)
    return value


def place(value: object) -> object:
    """A path; empty for none."""
    return None if value == "" else value


def worker_name(value: object) -> object:
    """A name that a rule can spell: small letters, digits and underscores; or nothing."""
    if isinstance(value, str) and value and not re.fullmatch(r"[a-z][a-z0-9_]*", value):
        raise ValueError(f"has '{value}', which rules cannot spell: use small letters, digits and underscores")
    return value


Text = Annotated[str, BeforeValidator(text)]
Words = Annotated[tuple[Text, ...], BeforeValidator(words)]
Share = Annotated[float, BeforeValidator(share), Field(ge=0, le=1, allow_inf_nan=False)]
PositiveShare = Annotated[float, BeforeValidator(share), Field(gt=0, le=1, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Days = Annotated[int, Field(ge=0, le=3660)]
Minutes = Annotated[int, Field(ge=1, le=1440)]
FieldMap = Annotated[dict[str, Text], BeforeValidator(field_map)]
WorkerName = Annotated[Text, BeforeValidator(worker_name)]
STREAMS = ("users", "accounts", "contacts", "leads", "opportunities", "activities")

_NARROWER: Mapping[str, object] = {
    "salesforce.url": Annotated[str, BeforeValidator(crm_url)],
    "salesforce.api_version": Annotated[Text, BeforeValidator(version)],
    "salesforce.timeout_connect": Seconds,
    "salesforce.timeout_read": Seconds,
    "salesforce.call_share_org": PositiveShare,
    "salesforce.call_share_run": PositiveShare,
    "salesforce.bulk_threshold": Count,
    "salesforce.overlap_minutes": Annotated[int, Field(ge=0, le=1440)],
    "store.url": Annotated[str, BeforeValidator(store_url)],
    **{f"fields.{stream}": FieldMap for stream in STREAMS},
    **{f"fields.{key}": WorkerName for key in ("score", "tier", "reasons", "do_not_move")},
    "activities.touches": Words,
    "activities.engagement": Words,
    "intent.topics": Annotated[dict[str, Text], BeforeValidator(topic_map)],
    "intent.observed": WorkerName,
    "intent.time_to_live_days": Annotated[int, Field(ge=1, le=3660)],
    "schedule.time_zone": Annotated[str, BeforeValidator(zone)],
    "schedule.daily": Annotated[str, BeforeValidator(time_of_day)],
    "schedule.pull_every_minutes": Minutes,
    "schedule.apply_every_minutes": Minutes,
    "guards.owner_moves": Share,
    "guards.owner_moves_most": Count,
    "guards.owner_moves_floor": Count,
    "guards.rep_moves": Share,
    "guards.rep_moves_most": Count,
    "guards.rep_moves_floor": Count,
    "guards.rule_growth": Annotated[float, Field(gt=1, le=1000, allow_inf_nan=False)],
    "guards.fewer_rows": Share,
    "apply.plan_lives_hours": Annotated[int, Field(ge=1, le=168)],
    "apply.hold_days": Days,
    "apply.score_step": Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)],
    "apply.settle_seconds": Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)],
    "audit.checkpoint": Annotated[Path | None, BeforeValidator(place)],
    "server.port": Annotated[int, Field(ge=0, le=65535)],
}
"""Shapes narrower than the value's own type."""


@cache
def sections() -> Mapping[str, type]:
    """Section name → its value class."""
    kinds = {name: kind for name, kind in get_type_hints(Config).items() if name != "digest"}
    return {name: next(iter(get_args(kind)), kind) for name, kind in kinds.items()}


@cache
def keys(section: str) -> Mapping[str, Any]:
    """Key → type of one section, under the names of the value class."""
    hints = get_type_hints(sections()[section])
    return {field.name: hints[field.name] for field in fields(sections()[section])}


@cache
def spelled(section: str) -> tuple[str, ...]:
    """The keys as a person writes them: a secret only through ``_file`` and ``_env``."""
    secret = SECRETS.get(section, ())
    plain = [key for key in keys(section) if key not in secret or section == "store"]
    return (*plain, *(f"{key}_{way}" for key in secret for way in ("file", "env")))


def is_map(section: str, key: str) -> bool:
    """True for settings that are tables of their own, merged key by key."""
    return "Mapping" in str(keys(section).get(key, ""))


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
