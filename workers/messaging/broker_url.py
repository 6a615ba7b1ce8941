"""The URL of a broker: checked before anything is connected, so that no error of a driver quotes part of a password.

A password with an unescaped `@`, `/`, `?` or `#` is cut in two when its URL is read, and the second half is taken for a
host, a port or a path, which errors name.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from repos.database.database_url import ESCAPES, is_host

SCHEMES = ("redis", "rediss", "redis+socket", "sentinel", "amqp", "amqps")
A_BROKER = "a broker URL, like redis://host:6379/0"
_NUMBER = re.compile(r"/?|/[0-9]{1,9}")


def is_broker_url(url: str) -> bool:
    """Whether this is the URL of a broker, or several of one kind with semicolons between them."""
    return all(_is_one(each) for each in url.split(";"))


def wanted(url: str) -> str:
    """What it should be; with the way to write a password, where that may be the cause."""
    return f"{A_BROKER}; {ESCAPES}" if "@" in url else A_BROKER


def _is_one(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        url.encode()
    except ValueError:  # whose message may quote a password
        return False
    if parts.scheme not in SCHEMES or parts.fragment or "@" in parts.path + parts.query or parts.netloc.count("@") > 1:
        return False
    if parts.scheme == "redis+socket":
        return host is None and port is None and parts.path.startswith("/")
    if host is None or not is_host(host):
        return False
    return parts.scheme.startswith("amqp") or _NUMBER.fullmatch(parts.path) is not None
