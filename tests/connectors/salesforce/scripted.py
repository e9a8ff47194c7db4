"""A loopback HTTP server that answers from a script: replies that no honest server gives. It keeps every request."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from types import TracebackType

JSON = "application/json;charset=UTF-8"
HTML = "<html><body>Maintenance</body></html>"


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply. ``body`` goes out as JSON unless it is text or bytes."""

    body: object = None
    status: int = 200
    media: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    """Announce the whole body and send half of it."""
    drip: float = 0.0
    """Seconds between single bytes of the body."""
    stall: float = 0.0
    """Seconds of silence before the reply."""

    def encoded(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


@dataclass(frozen=True, slots=True)
class Reset:
    """Take the request in, then reset the connection."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Scripted:
    """Answers each request with the next step; the last step repeats. ``token`` requests have a script of their own.

    ``route`` may answer a request instead, by what it asks for.
    """

    def __init__(
        self,
        *steps: Answer | Reset,
        route: Callable[[Asked], Answer | None] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.steps = deque(steps)
        self.route = route
        self.tokens: deque[Answer | Reset] = deque([Answer({"access_token": "T1"})])
        self.asked: list[Asked] = []
        self.token_calls: list[Asked] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._scheme = "https" if tls else "http"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def next(self, asked: Asked) -> Answer | Reset:
        with self._lock:
            token = asked.path.endswith("/oauth2/token")
            (self.token_calls if token else self.asked).append(asked)
            routed = self.route(asked) if self.route and not token else None
            if routed is not None:
                return routed
            steps = self.tokens if token else self.steps
            return steps.popleft() if len(steps) > 1 else steps[0]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(script: Scripted) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else every reply on a kept connection waits 40 ms for an acknowledgement

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            step = script.next(Asked(self.command, self.path, dict(self.headers), body))
            # A client that gave up is no failure of the script.
            with suppress(OSError):
                self.reset() if isinstance(step, Reset) else self.send(step)

        do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - the names that http.server looks for

        def reset(self) -> None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True

        def send(self, step: Answer) -> None:
            time.sleep(step.stall)
            payload = b"" if step.status == 204 else step.encoded()
            self.send_response(step.status)
            if payload or step.status != 204:
                self.send_header("Content-Type", step.media)
                self.send_header("Content-Length", str(len(payload)))
            for name, value in step.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if step.drip:
                for byte in payload:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(step.drip)
                return
            self.wfile.write(payload[: len(payload) // 2] if step.cut else payload)
            if step.cut:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature is http.server's
            """Keep quiet."""

    return Handler
