"""Scores of contacts as one SELECT over the facts of contacts. It writes SQL text and runs none.

A contact's facts have the columns of an account's, under the same names: its fields, and what its own events come to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rules import tree
from rules.chain import Chain
from rules.compile import ColumnKind, Compiled, CompiledColumn, score_columns
from rules.facts import account_roots, needs
from rules.model import Ruleset
from rules.sql import named
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rules.facts import FactColumn
    from rules.model import ContactScore
    from rules.sql import Dialect

CONTACT_TABLE = "contact_fact"
"""With ``contact_id``, ``account_id`` and ``contact_needs(scores)``: one row for each contact of an account."""


def contact_needs(scores: Sequence[ContactScore]) -> tuple[FactColumn, ...]:
    """The columns of ``contact_fact`` that scores of contacts read, by name; its two keys are not among them."""
    return needs(_alone(scores))


def contacts_age(scores: Sequence[ContactScore]) -> bool:
    """Whether the passing of days alone may change a contact's score for other reasons than its events."""
    return any(isinstance(node, tree.Days) for root in account_roots(_alone(scores)) for node in tree.parts(root))


def compile_contacts(
    scores: Sequence[ContactScore], dialect: Dialect, *, now: datetime, where: str = "", table: str = CONTACT_TABLE
) -> Compiled:
    """Every contact's total and points by each score of contacts, and its tier where the score has tiers.

    ``now`` carries a time zone; days are days in UTC. Reads ``contact_fact``, or a ``table`` like it, as of that day:
    engagement is what it is worth on it, not a folded sum. ``where`` is SQL on its keys.
    """
    alone = _alone(scores)
    chain = Chain(alone, dialect, now, now, where, source=table, keys=("account_id", "contact_id"))
    chain.score([])
    columns = [
        CompiledColumn("account_id", ColumnKind.ACCOUNT_ID, Type.TEXT),
        CompiledColumn("contact_id", ColumnKind.CONTACT_ID, Type.TEXT),
    ]
    for index, score in enumerate(alone.scores, 1):
        columns += [one for one in score_columns(score, index) if score.tiers or one.kind is not ColumnKind.TIER]
    tiers = {f"tier__{index}": chain.tier(index) for index, score in enumerate(alone.scores, 1) if score.tiers}
    selected = (f"{tiers.get(column.name, named(column.name))} AS {named(column.name)}" for column in columns)
    return Compiled(chain.select(selected), tuple(columns))


def best_contacts(
    scores: Sequence[ContactScore], dialect: Dialect, *, now: datetime, where: str = "", table: str = CONTACT_TABLE
) -> Compiled:
    """The highest total of each account's contacts by each score of contacts; a row for each account with contacts."""
    found = compile_contacts(scores, dialect, now=now, where=where, table=table)
    totals = found.of(ColumnKind.TOTAL)
    renamed = (replace(total, name=f"best__{at}") for at, total in enumerate(totals, 1))
    columns = (found.of(ColumnKind.ACCOUNT_ID)[0], *renamed)
    highest = ", ".join(f"MAX({total.name}) AS best__{at}" for at, total in enumerate(totals, 1))
    return Compiled(f"SELECT account_id, {highest} FROM (\n{found.sql}\n) AS contact GROUP BY account_id", columns)  # noqa: S608 - names of our own


def _alone(scores: Sequence[ContactScore]) -> Ruleset:
    """The scores of contacts, as if they were all that the folder says."""
    return Ruleset("", scores=tuple(contact.score for contact in scores))
