"""The sandbox's own addresses under ``/sandbox``: what tests and demonstrations ask and do. Never counted as calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse
from starlette.routing import Route

from connectors.sandbox.faults import FaultPlan, FaultPlanError, read_faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from connectors.sandbox.salesforce.org import Org


def control_routes(org: Org, about: Callable[[], dict[str, object]], stop: Callable[[], None]) -> list[Route]:
    """All routes of the sandbox itself."""
    desk = _Desk(org, about, stop)
    return [
        Route("/sandbox", desk.show, methods=["GET"]),
        Route("/sandbox/calls", desk.calls, methods=["GET"]),
        Route("/sandbox/calls/reset", desk.reset_calls, methods=["POST"]),
        Route("/sandbox/effects", desk.effects, methods=["GET"]),
        Route("/sandbox/faults", desk.faults, methods=["GET", "POST", "DELETE"]),
        Route("/sandbox/clock", desk.clock, methods=["POST"]),
        Route("/sandbox/tokens", desk.tokens, methods=["POST"]),
        Route("/sandbox/edit", desk.edit, methods=["POST"]),
        Route("/sandbox/shutdown", desk.shutdown, methods=["POST"]),
    ]


class _Desk:
    def __init__(self, org: Org, about: Callable[[], dict[str, object]], stop: Callable[[], None]) -> None:
        self.org, self.about, self.stop = org, about, stop

    async def show(self, _request: Request) -> Response:
        return JSONResponse(self.about())

    async def calls(self, _request: Request) -> Response:
        return JSONResponse(count_calls(self.org))

    async def reset_calls(self, _request: Request) -> Response:
        self.org.calls.clear()
        return JSONResponse(count_calls(self.org))

    async def effects(self, _request: Request) -> Response:
        return JSONResponse(self.org.company.log.lines())

    async def faults(self, request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse(self.org.faults.struck())
        if request.method == "DELETE":
            self.org.faults = FaultPlan(())
            return JSONResponse([])
        given = await request.json()
        try:
            self.org.faults = read_faults(given if isinstance(given, list) else [given])
        except FaultPlanError as wrong:
            return _refused(str(wrong))
        return JSONResponse(self.org.faults.struck())

    async def clock(self, request: Request) -> Response:
        seconds = (await request.json()).get("advance_seconds")
        if not isinstance(seconds, int | float):
            return _refused("give advance_seconds, a number")
        self.org.company.clock.advance(seconds)
        return JSONResponse({"now": self.org.company.clock.now().isoformat()})

    async def tokens(self, request: Request) -> Response:
        try:
            user = self.org.company.user_id(str((await request.json()).get("username", "")))
        except KeyError as unknown:
            return _refused(str(unknown.args[0]))
        return JSONResponse({"access_token": self.org.sessions.token_for(user), "user_id": user})

    async def edit(self, request: Request) -> Response:
        """``{"object", "id", "actor", "set": {…}}``: a person changes a record."""
        given = await request.json()
        try:
            with self.org.company.lock:
                changed = self.org.company.edit(given["object"], given["id"], given.get("actor", ""), **given["set"])
        except KeyError as unknown:
            return _refused(f"unknown or missing: {unknown.args[0]}")
        return JSONResponse({"changed": changed})

    async def shutdown(self, _request: Request) -> Response:
        self.stop()
        return JSONResponse({"stopping": True})


def _refused(message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status_code=400)


def count_calls(org: Org) -> dict[str, object]:
    """How many calls there were, in all and by kind."""
    with org.company.lock:
        return {"total": sum(org.calls.values()), "by_kind": dict(sorted(org.calls.items()))}
