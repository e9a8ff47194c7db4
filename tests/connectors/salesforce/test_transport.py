"""The HTTP policy, shown on a server that misbehaves: time limits, retries of reads only, hosts, budget, replies."""

from __future__ import annotations

import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from connectors.meter import Meter, ServerClock
from connectors.origin import LOOPBACK_HOSTS, Origin
from connectors.port import BadReply, LimitReached, Unauthorized, Unreachable
from connectors.salesforce import AccessToken, ClientCredentials, MemoryJobs, SalesforceConnector, SalesforceSettings
from connectors.transport import Patience, Transport, retry_after
from tests.connectors.salesforce.scripted import HTML, Answer, Reset, Scripted

if TYPE_CHECKING:
    from pathlib import Path

    from requests import PreparedRequest, Response

    from connectors.salesforce.client import Client
    from tests.connectors.salesforce.conftest import Connect

NOTHING = {"totalSize": 0, "done": True, "records": []}
EXPIRED = Answer([{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}], 401)
UNAVAILABLE = Answer(HTML, 503, "text/html")
ETAG = '"e1"'


def client_of(connector: SalesforceConnector) -> Client:
    return connector._client


def test_a_read_is_asked_again_until_it_is_answered(connect: Connect) -> None:
    with Scripted(UNAVAILABLE, Reset(), Answer(NOTHING)) as server:
        assert client_of(connect(server)).query("SELECT Id FROM Account").total == 0
        assert len(server.asked) == 3


def test_a_read_that_keeps_failing_ends_as_unreachable_after_a_bounded_number_of_tries(connect: Connect) -> None:
    with Scripted(UNAVAILABLE) as server:
        with pytest.raises(Unreachable, match="503"):
            client_of(connect(server)).query("SELECT Id FROM Account")
        assert len(server.asked) == 3


@pytest.mark.parametrize(
    "step",
    [
        UNAVAILABLE,
        Reset(),
        Answer({"x": 1}, 500),
        Answer(HTML, 200, "text/html"),
        Answer(cut=True),
        Answer("{", 200),
        EXPIRED,
    ],
)
def test_a_write_is_sent_once_whatever_becomes_of_it(connect: Connect, step: Answer | Reset) -> None:
    """After a 401, which proves that nothing was done, the same write goes once more; it is still one attempt."""
    with Scripted(step) as server:
        with pytest.raises((Unreachable, BadReply, Unauthorized)):
            client_of(connect(server)).write_row("Account", "001000000000001AAA", {"OwnerId": "005"}, ETAG)
        assert len(server.asked) == (2 if step is EXPIRED else 1)


def test_a_write_resent_after_a_401_keeps_every_header(connect: Connect) -> None:
    """A client library that renews its session by itself drops If-Match here and overwrites what it should not."""
    with Scripted(EXPIRED, Answer(status=204)) as server:
        server.tokens.extend([Answer({"access_token": "T2"})])
        client_of(connect(server)).write_row("Account", "001000000000001AAA", {"OwnerId": "005"}, ETAG)
        first, second = server.asked
        assert first.headers["Authorization"] == "Bearer T1"
        assert second.headers["Authorization"] == "Bearer T2"
        for asked in (first, second):
            assert asked.headers["If-Match"] == ETAG
            assert asked.headers["Sforce-Auto-Assign"] == "FALSE"
            assert asked.json() == {"OwnerId": "005"}


def test_a_lasting_401_ends_after_one_renewal(connect: Connect) -> None:
    with Scripted(EXPIRED) as server:
        server.tokens.extend([Answer({"access_token": "T2"})])
        with pytest.raises(Unauthorized, match="session"):
            client_of(connect(server)).query("SELECT Id FROM Account")
        assert (len(server.asked), len(server.token_calls)) == (2, 2)


@pytest.mark.parametrize(
    "text", ["Connected app is not attached to Agent", "This session is not valid for use with the REST API"]
)
def test_a_session_that_no_token_cures_is_not_renewed(connect: Connect, text: str) -> None:
    with Scripted(Answer([{"message": text, "errorCode": "INVALID_SESSION_ID"}], 401)) as server:
        with pytest.raises(Unauthorized, match=text):
            client_of(connect(server)).query("SELECT Id FROM Account")
        assert (len(server.asked), len(server.token_calls)) == (1, 1)


