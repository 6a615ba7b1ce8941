"""Whether a broker can be reached: asked once, before anything relies on it."""

from __future__ import annotations

from typing import Any

from workers.messaging.broker_connections import producing_app

BROKER_TIMEOUT_SECONDS = 3.0
PASSWORD_REFUSED = frozenset({"AuthenticationError", "AccessRefused"})
"""What the drivers of the brokers call it; kombu has no name of its own."""


class BrokerUnreachable(Exception):
    """The broker does not answer; the message is what was heard instead."""


class SignInFailed(BrokerUnreachable):
    """The broker answers, but does not take the password."""


def require_broker(broker_url: str) -> None:
    """Connect to a broker and leave again.

    Raises:
        SignInFailed: it does not take the password.
        BrokerUnreachable: it cannot be reached.
    """
    hurried = {"socket_timeout": BROKER_TIMEOUT_SECONDS, "socket_connect_timeout": BROKER_TIMEOUT_SECONDS}
    app = producing_app(broker_url)
    connection: Any = app.connection_for_read(connect_timeout=BROKER_TIMEOUT_SECONDS, transport_options=hurried)
    with connection:
        try:
            connection.connect()
        except (*connection.connection_errors, *connection.channel_errors, OSError) as error:
            refused = PASSWORD_REFUSED & {each.__name__ for each in type(error).__mro__}
            raise (SignInFailed if refused else BrokerUnreachable)(str(error).rstrip(".")) from error
