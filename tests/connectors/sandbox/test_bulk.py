"""Bulk 2.0: jobs that take a poll or two, pages of CSV, three files of results."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from connectors.sandbox import Sandbox
    from tests.connectors.sandbox.conftest import Client


def query_job(crm: Client, soql: str, **more: Any) -> dict[str, Any]:
    job: dict[str, Any] = crm("POST", "/jobs/query", json={"operation": "query", "query": soql, **more}).json()
    return job


def finished(crm: Client, path: str) -> dict[str, Any]:
    states = []
    for _ in range(5):
        job: dict[str, Any] = crm.get(path).json()
        states.append(job["state"])
        if job["state"] in {"JobComplete", "Failed", "Aborted"}:
            return {**job, "states": states}
    raise AssertionError(states)


def table(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_a_query_job_is_read_page_by_page_with_its_header_on_each(still: Sandbox, reader: Client) -> None:
    job = query_job(reader, "SELECT Id, Name, Owner.Name, NumberOfEmployees, IsDeleted, CreatedDate FROM Account")
    assert (job["state"], job["object"], job["apiVersion"], job["id"][:3]) == ("UploadComplete", "Account", 66.0, "750")
    done = finished(reader, f"/jobs/query/{job['id']}")
    assert done["states"] == ["InProgress", "JobComplete"]
    assert (done["jobType"], done["numberRecordsProcessed"]) == ("V2Query", 300)
    rows, locator = [], ""
    for number in (120, 120, 60):
        page = reader.get(f"/jobs/query/{job['id']}/results", maxRecords=120, locator=locator)
        assert page.headers["Content-Type"].startswith("text/csv")
        assert page.headers["Sforce-NumberOfRecords"] == str(number)
        locator = page.headers["Sforce-Locator"]
        rows += table(page.text)
    assert locator == "null"
    assert [row["Id"] for row in rows] == list(still.company.tables["Account"])
    assert list(rows[0]) == ["Id", "Name", "Owner.Name", "NumberOfEmployees", "IsDeleted", "CreatedDate"]
    assert (rows[0]["IsDeleted"], rows[0]["CreatedDate"][-5:]) == ("false", ".000Z")
    assert any(row["NumberOfEmployees"] == "" for row in rows)


def test_a_query_job_writes_the_dialect_asked_for(reader: Client) -> None:
    job = query_job(reader, "SELECT Id, Name FROM Account LIMIT 2", columnDelimiter="PIPE", lineEnding="CRLF")
    finished(reader, f"/jobs/query/{job['id']}")
    text = reader.get(f"/jobs/query/{job['id']}/results").content.decode()
    assert text.startswith('"Id"|"Name"\r\n"001')


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"operation": "query", "query": "SELECT Foo FROM Account"}, "INVALID_FIELD"),
        ({"operation": "query", "query": "SELECT Id FROM Foo"}, "INVALID_TYPE"),
        ({"operation": "query", "query": "SELECT COUNT() FROM Account"}, "INVALIDJOB"),
        ({"operation": "query", "query": "SELECT Id, (SELECT Id FROM Contacts) FROM Account"}, "INVALIDJOB"),
        ({"operation": "query", "query": "SELECT BillingAddress FROM Account"}, "FUNCTIONALITY_NOT_ENABLED"),
        ({"operation": "query", "query": "SELECT Id FROM Account OFFSET 5"}, "INVALIDJOB"),
        ({"operation": "query", "query": ""}, "INVALIDJOB"),
        ({"operation": "explain", "query": "SELECT Id FROM Account"}, "INVALIDJOB"),
        ({"operation": "query", "query": "SELECT Id FROM Account", "columnDelimiter": "DOT"}, "INVALIDJOB"),
    ],
)
def test_what_bulk_cannot_do_is_refused_when_the_job_is_made(reader: Client, given: dict[str, str], code: str) -> None:
    reply = reader("POST", "/jobs/query", json=given)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, code)


def test_a_query_job_is_aborted_listed_and_deleted(reader: Client) -> None:
    job = query_job(reader, "SELECT Id FROM Account")
    path = f"/jobs/query/{job['id']}"
    assert reader.get(f"{path}/results").json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert reader("DELETE", path).status_code == 400
    assert reader("PATCH", path, json={"state": "Aborted"}).json()["state"] == "Aborted"
    assert reader("PATCH", path, json={"state": "Aborted"}).status_code == 400
    assert job["id"] in {each["id"] for each in reader.get("/jobs/query").json()["records"]}
    assert reader("DELETE", path).status_code == 204
    assert reader.get(path).status_code == 404


def test_a_query_all_job_shows_deleted_rows(sandbox: Sandbox, crm: Client) -> None:
    gone = next(iter(sandbox.company.tables["Account"]))
    sandbox.company.delete("Account", gone)
    job = query_job(crm, "SELECT Id, IsDeleted FROM Account", operation="queryAll")
    finished(crm, f"/jobs/query/{job['id']}")
    rows = {row["Id"]: row["IsDeleted"] for row in table(crm.get(f"/jobs/query/{job['id']}/results").text)}
    assert (len(rows), rows[gone]) == (60, "true")


# Ingest


def ingest(crm: Client, body: str | bytes, **settings: Any) -> tuple[dict[str, Any], str]:
    job = crm(
        "POST", "/jobs/ingest", json={"object": "Account", "operation": "update", "contentType": "CSV", **settings}
    )
    assert job.status_code == 200, job.text
    path = f"/jobs/ingest/{job.json()['id']}"
    assert job.json()["state"] == "Open"
    assert job.json()["contentUrl"] == f"services/data/v66.0{path}/batches"
    sent = crm("PUT", f"{path}/batches", data=body, headers={"Content-Type": "text/csv"})
    assert (sent.status_code, sent.content) == (201, b"")
    assert crm("PATCH", path, json={"state": "UploadComplete"}).json()["state"] == "UploadComplete"
    return finished(crm, path), path


def results(crm: Client, path: str) -> tuple[list[dict[str, str]], list[dict[str, str]], list[dict[str, str]]]:
    done, failed, left = (
        crm.get(f"{path}/{part}").text for part in ("successfulResults", "failedResults", "unprocessedrecords")
    )
    return table(done), table(failed), table(left)


def test_each_row_of_an_update_ends_in_one_of_two_files(sandbox: Sandbox, crm: Client) -> None:
    one, two, three = list(sandbox.company.tables["Account"])[:3]
    sandbox.company.edit("Account", two, Phone="old")
    text = f'Id,Phone,Rating,Description\n{one},1,Hot,"a, ""b""\nc"\n{two},#N/A,,\n{three},3,,{"x" * 32001}\nbad,4,,\n'
    job, path = ingest(crm, text)
    assert job["states"] == ["InProgress", "JobComplete"]
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (4, 2)
    done, failed, left = results(crm, path)
    assert [(row["sf__Id"], row["sf__Created"], row["Phone"]) for row in done] == [
        (one, "false", "1"),
        (two, "false", "#N/A"),
    ]
    assert [row["sf__Error"].split(":")[0] for row in failed] == ["STRING_TOO_LONG", "MALFORMED_ID"]
    assert failed[0]["sf__Id"] == three
    assert left == []
    accounts = sandbox.company.tables["Account"]
    assert accounts[one]["Description"] == 'a, "b"\nc'
    assert "Phone" not in accounts[two], "#N/A clears"
    assert accounts[two].get("Rating") == sandbox.company.seeding.tables["Account"][two].get("Rating"), (
        "empty is left alone"
    )


def test_an_upload_may_come_in_chunks_and_in_its_own_dialect(sandbox: Sandbox, crm: Client) -> None:
    one = next(iter(sandbox.company.tables["Account"]))
    chunks = (part for part in (b"\xef\xbb\xbfId;Ph", b"one\r\n", f"{one};7\r\n".encode()))
    job, _ = ingest(crm, chunks, columnDelimiter="SEMICOLON", lineEnding="CRLF")  # type: ignore[arg-type]
    assert (job["state"], job["numberRecordsFailed"]) == ("JobComplete", 0)
    assert sandbox.company.tables["Account"][one]["Phone"] == "7"


def test_insert_upsert_and_delete(sandbox: Sandbox, crm: Client) -> None:
    _, path = ingest(crm, "Name,External_Key__c\nA,k1\nB,k2\n", operation="insert")
    made = [row["sf__Id"] for row in results(crm, path)[0]]
    _, path = ingest(
        crm, "Name,External_Key__c\nA2,k1\nC,k3\n", operation="upsert", externalIdFieldName="External_Key__c"
    )
    assert [row["sf__Created"] for row in results(crm, path)[0]] == ["false", "true"]
    assert sandbox.company.tables["Account"][made[0]]["Name"] == "A2"
    ingest(crm, f"Id\n{made[0]}\n", operation="delete")
    ingest(crm, f"Id\n{made[1]}\n", operation="hardDelete")
    assert sandbox.company.tables["Account"][made[0]]["IsDeleted"] is True
    assert made[1] not in sandbox.company.tables["Account"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Id,Nope\n0015g0000000001,1\n", "Field name not found : Nope"),
        ("Name\nx\n", "the Id column is missing"),
        ("", "no header row"),
        ('Id,Name\n"0015g', "Failed to parse CSV"),
    ],
)
def test_an_upload_that_cannot_be_read_fails_the_job(crm: Client, text: str, told: str) -> None:
    job, _ = ingest(crm, text or "\n")
    assert job["state"] == "Failed"
    assert told in job["errorMessage"]


def test_a_job_takes_one_upload_and_only_while_it_is_open(crm: Client) -> None:
    job = crm("POST", "/jobs/ingest", json={"object": "Account", "operation": "update"}).json()
    path = f"/jobs/ingest/{job['id']}"
    assert crm("PUT", f"{path}/batches", data="Id\n").status_code == 201
    assert crm("PUT", f"{path}/batches", data="Id\n").json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert crm("PATCH", path, json={"state": "Aborted"}).json()["state"] == "Aborted"
    assert crm("PATCH", path, json={"state": "UploadComplete"}).status_code == 400
    assert crm("DELETE", path).status_code == 204
    refused = crm("POST", "/jobs/ingest", json={"object": "Nothing", "operation": "update"}).json()[0]
    assert refused["errorCode"] == "INVALIDENTITY"


def test_a_job_that_fails_half_way_has_applied_part_of_its_rows(sandbox: Sandbox, crm: Client) -> None:
    chosen = list(sandbox.company.tables["Account"])[:4]
    sandbox.faults({"on": "bulk_ingest_close", "fault": "bulk_job_failed", "rows": 1})
    job, path = ingest(crm, "Id,Phone\n" + "".join(f"{id_},+9\n" for id_ in chosen))
    done, failed, left = results(crm, path)
    assert job["state"] == "Failed"
    assert ([row["sf__Id"] for row in done], failed, [row["Id"] for row in left]) == (chosen[:1], [], chosen[1:])
    assert len(sandbox.effects) == 1