def test_silence_ends_at_the_read_time_limit(connect: Connect) -> None:
    with Scripted(Answer(NOTHING, stall=3.0)) as server:
        connector = connect(server, timeout_read=0.1, patience=Patience(tries=1))
        began = time.monotonic()
        with pytest.raises(Unreachable):
            client_of(connector).query("SELECT Id FROM Account")
        assert time.monotonic() - began < 2.0


def test_a_reply_that_drips_ends_at_the_limit_for_the_whole_reply(connect: Connect) -> None:
    """Each byte comes within the read time limit, so only a limit for the whole reply ends it."""
    with Scripted(Answer({"records": "x" * 200}, drip=0.05)) as server:
        connector = connect(server, patience=Patience(tries=1))
        connector._transport.limits = type(connector._transport.limits)(1.0, 1.0, 0.3)
        began = time.monotonic()
        with pytest.raises(Unreachable, match="in time"):
            client_of(connector).query("SELECT Id FROM Account")
        assert time.monotonic() - began < 3.0


def test_nobody_there_is_unreachable_with_a_way_out(connect: Connect) -> None:
    with Scripted(Answer(NOTHING)) as server:
        connector = connect(server)
    with pytest.raises(Unreachable, match="did not answer: the connection was refused") as caught:
        client_of(connector).query("SELECT Id FROM Account")
    assert "check the url" in caught.value.hint


@pytest.mark.parametrize(
    "step",
    [Answer(HTML, 200, "text/html"), Answer('{"totalSize": 3, "done": tr'), Answer([1, 2]), Answer({"done": True}),
     Answer({"totalSize": 1, "done": True, "records": ["row"]}), Answer("", 204),
     Answer({"totalSize": 9, "done": False, "records": []}), Answer(NOTHING, cut=True)],
    ids=["login page", "cut json", "list", "no records", "row is text", "empty", "no next page", "cut body"],
)  # fmt: skip
def test_a_reply_that_is_not_what_was_asked_for_is_never_taken_for_an_empty_one(connect: Connect, step: Answer) -> None:
    with Scripted(step) as server:
        with pytest.raises((BadReply, Unreachable)):
            client_of(connect(server)).query("SELECT Id FROM Account")
        assert len(server.asked) == 3


def test_a_redirect_is_never_followed(connect: Connect) -> None:
    with Scripted(Answer(NOTHING)) as elsewhere:
        away = Answer("", 302, "text/html", {"Location": f"{elsewhere.url}/services/data/v66.0/query"})
        with Scripted(away) as server, pytest.raises(BadReply, match="redirect"):
            client_of(connect(server)).query("SELECT Id FROM Account")
        assert elsewhere.asked == []


def test_the_next_page_is_fetched_from_our_own_host_whatever_the_reply_says(connect: Connect) -> None:
    row = {"Id": "001000000000001AAA"}
    first = {
        "totalSize": 2,
        "done": False,
        "records": [row],
        "nextRecordsUrl": "https://evil.example/services/data/v66.0/query/01g000000000001-2000",
    }
    with Scripted(Answer(first), Answer({"totalSize": 2, "done": True, "records": [row]})) as server:
        client = client_of(connect(server))
        page = client.query("SELECT Id FROM Account")
        client.more(page.more)
        assert server.asked[1].path == "/services/data/v66.0/query/01g000000000001-2000"


@pytest.mark.parametrize("path", ["/services/data/v66.0/sobjects/Account", "/", "/services/data/v66.0/query/../limits"])
def test_a_next_page_that_is_no_query_page_is_refused(connect: Connect, path: str) -> None:
    page = {"totalSize": 2, "done": False, "records": [], "nextRecordsUrl": path}
    with Scripted(Answer(page)) as server, pytest.raises(BadReply):
        client_of(connect(server)).query("SELECT Id FROM Account")


def test_a_request_outside_the_table_never_leaves(connect: Connect) -> None:
    with Scripted(Answer(NOTHING)) as server:
        transport = connect(server)._transport
        for method, path in (("DELETE", "/services/data/v66.0/sobjects/Account/001000000000001AAA"), ("GET", "/secur")):
            with pytest.raises(BadReply, match="no such request"):
                transport.session.request(method, server.url + path)
        assert server.asked == []


def test_another_host_is_refused_before_anything_is_sent(connect: Connect) -> None:
    with Scripted(Answer(NOTHING)) as server, Scripted(Answer(NOTHING)) as other:
        transport = connect(server)._transport
        with pytest.raises(BadReply, match="only http://127"):
            transport.session.get(f"{other.url}/services/data/v66.0/limits")
        assert other.asked == server.token_calls == []


