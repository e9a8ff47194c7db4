"""Runs tests of rules: each account made up is a row of facts in memory, and the compiled rules say what they would.

It reads neither the CRM nor the worker's store.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from rules import ColumnKind, Dialect, compile_accounts, compile_reps, needs, rep_needs, trace
from rules.contacts import CONTACT_TABLE, compile_contacts, contact_needs
from rules.problems import nearest
from rules.sql import named
from rules.testing import Reader, Scored, account_row, contact_row, covered, judged, load_tests, rep_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from rules import Compiled, FactColumn, Problem, Ruleset, Trace, Vocabulary
    from rules.testing import Contact, Coverage, Given, Outcome, Result, RuleTest, Suite, Value

ACCOUNT = "account"
"""The id of every account made up."""
NEVER_EMPTY: Mapping[str, Value] = {
    "in_pool": False,
    "do_not_move": False,
    "owner_active": True,
    "open_opportunities": 0.0,
    "won_opportunities": 0.0,
    "open_amount": 0.0,
}
"""What the worker derives for every account: where a test says nothing else, nothing is the matter with it."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of the tests, in their order, and what they exercise."""

    results: tuple[Result, ...]
    coverage: Coverage
    warnings: tuple[Problem, ...] = ()
    """What the test files say, and probably do not mean."""

    @property
    def passed(self) -> tuple[Result, ...]:
        """The tests that came out as expected."""
        return tuple(result for result in self.results if result.passed)

    @property
    def failed(self) -> tuple[Result, ...]:
        """The tests that did not come out as expected."""
        return tuple(result for result in self.results if not result.passed)


class NoTests(Exception):
    """There is nothing to run."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def chosen(suite: Suite, only: str | None, folder: Path) -> Suite:
    """The tests whose name or file matches the pattern (``*`` for any run), or holds it. Raises NoTests."""
    if not suite.tests:
        raise NoTests(f"there are no tests in {folder}", "write some into a file that ends in .test.yaml there")
    if only is None:
        return suite
    pattern = only.lower() if "*" in only else f"*{only.lower()}*"
    found = tuple(
        test for test in suite.tests if any(fnmatchcase(text.lower(), pattern) for text in (test.name, test.mark.file))
    )
    if not found:
        raise NoTests(f"no test matches '{only}'", nearest(only, (test.name for test in suite.tests), near=50))
    return replace(suite, tests=found)


def run_beside(folder: Path, ruleset: Ruleset, vocabulary: Vocabulary) -> Ran:
    """Read and run all tests of the folder; there may be none. Raises RulesInvalid."""
    return run(ruleset, load_tests(folder, ruleset, vocabulary))


def run(ruleset: Ruleset, suite: Suite) -> Ran:
    """Run the tests on the rules that they were read for."""
    results: list[Result] = []
    with closing(sqlite3.connect(":memory:")) as store:
        coverage = covered(ruleset, _judged(_Stage(store, ruleset), suite.tests, results))
    return Ran(tuple(results), coverage, suite.warnings)


def _judged(stage: _Stage, tests: Iterable[RuleTest], results: list[Result]) -> Iterator[Outcome]:
    """Each test's outcome, its result noted. Outcomes are large, so none is kept."""
    for test in tests:
        outcome = stage.outcome(test)
        results.append(judged(test, outcome))
        yield outcome


@dataclass(frozen=True, slots=True)
class _Day:
    """The compiled rules of one day, which all its tests share: SQLite prepares them once."""

    accounts: Compiled
    traced: Trace
    contacts: Compiled
    reader: Reader

    @classmethod
    def of(cls, ruleset: Ruleset, now: datetime) -> _Day:
        """The rules as they are on the day that begins now."""
        accounts = compile_accounts(ruleset, Dialect.SQLITE, now=now, landmark=now)
        traced = trace(ruleset, Dialect.SQLITE, now=now, landmark=now, account_id=ACCOUNT)
        contacts = compile_contacts(ruleset.contacts, Dialect.SQLITE, now=now)
        return cls(accounts, traced, contacts, Reader(accounts, traced))


