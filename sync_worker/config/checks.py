"""What one value may say, before its type is looked at. Each raises ValueError with what is wrong and the way out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from connectors.origin import LOOPBACK_HOSTS
from sync_worker.config.problems import nearest
from sync_worker.config.values import CRMS

if TYPE_CHECKING:
    from urllib.parse import SplitResult

MODEL_KEYS = ("score", "tier", "reasons")
"""What of a score is written."""
_CRM_FIELD = re.compile(r"([A-Za-z]\w*([.+][A-Za-z]\w*){0,4})?", re.ASCII)
"""A field, one of a parent record behind a dot, two as one text with a plus; or nothing."""


def share(value: object) -> object:
    """A share of one: ``0.05`` or ``"5%"``."""
    if isinstance(value, str) and (match := re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", value)):
        value = float(match[1]) / 100 if match[2] else float(match[1])
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 1:
        raise ValueError(f'is {value * 100:g} %: write "{value:g}%" or {value / 100:g}')
    return value


def share_or_none(value: object) -> object:
    """A share of one; empty for none."""
    return None if value == "" else share(value)


def text(value: object) -> object:
    """Text; a number that lost its quotes is named as such."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f'is a number here: put it in quotes, "{value}"')  # noqa: TRY004 - pydantic collects ValueError
    return value


def words(value: object) -> object:
    """A list; text with commas is one too, for variables and flags."""
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def crm_url(value: object) -> object:
    """A CRM's address: https, or http on loopback only; without path, query or credentials."""
    if not isinstance(value, str):
        return value
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(
            'is no address: write it whole, like "https://acme.my.salesforce.com" or "https://api.hubapi.com"'
        )
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


def hubspot_version(value: object) -> object:
    """A HubSpot API version."""
    if isinstance(value, str) and not re.fullmatch(r"v3|20\d\d-(03|09)", value):
        raise ValueError('is no API version: write "v3", or a dated one like "2026-09"')
    return value


def crm_name(value: object) -> object:
    """One of the CRMs; empty for none."""
    if isinstance(value, str) and value and value not in CRMS:
        raise ValueError(f"is no CRM that the worker knows: {nearest(value, CRMS)}")
    return value


def field_map(value: object) -> object:
    """Worker names, which rules can spell, to CRM field names; an empty one leaves a standard field out."""
    for name, said in value.items() if isinstance(value, dict) else ():
        worker_name(name)
        if said == {}:
            raise ValueError('names no field: write one for each CRM that has it, like { hubspot = "region" }')
        for crm_field in said.values() if isinstance(said, dict) else (said,):
            if isinstance(text(crm_field), str) and not _CRM_FIELD.fullmatch(crm_field):
                raise ValueError("is no CRM field name: write the field's API name, like Region__c or region")
    return value


def topic_map(value: object) -> object:
    """Topics to worker names."""
    for name, field in value.items() if isinstance(value, dict) else ():
        worker_name(name)
        worker_name(field)
    return value


def models(value: object) -> object:
    """What takes a further score's number, tier and reasons, by the score's id."""
    for own in value.values() if isinstance(value, dict) else ():
        if not isinstance(own, dict) or not own:
            raise ValueError('names no fields: write a table like { score = "…", tier = "…", reasons = "…" }')
        for key, name in own.items():
            if key not in MODEL_KEYS:
                raise ValueError(f"has '{key}', which takes nothing: {nearest(key, MODEL_KEYS)}")
            worker_name(text(name))
    return value


def vendor_topics(value: object) -> object:
    """Topics as a vendor spells them to topics as rules do."""
    for topic in value.values() if isinstance(value, dict) else ():
        if topic == "":
            raise ValueError("names no topic: write one of [intent.topics]")
        worker_name(topic)
    return value


def aliases(value: object) -> object:
    """Another name or site of a company to the account that is meant."""
    for alias, account in value.items() if isinstance(value, dict) else ():
        if not alias.strip() or (isinstance(account, str) and not account.strip()):
            raise ValueError("names nobody: write a company's other name, and the account's id, site or name")
    return value


def file_fields(value: object) -> object:
    """Names that rules can spell to types."""
    for name in value if isinstance(value, dict) else ():
        worker_name(name)
    return value


def sources(value: object) -> object:
    """A list of sources without repetition, the strongest first."""
    named = words(value)
    if isinstance(named, list) and not named:
        raise ValueError("names no source: write the strongest first, or take the line out")
    if isinstance(named, list) and len(set(map(str, named))) < len(named):
        raise ValueError("names a source twice")
    return named


def place(value: object) -> object:
    """A path; empty for none."""
    return None if value == "" else value


def worker_name(value: object) -> object:
    """A name that a rule can spell: small letters, digits and underscores; or nothing."""
    if isinstance(value, str) and value and not re.fullmatch(r"[a-z][a-z0-9_]*", value):
        raise ValueError(f"has '{value}', which rules cannot spell: use small letters, digits and underscores")
    return value
