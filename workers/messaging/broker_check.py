"""The broker check: one connection attempt, before anything relies on the broker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from celery import Celery

from workers.messaging.broker_connections import producing_app

BROKER_TIMEOUT_SECONDS = 3.0
# Names of the drivers' errors for a refused password; kombu has none of its own.
PASSWORD_REFUSED = frozenset({"AuthenticationError", "AccessRefused"})

# Instead of the driver's words, which may quote a part of the URL.
_MISFIT = "its driver does not take this URL"
_NO_NAME = "Sentinel needs the name of its primary, which a URL cannot give: name the primary itself"


class BrokerUnreachable(Exception):
    """The broker is unreachable; the message is the underlying error."""


class SignInFailed(BrokerUnreachable):
    """The broker responds, but refuses the password."""


class UnfitBroker(BrokerUnreachable):
    """The driver does not take the URL, now or later; the message is the reason."""


def require_broker(broker_url: str, *, seconds: float = BROKER_TIMEOUT_SECONDS) -> None:
    """Connect to a broker and disconnect; each step waits at most so many `seconds`.

    Raises:
        SignInFailed: the broker refuses the password.
        BrokerUnreachable: the broker cannot be reached.
    """
    with open_broker(broker_url, seconds=seconds):
        pass


@contextmanager
def open_broker(broker_url: str, *, seconds: float = BROKER_TIMEOUT_SECONDS) -> Iterator[Any]:
    """A connection of kombu to a broker, for a block; errors in the block are not translated.

    Raises:
        SignInFailed: the broker refuses the password.
        BrokerUnreachable: the broker cannot be reached.
    """
    short_timeouts = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
    try:
        connection: Any = _app(broker_url).connection_for_read(
            connect_timeout=seconds, transport_options=short_timeouts
        )
    except (ValueError, TypeError) as error:
        raise UnfitBroker(_MISFIT) from error
    with connection:
        try:
            # One attempt for each broker of a list: kombu's `connect` would rest for two seconds and try again.
            connection.ensure_connection(
                max_retries=broker_url.count(";"), interval_start=0, reraise_as_library_errors=False
            )
        except (*connection.connection_errors, *connection.channel_errors, OSError) as error:
            refused = PASSWORD_REFUSED & {kind.__name__ for kind in type(error).__mro__}
            raise (SignInFailed if refused else BrokerUnreachable)(str(error).rstrip(".")) from error
        except (ValueError, TypeError, AttributeError) as error:
            raise UnfitBroker(_NO_NAME if "master_name" in str(error) else _MISFIT) from error
        yield connection


@lru_cache(maxsize=4)
def _app(broker_url: str) -> Celery:
    return producing_app(broker_url)
