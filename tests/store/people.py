"""People at accounts, what they did, and scores of them, in few words."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.port import Stream
from rules import FieldInfo, Type, Vocabulary, load
from tests.store.crm import activity, other

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from connectors.port import Record
    from rules import Ruleset

RULES = """
version: 1
contacts:
  - id: champion
    max: 1000
    parts:
      persona:
        max: 100
        terms:
          - {id: security, when: title like '%security%', points: 40, because: Works in security}
          - {id: long, when: days_since(joined_on) > 365, points: 5, because: Known for a year}
      halved: {max: 900, half_life: 14 days, terms: [{id: met, event: meeting, points: 10, because: Met us}]}
      line: {max: 900, linear: 60 days, terms: [{id: asked, event: web_form, points: 60, because: Asked us}]}
      window: {max: 900, window: 30 days, terms: [{id: answered, event: reply, points: 7, because: Answered us}]}
  - id: titled
    max: 10
    best: 1
    parts: {p: {max: 10, terms: [{id: t, when: has(title), points: 10, because: Has a title}]}}
    tiers: {yes: 10, no: 0}
"""
WORDS = Vocabulary(
    {}, {}, events=frozenset({"meeting", "web_form", "reply"}),
    contact={"title": FieldInfo("title", Type.TEXT), "joined_on": FieldInfo("joined_on", Type.DATE)},
)  # fmt: skip


def rules_in(folder: Path, text: str = RULES) -> Ruleset:
    """These rules, read from a file of the folder."""
    folder.mkdir(exist_ok=True)
    (folder / "contacts.yaml").write_text(text)
    return load(folder, WORDS)


def person(id_: str, at: str, now: datetime, **fields: str | None) -> Record:
    return other(Stream.CONTACTS, id_, now, account=at, name=id_.upper(), **fields)


def did(number: int, who: str, at: str, kind: str, days: float, now: datetime) -> Record:  # noqa: PLR0913, PLR0917 - a shorthand
    when = (now - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return activity(f"e{number}", now, account=at, kind=kind, at=when, contact=who)