@dataclass(slots=True)
class _Stage:
    """Where one account at a time is played: the facts of it, of its contacts, and of the reps of its file."""

    store: sqlite3.Connection
    ruleset: Ruleset
    _columns: tuple[FactColumn, ...] = field(init=False)
    _people: tuple[FactColumn, ...] = field(init=False)
    """What is read of accounts, and of contacts."""
    _days: dict[date, _Day] = field(default_factory=dict)
    _eligible: dict[tuple[str, date], dict[str, dict[str, float | None]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._columns, self._people = needs(self.ruleset), contact_needs(self.ruleset.contacts)
        for name, keys, columns in (
            ("fact", ["account_id"], self._columns),
            ("rep_fact", ["rep_id"], rep_needs(self.ruleset)),
            (CONTACT_TABLE, ["contact_id", "account_id"], self._people),
        ):
            self.store.execute(_table(name, [*keys, *(column.name for column in columns)]))

    def outcome(self, test: RuleTest) -> Outcome:
        """What the rules say of the test's account."""
        day = self._days.get(test.on) or self._days.setdefault(test.on, _Day.of(self.ruleset, _midnight(test.on)))
        scored = tuple(self._scored(day, test.given.contacts, test.on)) if self.ruleset.contacts else ()
        facts = account_row(self._columns, _with_best(known(test.given), scored), test.on)
        _fill(self.store, "fact", [{"account_id": ACCOUNT, **facts}])
        (row,), (values,) = _rows(self.store, day.accounts), _rows(self.store, day.traced)
        found = day.reader.outcome(row, values)
        eligible = self._eligible_for(test).get(found.decided["book"] or "", {})
        return replace(found, eligible=eligible, contacts=scored)

    def _scored(self, day: _Day, contacts: Mapping[str, Contact], on: date) -> Iterator[Scored]:
        """What the contacts have by the scores of contacts."""
        rows = [
            {"contact_id": name, "account_id": ACCOUNT, **contact_row(self._people, contact, on)}
            for name, contact in contacts.items()
        ]
        _fill(self.store, CONTACT_TABLE, rows)
        (contact_id,) = day.contacts.of(ColumnKind.CONTACT_ID)
        for row in _rows(self.store, day.contacts):
            for total in day.contacts.of(ColumnKind.TOTAL):
                terms = day.contacts.of(ColumnKind.POINTS, total.rule)
                points = {column.term: row[column.name] for column in terms}
                yield Scored(total.rule, row[contact_id.name], row[total.name], points)

    def _eligible_for(self, test: RuleTest) -> dict[str, dict[str, float | None]]:
        """Book → the reps of the test's file who may get its accounts → how many each may own."""
        key = test.mark.file, test.on
        if key not in self._eligible:
            self._eligible[key] = _eligible(self.store, self.ruleset, test.reps, _midnight(test.on))
        return self._eligible[key]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _with_best(given: Given, scored: Iterable[Scored]) -> Given:
    """The account with the total of its best contact by each score, unless the test gives that itself."""
    best: dict[str, float] = {}
    for one in scored:
        best[one.score] = max(one.total, best.get(one.score, one.total))
    return replace(given, contact_scores={**best, **given.contact_scores})


def known(given: Given) -> Given:
    """The account with what the worker would derive from it: what a test says itself goes first."""
    fields = given.fields
    customer = str(fields.get("type") or "").lower().startswith("customer")
    derived: dict[str, Value] = {
        **NEVER_EMPTY,
        "contacts": float(len(given.contacts)),
        "is_customer": customer or float(fields.get("won_opportunities") or 0) > 0,
        "owned_since": fields.get("created_at"),
        "last_touch": _latest(given.touches),
        "last_engagement": _latest(day for days in given.events.values() for day in days),
    }
    return replace(given, fields={**derived, **fields})


def _latest(days: Iterable[date]) -> str | None:
    latest = max(days, default=None)
    return latest.isoformat() if latest else None


def _eligible(
    store: sqlite3.Connection, ruleset: Ruleset, reps: Mapping[str, Mapping[str, Value]], now: datetime
) -> dict[str, dict[str, float | None]]:
    """Book → the reps who may get its accounts → how many each may own."""
    columns, able = rep_needs(ruleset), {"active": True, "can_own": True}
    compiled = compile_reps(ruleset, Dialect.SQLITE, now=now)
    everybody = {name: {**able, **fields} for name, fields in reps.items()}
    rows = [{"rep_id": name, **rep_row(columns, fields)} for name, fields in everybody.items()]
    _fill(store, "rep_fact", rows)
    found: dict[str, dict[str, float | None]] = {book.id: {} for book in ruleset.books}
    for row in _rows(store, compiled):
        rep = everybody[row["rep_id"]]
        for book, may in found.items():
            if row[compiled.of(ColumnKind.ELIGIBLE, book)[0].name] and rep["active"] and rep["can_own"]:
                may[row["rep_id"]] = row[compiled.of(ColumnKind.CAPACITY, book)[0].name]
    return found


def _rows(store: sqlite3.Connection, statement: Compiled | Trace) -> list[dict[str, Any]]:
    """What the statement gives, by its columns' names."""
    names = [column.name for column in statement.columns]
    return [dict(zip(names, row, strict=True)) for row in store.execute(statement.sql)]


def _table(name: str, columns: Iterable[str]) -> str:
    return f"CREATE TABLE {name} ({', '.join(map(named, columns))})"


def _fill(store: sqlite3.Connection, table: str, rows: Sequence[Mapping[str, Value]]) -> None:
    """Replace what the table holds."""
    store.execute(f"DELETE FROM {table}")  # noqa: S608 - one of two names of this module
    for row in rows:
        places = ", ".join("?" * len(row))
        store.execute(f"INSERT INTO {table} VALUES ({places})", tuple(row.values()))  # noqa: S608 - the same
