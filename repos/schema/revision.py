"""Schema revisions: the revision of a database, and the one this program was written for.

Read without Alembic, whose import takes longer than most commands; `repos.schema.upgrade` migrates.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from domain.errors import LedgerError
from repos.database.driver_errors import conflict_of

MIGRATIONS = Path(__file__).parents[1] / "migrations"
TABLE = "alembic_version"


class SchemaOutdated(LedgerError):
    """The database is at schema {found}, this program needs {wanted}: run `scriptledger db upgrade`."""


class NoSchema(SchemaOutdated):
    """The database holds tables, but no schema of scriptledger: `scriptledger db current` says what to do."""


class SchemaTooNew(LedgerError):
    """The database is at schema {found}, which this program does not know: install a newer scriptledger."""


def wanted_revision() -> str:
    """The schema revision this program was written for."""
    return known_revisions()[-1]


def found_revision(engine: Engine) -> str | None:
    """The schema revision of the database; None if it has none."""
    with connected(engine) as connection:
        if not inspect(connection).has_table(TABLE):
            return None
        return recorded_revision(connection)


def recorded_revision(connection: Connection) -> str | None:
    """The revision in Alembic's table, which exists; None if the table is empty, or another one of that name."""
    try:
        found = connection.execute(text(f"SELECT version_num FROM {TABLE}")).scalar()  # noqa: S608 - a constant name
    except DBAPIError as error:
        if "version_num" not in str(error.orig):
            raise
        return None
    return None if found is None else str(found)


def require_current(engine: Engine) -> None:
    """Refuse a database whose schema is not the one this program was written for.

    Raises:
        SchemaOutdated: the schema is older, or missing (`NoSchema`: among tables whose origin is yet to be examined).
        SchemaTooNew: the schema is newer.
    """
    found, wanted = found_revision(engine), wanted_revision()
    if found == wanted:
        return
    known = found in known_revisions()
    if not known and _holds_others(engine):
        raise NoSchema(str(NoSchema.__doc__))
    if found is None or known:
        raise SchemaOutdated(_message(SchemaOutdated, found or "nothing", wanted))
    raise SchemaTooNew(_message(SchemaTooNew, found, wanted))


@contextmanager
def connected(engine: Engine) -> Iterator[Connection]:
    """A connection that raises the driver's errors or a `Conflict`, as everywhere in `repos`."""
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        if error.orig is None:
            raise
        raise (conflict_of(error.orig) or error.orig) from error.orig


def _holds_others(engine: Engine) -> bool:
    """Whether there are tables, and the log is not among them."""
    with connected(engine) as connection:
        tables = {*inspect(connection).get_table_names()} - {TABLE}
        return bool(tables) and "script_commands" not in tables


def known_revisions() -> list[str]:
    """All known revisions, oldest first: each migration's file name begins with its number."""
    return sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _message(kind: type[LedgerError], found: str, wanted: str) -> str:
    return str(kind.__doc__).format(found=found, wanted=wanted)
