"""The words that a rep or a manager reads for a decision. Pure text; decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sync_worker.core.model import Score, Value

REASONS_LENGTH = 255
"""Characters: a text field of either CRM holds at least this many."""

DATE_LENGTH = len("2026-11-04")


def reasons(score: Score) -> str:
    """What speaks for an account, in the order of the rule file, short enough for a CRM field."""
    found = list(dict.fromkeys(points.because for points in score.points if points.points >= 1))
    text = "; ".join(found)
    return text if len(text) <= REASONS_LENGTH else text[: REASONS_LENGTH - 1] + "…"


def evidence(seen: Mapping[str, Value]) -> str:
    """What a condition saw, as ``last touch 2026-05-02``; yes/no fields only where there is nothing else to say."""
    telling = {name: value for name, value in seen.items() if not isinstance(value, bool)} or seen
    return ", ".join(f"{name.replace('_', ' ')} {in_words(value)}" for name, value in telling.items())


def in_words(value: Value) -> str:
    """One value for people: a time is told by its day."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.6g}"
    text = str(value)
    return text[:DATE_LENGTH] if text[DATE_LENGTH : DATE_LENGTH + 1] == "T" and text.endswith("Z") else text
