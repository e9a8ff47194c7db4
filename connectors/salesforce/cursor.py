"""Where a pull stands, as the text of a Cursor: JSON with a version, the schema's digest, times and ids. Pure.

A cursor saved with a page is safe to resume from: it names the last row that the page holds, so a crash repeats rows
and never skips one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from connectors.port import Cursor
from connectors.values import instant, iso

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

VERSION = 1


@dataclass(frozen=True, slots=True)
class Position:
    """A place in keyset order: the SystemModstamp and Id of the last row seen."""

    stamp: str
    id: str

    def literal(self) -> str:
        """The stamp as a SOQL literal, to the millisecond if it has any."""
        return iso(instant(self.stamp))


@dataclass(frozen=True, slots=True)
class Standing:
    """One object's pull. At rest only ``upto`` is set; on its way ``began`` is, with a place to go on from."""

    upto: str = ""
    """At rest: everything that Salesforce changed before this server time has been seen."""
    began: str = ""
    """Server time when the pull under way began: what ``upto`` becomes."""
    floor: str = ""
    """Lower bound of the pull under way; empty when it reads everything."""
    after: Position | None = None
    job: str = ""
    """The Bulk job of the pull under way, with the locator of its next page and the rows seen so far."""
    locator: str = ""
    seen: int = 0

    def time(self, name: str) -> datetime | None:
        """The named time, None when empty."""
        text = getattr(self, name)
        return instant(text) if text else None


def encode(digest: str, standings: Mapping[str, Standing]) -> Cursor:
    """The cursor for a page; one standing for each object of the stream that has begun."""
    objects = {
        entity: {key: value for key, value in asdict(standing).items() if value}
        for entity, standing in standings.items()
    }
    return Cursor(json.dumps({"version": VERSION, "schema": digest, "objects": objects}, separators=(",", ":")))


def decode(cursor: Cursor | None, digest: str) -> dict[str, Standing]:
    """The standings; none (a full pull) for None, another schema, another version, or text that is no cursor."""
    try:
        value = json.loads(cursor.value) if cursor else {}
        if not isinstance(value, dict) or value.get("version") != VERSION or value.get("schema") != digest:
            return {}
        return {str(entity): _standing(entry) for entity, entry in value["objects"].items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def _standing(entry: Mapping[str, object]) -> Standing:
    after = entry.get("after")
    standing = Standing(**{**entry, "after": Position(**after) if isinstance(after, dict) else None})  # type: ignore[arg-type]
    for name in ("upto", "began", "floor"):
        standing.time(name)
    if standing.after:
        standing.after.literal()
    return standing
