"""From HTTP to calls and back, and every way in which a connection can go wrong. It knows no CRM."""

from __future__ import annotations

import asyncio
import socket
import struct
import uuid
from dataclasses import replace
from email.utils import format_datetime
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from uvicorn.protocols.http.h11_impl import H11Protocol

from connectors.sandbox.calls import Call, Reply
from connectors.sandbox.words import WIRE

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from connectors.sandbox.calls import Dialect
    from connectors.sandbox.faults import Fault
    from connectors.sandbox.view import Clock

_DRIPS = 20
_BODILESS = frozenset({204, 304})
_PATIENCE = 120.0
"""Seconds after which a late write stops waiting for its client to give up."""


class Wires:
    """The open connections, so that one can be cut as a failing network cuts it."""

    def __init__(self) -> None:
        self.open: dict[Any, asyncio.Transport] = {}

    def protocol(self) -> type[asyncio.Protocol]:
        """Uvicorn's HTTP protocol, which here also tells of its connections."""
        wires = self.open

        class Connection(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                wires[transport.get_extra_info("peername")] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                wires.pop(self.transport.get_extra_info("peername"), None)
                super().connection_lost(exc)

        return Connection

    async def reset(self, client: object) -> None:
        """Cuts the client's connection with a TCP reset."""
        transport = self.open.get(client)
        if transport is not None:
            wire: socket.socket = transport.get_extra_info("socket")
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
            await self._gone(client)

    async def close(self, client: object) -> None:
        """Closes the client's connection in good order, whatever it was promised."""
        transport = self.open.get(client)
        if transport is not None:
            transport.close()
            await self._gone(client)

    async def _gone(self, client: object) -> None:
        for _ in range(100):
            if client not in self.open:
                return
            await asyncio.sleep(0.01)


class Gate:
    """The ASGI application: reads a call, lets the dialect answer it, and fails on request."""

    def __init__(self, dialect: Dialect, clock: Clock, wires: Wires, seed: int = 0) -> None:
        self.dialect, self.clock, self.wires = dialect, clock, wires
        # Ids of calls are drawn from the seed, so that the same calls leave the same effect log.
        self._draw = Random(seed)  # noqa: S311 - a name, not a secret
        self.base = ""
        self.stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._late: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        """Wakes everything that waits. For any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.stopping.set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one HTTP request."""
        self._loop = asyncio.get_running_loop()
        call = await self._read(scope, receive)
        subject = self.dialect.subject(call)
        fired = self.dialect.strike(call, subject)
        call = replace(call, kind=subject.kind, fired=fired)
        wire = next((fault for fault in fired if fault.fault in WIRE), None)
        exchange = _Exchange(self, scope.get("client"), call, receive, send)
        await (exchange.plain() if wire is None else exchange.failing(wire))

    async def _read(self, scope: Scope, receive: Receive) -> Call:
        body, more = bytearray(), True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False) and message["type"] == "http.request"
        query = scope["query_string"].decode("latin-1")
        pairs = parse_qsl(query, keep_blank_values=True)
        return Call(
            method=scope["method"],
            path=scope["path"],
            query=dict(pairs),
            pairs=tuple(pairs),
            headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
            body=bytes(body),
            request_id=str(uuid.UUID(int=self._draw.getrandbits(128), version=4)),
            base=self.base,
            url_length=len(scope["raw_path"]) + len(query),
            head_length=sum(len(name) + len(value) for name, value in scope["headers"]),
        )

    async def pause(self, seconds: float) -> None:
        """Waits, but not beyond the end of the server."""
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return

    def later(self, call: Call, seconds: float, client_gone: asyncio.Task[None]) -> asyncio.Task[None]:
        """Carries the call out some time after its client has given up."""

        async def write() -> None:
            await asyncio.wait([client_gone], timeout=_PATIENCE)
            await self.pause(seconds)
            if not self.stopping.is_set():
                self.dialect.answer(call)

        task = asyncio.create_task(write())
        self._late.add(task)
        task.add_done_callback(self._late.discard)
        return task


class _Exchange:
    """One call on one connection."""

    def __init__(self, gate: Gate, client: object, call: Call, receive: Receive, send: Send) -> None:
        self.gate, self.client, self.call, self.receive, self.send = (
            gate,
            tuple(client) if isinstance(client, list) else client,
            call,
            receive,
            send,
        )

    async def plain(self) -> None:
        """Answers as it should be."""
        await self._reply(self.gate.dialect.answer(self.call))

    async def failing(self, fault: Fault) -> None:
        """Answers, or not, as the fault will have it."""
        match fault.fault:
            case "reset":
                await self.gate.wires.reset(self.client)
            case "lost_reply":
                self.gate.dialect.answer(self.call)
                await self.gate.wires.reset(self.client)
            case "late_write":
                await self._late_write(fault)
            case "stall":
                await self._stall(fault)
            case _:
                await self._broken_body(fault, self.gate.dialect.answer(self.call))

    async def _stall(self, fault: Fault) -> None:
        if fault.when == "before":
            await self.gate.pause(fault.seconds)
            await self.plain()
            return
        reply = self.gate.dialect.answer(self.call)
        await self.gate.pause(fault.seconds)
        await self._reply(reply)

    async def _late_write(self, fault: Fault) -> None:
        gone = asyncio.create_task(self._client_gone())
        self.gate.later(self.call, fault.seconds, gone)
        stopped = asyncio.create_task(self.gate.pause(_PATIENCE))
        await asyncio.wait([gone, stopped], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        await self.gate.wires.close(self.client)

    async def _client_gone(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def _broken_body(self, fault: Fault, reply: Reply) -> None:
        body = reply.encoded()
        half = body[: max(1, len(body) // 2)]
        match fault.fault:
            case "truncate" if fault.how == "body":
                await self._reply(replace(reply, body=half))
            case "truncate":
                await self._begin(reply, len(body))
                await self._piece(half)
                await self.gate.wires.close(self.client)
            case "reset_mid_body":
                await self._begin(reply, len(body))
                await self._piece(half)
                await asyncio.sleep(0.05)
                await self.gate.wires.reset(self.client)
            case _:
                await self._drip(fault, reply, body)

    async def _drip(self, fault: Fault, reply: Reply, body: bytes) -> None:
        await self._begin(reply, len(body))
        size = max(1, -(-len(body) // _DRIPS))
        starts = range(0, len(body), size)
        for start in starts:
            await self.gate.pause(fault.seconds / len(starts))
            await self._piece(body[start : start + size])
        await self.send({"type": "http.response.body", "body": b""})

    async def _reply(self, reply: Reply) -> None:
        body = reply.encoded()
        await self._begin(reply, len(body))
        await self.send({"type": "http.response.body", "body": b"" if self.call.method == "HEAD" else body})

    async def _begin(self, reply: Reply, length: int) -> None:
        headers = {
            "Date": format_datetime(self.gate.clock.now(), usegmt=True),
            "X-Request-Id": self.call.request_id,
            **reply.headers,
        }
        if reply.status not in _BODILESS:
            headers["Content-Length"] = str(length)
            if length or reply.body is not None:
                headers["Content-Type"] = reply.content_type
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": reply.status, "headers": raw})

    async def _piece(self, body: bytes) -> None:
        await self.send({"type": "http.response.body", "body": body, "more_body": True})
