"""What the rules say of each account now: one wide row each, kept, and judged anew only where it may have changed.

Table ``outcome`` has the columns of the compiled rules; ``logged__N`` is the total of score N when the account's
decision was last logged, and ``changed__in`` the number of the evaluation in which that was. It has to hold what a full
evaluation would make, always.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select

from rules import ColumnKind, CompiledColumn, Dialect, Type, compile_accounts
from rules.ageing import compile_due
from rules.chain import fence
from rules.sql import named
from sync_worker import __version__
from sync_worker.store import changes, engagement, facts, settings
from sync_worker.store.days import number
from sync_worker.store.derived import DUE
from sync_worker.store.schema import stale
from sync_worker.store.wide import differing, drop, make, put_in_place, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from sqlalchemy import Connection, Table

    from rules import Compiled, Ruleset

SCORE_STEP = 5.0
"""A score alone changes a decision only when it has moved this far: with decay, every score moves every day."""

CHANGED_IN = "changed__in"

_KEPT = "outcome_columns"

_SAID = frozenset(
    {
        ColumnKind.IN_SCOPE,
        ColumnKind.PROTECT,
        ColumnKind.RETURN,
        ColumnKind.BOOK,
        ColumnKind.ROUTE,
        ColumnKind.SEGMENT,
        ColumnKind.TIER,
        ColumnKind.GRID,
        ColumnKind.WORKED,
        ColumnKind.AFFINITY,
    }
)
"""Kinds of columns of which every change is a change of the decision."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One evaluation. ``accounts``: how many were judged; the rest stand as they stood."""

    number: int
    full: bool
    accounts: int
    compiled: Compiled
    """The statement and the columns of the outcomes."""


def evaluate(tx: Connection, rules: Ruleset, *, now: datetime) -> Evaluated:
    """Judge the accounts whose facts are newer than their outcome, or that time may decide otherwise; all, if it must.

    All are judged when the rules or the version of the worker differ from the last time's, when all facts were made
    anew, and when the clock was set back. The facts must have been refreshed at ``now``, in this transaction.
    """
    changes.take_turns(tx)
    kept, landmark = _kept(tx), engagement.landmark(tx)
    dialect = Dialect(tx.dialect.name)
    at = datetime.fromisoformat(kept["at"]) if kept else now
    made_of = {"rules": rules.version, "version": __version__, "build": facts.latest_build(tx)}
    if kept is None or kept["made_of"] != made_of or number(now) < number(at):
        compiled = compile_accounts(rules, dialect, now=now, landmark=landmark)
        return _all(tx, compiled, kept, made_of, now)
    changes.begin(tx)
    changes.add(tx, select(stale.c.account_id))
    ageing = compile_due(rules, dialect, since=_day(at), today=_day(now), landmark=landmark)
    if ageing:
        _add(tx, ageing)
    due = changes.count(tx)
    compiled = compile_accounts(rules, dialect, now=now, landmark=landmark, account_ids=True)
    if due:
        changes.count_on(tx)
        _some(tx, compiled, kept["number"] + 1)
    if due or number(at) != number(now):
        _keep(tx, compiled, kept["number"] + 1, made_of, now)
    return Evaluated(kept["number"] + 1, full=False, accounts=due, compiled=compiled)


def any_kept(tx: Connection) -> bool:
    """Whether anything was ever judged."""
    return _kept(tx) is not None


def changed(tx: Connection, evaluated: Evaluated) -> list[str]:
    """The accounts whose decision this evaluation found to differ from the one that was last logged, in order."""
    if not evaluated.accounts:
        return []
    outcome = _table(evaluated.compiled.columns)
    wanted = select(outcome.c.account_id).where(outcome.c[CHANGED_IN] == evaluated.number)
    if not evaluated.full:
        wanted = wanted.where(outcome.c.account_id.in_(select(DUE.c.account_id)))
    return list(tx.execute(wanted.order_by(outcome.c.account_id)).scalars())


def rows(tx: Connection, compiled: Compiled) -> Iterator[Mapping[str, object]]:
    """Every account's outcome, by the names of the compiled columns, in the order of ids."""
    outcome = _table(compiled.columns)
    wanted = select(*(outcome.c[column.name] for column in compiled.columns)).order_by(outcome.c.account_id)
    with tx.execute(wanted.execution_options(yield_per=5_000)) as found:
        for row in found.mappings():
            yield dict(row)


