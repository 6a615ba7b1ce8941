"""Advice for servers that answer and cannot be used: what an operator changes, by the error."""

from __future__ import annotations

from typing import Final

from repos.database.error_codes import (
    NO_SUCH_DATABASE,
    NO_SUCH_OBJECT,
    NOT_GRANTED,
    SIGN_IN_REFUSED,
    TOO_MANY_CONNECTIONS,
)

UNLOCK: Final = "End what locks its tables, like a backup or a forgotten client: `SHOW FULL PROCESSLIST` lists them"
LET_WRITE: Final = "Let it take writes again"
BROKER_SIGN_IN: Final = (
    "Correct the user or the password in SCRIPTLEDGER_BROKER_URL, or in SCRIPTLEDGER_BROKER_PASSWORD_FILE, and restart "
    "what still has the old one"
)
_CONNECTIONS = (
    "Raise max_connections on the server, or the limit of this account, or end what else is connected, which "
    "`SHOW PROCESSLIST` lists"
)
_SIGN_IN = "Correct the user or the password in SCRIPTLEDGER_DATABASE_URL, or in SCRIPTLEDGER_DATABASE_PASSWORD_FILE"
_MISSING = (
    "Load the whole of a dump that was loaded in part, or run `scriptledger db upgrade`; `scriptledger db current` "
    "names what is missing"
)
_GRANTS = "Run `scriptledger gates install` with an administrator's account, or grant what is missing"
_DATABASE: Final = {
    **dict.fromkeys(TOO_MANY_CONNECTIONS, _CONNECTIONS),
    **dict.fromkeys(SIGN_IN_REFUSED, _SIGN_IN),
    **dict.fromkeys(NO_SUCH_OBJECT, _MISSING),
    **dict.fromkeys(NOT_GRANTED, _GRANTS),
    NO_SUCH_DATABASE: "Create it, or name another in SCRIPTLEDGER_DATABASE_URL",
}


def database_advice(error: Exception) -> str:
    """What to do about an error of the database; empty if its number does not tell."""
    arguments = (error.__cause__ or error).args
    return _DATABASE.get(arguments[0], "") if arguments and isinstance(arguments[0], int) else ""
