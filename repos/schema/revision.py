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


class SchemaTooNew(LedgerError):
    """The database is at schema {found}, which this program does not know: install a newer scriptledger."""


def wanted_revision() -> str:
    """The schema revision this program was written for."""
    return max(_known())


def found_revision(engine: Engine) -> str | None:
    """The schema revision of the database; None if it has none."""
    with connected(engine) as connection:
        if not inspect(connection).has_table(TABLE):
            return None
        found = connection.execute(text(f"SELECT version_num FROM {TABLE}")).scalar()  # noqa: S608 - a constant name
        return None if found is None else str(found)


def require_current(engine: Engine) -> None:
    """Refuse a database whose schema is not the one this program was written for.

    Raises:
        SchemaOutdated: the schema is older, or missing.
        SchemaTooNew: the schema is newer.
    """
    found, wanted = found_revision(engine), wanted_revision()
    if found == wanted:
        return
    if found is None or found in _known():
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


def _known() -> list[str]:
    """All known revisions: each migration's file name begins with its number."""
    return [file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py")]


def _message(kind: type[LedgerError], found: str, wanted: str) -> str:
    return str(kind.__doc__).format(found=found, wanted=wanted)
