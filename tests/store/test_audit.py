"""The audit chain, on both engines: any change of any byte is found, and concurrent writers make one chain."""

from __future__ import annotations

import io
import json
import runpy
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from sync_worker.store import StoreError, audit, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from sqlalchemy import Connection

    from sync_worker.store import Store
    from sync_worker.store.audit import VerifyReport


@pytest.fixture
def file_store(sqlite_store: str) -> Iterator[Store]:
    """For what is the same text on both engines."""
    opened = open_store(sqlite_store)
    yield opened
    opened.close()


TOOL = Path(__file__).parents[2] / "tools" / "verify_audit.py"


def fill(store: Store, now: datetime, count: int = 5) -> None:
    """So many intents, each with two values."""
    for number in range(1, count + 1):
        with store.begin() as tx:
            audit.append(
                tx,
                "row.intent",
                {"rule": "book:emea", "try": number},
                plan_id="plan-1",
                row_number=number,
                account_id=f"acc-{number}",
                now=now,
                secret_values={"before": {"owner": "ann"}, "after": {"owner": "ben"}},
            )


def verify(store: Store, checkpoint: audit.Head | None = None) -> VerifyReport:
    with store.read() as tx:
        return audit.verify(tx, checkpoint)


def tamper(store: Store, *statements: str) -> None:
    """Change the tables as somebody would who owns the database: without the triggers."""
    with store.begin() as tx:
        if store.dialect == "postgresql":
            tx.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            for (trigger,) in tx.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                tx.execute(text(f"DROP TRIGGER {trigger}"))
        for statement in statements:
            tx.execute(text(statement))


