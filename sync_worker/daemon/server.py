"""``/healthz``, ``/readyz`` and ``/metrics`` over HTTP, in a thread of their own. Answers; starts and stops nothing.

healthz says whether the work loop is alive, and nothing else: what restarts the process must not hang on a CRM.
readyz says whether the worker would write now, and if not, why.
"""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Self

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync_worker.daemon.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from sync_worker.config import ServerConfig
    from sync_worker.daemon.heartbeat import Heartbeat
    from sync_worker.daemon.metrics import Metrics

NO_STORE = {"cache-control": "no-store"}


class AddressTaken(Exception):
    """The server's address cannot be had. ``hint`` names the way out."""

    hint = "is another worker running? If not, give [server] another port; 0 takes any free one"


def pages(heartbeat: Heartbeat, checks: Callable[[], Mapping[str, str]], metrics: Metrics) -> Starlette:
    """Build the three pages. ``checks`` names what must hold, each with what is wrong, or an empty text."""

    def healthz(_: Request) -> Response:
        alive = heartbeat.alive()
        body = {"status": "ok" if alive else "stuck", "last_tick_seconds_ago": round(heartbeat.age(), 1)}
        return JSONResponse(body, 200 if alive else 503, NO_STORE)

    def readyz(_: Request) -> Response:
        found = checks()
        ready = not any(found.values())
        lines = {name: wrong or "ok" for name, wrong in found.items()}
        return JSONResponse({"ready": ready, "checks": lines}, 200 if ready else 503, NO_STORE)

    def scrape(_: Request) -> Response:
        return Response(metrics.text(), headers={"content-type": CONTENT_TYPE} | NO_STORE)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", scrape)])


class Server:
    """Serves the pages while the with block lasts. ``url`` names the port that was really taken."""

    def __init__(self, settings: ServerConfig, app: Starlette) -> None:
        """Take the address at once, so that a taken one is told before any work begins. Raises AddressTaken."""
        self._socket = _listen(settings)
        host, port = self._socket.getsockname()[:2]
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        options = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", server_header=False, limit_concurrency=32
        )
        self._server = uvicorn.Server(options)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="server", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(5)
        self._socket.close()


def _listen(settings: ServerConfig) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=64)
    except OSError as error:
        message = f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}"
        raise AddressTaken(message) from error
