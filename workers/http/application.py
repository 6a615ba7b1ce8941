"""The ASGI application: the operator's page behind passwords. An API for applications would be mounted here."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from workers.http.access.authentication import Authenticated
from workers.http.access.people import People
from workers.http.access.proxies import Network, TrustedProxies
from workers.http.access.request_limits import MAX_BODY_BYTES, RequestLimits
from workers.http.access.response_headers import ResponseHeaders
from workers.http.page.rendering import STYLE_HASH
from workers.http.page.routes import Page
from workers.http.page.visit import Services


def make_application(services: Services, people: People, proxies: Sequence[Network] = ()) -> ASGIApp:
    """The application for these people, after proxies in these networks."""
    page = Page(services)
    routed = Starlette(
        routes=page.routes(),
        exception_handlers={HTTPException: page.on_http_error, Exception: page.on_error},
        max_body_size=MAX_BODY_BYTES,
    )
    # A redirect to add or remove a slash would name the host that the request names.
    routed.router.redirect_slashes = False
    restricted = Authenticated(RequestLimits(routed), people)
    return ResponseHeaders(TrustedProxies(restricted, proxies), style_hash=STYLE_HASH)
