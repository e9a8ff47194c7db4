"""What a plan says of work and of wishes: by book, by rep, and one by one where somebody was refused."""

from __future__ import annotations

from sync_worker.core.model import WORKED, Decision
from sync_worker.core.refusals import TOLD, refusals
from sync_worker.core.steps import Refused
from sync_worker.core.worked import worked
from sync_worker.report.text import plain
from sync_worker.report.worked import refused
from sync_worker.report.worked import worked as view

NAMES = {"ann": "Ann Lee", "bob": "Bob Kim"}


def account(id_: str, owner: str | None, state: str | None, book: str | None = "emea") -> Decision:
    return Decision(id_, "salesforce", f"Account {id_}", owner, "s", None, None, book, {}, fields={WORKED: state})


def test_what_reps_own_is_counted_by_book_and_rep_and_what_waits_is_not() -> None:
    accounts = [
        account("1", "ann", "green"),
        account("2", "ann", "red"),
        account("3", "bob", "red"),
        account("4", "pool", "red"),
        account("5", None, "amber"),
        account("6", "bob", None, "other"),
    ]
    found = worked(accounts, NAMES, "pool")
    assert found == {
        "books": [{"book": "emea", "green": 1, "amber": 0, "red": 2}],
        "reps": [
            {"rep": "ann", "name": "Ann Lee", "book": "emea", "green": 1, "amber": 0, "red": 1},
            {"rep": "bob", "name": "Bob Kim", "book": "emea", "green": 0, "amber": 0, "red": 1},
        ],
    }
    told = plain(tuple(view({"worked": found})))
    assert "Ann Lee" in told
    assert "How accounts are worked" in told
    assert not tuple(view({"worked": worked(accounts[3:], NAMES, "pool")}))


def test_who_was_refused_is_told_with_the_reason_and_a_wrong_column_fills_no_pages() -> None:
    many = [Refused(f"{n}", "claim:emea" if n else "book:named", "ann", "the book is full") for n in range(TOLD + 3)]
    found = refusals(many, {"0": account("0", "bob", None)}, NAMES)
    assert (found["claims"], found["fixed"], found["why"]) == (TOLD + 2, 1, {"the book is full": TOLD + 3})
    told = plain(tuple(refused({"refused": found})))
    assert "Account 0  fixed book  the book is full" in told
    assert "… and 3 accounts more" in told
    assert refusals([], {}, NAMES) == {}
