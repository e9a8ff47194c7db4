"""Runs tests of rules: each account made up is a row of facts in memory, and the compiled rules say what they would.

It reads neither the CRM nor the worker's store.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from fnmatch import fnmatchcase
from itertools import groupby
from typing import TYPE_CHECKING

from rules import ColumnKind, Dialect, compile_accounts, compile_reps, needs, rep_needs, trace
from rules.contacts import CONTACT_TABLE, compile_contacts, contact_needs
from rules.problems import nearest
from rules.sql import named
from rules.testing import Scored, account_row, contact_row, covered, judged, load_tests, outcome, rep_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from rules import Compiled, Problem, Ruleset, Vocabulary
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
    with closing(sqlite3.connect(":memory:")) as store:
        store.row_factory = sqlite3.Row
        outcomes = list(_outcomes(store, ruleset, suite.tests))
    results = tuple(judged(test, found) for test, found in zip(suite.tests, outcomes, strict=True))
    return Ran(results, covered(ruleset, outcomes), suite.warnings)


def _outcomes(store: sqlite3.Connection, ruleset: Ruleset, tests: Sequence[RuleTest]) -> Iterator[Outcome]:
    """Tests of one file and day share their statements, which SQLite then prepares once."""
    columns = needs(ruleset)
    store.execute(_table("fact", ["account_id", *(column.name for column in columns)]))
    for (_, on), together in groupby(tests, key=lambda test: (test.mark.file, test.on)):
        same = list(together)
        midnight = datetime.combine(on, time(), UTC)
        compiled = compile_accounts(ruleset, Dialect.SQLITE, now=midnight, landmark=midnight)
        traced = trace(ruleset, Dialect.SQLITE, now=midnight, landmark=midnight, account_id=ACCOUNT)
        eligible = _eligible(store, ruleset, same[0].reps, midnight)
        people = compile_contacts(ruleset.contacts, Dialect.SQLITE, now=midnight) if ruleset.contacts else None
        for test in same:
            scored = tuple(_scored(store, ruleset, people, test.given.contacts, on)) if people else ()
            given = _with_best(known(test.given), scored)
            _fill(store, "fact", [{"account_id": ACCOUNT, **account_row(columns, given, on)}])
            row, values = (dict(store.execute(sql).fetchone()) for sql in (compiled.sql, traced.sql))
            found = outcome(compiled, row, traced, values)
            yield replace(found, eligible=eligible.get(found.decided["book"] or "", {}), contacts=scored)


def _scored(
    store: sqlite3.Connection, ruleset: Ruleset, compiled: Compiled, contacts: Mapping[str, Contact], on: date
) -> Iterator[Scored]:
    """What the contacts have by the scores of contacts."""
    columns = contact_needs(ruleset.contacts)
    store.execute(f"DROP TABLE IF EXISTS {CONTACT_TABLE}")
    store.execute(_table(CONTACT_TABLE, ["contact_id", "account_id", *(column.name for column in columns)]))
    rows = [
        {"contact_id": name, "account_id": ACCOUNT, **contact_row(columns, contact, on)}
        for name, contact in contacts.items()
    ]
    _fill(store, CONTACT_TABLE, rows)
    contact_id = compiled.of(ColumnKind.CONTACT_ID)[0].name
    for row in store.execute(compiled.sql).fetchall():
        for total in compiled.of(ColumnKind.TOTAL):
            points = {column.term: row[column.name] for column in compiled.of(ColumnKind.POINTS, total.rule)}
            yield Scored(total.rule, row[contact_id], row[total.name], points)


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
    store.execute("DROP TABLE IF EXISTS rep_fact")
    store.execute(_table("rep_fact", ["rep_id", *(column.name for column in columns)]))
    rows = [{"rep_id": name, **rep_row(columns, fields)} for name, fields in everybody.items()]
    _fill(store, "rep_fact", rows)
    found: dict[str, dict[str, float | None]] = {book.id: {} for book in ruleset.books}
    for row in store.execute(compiled.sql):
        rep = everybody[row["rep_id"]]
        for book, may in found.items():
            if row[compiled.of(ColumnKind.ELIGIBLE, book)[0].name] and rep["active"] and rep["can_own"]:
                may[row["rep_id"]] = row[compiled.of(ColumnKind.CAPACITY, book)[0].name]
    return found


def _table(name: str, columns: Iterable[str]) -> str:
    return f"CREATE TABLE {name} ({', '.join(map(named, columns))})"


def _fill(store: sqlite3.Connection, table: str, rows: Sequence[Mapping[str, Value]]) -> None:
    """Replace what the table holds."""
    store.execute(f"DELETE FROM {table}")  # noqa: S608 - one of two names of this module
    for row in rows:
        places = ", ".join("?" * len(row))
        store.execute(f"INSERT INTO {table} VALUES ({places})", tuple(row.values()))  # noqa: S608 - the same
