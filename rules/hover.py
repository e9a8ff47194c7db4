"""Help that editors show beside a key: what it is for, and what a condition may name. Words only; it checks nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from rules.vocabulary import FieldInfo, Vocabulary

FUNCTIONS = {
    "days_since": ("days_since(DATE)", "whole UTC days from the date until today"),
    "days_until": ("days_until(DATE)", "whole UTC days from today until the date"),
    "intent": ("intent('TOPIC')", "live intent in a topic, 0 to 100; empty without one"),
    "engagement": ("engagement('KIND', DAYS)", "the buyer's events, each half after every DAYS days, or 14"),
    "events": ("events('KIND', DAYS)", "how many of the buyer's events there were today and in the last DAYS days"),
    "touches": ("touches(DAYS)", "how many touches of ours there were today and in the last DAYS days"),
    "contact_score": ("contact_score('ID')", "the score of the account's best contact; empty without a contact"),
    "lower": ("lower(TEXT)", "the text with A to Z in small letters"),
    "coalesce": ("coalesce(A, B, …)", "the first value that is not empty"),
    "has": ("has(VALUE)", "whether there is a value; stands alone"),
    "includes": ("includes(TEXT, A, B, …)", "whether a text of several values has one of these; stands alone"),
}
"""What conditions may call: how it is written, and what it gives."""

OPERATORS = "and, or, not · = <> < <= > >= · between A and B · in (A, B) · in LIST · like 'Ac%' · is empty · + - * /"

KEYS = {
    "version": "The version of the language: 1.",
    "id": "A name of your own for plans, explanations and the audit log: a-z, 0-9, - and _. No two rules share one.",
    "because": "Why, in the words that people read.",
    "points": "How many points; negative ones take away.",
    "terms": "What gives points. All terms of a part add up, within the part's max.",
    "parts": "Groups of terms by name, each with a cap of its own.",
    "file": "A CSV file of this folder.",
    "measure": "A score's id, or a numeric field.",
    "weight": "How much it counts against the others: 1 is usual.",
}
"""What keys are for that mean the same wherever they stand."""


def told(field: FieldInfo) -> str:
    """A field in one line: ``type (text) “Account Type”: Prospect, Customer``."""
    label = f" “{field.label}”" if field.label else ""
    values = f": {', '.join(field.values)}" if field.values else ""
    return f"{field.name} ({field.type}){label}{values}"


def listed(noun: str, fields: Iterable[FieldInfo]) -> str:
    """All fields, one a line."""
    return "\n".join([f"{noun}:", *(f"- {told(field)}" for field in _sorted(fields))])


def tabled(noun: str, fields: Iterable[FieldInfo]) -> str:
    """All fields as a Markdown table."""
    rows = (
        f"| `{field.name}` | {field.type} | {_cell(field.label)} | {', '.join(map(_code, field.values))} |"
        for field in _sorted(fields)
    )
    return "\n".join([f"| {noun} | type | label | values |", "|---|---|---|---|", *rows])


def spoken(vocabulary: Vocabulary, functions: Collection[str]) -> str:
    """Topics and kinds that the functions take, where they take any."""
    words = []
    if "intent" in functions:
        words.append(f"Intent topics: {', '.join(sorted(vocabulary.topics)) or 'none'}.")
    if "engagement" in functions:
        words.append(f"Engagement kinds: {', '.join(sorted(vocabulary.events)) or 'none'}.")
    return "\n".join(words)


def called(functions: Collection[str]) -> str:
    """The functions as a Markdown list, with the operators above them."""
    rows = (f"- `{how}`: {what}" for name, (how, what) in FUNCTIONS.items() if name in functions)
    return "\n".join([f"`{OPERATORS}`", "", *rows])


def _sorted(fields: Iterable[FieldInfo]) -> list[FieldInfo]:
    return sorted(fields, key=lambda field: field.name)


def _code(text: str) -> str:
    return f"`{_cell(text)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
