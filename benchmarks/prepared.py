"""Facts as zen-engine likes them best, and its answers held against the product's."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING, Any

from benchmarks.org import NOW
from rules import ColumnKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rules import Compiled

NONE = -1e15
"""An empty number, far below every bound: zen-engine compares no empty value."""
_TODAY = NOW.date().toordinal()
_POINTS = [
    "core",
    "near",
    "size",
    "money",
    "dense",
    "home",
    "small",
    "unknown",
    "won",
    "seasoned",
    "prospect",
    "surge",
    "interest",
    "cloud",
    "topics",
    "met",
    "asked",
    "listened",
    "replied",
    "quiet",
]
_ENOUGH = 2e-6
"""How far points may lie apart: one engine rounds what decays when it is read, the other does not."""


def prepared(row: Mapping[str, Any], left: float) -> dict[str, Any]:
    """An account for ``by_zen``. ``left``: what is left today of the weight of an event at the landmark."""
    texts = {name: row[name] for name in ("account_id", "name", "country", "region", "type", "industry")}
    numbers = {"employees": "employees", "revenue": "revenue", "open_opportunities": "open_opportunities",
               "won_opportunities": "won_opportunities", "touches_30": "touches__30d", "touches_90": "touches__90d",
               "cyber": "intent__cybersecurity", "cloud_intent": "intent__cloud"}  # fmt: skip
    events = {"meetings": "meeting", "web_forms": "web_form", "webinars": "webinar", "replies": "reply"}
    since = {"owned_days": "owned_since", "touch_days": "last_touch", "created_days": "created_at",
             "engaged_days": "last_engagement"}  # fmt: skip
    return {
        **texts,
        **{name: NONE if row[column] is None else row[column] for name, column in numbers.items()},
        **{name: (row[f"engagement__{kind}__14d"] or 0.0) * left for name, kind in events.items()},
        **{name: _days(row[column]) for name, column in since.items()},
        "renewal_days": NONE if row["renewal_date"] is None else -_days(row["renewal_date"]),
        "is_customer": bool(row["is_customer"]),
        "in_pool": bool(row["in_pool"]),
        "owner_left": row["owner_active"] is not None and not row["owner_active"],
    }


def _days(value: str | None) -> float:
    return NONE if value is None else float(_TODAY - date.fromisoformat(value[:10]).toordinal())


def compare(answer: Mapping[str, Any], found: Mapping[str, Any], compiled: Compiled) -> None:
    """Raise unless the product's answer of an account and zen-engine's are the same."""
    one = {kind: [answer[column.name] for column in compiled.of(kind)] for kind in _KINDS}
    total, points = float(found["total"]), [float(found[name]) for name in _POINTS]
    words = [found[name] for name in ("in_scope", "protect", "return_", "book")]
    alike = [kind[0] for kind in list(one.values())[:4]] == words and _near(one[ColumnKind.POINTS], points)
    # Where a floor lies between the two, tiers may differ.
    tier = one[ColumnKind.TIER][0] == found["tier"] or any(abs(total - floor) < _ENOUGH for floor in (20, 40, 60))
    if not (alike and tier and _near(one[ColumnKind.TOTAL], [total])):
        raise AssertionError(f"{answer} is not {found}")


_KINDS = (ColumnKind.IN_SCOPE, ColumnKind.PROTECT, ColumnKind.RETURN, ColumnKind.BOOK, ColumnKind.TOTAL,
          ColumnKind.TIER, ColumnKind.POINTS)  # fmt: skip


def _near(one: Sequence[float], other: Sequence[float]) -> bool:
    return all(math.isclose(a, b, rel_tol=1e-9, abs_tol=_ENOUGH * 20) for a, b in zip(one, other, strict=True))
