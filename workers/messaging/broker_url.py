"""The broker URL, checked before any connection, so that no error of a driver quotes part of a password.

A password with an unescaped `@`, `/`, `?` or `#` is split when the URL is parsed, and its second half is taken for a
host, a port or a path, which errors quote.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from repos.database.database_url import ESCAPES, is_host

SCHEMES = ("redis", "rediss", "redis+socket", "sentinel", "amqp", "amqps")
A_BROKER = "a broker URL, like redis://host:6379/0"
_NUMBER = re.compile(r"/?|/[0-9]{1,9}")
# The options of a URL that the drivers take, with their values; others would end in a programming error.
_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_CHOICES = {"ssl_cert_reqs": ("required", "optional", "none"), "ssl_check_hostname": ("true", "false")}
OPTIONS = (*_FILES, *_CHOICES)


def is_broker_url(url: str) -> bool:
    """Whether this is the URL of a broker, or several URLs separated by semicolons."""
    return all(_is_one(part) for part in url.split(";"))


def wanted(url: str) -> str:
    """A description of a valid URL; with a hint on escaping, where a password may be the cause."""
    hints = [f"after ?, rediss:// takes {', '.join(OPTIONS)}"] if "?" in url else []
    return "; ".join([A_BROKER, *hints, *([ESCAPES] if "@" in url else [])])


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
        return host is None and port is None and parts.path.startswith("/") and _is_socket_query(parts.query)
    if host is None or not is_host(host) or not _are_options(parts.scheme, parts.query):
        return False
    return parts.scheme.startswith("amqp") or _NUMBER.fullmatch(parts.path) is not None


def _is_socket_query(query: str) -> bool:
    return not query or re.fullmatch(r"virtual_host=[0-9]{1,9}", query) is not None


def _are_options(scheme: str, query: str) -> bool:
    if not query:
        return True
    options = parse_qsl(query, keep_blank_values=True)
    return scheme in ("rediss", "amqps") and all(
        value.lower() in _CHOICES[name] if name in _CHOICES else name in _FILES and Path(value).is_file()
        for name, value in options
    )