@pytest.mark.parametrize(
    ("url", "words"),
    [("http://acme.my.salesforce.com", "not encrypted"), ("ftp://acme", "no web address"), ("acme", "no web address"),
     ("https://me:pw@acme.my.salesforce.com", "no web address"), ("https://acme.my.salesforce.com/x", "has a path"),
     ("http://10.0.0.1:8080", "not encrypted"), ("http://localhost.evil.example", "not encrypted"),
     ("https://login.salesforce.com", "My Domain")],
)  # fmt: skip
def test_an_address_that_cannot_be_right_is_refused_with_a_reason(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SalesforceSettings(url, AccessToken("t"))


def test_loopback_may_be_plain_http() -> None:
    for host in sorted(LOOPBACK_HOSTS - {"::1"}):
        assert Origin(f"http://{host}:8080").loopback
    assert Origin("http://[::1]:8080").loopback


def test_an_address_is_rebased_onto_our_scheme_only_if_it_is_ours() -> None:
    origin = Origin("http://127.0.0.1:8080")
    assert origin.rebase("https://127.0.0.1:8080/a?b=c") == "http://127.0.0.1:8080/a?b=c"
    for url in ("https://127.0.0.1:8081/a", "https://127.0.0.2:8080/a", "https://u:p@127.0.0.1:8080/a"):
        with pytest.raises(BadReply):
            origin.rebase(url)


def test_retry_after_is_honoured_up_to_a_cap(connect: Connect) -> None:
    patience = Patience(tries=3, first_wait=0.01, longest_wait=0.4, in_all=5.0)
    steps = (
        Answer(HTML, 503, "text/html", {"Retry-After": "0.2"}),
        Answer(HTML, 503, "text/html", {"Retry-After": "86400"}),
        Answer(NOTHING),
    )
    with Scripted(*steps) as server:
        began = time.monotonic()
        client_of(connect(server, patience=patience)).query("SELECT Id FROM Account")
        assert 0.5 < time.monotonic() - began < 2.0


def test_retry_after_may_be_a_number_a_date_or_rubbish() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert retry_after("7") == 7.0
    assert 80 < (retry_after(soon) or 0) <= 90
    assert retry_after("-5") == 0.0
    assert retry_after("soon") is retry_after("") is retry_after(None) is None


@pytest.mark.parametrize(
    ("header", "time"),
    [
        ("Sun, 22 Nov 2026 10:00:00 GMT", 10),
        ("Sun, 22 Nov 2026 10:00:00 -0000", 10),
        ("Sun, 22 Nov 2026 12:00:00 +0200", 10),
    ],
)
def test_the_crms_time_is_utc_however_it_is_written(header: str, time: int) -> None:
    clock = ServerClock()
    clock.note(header)
    now = clock.now()
    assert now is not None
    assert (now.tzinfo, now.hour) == (UTC, time)


@pytest.mark.parametrize("header", [None, "", "yesterday", "2026-11-22"])
def test_a_date_that_cannot_be_read_changes_nothing(header: str | None) -> None:
    clock = ServerClock()
    clock.note(header)
    assert clock.now() is None


def test_the_stop_event_ends_the_waiting_at_once() -> None:
    stop = threading.Event()
    with Scripted(UNAVAILABLE) as server:
        settings = SalesforceSettings(server.url, AccessToken("t"), patience=Patience(9, 60.0, 60.0, 600.0))
        connector = SalesforceConnector(settings, {}, stop=stop, jobs=MemoryJobs())
        threading.Timer(0.2, stop.set).start()
        began = time.monotonic()
        with pytest.raises(Unreachable):
            client_of(connector).query("SELECT Id FROM Account")
        assert time.monotonic() - began < 3.0
        connector.close()


def test_calls_beyond_the_runs_ceiling_never_leave(connect: Connect) -> None:
    with Scripted(Answer(NOTHING)) as server:
        connector = connect(server, calls_per_run=3)
        for _ in range(2):
            client_of(connector).query("SELECT Id FROM Account")
        with pytest.raises(LimitReached, match="3 of its 3 API calls") as caught:
            client_of(connector).query("SELECT Id FROM Account")
        assert caught.value.hint
        assert len(server.asked) == 2
        assert connector.budget().by_kind == {"token": 1, "query": 2}


def test_calls_stop_when_the_org_is_used_beyond_its_share(connect: Connect) -> None:
    nearly = Answer(NOTHING, headers={"Sforce-Limit-Info": "api-usage=801/1000; per-app-api-usage=7/9(appName=x)"})
    with Scripted(nearly) as server:
        connector = connect(server)
        client_of(connector).query("SELECT Id FROM Account")
        assert (connector.budget().used, connector.budget().limit, connector.budget().allowed) == (801, 1000, 0)
        with pytest.raises(LimitReached, match="801 of its 1000"):
            client_of(connector).query("SELECT Id FROM Account")
        assert len(server.asked) == 1


def test_one_run_may_use_a_quarter_of_the_orgs_limit_unless_told_otherwise() -> None:
    meter = Meter(share_org=0.8, share_run=0.25, used=0, limit=1000)
    assert meter.allowed() == 250
    meter.used = 700
    assert meter.allowed() == 100


def test_calls_since_the_orgs_figures_were_last_told_count_against_its_share() -> None:
    """Not every reply tells them; a run of replies that do not must not run past the share."""
    meter = Meter(share_org=0.5, share_run=1.0)
    meter.tell(490, 1000)
    for _ in range(4):
        meter.admit("search")
    assert meter.allowed() == 6
    meter.tell(494, 1000)
    assert meter.allowed() == 6


def test_the_crms_own_limit_stops_reads_without_asking_again(connect: Connect) -> None:
    refused = Answer([{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}], 403)
    with Scripted(refused) as server:
        with pytest.raises(LimitReached, match="no API calls left"):
            client_of(connect(server)).query("SELECT Id FROM Account")
        assert len(server.asked) == 1


def test_the_log_holds_kinds_and_figures_and_neither_query_nor_secret(connect: Connect) -> None:
    with Scripted(Answer(NOTHING)) as server, structlog.testing.capture_logs() as entries:
        client_of(connect(server)).query("SELECT Id FROM Account WHERE Name = 'Confidential'")
    assert [entry["kind"] for entry in entries] == ["token", "query"]
    assert not any(secret in str(entries) for secret in ("Confidential", "s3cret", "T1", "SELECT"))


def test_settings_do_not_show_their_secrets() -> None:
    settings = SalesforceSettings("https://acme.my.salesforce.com", ClientCredentials("app", "s3cret"))
    assert "s3cret" not in repr(settings)


def test_an_error_names_no_query_and_no_secret(connect: Connect) -> None:
    with Scripted(Reset()) as server, pytest.raises(Unreachable) as caught:
        client_of(connect(server)).query("SELECT Id FROM Account WHERE Name = 'Confidential'")
    assert "Confidential" not in str(caught.value) + caught.value.hint


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    """TLS with a certificate that nobody vouches for."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_said(self_signed: ssl.SSLContext) -> None:
    with Scripted(Answer(NOTHING), tls=self_signed) as server:
        settings = SalesforceSettings(server.url, ClientCredentials("app", "s3cret"))
        connector = SalesforceConnector(settings, {}, jobs=MemoryJobs())
        connector._transport.session.verify = False
        with pytest.raises(Unreachable, match="certificate that cannot be trusted") as caught:
            connector.describe()
        assert "REQUESTS_CA_BUNDLE" in caught.value.hint
        assert server.asked == server.token_calls == []
        connector.close()


def test_a_proxy_of_the_environment_does_not_stand_between_the_worker_and_its_own_machine(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with Scripted(Answer(NOTHING)) as server:
        assert client_of(connect(server)).query("SELECT Id FROM Account").total == 0


def test_tls_verification_cannot_be_switched_off(connect: Connect) -> None:
    with Scripted(Answer(NOTHING)) as server:
        transport: Transport = connect(server)._transport
        transport.session.verify = False
        seen: list[object] = []
        adapter = transport.session.get_adapter("https://")
        once = adapter.once  # type: ignore[attr-defined]

        def watched(request: PreparedRequest, *, verify: bool | str, proxies: dict[str, str]) -> Response:
            seen.append(verify)
            return once(request, verify=verify, proxies=proxies)  # type: ignore[no-any-return]

        adapter.once = watched  # type: ignore[attr-defined]
        client_of(connect(server))
        transport.session.get(f"https://127.0.0.1:{server.url.rsplit(':', 1)[1]}/services/data/v66.0/limits")
        assert seen
        assert all(each is True for each in seen)
