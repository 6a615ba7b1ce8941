"""TLS contexts of connections to MySQL servers: one for all connections of a process that verify no certificate.

PyMySQL offers TLS on each connection without options for it, and makes a context each time. It loads the certificates
of the system for that, which takes 40 ms of processor time and 5 MB, and then verifies none.
"""

from __future__ import annotations

from functools import cache
from ssl import CERT_NONE, PROTOCOL_TLS_CLIENT, SSLContext
from typing import Any

from pymysql.connections import Connection


class SharedContextConnection(Connection):  # type: ignore[misc]  # PyMySQL has no types
    """A connection whose TLS context is shared, unless its options name certificates."""

    def _create_ssl_ctx(self, sslp: Any) -> SSLContext:
        if sslp:
            made: SSLContext = super()._create_ssl_ctx(sslp)
            return made
        return _unverified()


@cache
def _unverified() -> SSLContext:
    """The defaults of `ssl.create_default_context`, without the certificates of the system."""
    # Shared only when it is complete: another thread may connect at the same time.
    context = SSLContext(PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = CERT_NONE
    return context
