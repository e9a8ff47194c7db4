"""Views of the config: every setting, and where it came from. Secrets arrive hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync_worker.report.document import Fields, table

if TYPE_CHECKING:
    from sync_worker.config import Loaded
    from sync_worker.report.document import Answer


def settings(loaded: Loaded, *, origin: bool) -> Answer:
    """``config show``."""
    payload: dict[str, object] = {
        "file": loaded.file,
        "digest": loaded.config.digest,
        "settings": [
            {"name": setting.name, "value": setting.value, "origin": str(setting.origin), "kind": setting.origin.kind}
            for setting in loaded.settings
        ],
    }
    rows = [(setting.name, _written(setting.value), str(setting.origin)) for setting in loaded.settings]
    listed = table("setting|~value|~origin", rows) if origin else table("setting|~value", [row[:2] for row in rows])
    return (Fields((("file", str(loaded.file)), ("digest", loaded.config.digest))), listed), payload


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if value is None or value == {}:
        return "(none)"
    return '""' if value == "" else str(value)
