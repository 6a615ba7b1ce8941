"""The broker URL, checked before any connection, so that no error of a driver quotes part of a password.

A password with an unescaped `@`, `/`, `?` or `#` is split when the URL is parsed, and its second half is taken for a
host, a port or a path, which errors quote.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from repos.database.database_url import ESCAPES, is_host

SCHEMES = ("redis", "rediss", "redis+socket", "sentinel", "amqp", "amqps")
A_BROKER = "a broker URL, like redis://host:6379/0"
_NUMBER = re.compile(r"/?|/[0-9]{1,9}")


def is_broker_url(url: str) -> bool:
    """Whether this is the URL of a broker, or several URLs separated by semicolons."""
    return all(_is_one(part) for part in url.split(";"))


def wanted(url: str) -> str:
    """A description of a valid URL; with a hint on escaping, where a password may be the cause."""
    return f"{A_BROKER}; {ESCAPES}" if "@" in url else A_BROKER


def _is_one(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        url.encode()
    except ValueError:  # without its message, which may quote a password
        return False
    if parts.scheme not in SCHEMES or parts.fragment or "@" in parts.path + parts.query or parts.netloc.count("@") > 1:
        return False
    if parts.scheme == "redis+socket":
        return host is None and port is None and parts.path.startswith("/")
    if host is None or not is_host(host):
        return False
    return parts.scheme.startswith("amqp") or _NUMBER.fullmatch(parts.path) is not None
