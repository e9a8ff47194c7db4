"""What every connector promises of its reads."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from connectors.port import (
    Connector,
    Cursor,
    FieldType,
    History,
    LimitReached,
    Page,
    Record,
    Ref,
    Stream,
    Unauthorized,
    Unreachable,
    Write,
)

if TYPE_CHECKING:
    from tests.connectors.contract.harness import Breakage, Crm

PULLED = (Stream.USERS, Stream.ACCOUNTS, Stream.CONTACTS, Stream.LEADS, Stream.OPPORTUNITIES, Stream.ACTIVITIES)


def pull(connector: Connector, stream: Stream, since: Cursor | None = None) -> tuple[dict[str, Record], Cursor]:
    """Every record by id, the latest showing of each, and the last cursor."""
    records: dict[str, Record] = {}
    cursor = since
    for page in connector.pull(stream, since):
        records |= {record.ref.id: record for record in page.records}
        cursor = page.cursor
    assert cursor is not None
    return records, cursor


def account(crm: Crm, place: int = 0) -> Ref:
    return Ref(Stream.ACCOUNTS, sorted(crm.ids(Stream.ACCOUNTS))[place])


@pytest.mark.parametrize("stream", PULLED)
def test_a_full_pull_brings_every_record_with_every_mapped_field(crm: Crm, stream: Stream) -> None:
    connector = crm.connect()
    names = connector.describe().fields[stream].keys()
    pages = list(connector.pull(stream, None))
    records = [record for page in pages for record in page.records]
    assert sorted(record.ref.id for record in records) == sorted(crm.ids(stream))
    assert all(page.full for page in pages)
    assert all(record.fields.keys() == names and record.ref.stream is stream for record in records)
    assert all(record.modified.tzinfo is UTC and not record.deleted for record in records)


def test_a_full_pull_says_how_much_there_is_to_come(crm: Crm) -> None:
    assert {page.expected for page in crm.connect().pull(Stream.ACCOUNTS, None)} == {crm.pool_size}


def test_a_field_has_the_rules_type_and_its_values(crm: Crm) -> None:
    fields = crm.connect().describe().fields[Stream.ACCOUNTS]
    types = {name: fields[name].type for name in ("name", "employees", "do_not_move", "created_at", "tier")}
    assert types == {
        "name": FieldType.TEXT,
        "employees": FieldType.NUMBER,
        "do_not_move": FieldType.BOOLEAN,
        "created_at": FieldType.DATE,
        "tier": FieldType.TEXT,
    }
    assert fields["tier"].values == ("A", "B", "C", "D")
    assert fields["owner"].writable
    assert not fields["created_at"].writable


def test_the_schema_of_an_unchanged_crm_has_the_same_digests(crm: Crm) -> None:
    assert crm.connect().describe().digests == crm.connect().describe().digests


def test_users_come_with_those_who_left_and_say_who_may_own(crm: Crm) -> None:
    users = {user.id: user for user in crm.connect().users()}
    assert users.keys() == set(crm.ids(Stream.USERS))
    assert not users[crm.inactive_user()].active
    assert all(users[rep].active and users[rep].can_own for rep in crm.reps())
    assert any(not user.can_own for user in users.values())
    assert users[crm.reps()[0]].fields["email"]


def test_a_quiet_crm_has_nothing_new_in_any_stream(crm: Crm) -> None:
    connector = crm.connect()
    for stream in PULLED:
        _, cursor = pull(connector, stream)
        pages = list(connector.pull(stream, cursor))
        assert [record for page in pages for record in page.records] == []
        assert not any(page.full for page in pages)


def test_the_next_pull_brings_what_has_changed_since(crm: Crm) -> None:
    connector = crm.connect()
    _, cursor = pull(connector, Stream.ACCOUNTS)
    crm.edit(account(crm), industry="Banking", employees=77)
    records, _ = pull(connector, Stream.ACCOUNTS, cursor)
    assert records[account(crm).id].fields["industry"] == "Banking"
    assert records[account(crm).id].fields["employees"] == 77
    assert len(records) == 1


def test_a_change_that_surfaces_late_below_the_cursor_is_not_missed(crm: Crm) -> None:
    connector = crm.connect()
    _, cursor = pull(connector, Stream.ACCOUNTS)
    crm.commit_late(account(crm), 300, industry="Banking")
    records, _ = pull(connector, Stream.ACCOUNTS, cursor)
    assert records[account(crm).id].fields["industry"] == "Banking"


def test_a_deleted_record_comes_as_deleted(crm: Crm) -> None:
    connector = crm.connect()
    _, cursor = pull(connector, Stream.ACCOUNTS)
    gone = account(crm)
    crm.delete(gone)
    records, _ = pull(connector, Stream.ACCOUNTS, cursor)
    assert records[gone.id].deleted
    assert records[gone.id].merged_into is None


def test_the_loser_of_a_merge_comes_as_deleted_and_names_the_winner(crm: Crm) -> None:
    connector = crm.connect()
    _, cursor = pull(connector, Stream.ACCOUNTS)
    winner, loser = account(crm, 0), account(crm, 1)
    left = crm.merge(winner, loser)
    records, _ = pull(connector, Stream.ACCOUNTS, cursor)
    assert records[loser.id].deleted
    assert records[loser.id].merged_into == left.id
    assert not records[left.id].deleted
    assert left == winner or (records[winner.id].deleted and records[winner.id].merged_into == left.id)


def test_a_pull_can_go_on_from_the_cursor_of_any_page(crm: Crm) -> None:
    """A crash after any page repeats records at worst; whatever it had not saved comes with the next pull."""
    connector = crm.connect()
    for stream in (Stream.ACCOUNTS, Stream.ACTIVITIES):
        everything = set(crm.ids(stream))
        pages: list[Page] = list(connector.pull(stream, None))
        saved: set[str] = set()
        for page in pages:
            saved |= {record.ref.id for record in page.records}
            rest, _ = pull(connector, stream, page.cursor)
            assert saved | rest.keys() == everything


def test_text_that_is_no_cursor_brings_everything_again(crm: Crm) -> None:
    records, _ = pull(crm.connect(), Stream.ACCOUNTS, Cursor("from another worker"))
    assert len(records) == crm.pool_size


@pytest.mark.parametrize("breakage", ["reset before", "lost reply", "error page", "server error", "cut reply"])
def test_a_read_that_breaks_is_asked_again(crm: Crm, breakage: Breakage) -> None:
    connector = crm.connect()
    connector.describe()
    crm.break_reads(breakage, 2)
    records, _ = pull(connector, Stream.ACCOUNTS)
    assert len(records) == crm.pool_size


@pytest.mark.parametrize("breakage", ["reset before", "error page", "server error"])
def test_a_read_that_keeps_breaking_ends_the_pull_and_loses_nothing(crm: Crm, breakage: Breakage) -> None:
    connector = crm.connect()
    _, cursor = pull(connector, Stream.ACCOUNTS)
    crm.edit(account(crm), industry="Banking")
    crm.break_reads(breakage, 3)
    with pytest.raises(Unreachable) as caught:
        pull(connector, Stream.ACCOUNTS, cursor)
    assert caught.value.hint
    records, _ = pull(connector, Stream.ACCOUNTS, cursor)
    assert account(crm).id in records


def test_reading_by_name_shows_records_as_they_are_now_and_leaves_out_gone_ones(crm: Crm) -> None:
    connector = crm.connect()
    kept, gone = account(crm, 0), account(crm, 1)
    contact = Ref(Stream.CONTACTS, crm.ids(Stream.CONTACTS)[0])
    crm.edit(kept, industry="Banking")
    crm.delete(gone)
    records = {record.ref: record for record in connector.read([kept, gone, contact, kept])}
    assert records.keys() == {kept, contact}
    assert records[kept].fields["industry"] == "Banking"
    assert records[kept].version is None


def test_reading_with_versions_shows_the_same_values_and_a_token_that_moves_where_writes_are_conditional(
    crm: Crm,
) -> None:
    connector = crm.connect()
    refs = [Ref(Stream.ACCOUNTS, each) for each in crm.ids(Stream.ACCOUNTS)]
    plain = {record.ref: record for record in connector.read(refs)}
    before = {record.ref: record for record in connector.read(refs, versions=True)}
    assert before.keys() == set(refs)
    assert all(before[ref].fields == plain[ref].fields and before[ref].modified == plain[ref].modified for ref in refs)
    assert all(bool(record.version) is connector.conditional for record in before.values())
    crm.edit(refs[0], industry="Banking")
    after = {record.ref: record for record in connector.read(refs, versions=True)}
    assert (after[refs[0]].version != before[refs[0]].version) is connector.conditional
    assert all(after[ref].version == before[ref].version for ref in refs[1:])


def test_reading_with_versions_leaves_out_gone_ones(crm: Crm) -> None:
    connector = crm.connect()
    refs = [Ref(Stream.ACCOUNTS, each) for each in sorted(crm.ids(Stream.ACCOUNTS))]
    crm.delete(refs[3])
    left = crm.merge(refs[0], refs[5])
    found = {record.ref for record in connector.read(refs, versions=True)}
    assert found == set(refs) - ({refs[0], refs[3], refs[5]} - {left})


def test_reading_nothing_costs_nothing(crm: Crm) -> None:
    connector = crm.connect()
    connector.describe()
    crm.reset_calls()
    assert list(connector.read([])) == []
    assert crm.calls() == 0


def test_history_tells_who_changed_the_owner_and_when(crm: Crm) -> None:
    connector = crm.connect()
    ref = account(crm)
    before = crm.value(ref, "owner")
    first, second = [rep for rep in crm.reps() if rep != before][:2]
    crm.edit(ref, owner=first)
    crm.edit(ref, owner=second)
    (history,) = connector.history([ref], "owner")
    latest = history.changes[-2:]
    assert history.ref == ref
    assert [(change.before, change.after, change.by) for change in latest] == [
        (before, first, crm.person()),
        (first, second, crm.person()),
    ]
    assert all(datetime.now(UTC) - change.at < timedelta(minutes=1) for change in latest)


def test_history_tells_of_a_value_that_came_after_nothing(crm: Crm) -> None:
    """The first owner of an account that had none, and a first score, are changes like any other."""
    connector = crm.connect()
    ref = account(crm)
    list(connector.write([Write("w", ref, {"score": 7})]))
    (history,) = connector.history([ref], "score")
    assert [(change.before, change.after) for change in history.changes] == [(None, 7)]


def test_history_of_a_field_that_nobody_has_changed_is_there_and_empty(crm: Crm) -> None:
    assert list(crm.connect().history([account(crm)], "name")) == [History(account(crm), ())]


def test_many_histories_come_with_few_calls_one_for_each_record(crm: Crm) -> None:
    connector = crm.connect()
    refs = [Ref(Stream.ACCOUNTS, each) for each in sorted(crm.ids(Stream.ACCOUNTS))]
    old = {ref: crm.value(ref, "owner") for ref in refs[::7]}
    for ref, owner in old.items():
        crm.edit(ref, owner=next(rep for rep in crm.reps() if rep != owner))
    connector.describe()
    list(connector.users())
    crm.reset_calls()
    found = list(connector.history([*refs, refs[0]], "owner"))
    assert crm.calls() == math.ceil(len(refs) / crm.histories_a_call)
    assert sorted(history.ref for history in found) == refs
    latest = {history.ref: history.changes[-1] for history in found if history.ref in old}
    assert {ref: (change.before, change.after) for ref, change in latest.items()} == {
        ref: (old[ref], crm.value(ref, "owner")) for ref in old
    }


def test_histories_are_asked_for_as_they_are_taken(crm: Crm) -> None:
    connector = crm.connect()
    connector.describe()
    crm.reset_calls()
    histories = connector.history([Ref(Stream.ACCOUNTS, each) for each in crm.ids(Stream.ACCOUNTS)], "name")
    assert crm.calls() == 0
    assert next(iter(histories)).changes == ()
    assert crm.calls() == 1


def test_a_record_that_is_gone_does_not_take_the_histories_of_others_with_it(crm: Crm) -> None:
    connector = crm.connect()
    refs = [Ref(Stream.ACCOUNTS, each) for each in sorted(crm.ids(Stream.ACCOUNTS))[:5]]
    crm.delete(refs[1])
    left = crm.merge(refs[2], refs[3])
    found = {history.ref: history.changes for history in connector.history(refs, "name")}
    assert found.keys() >= {refs[0], refs[4]} | ({left} & set(refs))
    assert all(changes == () for changes in found.values())


def test_histories_of_nothing_cost_nothing_and_an_unknown_field_is_named(crm: Crm) -> None:
    connector = crm.connect()
    connector.describe()
    crm.reset_calls()
    assert list(connector.history([], "owner")) == []
    with pytest.raises(ValueError, match="no mapped field 'colour'"):
        list(connector.history([account(crm)], "colour"))
    assert crm.calls() == 0


@pytest.mark.parametrize("breakage", ["reset before", "lost reply", "error page", "server error", "cut reply"])
def test_a_history_that_breaks_is_asked_for_again(crm: Crm, breakage: Breakage) -> None:
    connector = crm.connect()
    connector.describe()
    crm.break_reads(breakage, 2)
    assert list(connector.history([account(crm)], "name")) == [History(account(crm), ())]


def test_the_clock_is_the_crms(crm: Crm) -> None:
    connector = crm.connect()
    assert abs(connector.clock() - datetime.now(UTC)) < timedelta(seconds=5)
    assert connector.clock().tzinfo is UTC


def test_the_clock_goes_on_between_calls(crm: Crm) -> None:
    connector = crm.connect()
    before = connector.clock()
    time.sleep(0.05)
    assert connector.clock() > before


def test_the_budget_counts_every_call_as_the_crm_does(crm: Crm) -> None:
    connector = crm.connect()
    assert (connector.budget().used, connector.budget().spent) == (None, 0)
    crm.reset_calls()
    connector.describe()
    list(connector.users())
    pull(connector, Stream.ACCOUNTS)
    budget = connector.budget()
    assert budget.spent == crm.calls() == sum(budget.by_kind.values())
    assert budget.limit == crm.daily_calls
    assert budget.used is not None
    assert 0 < budget.used <= budget.spent


def test_a_spent_budget_stops_the_pull_with_figures_and_a_way_out(crm: Crm) -> None:
    first = crm.connect()
    first.describe()
    pull(first, Stream.ACCOUNTS)
    spent = first.budget().spent
    connector = crm.connect(calls_per_run=spent)
    connector.describe()
    pull(connector, Stream.ACCOUNTS)
    crm.reset_calls()
    with pytest.raises(LimitReached, match=f"{spent} of its {spent}") as caught:
        pull(connector, Stream.CONTACTS)
    assert caught.value.hint
    assert crm.calls() == 0


def test_the_share_of_the_crms_day_is_kept_to_whatever_is_asked_for(crm: Crm) -> None:
    share = 30
    connector = crm.connect(call_share_org=(share + 0.5) / crm.daily_calls, call_share_run=1.0)
    crm.reset_calls()
    with pytest.raises(LimitReached) as caught:
        pull_without_end(connector)
    assert caught.value.hint
    used = connector.budget().used
    assert used is not None
    assert used <= share
    assert crm.calls() <= share + connector.budget().by_kind.get("token", 0)


def pull_without_end(connector: Connector) -> None:
    while True:
        for stream in PULLED:
            pull(connector, stream)


def test_a_wrong_credential_is_unauthorized_and_says_what_to_check(crm: Crm) -> None:
    connector = crm.connect(auth=crm.wrong_credential())
    with pytest.raises(Unauthorized) as caught:
        connector.describe()
    assert caught.value.hint
    assert "wrong" not in str(caught.value)


def test_closing_twice_is_harmless(crm: Crm) -> None:
    connector = crm.connect()
    connector.describe()
    connector.close()
    connector.close()
