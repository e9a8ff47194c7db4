"""Whatever files come, in whatever order and however often, the same is known at the end."""

from __future__ import annotations

import shutil
from itertools import count
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from sync_worker.signals import take_in
from sync_worker.store import schema
from sync_worker.store import settings as kept

if TYPE_CHECKING:
    from sync_worker.store import Store
    from tests.signals.conftest import Desk

LINE = st.builds(
    "{},{},{},2026-11-0{},{}".format,
    st.sampled_from(["acme.example", "0015g00000000Vu", "bad", "gmail.com"]),
    st.sampled_from(["Cyber Security", "cloud", ""]),
    st.integers(0, 110),
    st.integers(1, 3),
    st.sampled_from(["g2", "bombora"]),
)
FILES = st.dictionaries(st.sampled_from(["a.csv", "B.csv", "c-2.csv", "ä.csv"]), st.lists(LINE, max_size=6), max_size=4)
numbers = count()


def known(store: Store) -> list[tuple[Any, ...]]:
    """Every signal, with the line that told it."""
    c = schema.signal.c
    wanted = select(c.source, c.key, c.topic, c.score, c.observed_at, c.expires_at, c.account_id, c.because, c.line)
    with store.read() as tx:
        return [tuple(row) for row in tx.execute(wanted.order_by(c.source, c.key, c.topic))]


def forget(desk: Desk) -> None:
    """An empty folder, and a store that no file has told anything."""
    shutil.rmtree(desk.folder)
    desk.folder.mkdir()
    with desk.store.begin() as tx:
        for table in (schema.signal, schema.firmographic, schema.bad_line, schema.signal_file):
            tx.execute(delete(table))
        kept.delete(tx, "signals_matched")


def drop(desk: Desk, name: str, lines: list[str]) -> None:
    """Put a file of these lines into the folder."""
    head = "domain,account_id,topic,score,observed_at,source\n"
    desk.drop(name, head + "".join(f"{row(line)}\n" for line in lines))


def row(line: str) -> str:
    """The line with its key in the right column."""
    key, rest = line.split(",", 1)
    return f"{key},,{rest}" if "." in key else f",{key},{rest}"


@given(files=FILES, data=st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_files_does_not_matter_nor_how_often_they_come(
    desk: Desk, files: dict[str, list[str]], data: st.DataObject
) -> None:
    desk.accounts(_0015g00000000VuAAI={"website": f"acme.example/{next(numbers)}"})
    found = []
    orders = [sorted(files), data.draw(st.permutations(sorted(files)))]
    for order in orders:
        forget(desk)
        for name in order:
            drop(desk, name, files[name])
            take_in(desk.parts)
        found.append(known(desk.store))
        assert take_in(desk.parts).files == 0
        assert known(desk.store) == found[-1]
    assert found[0] == found[1]
