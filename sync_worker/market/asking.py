"""What somebody asks of the market, in words of rules and fields, as what the store is to read. Reads no account."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rules import ColumnKind, Dialect, FieldInfo, Type, compile_accounts
from sync_worker.config.problems import nearest
from sync_worker.core.market.whitespace import Among
from sync_worker.parts import Stopped
from sync_worker.store.derivable import DERIVED
from sync_worker.store.market import Judged

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from rules import Compiled, Ruleset, Vocabulary
    from sync_worker.config import Config

BOOK, OWNER = "book", "owner"
TERRITORY, RENEWAL = "territory", "renewal_date"
"""The usual names of what tells territories apart, and of the day on which a contract ends."""
MOTION, PATH = "motion", "path"
"""Schemes of the language's own: new logo, renewal and expansion; the ways in which accounts come."""
CUT = (Type.TEXT, Type.BOOLEAN)
"""Types of fields that divide accounts as they stand; numbers and dates are cut by segments first."""
SAYS_WHO = frozenset({"type", "name", "crm", "parent", "owner"})
"""Fields that say who is a customer, or which account this is, and nothing of what it is like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants to see."""

    by: str = ""
    """A text or yes/no field, a table's output, a scheme of segments, a score's or grid's id, ``book`` or ``owner``;
    empty: ``territory``, else the first scheme, else the books."""
    value: str = ""
    """A number to add up, a field or a table's output; empty for none."""
    renewal: str = ""
    """A date field; empty: ``renewal_date``, where there is one."""
    top: int = 5
    """Look-alikes of each territory that are named; 0: none are looked for."""
    among: Among = Among.UNOWNED
    keep: tuple[str, ...] = ()
    """Fields to learn from although they are suspect."""


@dataclass(frozen=True, slots=True)
class Understood:
    """The same, checked against the rules and the fields that there are."""

    by: str
    field: tuple[str, Type] | None
    """The account field that tells territories apart; None where the rules do."""
    value: str
    """The number to add up; empty for none."""
    renewal: str
    fit: Mapping[str, Type]
    """The fields that may tell look-alikes."""


def understood(asked: Asked, rules: Ruleset, words: Vocabulary, config: Config) -> Understood:
    """What is asked for. Raises Stopped for a name that means nothing here."""
    by = asked.by or _usual(rules, words)
    field = (
        None
        if not by or by in _said_by_rules(rules)
        else (by, _known("--by", by, words, CUT, _said_by_rules(rules)).type)
    )
    if asked.value and asked.value not in _numbers(rules):
        _known("--value", asked.value, words, (Type.NUMBER,), _numbers(rules))
    if asked.renewal:
        _known("--renewal", asked.renewal, words, (Type.DATE,))
    fit = dict(_fit(words, config))
    for name in asked.keep:
        if name not in fit:
            raise Stopped(f"--keep: '{name}' is no field that could tell look-alikes", hint=_near(name, fit))
    usual = RENEWAL if getattr(words.account.get(RENEWAL), "type", None) is Type.DATE else ""
    return Understood(by, field, asked.value, asked.renewal or usual, fit)


def judged(what: Understood, rules: Ruleset, dialect: Dialect, *, now: datetime, landmark: datetime) -> Judged:
    """What the rules say of each account as far as it is needed, compiled."""
    graded = what.by in {*(each.id for each in rules.scores), *(each.id for each in rules.grids)}
    books = tuple(replace(book, balance=None) for book in rules.books)
    lean = replace(rules, protect=(), returns=(), routes=(), books=books)
    lean = lean if graded else replace(lean, scores=(), grids=())
    compiled = compile_accounts(lean, dialect, now=now, landmark=landmark)
    schemes = {scheme.name for scheme in rules.schemes}
    return Judged(
        sql=compiled.sql,
        account=compiled.of(ColumnKind.ACCOUNT_ID)[0].name,
        in_scope=compiled.of(ColumnKind.IN_SCOPE)[0].name,
        territory="" if what.field else _column(compiled, what.by),
        motion=_column(compiled, MOTION) if MOTION in schemes else "",
        value=_column(compiled, what.value) if what.value in _numbers(rules) else "",
    )


def motions(rules: Ruleset) -> tuple[str, ...]:
    """The motions, in the order of the rules."""
    return next((tuple(each.name for each in one.segments) for one in rules.schemes if one.name == MOTION), ())


def _usual(rules: Ruleset, words: Vocabulary) -> str:
    schemes = [scheme.name for scheme in rules.schemes if scheme.name not in (MOTION, PATH)]
    if TERRITORY in _said_by_rules(rules) or getattr(words.account.get(TERRITORY), "type", None) in CUT:
        return TERRITORY
    return schemes[0] if schemes else BOOK if rules.books else ""


def _said_by_rules(rules: Ruleset) -> frozenset[str]:
    outputs = (each.name for table in rules.tables for each in table.outputs if each.type is Type.TEXT)
    ids = [*(each.id for each in rules.scores), *(each.id for each in rules.grids)]
    return frozenset((BOOK, *outputs, *(scheme.name for scheme in rules.schemes), *ids))


def _numbers(rules: Ruleset) -> frozenset[str]:
    return frozenset(each.name for table in rules.tables for each in table.outputs if each.type is Type.NUMBER)


def _column(compiled: Compiled, name: str) -> str:
    """The column that holds what the rules say under this name."""
    for column in compiled.columns:
        cut = column.kind in (ColumnKind.TIER, ColumnKind.GRID) and column.rule == name
        if name and (cut or column.output == name or (name == BOOK and column.kind is ColumnKind.BOOK)):
            return column.name
    return ""


def _known(
    option: str, name: str, words: Vocabulary, kinds: tuple[Type, ...], besides: Collection[str] = ()
) -> FieldInfo:
    known = {each: info for each, info in words.account.items() if info.type in kinds}
    if name in known:
        return known[name]
    if name in words.account:
        means = " or ".join(kind.value for kind in kinds)
        hint = "cut it with segments or a decision table, and name that" if kinds == CUT else ""
        raise Stopped(f"{option}: '{name}' is a {words.account[name].type.value} field, not {means}", hint=hint)
    names = [*known, *besides]
    raise Stopped(f"{option}: there is no field '{name}'", hint=_near(name, names))


def _near(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    return nearest(name, names) or f"there are {', '.join(names)}"


def _fit(words: Vocabulary, config: Config) -> Iterator[tuple[str, Type]]:
    own = config.fields
    taken = {*SAYS_WHO, *DERIVED, own.do_not_move, own.claim, *own.written.values()}
    taken |= {config.home.field, config.home.link, config.intent.observed, *config.intent.topics.values()}
    for name, info in words.account.items():
        if name not in taken and info.type is not Type.DATE:
            yield name, info.type
