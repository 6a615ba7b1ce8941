"""Passwords of accounts: made here or read from files, and never sent to a MariaDB in readable form."""

from __future__ import annotations

import os
import secrets
from hashlib import sha1
from pathlib import Path

from gates.database.accounts.server import NoAccounts, account_name, literal
from repos.private_file import private_opener

# Letters and digits: they become part of URLs.
PASSWORD_BYTES = 24


def new_password() -> str:
    """A password of 192 random bits."""
    return secrets.token_hex(PASSWORD_BYTES)


def write_password(file: Path, password: str) -> None:
    """Write a password to a new private file.

    Raises:
        NoAccounts: the file cannot be made.
    """
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(file, "x", opener=private_opener) as stream:
            stream.write(password + "\n")
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise NoAccounts(f"The password file {file} cannot be written: {error.strerror}.") from error


def identified(account: str, password: str | None, *, is_mariadb: bool) -> str:
    """The account and its password for CREATE USER and ALTER USER; without a password, a placeholder.

    MariaDB writes statements to its general log as they are, so it gets the hash; MySQL takes passwords out.
    """
    named = account_name(account)
    if password is None:
        return f"{named} IDENTIFIED BY '<password of {account.rpartition('@')[0]}>'"
    if not is_mariadb:
        return f"{named} IDENTIFIED BY {literal(password)}"
    digest = sha1(sha1(password.encode()).digest()).hexdigest().upper()  # noqa: S324 - the server's own scheme
    return f"{named} IDENTIFIED BY PASSWORD '*{digest}'"
