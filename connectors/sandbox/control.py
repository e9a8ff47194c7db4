"""The sandbox's own addresses under ``/sandbox``: what tests and demonstrations ask and do. Never counted as calls."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse
from starlette.routing import Route

from connectors.sandbox.faults import FaultPlan, FaultPlanError
from connectors.sandbox.seed import roster

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from connectors.sandbox.front import Front


def control_routes(front: Front, about: Callable[[], dict[str, object]], stop: Callable[[], None]) -> list[Route]:
    """All routes of the sandbox itself."""
    desk = _Desk(front, about, stop)
    return [
        Route("/sandbox", desk.show, methods=["GET"]),
        Route("/sandbox/calls", desk.calls, methods=["GET"]),
        Route("/sandbox/calls/reset", desk.reset_calls, methods=["POST"]),
        Route("/sandbox/effects", desk.effects, methods=["GET"]),
        Route("/sandbox/reps", desk.reps, methods=["GET"]),
        Route("/sandbox/faults", desk.faults, methods=["GET", "POST", "DELETE"]),
        Route("/sandbox/clock", desk.clock, methods=["POST"]),
        Route("/sandbox/tokens", desk.tokens, methods=["POST"]),
        Route("/sandbox/edit", desk.edit, methods=["POST"]),
        Route("/sandbox/shutdown", desk.shutdown, methods=["POST"]),
    ]


class _Desk:
    def __init__(self, front: Front, about: Callable[[], dict[str, object]], stop: Callable[[], None]) -> None:
        self.front, self.about, self.stop = front, about, stop

    async def show(self, _request: Request) -> Response:
        return JSONResponse(self.about())

    async def calls(self, _request: Request) -> Response:
        return JSONResponse(count_calls(self.front))

    async def reset_calls(self, _request: Request) -> Response:
        self.front.calls.clear()
        return JSONResponse(count_calls(self.front))

    async def effects(self, _request: Request) -> Response:
        return JSONResponse(self.front.log.lines())

    async def reps(self, _request: Request) -> Response:
        """The company's list of its reps, with what a CRM may have no field for."""
        return JSONResponse([asdict(seat) for seat in roster(self.front.seeding)])

    async def faults(self, request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse(self.front.faults.struck())
        if request.method == "DELETE":
            self.front.faults = FaultPlan(())
            return JSONResponse([])
        given = await request.json()
        try:
            self.front.faults = self.front.plan(given if isinstance(given, list) else [given])
        except FaultPlanError as wrong:
            return _refused(str(wrong))
        return JSONResponse(self.front.faults.struck())

    async def clock(self, request: Request) -> Response:
        seconds = (await request.json()).get("advance_seconds")
        if not isinstance(seconds, int | float):
            return _refused("give advance_seconds, a number")
        self.front.clock.advance(seconds)
        return JSONResponse({"now": self.front.clock.now().isoformat()})

    async def tokens(self, request: Request) -> Response:
        try:
            token, user = self.front.person_token(str((await request.json()).get("username", "")))
        except KeyError as unknown:
            return _refused(str(unknown.args[0]))
        return JSONResponse({"access_token": token, "user_id": user})

    async def edit(self, request: Request) -> Response:
        """``{"object", "id", "actor", "set": {…}}``: a person changes a record."""
        given = await request.json()
        try:
            with self.front.lock:
                changed = self.front.edit(given["object"], given["id"], given.get("actor", ""), given["set"])
        except KeyError as unknown:
            return _refused(f"unknown or missing: {unknown.args[0]}")
        return JSONResponse({"changed": changed})

    async def shutdown(self, _request: Request) -> Response:
        self.stop()
        return JSONResponse({"stopping": True})


def _refused(message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status_code=400)


def count_calls(front: Front) -> dict[str, object]:
    """How many calls there were, in all and by kind."""
    with front.lock:
        return {"total": sum(front.calls.values()), "by_kind": dict(sorted(front.calls.items()))}
