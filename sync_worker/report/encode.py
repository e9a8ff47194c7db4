"""Values as JSON: one form for every answer. ``schema_version`` moves when a field goes or changes its meaning."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from pathlib import PurePath

SCHEMA_VERSION = 1


def encoded(value: object) -> object:  # noqa: PLR0911 - one answer for each type
    """Dataclasses as objects, times as ISO text in UTC, paths as text, sets sorted; what JSON knows stays."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name.rstrip("_"): encoded(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): encoded(inner) for key, inner in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((encoded(inner) for inner in value), key=str)
    if isinstance(value, Iterable):
        return [encoded(inner) for inner in value]
    return str(value)


def answer(payload: Mapping[str, object]) -> str:
    """One JSON object with the schema version first."""
    return json.dumps({"schema_version": SCHEMA_VERSION, **payload}, default=encoded, ensure_ascii=False, indent=2)
