"""Where a pull stands, as the text of a Cursor: JSON with a version, the schema's digest, times and places. Pure.

A cursor saved with a page is safe to resume from: it names the last record that the page holds, so a crash repeats
records and never skips one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from connectors.hubspot.values import instant
from connectors.port import Cursor

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

VERSION = 1


@dataclass(frozen=True, slots=True)
class Standing:
    """One object's pull. At rest ``upto`` is set; on its way ``began`` is, with a place to go on from."""

    upto: str = ""
    """At rest: everything that HubSpot changed before this server time has been seen."""
    began: str = ""
    """Server time when the pull under way began: what ``upto`` becomes."""
    floor: str = ""
    """Lower bound of the pull under way; empty when it reads everything."""
    after: str = ""
    """The place to go on from: HubSpot's own mark in a full list, the last record's id in an increment."""
    swept: str = ""
    """When the latest whole round through the archive began: what was archived before has been seen."""
    sweeping: str = ""
    """When the round under way began; empty between two rounds."""
    place: str = ""
    """HubSpot's mark in the archive, from which the round goes on."""
    digest: str = ""
    """For owners, which have no time of change to be trusted: a hash of them all."""

    def time(self, name: str) -> datetime | None:
        """The named time, None when empty."""
        text = getattr(self, name)
        return instant(text) if text else None

    def at_rest(self) -> Standing:
        """The pull has come to its end; the round through the archive goes on with the next one."""
        return replace(self, upto=self.began, began="", floor="", after="")


def encode(digest: str, standings: Mapping[str, Standing]) -> Cursor:
    """The cursor for a page; one standing for each object of the stream that has begun."""
    objects = {
        entity: {key: value for key, value in asdict(standing).items() if value}
        for entity, standing in standings.items()
    }
    return Cursor(json.dumps({"version": VERSION, "schema": digest, "objects": objects}, separators=(",", ":")))


def decode(cursor: Cursor | None, digest: str) -> dict[str, Standing] | None:
    """The standings; None (a full pull) for None, another schema, another version, or text that is no cursor."""
    try:
        value = json.loads(cursor.value) if cursor else None
        if not isinstance(value, dict) or value.get("version") != VERSION or value.get("schema") != digest:
            return None
        found = {str(entity): Standing(**entry) for entity, entry in value["objects"].items()}
        for standing in found.values():
            _check(standing)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return found


def _check(standing: Standing) -> None:
    """ValueError for what no cursor of ours holds."""
    if not all(isinstance(value, str) for value in asdict(standing).values()):
        raise ValueError("a place that is no text")
    for name in ("upto", "began", "floor", "swept", "sweeping"):
        standing.time(name)
    if (standing.floor or standing.upto) and not (standing.after or "0").isdecimal():
        raise ValueError("a place in an increment that is no id")
