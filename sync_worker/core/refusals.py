"""Accounts that name somebody who cannot have them, for people: why, and how many. Counts; decides nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sync_worker.core.model import Decision
    from sync_worker.core.steps import Refused

TOLD = 50
"""Accounts that are told one by one. A wrong column would fill pages; the counts say all of it."""


def refusals(
    refused: Sequence[Refused], decisions: Mapping[str, Decision], names: Mapping[str, str]
) -> dict[str, object]:
    """Refused claims and owners of fixed books, as JSON: counts by reason, and the first accounts by name."""
    if not refused:
        return {}
    return {
        "claims": sum(one.rule.startswith("claim:") for one in refused),
        "fixed": sum(one.rule.startswith("book:") for one in refused),
        "why": dict(sorted(Counter(one.because for one in refused).items())),
        "accounts": [
            {
                "account": one.account,
                "account_name": decisions[one.account].name if one.account in decisions else one.account,
                "rule": one.rule,
                "rep": one.rep,
                "name": names.get(one.rep or "", one.rep or ""),
                "because": one.because,
            }
            for one in refused[:TOLD]
        ],
    }
