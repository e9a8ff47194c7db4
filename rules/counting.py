"""How the rules fare on all accounts at once: one SELECT that counts. It writes SQL text and runs none.

In scope means that a scope rule matches; all counts but those of the scope's own rules are of accounts in scope.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from rules import tree
from rules.chain import Chain, read
from rules.facts import FieldSource, IntentSource, columns_read, needs
from rules.names import type_of
from rules.sql import Dialect, Writer, named, quoted
from rules.tracing import tried_in
from rules.vocabulary import Type

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from rules.model import Ruleset
    from rules.tracing import Tried


class Counted(StrEnum):
    """What is counted."""

    ACCOUNTS = "accounts"  # all that have facts
    IN_SCOPE = "in_scope"
    HOLDS = "holds"  # a condition, by the number of its place in ``tried_in``
    DECIDES = "decides"  # a rule goes first in its section, by section and id
    FILLED = "filled"  # a column of the facts is not empty, by its name
    GIVES = "gives"  # a term gives points, by score and term
    TIER = "tier"  # by score and tier
    UNBOOKED = "unbooked"  # no book takes the account


Key = tuple[Counted, str, str]
"""What is counted, and of what."""


@dataclass(frozen=True, slots=True)
class Count:
    """A SELECT of one row, and what its columns count."""

    sql: str
    keys: tuple[Key, ...]


def compile_counts(ruleset: Ruleset, dialect: Dialect, *, now: datetime, landmark: datetime) -> Count:
    """One row of counts over ``fact``, which has ``needs(ruleset)``. Parameters as for ``compile_accounts``."""
    chain = Chain(ruleset, dialect, now, landmark, "")
    tried = list(tried_in(ruleset))
    firsts = dict(_firsts(ruleset, chain))
    truths = [
        (f"truth__{number}", f"CASE WHEN {chain.writer.condition(one.condition.tree)} THEN 1 END")
        for number, one in enumerate(tried, 1)
    ]
    filled = [column.name for column in needs(ruleset) if isinstance(column.source, FieldSource | IntentSource)]
    judged = [*firsts.items(), *truths, *((f"filled__{number}", named(name)) for number, name in enumerate(filled, 1))]
    judged += [(name, name) for name in chain.writer.outputs.values()]
    chain.score(judged)
    counts = dict(_counts(ruleset, chain, tried, filled))
    selected = (f"COUNT({sql}) AS count__{number}" for number, sql in enumerate(counts.values(), 1))
    return Count(chain.select(selected), tuple(counts))


def _firsts(ruleset: Ruleset, chain: Chain) -> Iterator[tuple[str, str]]:
    """The rule that goes first in each section."""
    sections = {
        "scope": [(rule.id, rule.when.tree) for rule in ruleset.scope],
        "protect": [(rule.id, rule.when.tree) for rule in ruleset.protect],
        "return": [(rule.id, rule.when.tree) for rule in ruleset.returns],
        "books": [(book.id, book.accounts.tree) for book in ruleset.books],
        "routes": [(route.id, route.when.tree) for route in ruleset.routes],
        "service_levels": [(level.id, level.when.tree) for level in ruleset.service_levels],
        "covers": [(cover.id, cover.when.tree) for cover in ruleset.covers],
    }
    for section, rules in sections.items():
        yield f"first__{section}", chain.first_match(rules)


def _counts(ruleset: Ruleset, chain: Chain, tried: list[Tried], filled: list[str]) -> Iterator[tuple[Key, str]]:
    yield (Counted.ACCOUNTS, "", ""), "*"
    yield (Counted.IN_SCOPE, "", ""), "first__scope"
    for number, one in enumerate(tried, 1):
        truth = f"truth__{number}"
        yield (Counted.HOLDS, str(number), ""), truth if one.section == "scope" else _scoped(f"{truth} = 1")
    for section, rules in (("protect", ruleset.protect), ("return", ruleset.returns), ("books", ruleset.books),
                           ("routes", ruleset.routes), ("service_levels", ruleset.service_levels),
                           ("covers", ruleset.covers)):  # fmt: skip
        for rule in rules:
            yield (Counted.DECIDES, section, rule.id), _scoped(f"first__{section} = {quoted(rule.id)}")
    for scheme in ruleset.schemes:
        column = chain.writer.outputs[scheme.name]
        for segment in scheme.segments:
            yield (Counted.DECIDES, scheme.name, segment.name), _scoped(f"{column} = {quoted(segment.name)}")
    for number, name in enumerate(filled, 1):
        yield (Counted.FILLED, name, ""), _scoped(f"filled__{number} IS NOT NULL")
    for index, score in enumerate(ruleset.scores, 1):
        for number, term in enumerate(score.terms, 1):
            yield (Counted.GIVES, score.id, term.id), _scoped(f"points__{index}_{number} <> 0")
        for tier in score.tiers:
            yield (Counted.TIER, score.id, tier.name), _scoped(f"({chain.tier(index)}) = {quoted(tier.name)}")
    yield (Counted.UNBOOKED, "", ""), _scoped("first__books IS NULL")


def _scoped(test: str) -> str:
    return f"CASE WHEN first__scope IS NOT NULL AND {test} THEN 1 END"


# Which values there are


@dataclass(frozen=True, slots=True)
class Looked:
    """A SELECT of all the values, each once, that a list's values are looked for among."""

    listed: str
    """The list's name."""
    sql: str
    several: bool
    """Whether each text holds several values."""
    choices: tuple[str | float, ...]


def compile_looks(ruleset: Ruleset, dialect: Dialect) -> tuple[Looked, ...]:
    """For each list that conditions on accounts look a field up in, the values that accounts have in that field."""
    found: dict[Looked, None] = {}
    for one in tried_in(ruleset):
        for node in tree.parts(one.condition.tree):
            if isinstance(node, tree.Membership | tree.Includes) and node.listed:
                found |= dict.fromkeys(_looked(node, ruleset, dialect))
    return tuple(found)


def _looked(node: tree.Membership | tree.Includes, ruleset: Ruleset, dialect: Dialect) -> Iterator[Looked]:
    columns = columns_read(node.value, ruleset.computed)
    stored = node.value.value if isinstance(node.value, tree.Lower) else node.value
    if len(columns) != 1 or not isinstance(stored, tree.FieldValue) or type_of(stored) is Type.BOOLEAN:
        return
    writer = Writer(dialect, date.min, {})  # no value of a field knows what day it is
    source = f"SELECT {read(columns[0], writer, 1.0)} AS {named(columns[0].name)} FROM fact"  # noqa: S608 - names are checked by rules.facts
    sql = f"SELECT DISTINCT {writer.value(node.value)} FROM ({source}) AS facts"  # noqa: S608 - written by Writer
    yield Looked(node.listed, sql, isinstance(node, tree.Includes), tuple(node.choices))
