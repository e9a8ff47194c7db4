"""One call and one reply, as values. Calls that hold others are made of the same values, so both behave alike."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.sandbox.faults import Fault

JSON_TYPE = "application/json;charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Call:
    """What a client asks. Header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    request_id: str = ""
    base: str = ""
    """The server's own address."""
    url_length: int = 0
    head_length: int = 0
    actor: str = ""
    """The user whose token it carries."""
    version: str = ""
    kind: str = "other"
    fired: tuple[Fault, ...] = ()
    """The faults that strike this call."""
    pairs: tuple[tuple[str, str], ...] = ()
    """The query as it was sent: a name may stand in it more than once."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answers. ``body`` is sent as it is if it is bytes, as JSON if it is anything else but None."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON_TYPE

    def encoded(self) -> bytes:
        """The body's bytes."""
        if self.body is None:
            return b""
        return (
            self.body
            if isinstance(self.body, bytes)
            else json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()
        )

    def with_headers(self, headers: Mapping[str, str]) -> Reply:
        """The same reply with more headers; its own win."""
        return replace(self, headers={**headers, **self.headers})


@dataclass(frozen=True, slots=True)
class Subject:
    """What a call is about: its kind, and the object and records that it names."""

    kind: str
    object: str = ""
    ids: tuple[str, ...] = ()


class Dialect(Protocol):
    """How one CRM speaks. The same company may be reached through several."""

    def subject(self, call: Call) -> Subject:
        """What the call is about."""

    def strike(self, call: Call, subject: Subject) -> tuple[Fault, ...]:
        """Counts the call, and tells which faults strike it."""

    def answer(self, call: Call) -> Reply:
        """Carries the call out."""
