"""``plan --rebalance``, ``plan --from`` and ``compare`` as they are typed, against a CRM over HTTP."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.desk import Desk


def carried_out(desk: Desk, plan: dict[str, Any]) -> dict[str, Any]:
    guards = [word for guard in plan["guards"] for word in ("--override", guard["name"])]
    desk.ask("approve", plan["id"], *guards)
    applied: dict[str, Any] = desk.ask("apply", plan["id"])
    return applied


@pytest.fixture
def running(desk: Desk) -> Desk:
    """A desk where the plan of the day has been carried out, and accounts may move whoever has them since when."""
    books = desk.folder / "rules" / "books.yaml"
    books.write_text(books.read_text().replace(", tenure: 90 days", ""))
    carried_out(desk, desk.ask("plan")["plan"])
    return desk


def test_a_rebalance_evens_books_out_and_the_plan_of_the_next_day_leaves_it_so(running: Desk) -> None:
    told = running.type("plan", "--rebalance", "--moves", "10%")
    plan = running.ask("show")["plan"]
    total = plan["summary"]["priced"]["total"]
    moves = [row for row in plan["rows"] if row["rule"].startswith("rebalance:")]
    assert told.code == 0
    assert "Rebalance: the books before and after" in told.out
    assert "owned accounts change hands" in told.out
    assert moves
    assert total["moves"]["chosen"] + total["moves"]["forced"] == len(moves)
    assert total["after"]["potential"]["gini"] < total["before"]["potential"]["gini"]
    assert total["after"]["potential"]["variation"] < total["before"]["potential"]["variation"]
    assert total["after"]["covered_accounts"] >= total["before"]["covered_accounts"]
    assert 0 <= total["gap"] <= 0.01
    assert any("of a fair share" in row["reason"] for row in moves)
    assert carried_out(running, plan)["complete"]
    assert running.ask("plan")["changes"] == 0


def test_one_book_may_be_rebalanced_alone_and_no_moves_move_nothing(running: Desk) -> None:
    plan = running.ask("plan", "--rebalance", "amer-mid-market", "--moves", "3")["plan"]
    books = {book["book"]: book for book in plan["summary"]["priced"]["books"]}
    rules = {row["rule"] for row in plan["rows"] if row["rule"].startswith("rebalance:")}
    assert rules == {"rebalance:amer-mid-market"}
    assert books["amer-mid-market"]["moves"]["chosen"] <= books["amer-mid-market"]["moves"]["most"] == 3
    assert [name for name, book in books.items() if book["rebalance"]] == ["amer-mid-market"]
    still = running.ask("plan", "--rebalance", "--moves", "0")
    moved = [book["moves"]["chosen"] for book in still["plan"]["summary"]["priced"]["books"]] if still["plan"] else []
    assert not any(moved)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("plan", "amer-mid-market"), "belong to a rebalance: add --rebalance"),
        (("plan", "--moves", "5%"), "belong to a rebalance: add --rebalance"),
        (("plan", "--rebalance", "--moves", "a few"), "'a few': write a share of the owned accounts, like 5%"),
        (("plan", "--rebalance", "--moves", "105%"), "'105%': write a share from 0% to 100%"),
        (("plan", "--rebalance", "amer-mid-markt"), "there is no book 'amer-mid-markt'"),
        (("plan", "--from", "soon"), "'soon': write a day like 2026-12-01"),
        (("plan", "--from", "2020-01-01"), "2020-01-01 has begun already"),
        (("compare",), "name a folder with other rules, or add --rebalance"),
        (("compare", "rules", "--against", "5%"), "compare either with a folder or with other moves"),
    ],
)
def test_what_cannot_be_had_is_said_with_the_way_out(desk: Desk, words: tuple[str, ...], error: str) -> None:
    answer = desk.type(*words)
    assert answer.code != 0
    assert error in answer.err


def test_nothing_of_a_plan_for_a_later_day_is_written_before_and_no_other_plan_ends_it(running: Desk) -> None:
    day = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    plan = running.ask("plan", "--rebalance", "--moves", "10%", "--from", day)["plan"]
    guards = [word for guard in plan["guards"] for word in ("--override", guard["name"])]
    running.ask("approve", plan["id"], *guards)
    early = running.type("apply", plan["id"])
    assert plan["effective_from"].startswith(day)
    assert early.code == 7
    assert f"plan {plan['id']} takes effect on {day} 00:00 UTC: nothing of it is written before" in early.err
    running.ask("plan")
    assert running.ask("show", plan["id"])["plan"]["state"] == "approved"
    assert f"from:      {day} 00:00 UTC: nothing of it is written before" in running.type("show", plan["id"]).out


def test_two_policies_stand_side_by_side_and_nothing_of_either_is_kept(desk: Desk) -> None:
    desk.ask("pull")
    turns = desk.folder / "turns"
    shutil.copytree(desk.folder / "rules", turns)
    books = (turns / "books.yaml").read_text().splitlines(keepends=True)
    (turns / "books.yaml").write_text(
        "".join(line for line in books if not line.startswith(("    balance", "    keep")))
    )
    found = desk.ask("compare", str(turns))["comparison"]
    one, other = ({book["book"]: book for book in found[side]["books"]} for side in ("one", "other"))
    assert one.keys() == other.keys()
    assert all(book["gap"] is not None and book["before"] == other[name]["before"] for name, book in one.items())
    assert all(book["gap"] is None for book in other.values()), "turns prove nothing"
    assert found["one"]["summary"]["owner_changes"] == found["other"]["summary"]["owner_changes"]
    spread = [sum(b["after"]["potential"]["gini"] for b in side.values()) for side in (one, other)]
    assert spread[0] <= spread[1]
    assert desk.type("show").code == 1, "there is no plan"
    told = desk.type("compare", "--rebalance", "--frontier").out
    assert "the plan of the day, beside rebalance, 5%" in told
    assert "What more moves buy" in told


def test_explain_tells_whoever_might_have_an_account_and_by_how_much_who_gets_it_is_ahead(desk: Desk) -> None:
    plan = desk.ask("plan")["plan"]
    row = next(row for row in plan["rows"] if row["rule"].startswith("book:"))
    found = desk.ask("explain", row["account"])["explanation"]["contest"]
    nets = [one["net"] for one in found["candidates"]]
    assert (found["by"], found["book"]) == ("prices", row["rule"].removeprefix("book:"))
    assert found["chosen"] == row["after"]["owner"]
    assert nets == sorted(nets, reverse=True)
    assert {one["bar"] for one in found["excluded"]} <= {"crm", "book", "previous", "full"}
    assert not {one["rep"] for one in found["excluded"]} & {one["rep"] for one in found["candidates"]}
    told = desk.type("explain", row["account"]).out
    assert f"Who might have it? The book {found['book']}, filled by prices" in told
    assert "Out of the question: " in told


def test_whoever_is_to_lose_an_account_reads_it_first_of_all(running: Desk) -> None:
    plan = running.ask("plan", "--rebalance", "--moves", "10%")["plan"]
    row = next(row for row in plan["rows"] if row["rule"].startswith("rebalance:"))
    coming = f"Plan {plan['id']}, which waits for approval, gives it to {row['to']}: {row['reason']}."
    assert running.ask("explain", row["account"])["explanation"]["meanwhile"] == [coming]
    assert coming in running.type("explain", row["account"]).out
    running.ask("reject", plan["id"])
    assert running.ask("explain", row["account"])["explanation"]["meanwhile"] == []
