"""Limits on requests: how many at a time, how large one may be; and no traceback where one fails."""

from __future__ import annotations

import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

MAX_REQUESTS = 256
MAX_BODY_BYTES = 16_384
MAX_TARGET_BYTES = 2_048
# How long the body of a request may take to arrive.
ARRIVAL_SECONDS = 10.0

log = structlog.get_logger(__name__)


class RequestLimits:
    """Passes a bounded number of requests to an application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_TARGET_BYTES:
            await PlainTextResponse("The address is too long.\n", status_code=414)(scope, receive, send)
        elif self._requests >= MAX_REQUESTS:
            busy = PlainTextResponse("Too many requests at a time.\n", status_code=503, headers={"Retry-After": "1"})
            await busy(scope, receive, send)
        else:
            await self._count(scope, receive, send)

    async def _count(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._requests += 1
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            return
        except Exception:
            # The application has answered; the server would log a traceback with texts.
            log.exception("page.failed", method=scope["method"])
        finally:
            self._requests -= 1
