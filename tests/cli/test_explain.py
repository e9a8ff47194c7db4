"""``explain`` as it is typed: now, on a day, and for a rep who did not get the account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.desk import Desk


def test_an_account_is_explained_now_then_and_to_a_rep(desk: Desk) -> None:
    rows = desk.ask("plan")["plan"]["rows"]
    given = next(row for row in rows if row["rule"].startswith("book:"))
    today = f"{datetime.now(UTC):%Y-%m-%d}"

    now = desk.ask("explain", given["account"])["explanation"]
    then = desk.ask("explain", given["account"], "--at", today)["explanation"]
    told = (
        "verdict",
        "scope",
        "protect",
        "return",
        "book",
        "fields",
        "scores",
        "rules",
        "terms",
        "caps",
        "tables",
        "empty",
    )
    assert {name: then[name] for name in told} == {name: now[name] for name in told}
    assert then["kept"]
    assert f"on {today} 23:59 UTC" in desk.type("explain", given["account"], "--at", today).out

    barred = desk.ask("explain", given["account"], "--why-not", given["after"]["owner"])["why_not"]
    assert [reason["kind"] for reason in barred["reasons"]] == ["next"]
    assert barred["claim"]["goes_to"]["rep"] == given["after"]["owner"]
    page = desk.type("explain", given["account_name"], "--why-not", barred["rep_name"])
    assert f": why not {barred['rep_name']}?" in page.out
    assert "Nothing: the next plan gives it to" in page.out

    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
    for words, code, message in (
        (("--at", tomorrow), 2, f"{tomorrow} is still to come"),
        (("--at", "last week"), 2, "'last week' is neither a date nor a time"),
        (("--at", "2020-01-01"), 1, "had not decided about"),
        (("--at", today, "--why-not", "Ann"), 2, "give one of them"),
        (("--why-not", "Nobody At All"), 1, "no user of the CRM goes by 'Nobody At All'"),
    ):
        answer = desk.type("explain", given["account"], *words)
        assert answer.code == code, answer.err
        assert message in answer.err
        assert "Traceback" not in answer.err