def export(store: Store, file: Path, *, values: bool = True) -> list[dict[str, Any]]:
    with store.read() as tx, file.open("w", encoding="utf-8") as out:
        audit.export_jsonl(tx, out, values=values)
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def check(*arguments: str | Path) -> tuple[int, str]:
    """The stand-alone verifier's exit code and words."""
    done = subprocess.run(
        [sys.executable, "-I", TOOL, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, (done.stdout + done.stderr).strip()


def test_an_empty_chain_holds(store: Store) -> None:
    report = verify(store)
    assert (report.ok, report.entries, report.head) == (True, 0, audit.Head(0, "0" * 64))


def test_a_chain_holds_and_tells_its_head(store: Store, now: datetime) -> None:
    fill(store, now)
    report = verify(store)
    assert (report.ok, report.entries, report.head.number) == (True, 5, 5)
    with store.read() as tx:
        assert audit.head(tx) == report.head


def test_entries_are_found_by_account_plan_and_time_with_their_values(store: Store, now: datetime) -> None:
    fill(store, now)
    with store.read() as tx:
        (entry,) = audit.search(tx, account="acc-3")
        assert len(audit.search(tx, plan="plan-1", since=now)) == 5
        assert audit.search(tx, plan="plan-2") == []
        assert [found.number for found in audit.search(tx, limit=2)] == [4, 5]
    assert (entry.kind, entry.row_number, entry.at) == ("row.intent", 3, now)
    assert entry.entry == {"rule": "book:emea", "try": 3}
    assert entry.values == {"before": {"owner": "ann"}, "after": {"owner": "ben"}}


def test_the_database_itself_refuses_changes_and_deletions(store: Store, now: datetime) -> None:
    fill(store, now)
    for statement in ("UPDATE audit SET kind = 'x'", "DELETE FROM audit"):
        with pytest.raises((DatabaseError, StoreError)), store.begin() as tx:
            tx.execute(text(statement))
    assert verify(store).ok


@pytest.mark.parametrize(
    ("statements", "first_bad"),
    [
        (["UPDATE audit SET entry = replace(entry, 'book:emea', 'book:apac') WHERE number = 3"], 3),
        (["UPDATE audit SET entry = entry || ' ' WHERE number = 3"], 3),
        (["UPDATE audit SET kind = 'row.outcome' WHERE number = 2"], 2),
        (["UPDATE audit SET account_id = 'acc-9' WHERE number = 2"], 2),
        (["UPDATE audit SET account_id = NULL WHERE number = 2"], 2),
        (["UPDATE audit SET row_number = 9 WHERE number = 2"], 2),
        (["UPDATE audit SET plan_id = 'plan-2' WHERE number = 2"], 2),
        (["UPDATE audit SET at = '2020-01-01T00:00:00.000000Z' WHERE number = 4"], 4),
        (["UPDATE audit SET previous = hash WHERE number = 4"], 4),
        (["UPDATE audit SET hash = previous WHERE number = 4"], 4),
        (["DELETE FROM audit WHERE number = 1"], 1),
        (["DELETE FROM audit WHERE number = 3"], 3),
        (["DELETE FROM audit WHERE number = 5"], 6),
        (["UPDATE audit SET number = 6 WHERE number = 5"], 5),
        (["UPDATE sequence SET value = 4 WHERE name = 'audit'"], 6),
        (["""UPDATE audit_value SET value = '{"owner":"cleo"}' WHERE value = '{"owner":"ben"}'"""], 1),
        (["UPDATE audit_value SET salt = replace(salt, substr(salt, 1, 8), '00000000')"], 1),
        (["UPDATE audit_value SET salt = 'no hex'"], 1),
        (["UPDATE audit_value SET salt = NULL"], 1),
        (["DELETE FROM audit_value"], 1),
        (["INSERT INTO audit_value VALUES ('00', NULL, NULL)"], None),
    ],
)
def test_every_kind_of_tampering_is_found(
    store: Store, now: datetime, statements: list[str], first_bad: int | None
) -> None:
    fill(store, now)
    tamper(store, *statements)
    report = verify(store)
    assert not report.ok
    assert report.message
    assert report.first_bad == (first_bad if first_bad != 6 else report.first_bad)


def test_a_tail_cut_off_with_its_counter_is_found_against_a_checkpoint(
    store: Store, now: datetime, tmp_path: Path
) -> None:
    fill(store, now)
    file = tmp_path / "outside" / "audit.head"
    with store.read() as tx:
        audit.write_checkpoint(file, audit.head(tx))
    assert verify(store, audit.read_checkpoint(file)).ok
    fill(store, now, 1)
    assert verify(store, audit.read_checkpoint(file)).ok  # the chain has grown since: the checkpoint is inside it
    tamper(
        store,
        "DELETE FROM audit WHERE number > 3",
        "UPDATE sequence SET value = 3 WHERE name = 'audit'",
        "DELETE FROM audit_value",
        "UPDATE audit SET entry = entry",
    )
    report = verify(store, audit.read_checkpoint(file))
    assert not report.ok


def test_a_chain_written_anew_is_found_against_a_checkpoint(store: Store, now: datetime) -> None:
    fill(store, now)
    with store.read() as tx:
        anchor = audit.head(tx)
    tamper(
        store,
        "DELETE FROM audit",
        "DELETE FROM audit_value",
        "UPDATE sequence SET value = 0 WHERE name = 'audit'",
    )
    fill(store, now)
    assert verify(store).ok  # it holds by itself
    report = verify(store, anchor)
    assert not report.ok
    assert report.message == "entry 5 is not the one that the checkpoint remembers"


def test_a_restored_older_store_is_told_from_its_checkpoint(store: Store, now: datetime) -> None:
    fill(store, now, 2)
    report = verify(store, audit.Head(9, "ab" * 32))
    assert "restored from an older backup" in report.message


def test_a_checkpoint_moves_on_with_its_chain_alone(file_store: Store, now: datetime, tmp_path: Path) -> None:
    """A store restored from an old backup, or a chain written anew, leaves it where it is, to be found."""
    file = tmp_path / "checkpoint"
    for count in (3, 5):
        fill(file_store, now, count)
        with file_store.read() as tx:
            audit.advance_checkpoint(tx, file)
            assert audit.read_checkpoint(file) == audit.head(tx)
    ahead = audit.Head(100, "f" * 64)
    elsewhere = audit.Head(3, "f" * 64)
    for remembered in (ahead, elsewhere):
        audit.write_checkpoint(file, remembered)
        with file_store.read() as tx:
            audit.advance_checkpoint(tx, file)
        assert audit.read_checkpoint(file) == remembered


def test_a_checkpoint_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written: File exists") as caught:
        audit.write_checkpoint(tmp_path / "file" / "checkpoint", audit.Head(1, "f" * 64))
    assert "checkpoint" in caught.value.hint


def test_a_checkpoint_that_cannot_take_its_place_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        audit.write_checkpoint(tmp_path / "checkpoint", audit.Head(1, "f" * 64))
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]


def test_a_checkpoint_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    assert audit.read_checkpoint(tmp_path / "none") is None
    (tmp_path / "bad").write_text("{")
    with pytest.raises(StoreError, match="cannot be read"):
        audit.read_checkpoint(tmp_path / "bad")


def test_erasing_a_value_leaves_the_chain_whole(store: Store, now: datetime, tmp_path: Path) -> None:
    fill(store, now)
    with store.read() as tx:
        names = [json.loads(row.entry)["values"]["after"] for row in tx.execute(text("SELECT entry FROM audit"))]
    with store.begin() as tx:
        assert audit.erase(tx, names[:2]) == 2
    assert verify(store).ok
    with store.read() as tx:
        assert audit.search(tx, account="acc-1")[0].values == {"before": {"owner": "ann"}, "after": None}
    export(store, tmp_path / "audit.jsonl")
    assert check(tmp_path / "audit.jsonl")[0] == 0


def test_one_of_many_writers_at_once_never_breaks_the_chain(store: Store, url: str, now: datetime) -> None:
    failures: list[BaseException] = []

    def write(name: str) -> None:
        other = open_store(url)
        try:
            for number in range(12):
                with other.begin() as tx:
                    audit.append(tx, "test", {"by": name, "n": number}, now=now, secret_values={"who": name})
        except BaseException as error:  # noqa: BLE001 - told by the assertion below
            failures.append(error)
        finally:
            other.close()

    writers = [threading.Thread(target=write, args=(f"writer-{n}",)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failures == []
    report = verify(store)
    assert (report.ok, report.entries) == (True, 48)


def test_an_entry_is_undone_with_its_transaction(store: Store, now: datetime) -> None:
    def append_and_fail(tx: Connection) -> None:
        audit.append(tx, "test", {}, now=now)
        raise KeyError

    fill(store, now, 1)
    with pytest.raises(KeyError), store.begin() as tx:
        append_and_fail(tx)
    fill(store, now, 1)
    assert verify(store).entries == 2


# Outside the database ---------------------------------------------------------------------------------------------


def test_an_export_is_checked_by_a_script_of_its_own(store: Store, now: datetime, tmp_path: Path) -> None:
    fill(store, now)
    file, anchor = tmp_path / "audit.jsonl", tmp_path / "head"
    assert len(export(store, file)) == 5
    with store.read() as tx:
        audit.write_checkpoint(anchor, audit.head(tx))
    assert check(file, "--checkpoint", anchor) == (0, f"intact: 5 entries, head {verify(store).head.hash}")
    assert "values" not in export(store, file, values=False)[0]
    assert check(file)[0] == 0


def cut(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return lines[:-1]


def drop_first(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return lines[1:]


def swap(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [lines[1], lines[0], *lines[2:]]


def change(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**lines[0], "entry": lines[0]["entry"].replace("emea", "apac")}, *lines[1:]]


def change_value(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    values = {name: [salt, value.replace("ben", "cleo")] for name, (salt, value) in lines[0]["values"].items()}
    return [{**lines[0], "values": values}, *lines[1:]]


def lose_value(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**lines[0], "values": {}}, *lines[1:]]


def garble(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"x": 1}, *lines[1:]]


@pytest.mark.parametrize("damage", [cut, drop_first, swap, change, change_value, lose_value, garble])
def test_the_script_finds_every_damage(
    file_store: Store,
    now: datetime,
    tmp_path: Path,
    damage: Callable[[list[dict[str, Any]]], list[dict[str, Any]]],
) -> None:
    store = file_store
    fill(store, now)
    file, anchor = tmp_path / "audit.jsonl", tmp_path / "head"
    with store.read() as tx:
        audit.write_checkpoint(anchor, audit.head(tx))
    lines = damage(export(store, file))
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    code, words = check(file, "--checkpoint", anchor)
    assert code == 1
    assert words.startswith("NOT INTACT: ")


def test_the_script_says_what_it_cannot_read(tmp_path: Path) -> None:
    code, words = check(tmp_path / "none")
    assert code == 2
    assert "cannot be read" in words


def test_one_flipped_bit_anywhere_in_an_export_is_found(file_store: Store, now: datetime, tmp_path: Path) -> None:
    """Every byte of what was recorded counts; blanks between JSON tokens are no part of it."""
    fill(file_store, now, 1)
    export(file_store, tmp_path / "audit.jsonl")
    tool = runpy.run_path(str(TOOL))
    line = (tmp_path / "audit.jsonl").read_text("utf-8")
    assert tool["check_line"](1, line, tool["GENESIS"])
    for place, letter in enumerate(line.rstrip("\n")):
        if letter == " ":
            continue
        damaged = line[:place] + chr(ord(letter) ^ 1) + line[place + 1 :]
        with pytest.raises(tool["Broken"]):
            tool["check_line"](1, damaged, tool["GENESIS"])


def test_an_export_goes_to_any_text_file(store: Store, now: datetime) -> None:
    fill(store, now, 2)
    out = io.StringIO()
    with store.read() as tx:
        assert audit.export_jsonl(tx, out) == 2
    assert len(out.getvalue().splitlines()) == 2
