"""A plan holds what differs from the CRM, in a fixed order, under a hash of everything that made it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sync_worker.core.margins import Margin
from sync_worker.core.model import Decision, OwnerChange, Points, RowKind, Score
from sync_worker.core.planning import ModelFields, PriorityFields, make_rows, resting, seal, tier_moves

PRIORITY = ModelFields("priority", "score", "tier", "reasons")
FIELDS = PriorityFields((PRIORITY,), step=5.0)
SCORE = Score(71.234567, "A", (Points("met", 10, "Met us"), Points("size", 0.4, "Size"), Points("core", 15, "Core")))
SHOWN = {"1": {"score": 71.2, "tier": "A", "reasons": "Met us; Core"}, "2": {}}


def decision(account: str, **changes: object) -> Decision:
    base = Decision(
        account,
        "salesforce",
        f"Account {account}",
        "ann",
        "target",
        None,
        None,
        "emea",
        {"priority": SCORE},
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def rows(*decisions: Decision, changes: tuple[OwnerChange, ...] = (), shown=SHOWN, fields=FIELDS):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201 - a shorthand of this file
    return make_rows(decisions, changes, shown, fields=fields)


def test_owner_changes_come_first_in_their_order_then_priorities_by_account() -> None:
    change = OwnerChange("2", "ann", "bob", "book:emea", "best", rest_days=0)
    made = rows(decision("2"), decision("1", scores={"priority": replace(SCORE, tier="B")}), changes=(change,))
    assert [(row.number, row.account, row.kind) for row in made] == [
        (1, "2", RowKind.OWNER),
        (2, "1", RowKind.PRIORITY),
        (3, "2", RowKind.PRIORITY),
    ]
    assert made[0].before == {"owner": "ann"}
    assert made[2].after == {"reasons": "Met us; Core", "score": 71.2, "tier": "A"}
    assert tier_moves(made, "tier") == {"A → B": 1, "none → A": 1}


@pytest.mark.parametrize(
    ("shown", "written"),
    [
        ({"score": 71.2, "tier": "A", "reasons": "Met us; Core"}, False),
        ({"score": 67.0, "tier": "A", "reasons": "Met us; Core"}, False),
        ({"score": 71.2, "tier": "A", "reasons": "Met us; Core\r\n"}, False),
        ({"score": 66.2, "tier": "A", "reasons": "Met us; Core"}, True),
        ({"score": 71.2, "tier": "B", "reasons": "Met us; Core"}, True),
        ({"score": 71.2, "tier": "A", "reasons": "Core"}, True),
        ({"score": None, "tier": "A", "reasons": "Met us; Core"}, True),
    ],
)
def test_a_priority_is_written_for_a_new_tier_new_reasons_or_a_step_of_the_score(shown: dict, *, written: bool) -> None:  # type: ignore[type-arg]
    assert bool(rows(decision("1"), shown={"1": shown})) is written


def test_a_tier_within_its_margin_is_no_reason_to_write_and_is_kept_where_another_field_is_written() -> None:
    kept = PriorityFields((replace(PRIORITY, margin=Margin(15, (("A", 60.0), ("B", 20.0), ("C", 0.0)))),), step=5)
    shown = {"score": 71.2, "tier": "B", "reasons": "Met us; Core"}
    assert not rows(decision("1"), shown={"1": shown}, fields=kept)
    (row,) = rows(decision("1"), shown={"1": {**shown, "reasons": "Core"}}, fields=kept)
    assert row.after == {"reasons": "Met us; Core", "score": 71.2, "tier": "B"}
    assert row.reason == "priority 71.2, tier B kept while below 75"


def test_out_of_scope_means_out_of_reach() -> None:
    assert rows(decision("2", scope=None)) == ()


def test_an_account_that_went_while_the_rules_ran_gets_no_priority() -> None:
    assert rows(decision("3")) == ()


def test_a_field_that_is_not_configured_is_not_written() -> None:
    (row,) = rows(decision("2"), fields=PriorityFields((ModelFields("priority", tier="tier"),), step=5))
    assert row.after == {"tier": "A"}
    assert rows(decision("2"), fields=PriorityFields((), step=5)) == ()


MODELS = PriorityFields(
    (
        PRIORITY,
        ModelFields("inbound", "inbound_score", "inbound_tier", "inbound_reasons"),
        ModelFields("fit-timing", tier="grade"),
    ),
    step=5.0,
)
INBOUND = Score(30.0, "2", (Points("form", 30, "Asked us"),))
ALL = {
    "score": 71.2, "tier": "A", "reasons": "Met us; Core",
    "inbound_score": 30.0, "inbound_tier": "2", "inbound_reasons": "Asked us",
    "grade": "A2",
}  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "rule", "reason"),
    [
        ({}, None, ""),
        ({"score": 60.0}, "score:priority", "priority 71, tier A"),
        ({"inbound_score": 24.0}, "score:inbound", "inbound 30, tier 2"),
        ({"inbound_score": 26.0}, None, ""),
        ({"inbound_reasons": None}, "score:inbound", "inbound 30, tier 2"),
        ({"grade": "B2"}, "grid:fit-timing", "fit-timing A2"),
        ({"tier": "B", "grade": "B2"}, "score:priority", "priority 71, tier A; fit-timing A2"),
    ],
)
def test_an_account_has_one_row_for_all_its_scores_named_after_what_was_worth_it(
    shown: dict[str, object], rule: str | None, reason: str
) -> None:
    scored = decision("1", scores={"priority": SCORE, "inbound": INBOUND}, fields={"fit-timing": "A2"})
    made = rows(scored, shown={"1": ALL | shown}, fields=MODELS)
    assert [(row.rule, row.reason) for row in made] == ([(rule, reason)] if rule else [])
    assert all(row.before == ALL | shown and row.after == ALL for row in made)


def test_a_row_whose_account_rests_on_nothing_known_says_so() -> None:
    made = resting(rows(decision("1"), decision("2"), shown={"1": {}, "2": {}}), {"2": "two"})
    assert {row.account: row.read_set for row in made} == {"1": "", "2": "two"}


def test_the_hash_covers_rows_rules_config_and_version() -> None:
    one = rows(decision("2"))
    sealed: dict[str, Any] = {"rules_version": "r", "config_digest": "c", "worker_version": "v"}
    hashes = {
        seal(one, **sealed),
        seal(resting(one, {"2": "other"}), **sealed),
        seal(one, **{**sealed, "rules_version": "r2"}),
        seal(one, **{**sealed, "config_digest": "c2"}),
        seal(one, **{**sealed, "worker_version": "v2"}),
        seal(one, **sealed, effective_from=datetime(2026, 12, 1, tzinfo=UTC)),
        seal(one, **sealed, effective_from=datetime(2026, 12, 2, tzinfo=UTC)),
    }
    assert len(hashes) == 7
    assert seal(one, **sealed) == seal(rows(decision("2")), **sealed)