def put_back(tx: Connection, compiled: Compiled, totals: Mapping[str, Mapping[str, float]]) -> None:
    """Let these totals (by account and score) be the ones that were last logged."""
    outcome = _table(compiled.columns)
    logged = {column.rule: f"logged__{at}" for at, column in enumerate(compiled.of(ColumnKind.TOTAL), 1)}
    for account, known in totals.items():
        values = {logged[score]: total for score, total in known.items() if score in logged}
        if values:
            tx.execute(outcome.update().where(outcome.c.account_id == account).values(values))


def check(tx: Connection, rules: Ruleset, *, now: datetime, mend: bool) -> tuple[int, Evaluated | None]:
    """Judge all accounts beside what is kept; how many outcomes differ. ``mend``: let the new ones take their place.

    The facts must be up to date, and the outcomes evaluated at ``now``. With the evaluation that has mended them.
    """
    compiled = compile_accounts(rules, Dialect(tx.dialect.name), now=now, landmark=engagement.landmark(tx))
    kept = _kept(tx)
    if kept is None:
        raise LookupError("nothing was ever evaluated")
    said = {column.name: column.type for column in compiled.columns[1:]}
    beside = make(tx, "outcome_beside", "account_id", said)
    selected = ", ".join(named(column.name) for column in compiled.columns)
    _run(tx, f"INSERT INTO outcome_beside ({selected}) SELECT {selected} FROM ({compiled.sql}) AS judged")  # noqa: S608 - compiled by rules
    wrong = differing(tx, beside, _table(compiled.columns), {})
    drop(tx, "outcome_beside")
    return wrong, _all(tx, compiled, kept, kept["made_of"], now) if wrong and mend else None


def _all(
    tx: Connection, compiled: Compiled, kept: Mapping[str, Any] | None, made_of: Mapping[str, Any], now: datetime
) -> Evaluated:
    at = kept["number"] + 1 if kept else 1
    old = _columns(kept) if kept else None
    made = make(tx, "outcome_beside", "account_id", _types(compiled.columns), (CHANGED_IN,))
    names = [column.name for column in made.c]
    _run(tx, f"INSERT INTO outcome_beside ({_listed(names)}) {_judged(tx, compiled, old, at)}")
    put_in_place(tx, "outcome_beside", "outcome")
    _keep(tx, compiled, at, made_of, now)
    count = tx.execute(select(func.count()).select_from(_table(compiled.columns))).scalar_one()
    return Evaluated(at, full=True, accounts=count, compiled=compiled)


def _some(tx: Connection, compiled: Compiled, number: int) -> None:
    outcome = _table(compiled.columns)
    names = [column.name for column in outcome.c]
    drop(tx, "judged_anew")
    _run(tx, f"CREATE TEMPORARY TABLE judged_anew AS {_judged(tx, compiled, compiled.columns, number)}")
    tx.execute(delete(outcome).where(outcome.c.account_id.in_(select(DUE.c.account_id))))
    _run(tx, f"INSERT INTO outcome ({_listed(names)}) SELECT {_listed(names)} FROM judged_anew")  # noqa: S608 - names of our own
    drop(tx, "judged_anew")


def _judged(tx: Connection, compiled: Compiled, old: Sequence[CompiledColumn] | None, number: int) -> str:
    """SELECT what the rules say, what was last logged, and whether that differs, against the outcomes there are."""
    dialect, totals = Dialect(tx.dialect.name), compiled.of(ColumnKind.TOTAL)
    shown = [f"judged.{named(column.name)}" for column in compiled.columns]
    own = [f"judged.{named(column.name)}" for column in totals]
    if old is None:
        logged = [f"{sql} AS logged__{at}" for at, sql in enumerate(own, 1)]
        return f"SELECT {', '.join([*shown, *logged])}, {number} AS {CHANGED_IN} FROM ({compiled.sql}) AS judged"  # noqa: S608 - compiled by rules
    last = {column.rule: f"known.logged__{at}" for at, column in enumerate(_of(old, ColumnKind.TOTAL), 1)}
    kept = [
        f"{last.get(each.rule, sql)} AS kept__{at}" for at, (each, sql) in enumerate(zip(totals, own, strict=True), 1)
    ]
    differs = " OR ".join(["known.account_id IS NULL", *_differs(compiled.columns, old, last, dialect)])
    found = (
        f"SELECT {', '.join([*shown, *kept])}, known.{CHANGED_IN}, CASE WHEN {differs} THEN 1 ELSE 0 END AS differs"  # noqa: S608 - the same
        f" FROM ({compiled.sql}) AS judged LEFT JOIN outcome AS known ON known.account_id = judged.account_id"
        f"{fence(dialect)}"
    )
    logged = [
        f"CASE WHEN judged.differs = 1 THEN {sql} ELSE judged.kept__{at} END AS logged__{at}"
        for at, sql in enumerate(own, 1)
    ]
    logged.append(f"CASE WHEN judged.differs = 1 THEN {number} ELSE judged.{CHANGED_IN} END AS {CHANGED_IN}")
    return f"SELECT {', '.join([*shown, *logged])} FROM ({found}) AS judged"  # noqa: S608 - the same


