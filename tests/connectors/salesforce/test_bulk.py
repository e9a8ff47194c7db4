"""Bulk jobs whose replies are odd: nothing that is missing is taken for an end."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from connectors.port import BadReply, FieldType, LimitReached, Stream, Unreachable
from connectors.salesforce import MemoryJobs
from connectors.salesforce.bulk import Haul, JobGone, NotInBulk
from connectors.salesforce.reader import begun
from connectors.salesforce.schema import Layout
from connectors.values import instant
from tests.connectors.salesforce.scripted import Answer, Asked, Reset, Scripted

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.port import Record
    from tests.connectors.salesforce.conftest import Connect

NOW = instant("2026-11-22T10:00:00Z")
JOB = "7505g0000000001AAA"
LAYOUT = Layout(
    "Account",
    Stream.ACCOUNTS,
    ("name",),
    {"name": "Name"},
    {"Id": FieldType.TEXT, "SystemModstamp": FieldType.DATE, "Name": FieldType.TEXT, "IsDeleted": FieldType.BOOLEAN},
)
HEADER = '"Id","SystemModstamp","Name","IsDeleted"\n'


def line(number: int, name: str = "Acme") -> str:
    return f'"001{number:012d}AAA","2026-11-21T10:00:00.000Z","{name}","false"\n'


def page(text: str, rows: int, locator: str | None = "null") -> Answer:
    headers = {"Sforce-NumberOfRecords": str(rows)} | ({} if locator is None else {"Sforce-Locator": locator})
    return Answer(text, media="text/csv", headers=headers)


class Org:
    """One Bulk job: how it is created, how it stands, what it yields."""

    def __init__(self, *pages: Answer, rows: int, states: tuple[str, ...] = ("JobComplete",)) -> None:
        self.pages = list(pages)
        self.rows = rows
        self.states = list(states)
        self.created: Answer = Answer({"id": JOB, "state": "UploadComplete"})
        self.gone = False
        self.acts: Counter[str] = Counter()

    def __call__(self, asked: Asked) -> Answer:
        act = {"POST": "create", "PATCH": "abort", "DELETE": "delete"}.get(asked.method)
        act = act or ("results" if "/results" in asked.path else "poll")
        self.acts[act] += 1
        return getattr(self, act)(asked)  # type: ignore[no-any-return]

    def create(self, _asked: Asked) -> Answer:
        return self.created

    def poll(self, _asked: Asked) -> Answer:
        if self.gone:
            return Answer([{"errorCode": "NOT_FOUND", "message": "gone"}], 404)
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return Answer({"id": JOB, "state": state, "numberRecordsProcessed": self.rows, "errorMessage": "why"})

    def results(self, _asked: Asked) -> Answer:
        return self.pages.pop(0) if len(self.pages) > 1 else self.pages[0]

    def abort(self, _asked: Asked) -> Answer:
        return Answer([{"errorCode": "INVALIDJOBSTATE", "message": "it has ended"}], 400)

    def delete(self, _asked: Asked) -> Answer:
        return Answer(status=204)


@pytest.fixture
def jobs() -> MemoryJobs:
    return MemoryJobs()


@pytest.fixture
def pull(connect: Connect, jobs: MemoryJobs, monkeypatch: pytest.MonkeyPatch) -> Callable[[Org], list[Record]]:
    """Runs one haul against a scripted org; its waits are short."""
    monkeypatch.setattr("connectors.salesforce.bulk.FIRST_WAIT", 0.01)

    def run(org: Org) -> list[Record]:
        with Scripted(Reset(), route=org) as server:
            connector = connect(server)
            standing = begun(None, NOW, NOW - NOW)
            haul = Haul(connector._client, LAYOUT, jobs, connector._transport.stop, standing, NOW)
            return [record for part in haul.slices() for record in part.records]

    return run


def test_pages_are_followed_by_their_locators_to_the_word_null(pull: Callable[[Org], list[Record]]) -> None:
    org = Org(page(HEADER + line(1), 1, "MQ"), page(HEADER + line(2), 1, "Mg"), page(HEADER + line(3), 1), rows=3)
    assert [record.ref.id[3:15] for record in pull(org)] == [f"{number:012d}" for number in (1, 2, 3)]
    assert org.acts == {"create": 1, "poll": 1, "results": 3, "delete": 1}


def test_a_job_is_waited_for_until_it_is_complete(pull: Callable[[Org], list[Record]]) -> None:
    org = Org(page(HEADER + line(1), 1), rows=1, states=("UploadComplete", "InProgress", "JobComplete"))
    assert len(pull(org)) == 1
    assert org.acts["poll"] == 3


def test_an_empty_object_is_an_empty_pull(pull: Callable[[Org], list[Record]]) -> None:
    assert pull(Org(page(HEADER, 0), rows=0)) == []


def test_texts_with_quotes_and_line_breaks_come_whole(pull: Callable[[Org], list[Record]]) -> None:
    (record,) = pull(Org(page(HEADER + line(1, 'A ""B""\r\nC,\nD'), 1), rows=1))
    assert record.fields["name"] == 'A "B"\r\nC,\nD'


@pytest.mark.parametrize(
    ("org", "words"),
    [
        (Org(page(HEADER + line(1), 1, None), rows=2), "announced 2 rows of Account and sent 1"),
        (Org(page(HEADER + line(1), 2), rows=2), "announced 2 rows and held 1"),
        (Org(page('"Id","SystemModstamp","IsDeleted"\n', 0), rows=0), "lacks Name"),
        (Org(page("", 0), rows=0), "lacks Id, SystemModstamp, Name, IsDeleted"),
        (Org(page(HEADER + '"001","2026"\n', 1), rows=1), "has 2 cells, its header 4"),
        (Org(page(HEADER + '"001000000000001AAA","2026-11-21T10:00:00Z","Ac"me","false"\n', 1), rows=1), "no CSV"),
        (Org(page(HEADER + '"001000000000001AAA","2026-11-21T10:00:00Z","Acme', 1), rows=1), "no CSV"),
        (Org(page(HEADER + line(1).replace("false", "no"), 1), rows=1), "where the field's type is yes/no"),
        (Org(Answer(HEADER, media="text/csv"), rows=0), "lacks its count"),
        (Org(Answer(b"\xff\xfe", media="text/csv", headers={"Sforce-NumberOfRecords": "0"}), rows=0), "no UTF-8"),
        (Org(Answer("<html>", media="text/html"), rows=0), "expected text/csv"),
    ],
)
def test_a_result_that_is_not_whole_is_a_bad_reply(pull: Callable[[Org], list[Record]], org: Org, words: str) -> None:
    with pytest.raises(BadReply, match=words):
        pull(org)


def test_a_job_whose_result_is_not_whole_is_cleared_away_so_that_the_next_run_starts_anew(
    pull: Callable[[Org], list[Record]], jobs: MemoryJobs
) -> None:
    """A saved cursor names the job: if it were still there, every later run would end the same way."""
    org = Org(page(HEADER + line(1), 1, "MQ"), page(HEADER + line(2), 1), rows=3)
    with pytest.raises(BadReply, match="announced 3 rows of Account and sent 2"):
        pull(org)
    assert org.acts["delete"] == 1
    assert jobs.open_jobs() == {}


def test_an_object_that_cannot_be_read_in_bulk_says_so_before_anything_is_read(
    pull: Callable[[Org], list[Record]], jobs: MemoryJobs
) -> None:
    org = Org(rows=0)
    org.created = Answer(
        [{"errorCode": "INVALIDENTITY", "message": "Entity 'X' is not supported by the Bulk API."}], 400
    )
    with pytest.raises(NotInBulk):
        pull(org)
    assert jobs.open_jobs() == {}


def test_creating_a_job_is_never_repeated(pull: Callable[[Org], list[Record]]) -> None:
    """A repeat could leave a job behind that nobody knows."""
    org = Org(rows=0)
    org.created = Answer("<html>", 503, "text/html")
    with pytest.raises(Unreachable):
        pull(org)
    assert org.acts == {"create": 1}


def test_a_limit_on_jobs_ends_the_pull(pull: Callable[[Org], list[Record]]) -> None:
    org = Org(rows=0)
    org.created = Answer([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "no more"}], 403)
    with pytest.raises(LimitReached):
        pull(org)


def test_a_job_that_is_gone_while_it_is_waited_for_is_taken_off_the_log(
    pull: Callable[[Org], list[Record]], jobs: MemoryJobs
) -> None:
    org = Org(rows=0)
    org.gone = True
    with pytest.raises(JobGone):
        pull(org)
    assert jobs.open_jobs() == {}


@pytest.mark.parametrize("state", ["Failed", "Aborted"])
def test_a_job_that_ends_badly_is_cleared_away_and_says_why(
    pull: Callable[[Org], list[Record]], jobs: MemoryJobs, state: str
) -> None:
    org = Org(rows=0, states=("InProgress", state))
    with pytest.raises(Unreachable, match=f"ended as {state}: why"):
        pull(org)
    assert jobs.open_jobs() == {}
    assert org.acts["delete"] == 1


def test_a_job_that_cannot_be_cleared_away_stays_on_the_log(connect: Connect, jobs: MemoryJobs) -> None:
    org = Org(page(HEADER, 0), rows=0)

    def route(asked: Asked) -> Answer:
        return Answer("", 503) if asked.method in {"PATCH", "DELETE"} else org(asked)

    with Scripted(Reset(), route=route) as server:
        connector = connect(server)
        standing = begun(None, NOW, NOW - NOW)
        haul = Haul(connector._client, LAYOUT, jobs, connector._transport.stop, standing, NOW)
        assert [part.standing.upto for part in haul.slices()] == ["2026-11-22T10:00:00Z"]
    assert set(jobs.open_jobs()) == {JOB}


def test_the_stop_event_ends_the_waiting_and_keeps_the_job_on_the_log(connect: Connect, jobs: MemoryJobs) -> None:
    org = Org(rows=0, states=("InProgress",))
    with Scripted(Reset(), route=org) as server:
        connector = connect(server)
        connector._transport.stop.set()
        haul = Haul(connector._client, LAYOUT, jobs, connector._transport.stop, begun(None, NOW, NOW - NOW), NOW)
        with pytest.raises(Unreachable, match="stopped"):
            next(haul.slices())
    assert set(jobs.open_jobs()) == {JOB}


def test_a_deleted_row_comes_as_deleted(pull: Callable[[Org], list[Record]]) -> None:
    (record,) = pull(Org(page(HEADER + line(1).replace("false", "true"), 1), rows=1))
    assert record.deleted
    assert replace(record, deleted=False) != record
