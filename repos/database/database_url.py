"""Database URLs: validated before anything is connected.

Drivers raise a programming error for an unknown option, and take any value of `ssl_disabled=` for true.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

MYSQL = "mysql+pymysql"
# Accepted spellings of a server's scheme: this module chooses the driver.
SPELLINGS = {"mysql": MYSQL, "mariadb": MYSQL, "mariadb+pymysql": MYSQL}

# Files for TLS: the CA that signs the server's certificate; the client's certificate and key, if the server requires
# them.
FILES = ("ssl_ca", "ssl_cert", "ssl_key")
FLAGS = ("ssl_check_hostname", "ssl_disabled")
OPTIONS = (*FILES, *FLAGS, "unix_socket", "charset")
CHARSET = "utf8mb4"


ONE_VALUE = "a database URL with one value for each option"
A_URL = "a database URL: mysql://user:password@host/name or sqlite:///file"
ESCAPES = "in a user or a password, write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23 and % as %25"

MAX_PORT = 65_535


class UnfitUrl(ValueError):
    """A URL names no usable database. The message says what is expected and contains no part of the URL."""


def checked(url: str) -> str:
    """A database URL in the form an engine accepts.

    Raises:
        UnfitUrl: it cannot be parsed, names another kind of database, or has an unknown or invalid option.
    """
    scheme, mark, rest = url.partition("://")
    url = f"{SPELLINGS.get(scheme, scheme)}{mark}{rest}"
    try:
        parsed = make_url(url)
        url.encode()
    except (ArgumentError, ValueError):
        raise UnfitUrl(_a_url(url)) from None
    if parsed.drivername not in ("sqlite", MYSQL) or not parsed.database:
        raise UnfitUrl(_a_url(url))
    if parsed.drivername == "sqlite":
        if parsed.host or parsed.port or parsed.username is not None:
            raise UnfitUrl(_a_url(url))
        if parsed.query:
            raise UnfitUrl("the URL of an SQLite file, which takes no options")
        return url
    if not _is_whole(parsed, rest):
        raise UnfitUrl(_a_url(url))
    # The parser silently drops an option without a value. A password contains no @.
    written = url.rpartition("@")[2].partition("?")[2].split("&")
    if any(name and not value for name, _, value in (option.partition("=") for option in written)):
        raise UnfitUrl(ONE_VALUE)
    _check_options(parsed)
    if parsed.query.get("ssl_disabled") == "false":
        # The driver would take "false" for true.
        return parsed.difference_update_query(["ssl_disabled"]).render_as_string(hide_password=False)
    return url


def is_host(name: str) -> bool:
    """Whether this is a valid host name or address."""
    try:
        name.encode("idna")
    except UnicodeError:
        return False
    return name.isprintable() and not set(" @/?#\\") & set(name)


def _is_whole(parsed: URL, written: str) -> bool:
    """Whether a URL was parsed as intended: no part of a password became a host, a database or an option."""
    if parsed.host is not None and not is_host(parsed.host):
        return False
    if "@" in str(parsed.database) or (parsed.username is not None and "@" not in written.partition("?")[0]):
        return False
    return parsed.port is None or 0 < parsed.port <= MAX_PORT


def _a_url(url: str) -> str:
    return f"{A_URL}; {ESCAPES}" if "@" in url else A_URL


def _check_options(parsed: URL) -> None:
    for name, value in parsed.query.items():
        if name not in OPTIONS:
            raise UnfitUrl(f"a database URL whose options are among {', '.join(OPTIONS)}")
        if not isinstance(value, str):
            raise UnfitUrl(ONE_VALUE)
        if name in FLAGS and value not in ("true", "false"):
            raise UnfitUrl(f"a database URL in which {name} is true or false")
        if name in FILES and not Path(value).is_file():
            raise UnfitUrl(f"a database URL whose {name} is a file")
        if name == "charset" and value != CHARSET:
            raise UnfitUrl(f"a database URL with charset={CHARSET}, or without charset")
    if "ssl_ca" not in parsed.query and not {"ssl_cert", "ssl_key", "ssl_check_hostname"}.isdisjoint(parsed.query):
        # Without ssl_ca the driver does not verify the server's certificate.
        raise UnfitUrl("a database URL that has ssl_ca with its other TLS options")
    if "ssl_ca" in parsed.query and parsed.query.get("ssl_disabled") == "true":
        raise UnfitUrl("a database URL with either ssl_ca or ssl_disabled=true, not both")
