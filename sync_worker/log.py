"""The log: JSON lines off a terminal, readable lines on one, always on stderr. It lets no secret through (I26).

Whatever is logged, by this product or by a library, passes ``mask`` after tracebacks have become text.
"""

from __future__ import annotations

import logging
import re
import sys
from dataclasses import fields
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import structlog

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import TextIO

    from structlog.typing import EventDict, Processor, WrappedLogger

    from sync_worker.config import Config, LogConfig

HIDDEN = "***"

_SECRET_KEY = re.compile(r"secret|token|passw|private_?key|authorization|cookie|session_?id|assertion", re.IGNORECASE)
_SECRET_TEXT = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), HIDDEN),
    (re.compile(r"\b(Bearer|Basic|OAuth)\s+[A-Za-z0-9._~+/!=-]{8,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"\b00D[A-Za-z0-9]{12,15}(!|%21)[A-Za-z0-9._%]+"), HIDDEN),  # a Salesforce session
    (re.compile(r"\b(pat-)?(na|eu|ap)\d{1,2}(-[0-9a-f]{4,12}){5}\b", re.IGNORECASE), HIDDEN),  # a HubSpot key
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), HIDDEN),  # a signed JSON token
    (re.compile(r"(://[^\s/:@]*:)[^\s/@]+@"), rf"\1{HIDDEN}@"),  # a password in a URL
    (
        re.compile(
            r"((?:client_secret|access_token|refresh_token|assertion|password)[\"']?\s*[=:]\s*[\"']?)[^\s&\"',}]+",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
)
_SHORTEST_SECRET = 6
"""Shorter values are not searched for in texts: hiding each "a" of a log hides the log."""

_TALKATIVE = {
    "alembic": logging.WARNING,
    "apscheduler": logging.ERROR,  # the daemon listens to its events and logs what they mean
    "asyncio": logging.WARNING,
    "hubspot": logging.WARNING,  # it would log every reply, with people's names
    "simple_salesforce": logging.WARNING,
    "urllib3": logging.ERROR,  # a lost connection is retried or told by the connector
    "uvicorn": logging.WARNING,
}
"""Libraries, and the least level at which they are heard."""


def configure(settings: LogConfig, *, secrets: Collection[str] = (), stream: TextIO | None = None) -> None:
    """Send every log record of this process to ``stream`` (stderr by default). May be called again."""
    out = stream or sys.stderr
    console = settings.format == "console" or (settings.format == "auto" and out.isatty())
    known: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.format_exc_info,
        mask(secrets),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *known, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=known,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(out, console=console)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    for name, least in _TALKATIVE.items():
        logging.getLogger(name).setLevel(max(least, root.level))


def _renderer(out: TextIO, *, console: bool) -> Processor:
    if console:
        return structlog.dev.ConsoleRenderer(colors=out.isatty(), pad_event_to=28)
    return structlog.processors.JSONRenderer(sort_keys=False)


def secrets_of(settings: Config) -> tuple[str, ...]:
    """Every secret that the config holds: what the CRMs' sections do not show, and the store's password."""
    sections = [settings.section(crm) for crm in settings.crms]
    held = {getattr(section, part.name) for section in sections for part in fields(section) if not part.repr}
    return tuple(sorted((held | _password(settings.store.url)) - {""}, key=len, reverse=True))


def _password(url: str) -> set[str]:
    raw = urlsplit(url).password
    return {raw, unquote(raw)} if raw else set()


def mask(secrets: Collection[str] = ()) -> Processor:
    """Make a processor that hides values under secret names, the given secrets, and what looks like one."""
    words = sorted((word for word in secrets if len(word) >= _SHORTEST_SECRET), key=len, reverse=True)

    def hide(_logger: WrappedLogger, _method: str, event: EventDict) -> Mapping[str, Any]:
        for key, value in list(event.items()):
            if not key.startswith("_"):
                event[key] = _masked(key, value, words)
        return event

    return hide


def _masked(key: str, value: object, words: Collection[str]) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value  # a count of tokens is no token
    if _SECRET_KEY.search(key):
        return HIDDEN if value else value
    if isinstance(value, dict):
        return {name: _masked(str(name), held, words) for name, held in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(key, held, words) for held in value]
    return mask_text(str(value), words)


def mask_text(text: str, words: Collection[str] = ()) -> str:
    """Hide the given words, and what looks like a secret, in one text."""
    for word in words:
        text = text.replace(word, HIDDEN)
    for pattern, replacement in _SECRET_TEXT:
        text = pattern.sub(replacement, text)
    return text
