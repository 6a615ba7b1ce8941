"""The role of an account: that under which `gates install` listed it, as the account itself may read."""

from __future__ import annotations

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from repos.database.driver_errors import error_number
from repos.schema.account_tables import database_accounts

# There is no such table, in an older schema; and the account may not read it.
_NO_TABLE = 1146
_DENIED = frozenset({1142, 1143})
_SELECT = select(database_accounts.c.role).where(database_accounts.c.account == func.current_user())


def listed_role(connection: Connection) -> str | None:
    """The role of a connection's account: empty if it is not listed, None if it may not read the list.

    Raises:
        DBAPIError: any other error of the database.
    """
    try:
        return str(connection.execute(_SELECT).scalar() or "")
    except DBAPIError as error:
        number = error_number(error)
        if number in _DENIED:
            return None
        if number == _NO_TABLE:
            return ""
        raise
    finally:
        connection.rollback()
