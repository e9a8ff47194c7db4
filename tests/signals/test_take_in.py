"""What is dropped into the folder is taken in once, the latest of each source wins, and nothing stops the others."""

from __future__ import annotations

import itertools
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from sync_worker.parts import Stopped
from sync_worker.signals import TakenIn, take_in
from sync_worker.signals import told as told_of
from sync_worker.store import schema
from sync_worker.store import signals as kept
from tests.signals.conftest import NOW, Desk

ACME = "0015g00000000VuAAI"

MONDAY = "account_id,topic,score,observed_at,ttl_days\n0015g00000000Vu,Cyber Security,60,2026-11-09,28\n"
LATER = "account_id,topic,score,observed_at,ttl_days\n0015g00000000Vu,Cyber Security,85,2026-11-16,28\n"


def told(desk: Desk) -> list[tuple[Any, ...]]:
    """Every signal and value without the file that told it."""
    s, f = schema.signal.c, schema.firmographic.c
    with desk.store.read() as tx:
        signals = tx.execute(select(s.source, s.key, s.topic, s.score, s.observed_at, s.account_id, s.because))
        values = tx.execute(select(f.source, f.key, f.field, f.value, f.observed_at, f.account_id, f.because))
        return sorted(map(tuple, [*signals, *values]), key=repr)


def scores(desk: Desk) -> dict[tuple[str, str, str], float]:
    """Score by source, key and topic."""
    with desk.store.read() as tx:
        return {(row.source, row.key, row.topic): row.score for row in tx.execute(select(schema.signal))}


def bad(desk: Desk) -> list[tuple[str, int, str]]:
    """File, line and reason of what was not taken."""
    with desk.store.read() as tx:
        return [(one.file, one.line, one.reason) for one in kept.bad_lines(tx, 1_000)]


def test_a_file_is_taken_in_once(desk: Desk) -> None:
    desk.drop("bombora-1.csv", MONDAY)
    assert take_in(desk.parts) == TakenIn(files=1, lines=1, bad=0)
    before = told(desk)
    assert take_in(desk.parts) == TakenIn()
    desk.drop("again.csv", MONDAY)
    assert take_in(desk.parts) == TakenIn(), "the same content under another name"
    assert told(desk) == before
    assert scores(desk) == {("bombora", ACME, "security"): 60}


def test_the_latest_observation_wins_whatever_the_order_of_files(desk: Desk) -> None:
    desk.drop("bombora-2.csv", LATER)
    take_in(desk.parts)
    desk.drop("bombora-1.csv", MONDAY)
    assert take_in(desk.parts).files == 1
    assert scores(desk) == {("bombora", ACME, "security"): 85}


def test_of_two_observations_of_one_moment_the_later_file_by_name_wins(desk: Desk) -> None:
    one, two = MONDAY.replace("60", "10"), MONDAY.replace("60", "20")
    for names in itertools.permutations([("bombora-a.csv", one), ("bombora-B.csv", two)]):
        for name, content in names:
            desk.drop(name, content)
            take_in(desk.parts)
        assert scores(desk) == {("bombora", ACME, "security"): 10}, "small letters come after capitals"


def test_a_file_that_was_changed_under_its_name_is_read_again(desk: Desk) -> None:
    desk.drop("bombora-1.csv", f"{MONDAY}0015g00000000Vu,other,1,2026-11-09,1\n")
    take_in(desk.parts)
    desk.drop("bombora-1.csv", MONDAY.replace("60", "61"))
    take_in(desk.parts)
    assert scores(desk)["bombora", ACME, "security"] == 61


def test_taking_a_file_out_of_the_folder_takes_nothing_back(desk: Desk) -> None:
    path = desk.drop("bombora-1.csv", MONDAY)
    take_in(desk.parts)
    path.unlink()
    take_in(desk.parts)
    assert len(scores(desk)) == 1


