"""Reasons are short, in the order of the rules, and in words."""

from __future__ import annotations

from dataclasses import replace

from sync_worker.core.model import Points, Score, Value
from sync_worker.core.reasons import evidence, reasons

SCORE = Score(71.2, "A", (Points("met", 10, "Met us"), Points("size", 0.4, "Size"), Points("core", 15, "Core")))


def test_reasons_keep_the_order_of_the_rules_and_fit_a_field() -> None:
    assert reasons(SCORE) == "Met us; Core"
    many = replace(SCORE, points=tuple(Points(str(n), 5, f"Reason number {n}") for n in range(50)))
    assert len(reasons(many)) == 255
    assert reasons(many).endswith("…")


def test_evidence_is_what_the_condition_saw() -> None:
    seen: dict[str, Value] = {
        "in_pool": False,
        "last_touch": "2026-05-02T09:30:00Z",
        "region": None,
        "employees": 1250.0,
    }
    assert evidence(seen) == "last touch 2026-05-02, region empty, employees 1,250"


def test_yes_and_no_are_told_when_there_is_nothing_else() -> None:
    assert evidence({"owner_active": False}) == "owner active no"
