"""Files of a vendor in the folder, as a user meets them: pull, signals, status, explain, plan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.desk import Desk

TODAY = datetime.now(UTC).date()


@pytest.fixture
def folder(desk: Desk) -> Path:
    """The folder of signals, named in the config."""
    desk.config.write_text(
        desk.config.read_text() + '\n[signals]\nfolder = "signals"\n[signals.precedence]\nemployees = ["zoominfo"]\n'
        '[signals.topics]\n"Cyber Security" = "cybersecurity"\n'
    )
    folder = desk.folder / "signals"
    folder.mkdir()
    return folder


def accounts(desk: Desk) -> list[dict[str, Any]]:
    """The CRM's accounts that have a website that no other has."""
    rows = desk.sandbox.company.rows("Account")
    sites = [row.get("Website") for row in rows]
    return [dict(row) for row in rows if row.get("Website") and sites.count(row["Website"]) == 1]


def test_files_are_taken_in_matched_and_told_of(desk: Desk, folder: Path) -> None:
    one, two = accounts(desk)[:2]
    long_ago = TODAY - timedelta(days=60)
    (folder / "bombora.csv").write_text(
        "account_id,topic,score,observed_at\n"
        f"{one['Id']},Cyber Security,91,{TODAY}\n"
        f"{one['Id']},Cloud Costs,55,{long_ago}\n"
        f"{two['Id']},Cyber Security,120,{TODAY}\n"
        "nobody,x,1,2026-01-01\n"
    )
    (folder / "zoominfo.jsonl").write_text(
        f'{{"website": "{one["Website"]}", "employees": 77777, "date": "{TODAY}"}}\n'
        f'{{"website": "nobody.example", "employees": 1, "date": "{TODAY}"}}\n'
    )
    pulled = desk.ask("pull")["streams"]["signals"]
    assert (pulled["pulled"], pulled["new"], pulled["quarantined"]) == (6, 4, 2)
    assert desk.ask("pull")["streams"]["signals"]["pulled"] == 0

    told = desk.ask("signals")["signals"]
    found = {
        (s["source"], s["told"], s["matched"], s["unmatched"], s["stale"], s["match_rate"]) for s in told["sources"]
    }
    assert found == {("bombora", 2, 2, 0, 1, 1.0), ("zoominfo", 2, 1, 1, 0, 0.5)}
    assert [u["because"] for u in told["unmatched"]] == ["no account has the domain nobody.example"]
    text = desk.type("signals").out
    assert "bombora.csv:4  score '120' is not between 0 and 100" in text
    assert "bombora.csv:5  account id 'nobody' is neither a Salesforce id" in text
    assert "4 of 2 files, 75% found their account, 1 stale, 2 not taken" in desk.type("status").out

    explained = desk.ask("explain", one["Id"])["explanation"]
    live = {(s["topic"], s["source"], s["score"], s["stale"]) for s in explained["signals"]}
    assert {("cybersecurity", "bombora", 91, False), ("cloud_costs", "bombora", 55, True)} <= live
    first, *others = explained["sources"]["employees"]
    assert (first["source"], first["value"]) == ("zoominfo", 77777)
    assert [each["source"] for each in others] == (["salesforce"] if one.get("NumberOfEmployees") else [])
    assert "employees 77,777 from zoominfo" in desk.type("explain", one["Id"]).out


def test_intent_of_a_file_counts_in_the_plan(desk: Desk, folder: Path) -> None:
    quiet = next(row for row in accounts(desk) if not row.get("Intent_Cybersecurity__c"))
    desk.ask("plan")
    before = desk.ask("explain", quiet["Id"])["explanation"]["scores"]["priority"][0]
    (folder / "bombora.csv").write_text(
        f"account_id,topic,score,observed_at\n{quiet['Id']},Cyber Security,99,{TODAY}\n"
    )
    desk.ask("plan")
    assert desk.ask("explain", quiet["Id"])["explanation"]["scores"]["priority"][0] > before


def test_without_files_the_answer_says_where_they_would_go(desk: Desk, folder: Path) -> None:
    assert f"{folder} holds none that were taken in" in desk.type("signals").out
    assert desk.ask("signals")["signals"]["sources"] == []


def test_a_folder_that_is_gone_stops_the_pull_with_the_way_out(desk: Desk, folder: Path) -> None:
    folder.rmdir()
    answer = desk.type("pull")
    assert answer.code == 1
    assert f"signals.folder {folder} cannot be read" in answer.err
    assert "make the folder" in answer.err
