"""JSON: one form for every value, whatever a view hands over."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from types import MappingProxyType

from sync_worker.core.model import GuardFinding, RowKind
from sync_worker.report.encode import SCHEMA_VERSION, answer


@dataclass(frozen=True)
class Nested:
    """A value that holds values."""

    return_: str
    kind: RowKind
    many: tuple[GuardFinding, ...]


def test_every_kind_of_value_has_one_form() -> None:
    payload = {
        "at": datetime(2026, 11, 22, 10, 0, 0, 123, tzinfo=timezone(timedelta(hours=1))),
        "day": date(2026, 11, 22),
        "file": Path("/x/y"),
        "names": frozenset({"b", "a"}),
        "map": MappingProxyType({1: None}),
        "nested": Nested("x", RowKind.OWNER, (GuardFinding("g", "m"),)),
        "text": "Zoë",
    }
    assert json.loads(answer(payload)) == {
        "schema_version": SCHEMA_VERSION,
        "at": "2026-11-22T09:00:00Z",
        "day": "2026-11-22",
        "file": "/x/y",
        "names": ["a", "b"],
        "map": {"1": None},
        "nested": {"return": "x", "kind": "owner", "many": [{"name": "g", "message": "m"}]},
        "text": "Zoë",
    }


def test_the_version_comes_first() -> None:
    assert next(iter(json.loads(answer({"a": datetime.now(UTC)})))) == "schema_version"
