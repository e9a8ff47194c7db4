"""Asks a running daemon whether its work loop is alive: for the command line and for container health checks."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sync_worker.config import ServerConfig

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - a daemon that listens everywhere is asked on loopback


@dataclass(frozen=True, slots=True)
class Answer:
    """What /healthz said. ``message`` is for a person."""

    alive: bool
    message: str


def ask(settings: ServerConfig, *, seconds: float = 5.0) -> Answer:
    """Ask /healthz of the daemon that this config describes. No answer is an answer: nothing is raised."""
    if not settings.port:
        return Answer(alive=False, message="[server] port is 0, so nobody knows where the daemon listens: set a port")
    host = _ANYWHERE.get(settings.host, settings.host)
    connection = http.client.HTTPConnection(host, settings.port, timeout=seconds)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        found = json.loads(answer.read(10_000))
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Answer(alive=False, message=f"no daemon answers on {host}:{settings.port}: {error}")
    finally:
        connection.close()
    age = found.get("last_tick_seconds_ago") if isinstance(found, dict) else None
    if answer.status == http.HTTPStatus.OK:
        return Answer(alive=True, message=f"the work loop ticked {age} s ago")
    return Answer(alive=False, message=f"the work loop has been silent for {age} s: restart the daemon")
