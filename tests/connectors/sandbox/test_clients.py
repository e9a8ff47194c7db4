"""simple-salesforce, unmodified, does against the sandbox what it does against Salesforce."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

from connectors.sandbox import Sandbox
from tests.connectors.sandbox.conftest import TODAY, Loopback
from tests.connectors.sandbox.test_auth import KEY, PUBLIC

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def session(sandbox: Sandbox) -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.mount("https://", Loopback(sandbox.port))
        yield made


@pytest.fixture
def sf(sandbox: Sandbox, session: requests.Session) -> Any:
    return Salesforce(
        session=session, version="66.0", domain="acme.my",
        consumer_key=sandbox.client_id, consumer_secret=sandbox.client_secret,
    )  # fmt: skip


def test_it_logs_in_and_is_refused_with_the_reason(sandbox: Sandbox, session: requests.Session, sf: Any) -> None:
    assert sf.session_id == sandbox.access_token
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid_client"):
        Salesforce(session=session, domain="acme.my", consumer_key=sandbox.client_id, consumer_secret="x")
    with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_OPERATION"):
        Salesforce(session=session, username="u", password="p", security_token="t", instance_url=sandbox.url)


def test_it_logs_in_with_a_key() -> None:
    with Sandbox(accounts=5, reps=2, today=TODAY, jwt_key=PUBLIC.decode()) as sandbox, requests.Session() as session:
        session.mount("https://", Loopback(sandbox.port))
        private = KEY.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        sf = Salesforce(
            session=session, username="integration@acme.example", consumer_key=sandbox.client_id,
            privatekey=private.decode(), domain="acme.my",
        )  # fmt: skip
        assert sf.query("SELECT COUNT() FROM Account")["totalSize"] == 5


def test_it_reads_pages_records_and_descriptions(sandbox: Sandbox, sf: Any) -> None:
    sandbox.faults({"on": "query", "fault": "short_page", "rows": 25})
    ids = [row["Id"] for row in sf.query_all_iter("SELECT Id FROM Account ORDER BY Id")]
    assert ids == list(sandbox.company.tables["Account"])
    assert sf.Account.get(ids[0])["Id"] == ids[0]
    assert sf.Account.describe()["name"] == "Account"
    assert sf.Account.metadata()["objectDescribe"]["keyPrefix"] == "001"
    assert "Account" in {each["name"] for each in sf.describe()["sobjects"]}
    assert sf.limits()["DailyApiRequests"]["Max"] == 100_000
    assert sf.api_usage["api-usage"].total == 100_000
    assert sf.is_sandbox()


def test_it_writes_records_and_tells_errors(sandbox: Sandbox, sf: Any) -> None:
    id_ = next(iter(sandbox.company.tables["Account"]))
    assert sf.Account.update(id_, {"Phone": "1"}) == 204
    with pytest.raises(SalesforceMalformedRequest) as refused:
        sf.Account.update(id_, {"Phone": "1", "Nope": 2})
    assert "INVALID_FIELD" in str(refused.value.content)
    with pytest.raises(SalesforceGeneralError) as stale:
        sf.Account.update(id_, {"Phone": "2"}, headers={"If-Match": '"old"'})
    assert stale.value.status == 412
    with pytest.raises(SalesforceResourceNotFound):
        sf.Account.get("0015g00000ZZZZZ")
    made = sf.Account.create({"Name": "X", "External_Key__c": "k"})
    assert sf.Account.get_by_custom_id("External_Key__c", "k")["Id"] == made["id"]
    assert sf.Account.upsert("External_Key__c/k", {"Name": "Y"}) == 200
    assert sf.Account.delete(made["id"]) == 204


def test_it_asks_what_changed(sandbox: Sandbox, sf: Any) -> None:
    one, two = list(sandbox.company.tables["Account"])[:2]
    sandbox.company.edit("Account", one, Phone="1")
    sandbox.company.delete("Account", two)
    start, end = datetime.now(UTC) - timedelta(minutes=5), datetime.now(UTC) + timedelta(minutes=5)
    assert sf.Account.updated(start, end)["ids"] == [one]
    assert [each["id"] for each in sf.Account.deleted(start, end)["deletedRecords"]] == [two]
    with_deleted = {row["Id"] for row in sf.query_all_iter("SELECT Id FROM Account", include_deleted=True)}
    assert with_deleted == set(sandbox.company.tables["Account"])


def test_its_collections_and_composites_are_answered(sandbox: Sandbox, sf: Any) -> None:
    ids = list(sandbox.company.tables["Account"])[:3]
    records = [{"attributes": {"type": "Account"}, "id": id_, "Rating": "Hot"} for id_ in ids]
    told = sf.restful("composite/sobjects", method="PATCH", json={"allOrNone": False, "records": records})
    assert [dict(each) for each in told] == [{"id": id_, "success": True, "errors": []} for id_ in ids]


def test_bulk2_queries_page_by_page(sandbox: Sandbox, sf: Any) -> None:
    pages = list(sf.bulk2.Account.query("SELECT Id, Name FROM Account", max_records=25, wait=0))
    lines = [line for page in pages for line in page.splitlines()[1:]]
    assert len(pages) == 3
    assert len(lines) == len(sandbox.company.tables["Account"])


def test_bulk2_writes_and_tells_of_each_row(sandbox: Sandbox, sf: Any) -> None:
    one, two = list(sandbox.company.tables["Account"])[:2]
    records = [{"Id": one, "Rating": "Hot"}, {"Id": two, "Rating": "Cold"}, {"Id": "bad", "Rating": "Hot"}]
    told = sf.bulk2.Account.update(records=records, wait=0)[0]
    assert (told["numberRecordsProcessed"], told["numberRecordsFailed"]) == (3, 1)
    done = sf.bulk2.Account.get_successful_records(told["job_id"])
    assert one in done
    assert two in done
    assert "MALFORMED_ID" in sf.bulk2.Account.get_failed_records(told["job_id"])
    made = sf.bulk2.Account.insert(records=[{"Name": "Made in bulk"}], wait=0)[0]
    assert made["numberRecordsFailed"] == 0


def test_it_takes_a_new_token_when_its_own_has_expired(sandbox: Sandbox, sf: Any) -> None:
    sandbox.faults({"on": "query", "fault": "expire_token"})
    assert sf.query("SELECT COUNT() FROM Account")["totalSize"] == 60
    assert sandbox.calls["by_kind"] == {"query": 2, "token": 2}
