"""What the log shows, and what it never shows (I26)."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING

import pytest
import structlog

from sync_worker import log
from sync_worker.config import Config, HubSpotConfig, LogConfig, SalesforceConfig, StoreConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "hunter2-and-more"
SESSION = "00D5g000004XyZQ!AQ4AQKx9.abcDEF_123"
SIGNED = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl"
SERVICE_KEY = "pat-eu1-6bd0a3c2-0f1e-4d5c-9b8a-776655443322"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE KEY-----"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    log.configure(LogConfig(format="json"), secrets=[SECRET], stream=stream)
    yield stream
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_its_time_in_utc(out: io.StringIO) -> None:
    structlog.get_logger("daemon").info("job ended", job="pull", rows=12)
    (line,) = lines(out)
    assert (line["event"], line["job"], line["rows"], line["level"], line["logger"]) == (
        "job ended",
        "pull",
        12,
        "info",
        "daemon",
    )
    assert str(line["at"]).endswith("Z")


def test_a_library_logs_the_same_way(out: io.StringIO) -> None:
    logging.getLogger("urllib3").error("retrying %s", "a call")
    (line,) = lines(out)
    assert (line["event"], line["level"], line["logger"]) == ("retrying a call", "error", "urllib3")


@pytest.mark.parametrize(
    "text",
    [
        f"the secret is {SECRET}",
        f"Authorization: Bearer {SESSION}",
        f"sid={SESSION}",
        f"assertion {SIGNED}",
        f"the service key {SERVICE_KEY}",
        f"the key {KEY}",
        "postgresql+psycopg://worker:pa55word@db/sync",
        "client_secret=pa55word&grant_type=client_credentials",
        '{"access_token": "pa55word", "scope": "api"}',
    ],
)
def test_no_secret_gets_through_as_text_value_or_traceback(out: io.StringIO, text: str) -> None:
    log_ = structlog.get_logger("daemon")
    log_.info(text)
    log_.info("said", text=text, deep={"in": [{"side": text}]})
    logging.getLogger("library").warning("%s", text)
    try:
        int(text)
    except ValueError:
        log_.exception("failed")
        logging.getLogger("library").exception("failed")
    written = out.getvalue()
    assert len(lines(out)) == 5
    for secret in (SECRET, SESSION, SIGNED, SERVICE_KEY, "MIIEow", "pa55word"):
        assert secret not in written
    assert written.count("***") >= 6
    assert written.count("Traceback") == 2


@pytest.mark.parametrize("name", ["client_secret", "access_token", "Authorization", "private_key", "password"])
def test_values_under_secret_names_are_hidden_at_any_depth(out: io.StringIO, name: str) -> None:
    structlog.get_logger().info("said", **{name: "plain"}, deep={name: ["plain"]})
    assert "plain" not in out.getvalue()


def test_counts_are_shown_whatever_they_count(out: io.StringIO) -> None:
    structlog.get_logger().info("spent", calls={"token": 1, "query": 12})
    assert lines(out)[0]["calls"] == {"token": 1, "query": 12}


def test_a_terminal_gets_lines_for_people() -> None:
    stream = Terminal()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    log.configure(LogConfig(), stream=stream)
    structlog.get_logger("daemon").info("job ended", job="pull")
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
    assert "job ended" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_every_secret_of_the_config_is_known_to_the_log() -> None:
    config = Config(
        salesforce=SalesforceConfig(url="https://acme.example", client_secret="one", private_key="two"),
        hubspot=HubSpotConfig(access_token="three", refresh_token="four"),
        store=StoreConfig(url="postgresql+psycopg://worker:p%40ss@db/sync"),
    )
    assert set(log.secrets_of(config)) == {"one", "two", "three", "four", "p%40ss", "p@ss"}