def _differs(
    new: Sequence[CompiledColumn], old: Sequence[CompiledColumn], last: Mapping[str, str], dialect: Dialect
) -> Iterator[str]:
    """What makes a decision another one: tests of a new outcome (``judged``) against the one that is ``known``."""
    now = {_meaning(column): (column, f"judged.{named(column.name)}") for column in new}
    then = {_meaning(column): (column, f"known.{named(column.name)}") for column in old}
    distinct = "IS NOT" if dialect is Dialect.SQLITE else "IS DISTINCT FROM"
    for meaning in dict.fromkeys((*now, *then)):
        (column, mine), (_, theirs) = (one.get(meaning, (None, None)) for one in (now, then))
        kind = ColumnKind(meaning[0])
        if kind in _SAID:
            yield f"{mine} {distinct} {theirs}" if mine and theirs else f"{mine or theirs} IS NOT NULL"
        elif kind is ColumnKind.POINTS:
            yield f"({mine} <> 0) <> ({theirs} <> 0)" if mine and theirs else f"{mine or theirs} <> 0"
        elif kind is ColumnKind.TOTAL:
            yield f"ABS({mine} - {last[column.rule]}) >= {SCORE_STEP}" if column and mine and theirs else "1 = 1"


def _meaning(column: CompiledColumn) -> tuple[str, ...]:
    """What makes a column the same as one of other rules, whatever its name."""
    return (column.kind.value, column.rule, column.part, column.term, column.output)


def _of(columns: Sequence[CompiledColumn], kind: ColumnKind) -> list[CompiledColumn]:
    return [column for column in columns if column.kind is kind]


def _types(columns: Sequence[CompiledColumn]) -> dict[str, Type]:
    types = {column.name: column.type for column in columns[1:]}  # behind the account's id
    return types | {f"logged__{at}": Type.NUMBER for at, _ in enumerate(_of(columns, ColumnKind.TOTAL), 1)}


def _table(columns: Sequence[CompiledColumn]) -> Table:
    return table("outcome", "account_id", _types(columns), (CHANGED_IN,))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(named, names))


def _add(tx: Connection, sql: str) -> None:
    """Let what a compiled statement selects be due as well."""
    new = f"SELECT DISTINCT account_id FROM ({sql}) AS ageing WHERE account_id NOT IN (SELECT account_id FROM due)"  # noqa: S608 - compiled by rules.ageing
    _run(tx, f"INSERT INTO due (account_id) {new}")


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()


def _run(tx: Connection, sql: str) -> None:
    """Run a statement as it stands: compiled rules have no parameters, and colons and per cents are text."""
    tx.exec_driver_sql(sql, execution_options={"no_parameters": True})


def _kept(tx: Connection) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = settings.get(tx, _KEPT)
    return found


def _columns(kept: Mapping[str, Any]) -> tuple[CompiledColumn, ...]:
    return tuple(
        CompiledColumn(**{**each, "kind": ColumnKind(each["kind"]), "type": Type(each["type"])})
        for each in kept["columns"]
    )


def _keep(tx: Connection, compiled: Compiled, number: int, made_of: Mapping[str, Any], now: datetime) -> None:
    tx.execute(delete(stale))
    columns = [asdict(column) for column in compiled.columns]
    at = now.astimezone(UTC).isoformat()
    settings.put(tx, _KEPT, {"columns": columns, "number": number, "made_of": dict(made_of), "at": at}, now)
