"""Tables and views of our own database that the server does not show to an account."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from gates.database.accounts.server import DENIED
from repos.database.driver_errors import error_number
from repos.schema.revision import connected


def hidden_tables(engine: Engine, names: list[str]) -> list[str]:
    """Those of some tables and views that the server does not show to this account, whether they exist or not."""
    found = []
    with connected(engine) as connection:
        for name in names:
            try:
                connection.exec_driver_sql(f"SELECT 1 FROM {name} LIMIT 0")  # noqa: S608 - a table of ours
            except DBAPIError as error:
                if error_number(error) in DENIED:
                    found.append(name)
            finally:
                connection.rollback()
    return found
