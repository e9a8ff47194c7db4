"""The commands ``matches`` on the leads of a whole company: what was found, what waits, and a person's word on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.desk import Desk


def test_leads_are_matched_in_a_plan_and_a_person_has_the_last_word(desk: Desk) -> None:
    desk.ask("plan")
    first = desk.ask("matches", "list", "--of", "leads", "--limit", "500")["matches"]
    [rate] = first["rates"]
    assert rate["linked"] > 0
    assert rate["keys"] == rate["linked"] + rate["review"] + rate["none"]
    yes, no = first["pairs"][:2]
    assert desk.ask("matches", "accept", yes["id"], "--by", "anna", "--note", "sure")["accepted"] is True
    assert "will not be proposed" in desk.type("matches", "reject", no["id"][:8], "--by", "anna").out
    desk.ask("plan")
    waiting = {pair["id"] for pair in desk.ask("matches", "list", "--limit", "500")["matches"]["pairs"]}
    assert not waiting & {yes["id"], no["id"]}
    [accepted] = desk.ask("matches", "list", "--state", "accepted")["matches"]["pairs"]
    assert (accepted["account"], accepted["by"], accepted["note"]) == (yes["account"], "anna", "sure")
    assert yes["id"] in {one["id"] for one in desk.ask("explain", yes["account"])["explanation"]["matches"]}
    assert desk.ask("audit", "verify")


def test_with_a_threshold_names_link_by_themselves(desk: Desk) -> None:
    desk.ask("plan")
    [asked] = desk.ask("matches", "list")["matches"]["rates"]
    desk.ask("plan", "--set", "matching.auto=0.92")
    [linked] = desk.ask("matches", "list")["matches"]["rates"]
    assert linked["linked"] > asked["linked"]
    assert linked["review"] < asked["review"]


def test_a_match_that_is_none_is_refused(desk: Desk) -> None:
    refused = desk.type("matches", "accept", "nothing")
    assert refused.code == 1
    assert "'sync-worker matches list' shows their ids" in refused.err
