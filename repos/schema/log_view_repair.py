"""Repair of the view `script_log`: nothing of the program reads it, so that a database without it is whole.

An upgrade creates it again, as the migrations made it.
"""

from __future__ import annotations

import re

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from repos.database.driver_errors import error_number
from repos.schema.contents import contents_of
from repos.schema.known_schemas import newest_schema
from repos.schema.log_view import NAME, QUERY
from repos.schema.revision import connected

_COLUMNS = re.findall(r" AS (\w+)", QUERY)
_DEFINITION = text("SELECT sql FROM sqlite_master WHERE name = :name")
# There is no such table, a column is missing, or the definer of the view is gone.
_MISSING = frozenset({1146, 1054, 1449})
# The view refers to something that is gone, or that this account may not read.
_NOT_READABLE = 1356
# The account may not create views, or not replace this one.
_DENIED = frozenset({1044, 1142, 1227})
_DENIED_COLUMN = frozenset({1143})


def is_missing(engine: Engine) -> bool:
    """Whether the view is missing, or cannot be read by anyone, in a database with our schema."""
    with connected(engine) as connection:
        return _is_missing(connection)


def restore(connection: Connection) -> None:
    """Create the view again if it is missing, in a database with the newest schema and where the account may."""
    if not _is_missing(connection) or NAME in contents_of(connection).tables:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(text(f"DROP VIEW IF EXISTS {NAME}"))
        with newest_schema() as migrated:
            as_migrated = migrated.execute(_DEFINITION, {"name": NAME}).scalar_one()
        connection.exec_driver_sql(as_migrated)
        return
    try:
        connection.execute(text(f"CREATE OR REPLACE SQL SECURITY INVOKER VIEW {NAME} AS {QUERY}"))
    except DBAPIError as error:
        if error_number(error) not in _DENIED:
            raise


def _is_missing(connection: Connection) -> bool:
    try:
        connection.execute(text(f"SELECT {', '.join(_COLUMNS)} FROM {NAME} WHERE 1 = 0"))  # noqa: S608 - constants
    except DBAPIError as error:
        if error_number(error) == _NOT_READABLE:
            return _may_read_tables(connection)
        if error_number(error) in _MISSING or str(error.orig).startswith("no such"):
            return True
        if error_number(error) in _DENIED | _DENIED_COLUMN:
            return False  # what this account may not read may be there
        raise
    return False


def _may_read_tables(connection: Connection) -> bool:
    try:
        connection.execute(text(f"SELECT * FROM ({QUERY}) AS log WHERE 1 = 0"))  # noqa: S608 - a constant
    except DBAPIError as error:
        if error_number(error) in _DENIED | _DENIED_COLUMN:
            return False
        raise
    return True
