"""Authentication: every request needs a name and a password, except for the path that tells that the process lives."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from workers.http.access.people import People
from workers.messaging.broker_trouble import refusals
from workers.monitoring.password_access import PasswordAccess, credentials

# Says nothing but that the process answers: for health checks.
ALIVE = "/alive"
CHALLENGE = {"WWW-Authenticate": 'Basic realm="scriptledger", charset="UTF-8"'}
PERSON = "person"


class Authenticated:
    """Lets requests through to an application if they name a person with the right password."""

    def __init__(self, app: ASGIApp, people: People, access: PasswordAccess | None = None) -> None:
        self._app = app
        self._people = people
        self._access = access or PasswordAccess(people.words)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["path"] == ALIVE:
            await Response(status_code=204)(scope, receive, send)
        else:
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = Headers(scope=scope).getlist("authorization")
        header = given[0] if len(given) == 1 else ""
        address = (scope.get("client") or ("",))[0]
        response = _unauthorized()
        if credentials(header) is not None:
            if self._access.is_full(address):
                response = PlainTextResponse(
                    "Too many passwords are being tried.\n", status_code=429, headers={"Retry-After": "2"}
                )
            elif (name := self._access.user_of(header)) is not None:
                scope.setdefault("state", {})[PERSON] = self._people.person(name)
                await self._app(scope, receive, send)
                return
            else:
                with self._access.failed(address) as (failures, seconds):
                    refusals.warning("page.wrong_password", address=address, failures=failures)
                    await asyncio.sleep(seconds)
        await response(scope, receive, send)


def _unauthorized() -> Response:
    return PlainTextResponse("A name and a password are required.\n", status_code=401, headers=CHALLENGE)
