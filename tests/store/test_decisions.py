"""A decision is logged when it changes, with what the rules read; time alone changes none."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sync_worker.core.model import Decision, Points, Score
from sync_worker.store import decisions

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from sync_worker.store import Store

ACME = Decision(
    account="a",
    crm="salesforce",
    name="Acme",
    owner="u1",
    scope="target",
    protect=None,
    return_="unworked",
    book="emea",
    scores={"priority": Score(71.5, "A", (Points("size", 15.0, "Company size"),))},
)


def test_a_first_decision_is_logged_with_its_inputs(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        assert _record(tx, now, ACME) == 1
        logged = decisions.latest(tx, "a")
        assert logged is not None
        assert (logged.at, logged.cycle, logged.rules_version, logged.old) == (now, 7, "v1", None)
        assert logged.value == {
            "scope": "target",
            "protect": None,
            "return": "unworked",
            "book": "emea",
            "scores": {"priority": {"total": 71.5, "tier": "A", "points": [["size", 15.0, "Company size"]]}},
        }
        assert logged.inputs == {"account": "a"}, "what was empty is not there"
        assert decisions.latest(tx, "b") is None


def test_the_same_decision_by_other_rules_is_not_logged(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        _record(tx, now, ACME)
        later = now + timedelta(days=1)
        assert _record(tx, later, replace(ACME, owner="u2", name="Acme AG"), rules="v2") == 0
        assert len(decisions.history(tx, "a")) == 1


def test_what_else_the_rules_make_of_an_account_is_part_of_its_decision(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        assert _record(tx, now, replace(ACME, fields={"motion": "new logo", "route": None})) == 1
        assert _record(tx, now, replace(ACME, fields={"motion": "new logo", "route": None})) == 0
        assert _record(tx, now, replace(ACME, fields={"motion": "renewal", "route": None})) == 1
        latest = decisions.latest(tx, "a")
    assert latest is not None
    assert latest.value["fields"] == {"motion": "renewal", "route": None}


def test_a_score_that_drifts_is_a_change_only_by_step_tier_or_reasons(store: Store, now: datetime) -> None:
    def score(total: float, tier: str = "A", *terms: str) -> Decision:
        return replace(
            ACME, scores={"priority": Score(total, tier, tuple(Points(t, 1.0, t) for t in terms or ("size",)))}
        )

    with store.begin() as tx:
        _record(tx, now, score(71.5))
        assert _record(tx, now, score(67.0)) == 0
        assert _record(tx, now, score(66.5)) == 1
        assert _record(tx, now, score(66.5, "B")) == 1
        assert _record(tx, now, score(66.5, "B", "size", "met")) == 1
        assert _record(tx, now, replace(ACME, scores={})) == 1


def test_each_part_of_a_decision_that_changes_is_logged(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        _record(tx, now, ACME)
        for changed in ({"scope": None}, {"protect": "customers"}, {"return_": None}, {"book": None}):
            assert _record(tx, now, replace(ACME, **changed)) == 1
            assert _record(tx, now, ACME) == 1
        latest, *_ = decisions.history(tx, "a")
        assert latest.old is not None
        assert (latest.old["book"], latest.value["book"]) == (None, "emea")


def test_the_decision_that_held_at_a_moment_can_be_read_later(store: Store, now: datetime) -> None:
    day = timedelta(days=1)
    with store.begin() as tx:
        _record(tx, now, ACME)
        _record(tx, now + 2 * day, replace(ACME, book="apac"))
        assert decisions.at(tx, "a", now - day) is None
        assert [_book(tx, now + n * day) for n in (0, 1, 2, 3)] == ["emea", "emea", "apac", "apac"]


def test_more_decisions_than_fit_into_one_statement_are_kept(store: Store, now: datetime) -> None:
    many = [replace(ACME, account=f"a{n}") for n in range(2_300)]
    with store.begin() as tx:
        assert _record(tx, now, *many) == 2_300
        assert _record(tx, now, *many) == 0
        assert decisions.record(tx, many[:1], inputs=lambda _: {}, cycle=7, rules_version="v1", now=now).same == {
            "a0": {"priority": 71.5}
        }


def test_sql_is_run_as_it_stands_with_its_colons_and_per_cents(store: Store) -> None:
    with store.read() as tx:
        (row,) = decisions.evaluate(tx, "SELECT '100%' AS a, ':x %s %(y)s ?' AS b, 1.5 AS c WHERE 'ab' LIKE 'a%'")
    assert (row["a"], row["b"], float(str(row["c"]))) == ("100%", ":x %s %(y)s ?", 1.5)


def test_a_result_that_is_not_read_to_its_end_leaves_nothing_open(store: Store) -> None:
    with store.read() as tx:
        rows = decisions.evaluate(tx, "SELECT 1 AS a UNION ALL SELECT 2")
        assert next(rows) == {"a": 1}
        rows.close()
        assert [row["a"] for row in decisions.evaluate(tx, "SELECT 3 AS a")] == [3]


def test_a_result_of_many_rows_is_read_as_it_comes_while_others_are_written(store: Store, now: datetime) -> None:
    with store.begin() as tx:
        _record(tx, now, *(replace(ACME, account=f"a{n:05}") for n in range(6_000)))
        read = 0
        for row in decisions.evaluate(tx, "SELECT account_id FROM decision ORDER BY account_id"):
            read += 1
            if read % 2_500 == 0:
                _record(tx, now, replace(ACME, account=str(row["account_id"]), book="apac"))
    assert read >= 6_000


def _record(tx: Connection, now: datetime, *made: Decision, rules: str = "v1") -> int:
    return decisions.record(
        tx, made, inputs=lambda id_: {"account": id_, "industry": None}, cycle=7, rules_version=rules, now=now
    ).changed


def _book(tx: Connection, when: datetime) -> object:
    held = decisions.at(tx, "a", when)
    return held and held.value["book"]