def test_files_that_are_hidden_or_still_being_written_are_left_alone(desk: Desk) -> None:
    for name in (".bombora.csv", "bombora.csv.part", "bombora.csv.tmp"):
        desk.drop(name, MONDAY)
    (desk.folder / "done").mkdir()
    (desk.folder / "done" / "bombora.csv").write_text(MONDAY)
    assert take_in(desk.parts) == TakenIn()


def test_a_file_that_was_changed_just_now_is_waited_for(desk: Desk) -> None:
    path = desk.drop("bombora-1.csv", MONDAY)
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))

    class Writer:
        def is_set(self) -> bool:
            return False

        def wait(self, seconds: float) -> bool:
            assert seconds == 1
            with path.open("a") as file:
                file.write("0015g00000000Vu,Cyber Security,70,2026-11-10")
            return False

    desk.parts.stop = Writer()  # type: ignore[assignment] # somebody who goes on writing while the worker waits
    assert take_in(desk.parts) == TakenIn(), "it is left for the next time"


def test_a_bad_line_is_set_aside_with_its_reason_and_stops_no_other(desk: Desk) -> None:
    desk.drop("bombora-1.csv", f"{MONDAY}7E+11,x,1,2026-11-09,\n0015g00000000Vu,cloud,30,2026-11-09,\n")
    assert take_in(desk.parts) == TakenIn(files=1, lines=3, bad=1)
    assert bad(desk) == [
        (
            "bombora-1.csv",
            3,
            "account id '7E+11' was shortened by a spreadsheet: format the column as text and export it again",
        )
    ]
    assert scores(desk)["bombora", ACME, "cloud"] == 30


def test_a_file_that_cannot_be_taken_is_listed_and_stops_no_other(desk: Desk) -> None:
    desk.drop("a.csv", b"\xff\xfea")
    desk.drop("b.xlsx", b"PK\x03\x04")
    desk.drop("c.csv", "name,size\nAcme,5\n")
    desk.drop("d.csv", MONDAY + "x,x,x,x,x\n" * 11)
    desk.drop("e.csv", MONDAY)
    assert take_in(desk.parts) == TakenIn(files=5, lines=13, bad=12), "d.csv's good line was not taken either"
    assert scores(desk) == {("e", ACME, "security"): 60}
    whole = [(file, reason) for file, line, reason in bad(desk) if line == 0]
    assert sorted(whole) == [
        ("a.csv", "is UTF-16: save it as UTF-8"),
        ("b.xlsx", "is no file that is read here: those end in .csv, .tsv, .txt, .jsonl, .ndjson"),
        ("c.csv", "has no header that says what its columns are, such as account_id,topic,score,observed_at"),
        ("d.csv", "11 of 12 lines are bad, over 20%: none of it was taken"),
    ]
    assert len([1 for file, line, _ in bad(desk) if file == "d.csv" and line]) == 11
    with desk.store.read() as tx:
        assert {one.file: one.kind for one in kept.files(tx, 9)} == {
            "a.csv": "refused",
            "b.xlsx": "refused",
            "c.csv": "refused",
            "d.csv": "refused",
            "e.csv": "intent",
        }


def test_other_topics_and_fields_in_the_config_read_every_file_again(desk: Desk) -> None:
    desk.drop("bombora-1.csv", MONDAY.replace("Cyber Security", "Cloud Migration"))
    desk.drop("zoominfo.csv", "domain,date,employees,stack\nacme.com,2026-11-01,500,AWS\n")
    take_in(desk.parts)
    assert set(scores(desk)) == {("bombora", ACME, "cloud_migration")}
    assert ("zoominfo.csv", 0, "columns left out: 'stack'") in bad(desk)
    desk.configure(topics={"cloud migration": "cloud"}, fields={"stack": "text"})
    assert take_in(desk.parts).files == 2
    assert set(scores(desk)) == {("bombora", ACME, "cloud")}
    assert bad(desk) == []
    assert [row[2:4] for row in told(desk) if row[0] == "zoominfo"] == [("employees", 500.0), ("stack", "AWS")]


