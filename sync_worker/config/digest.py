"""The digest of a config: every setting that can change a plan, and no other; no secret is in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sync_worker.config import shapes
from sync_worker.core.canonical import digest

if TYPE_CHECKING:
    from sync_worker.config.values import Config

_PLANNING: Mapping[str, tuple[str, ...] | None] = {
    "home": None,
    "fields": None,
    "activities": None,
    "intent": None,
    # Not the folder: what its files say is in the facts, and where it lies changes nothing.
    "signals": ("precedence", "fields", "topics", "combine"),
    "matching": None,
    "rules": ("score",),
    "pool": None,
    "guards": None,
    "apply": ("hold_days", "score_step"),
}
"""The settings that can change a plan, and so make an old one stale; None: the whole section."""


def digest_of(config: Config) -> str:
    """SHA-256 over the settings that can change a plan."""
    told: dict[str, dict[str, object]] = {}
    for section, chosen in _PLANNING.items():
        value = getattr(config, section)
        told[section] = {key: plain(getattr(value, key)) for key in chosen or shapes.keys(section)}
    for crm in config.crms:
        # The host is the org. Its port is not: a sandbox has another one each time.
        told[crm] = {"host": urlsplit(config.section(crm).url).hostname}
    return digest(told)


def plain(value: object) -> object:
    """A setting as JSON has it."""
    if isinstance(value, tuple):
        return list(value)
    return {name: plain(inner) for name, inner in value.items()} if isinstance(value, Mapping) else value