def test_without_its_folder_a_pull_stops_and_says_so(desk: Desk) -> None:
    desk.folder.rmdir()
    with pytest.raises(Stopped, match=r"signals\.folder .* cannot be read: No such file or directory"):
        take_in(desk.parts)


def test_without_a_folder_in_the_config_there_is_nothing_to_do(desk: Desk) -> None:
    desk.configure(folder=None)
    assert take_in(desk.parts) == TakenIn()


def test_a_file_that_cannot_be_opened_is_listed_until_it_can_be(desk: Desk) -> None:
    path = desk.folder / "bombora.csv"
    path.symlink_to(f"/proc/{os.getpid()}/mem")
    take_in(desk.parts)
    assert [(file, line) for file, line, _ in bad(desk)] == [("bombora.csv", 0)]
    path.unlink()
    take_in(desk.parts)
    assert bad(desk) == []


def test_a_name_that_is_no_text_is_shown_all_the_same(desk: Desk) -> None:
    (desk.folder / os.fsdecode(b"bombora\xff.csv")).write_text(MONDAY)
    take_in(desk.parts)
    with desk.store.read() as tx:
        assert [one.file for one in kept.files(tx, 9)] == ["bombora\ufffd.csv"]
        assert [one.source for one in kept.sources(tx, NOW)] == ["bombora\ufffd"]


def test_a_topic_that_small_letters_make_too_long_stops_no_other_line(desk: Desk) -> None:
    header, *_ = MONDAY.splitlines()
    desk.drop("bombora.csv", f"{header}\n0015g00000000Vu,{'ß' * 60},60,2026-11-09,9\n{MONDAY.partition(chr(10))[2]}")
    brought = take_in(desk.parts)
    assert brought.bad == 1
    assert brought.lines > 1
    assert "over 100 letters" in bad(desk)[0][2]


def test_many_rows_of_one_key_in_one_file_leave_the_latest(desk: Desk) -> None:
    lines = "".join(
        f"0015g00000000Vu,security,{n % 101},2026-11-09T00:{n // 60:02}:{n % 60:02}Z,9\n" for n in range(2_500)
    )
    desk.drop("bombora.csv", MONDAY.splitlines()[0] + "\n" + lines)
    assert take_in(desk.parts) == TakenIn(1, 2_500, 0)
    assert scores(desk) == {("bombora", ACME, "security"): 2_499 % 101}


def test_two_workers_that_meet_one_file_at_once_take_it_in_once(desk: Desk) -> None:
    begun = threading.Event()

    def second() -> None:
        begun.wait(10)
        with desk.store.begin() as tx:
            kept.begin_file(tx, "content", "bombora.csv", NOW)

    with ThreadPoolExecutor(1) as pool:
        with desk.store.begin() as tx:
            other = pool.submit(second)
            kept.begin_file(tx, "content", "bombora.csv", NOW)
            begun.set()
            with pytest.raises(TimeoutError):
                other.result(0.3)  # it waits for this one's end
        other.result(10)
    with desk.store.read() as tx:
        assert kept.files_in_all(tx) == 1


def test_topics_that_no_rule_can_read_are_told(desk: Desk) -> None:
    desk.drop("bombora-1.csv", f"{MONDAY}{ACME},Gardening,60,2026-11-09,28\n")
    take_in(desk.parts)
    assert told_of(desk.parts, 10).unread == ("gardening",)


def test_a_source_that_precedence_names_in_vain_is_told_with_the_one_that_was_meant(desk: Desk) -> None:
    desk.drop("bombora-1.csv", MONDAY)
    take_in(desk.parts)
    desk.configure(precedence={"employees": ("bambora", "salesforce"), "industry": ("bombora",)})
    found = told_of(desk.parts, 10)
    assert found.unheard == {"bambora": "did you mean 'bombora'?"}
