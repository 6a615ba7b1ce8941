"""The schema: brought up to date by migrations, and compared before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from domain.errors import LedgerError
from repos.failures import conflict_of

MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaOutdated(LedgerError):
    """The database is at schema {found}, this program needs {wanted}: run `scriptledger db upgrade`."""


class SchemaTooNew(LedgerError):
    """The database is at schema {found}, which this program does not know: install a newer scriptledger."""


def wanted_revision() -> str:
    """The schema revision this program was written for."""
    return str(_scripts().get_current_head())


def found_revision(engine: Engine) -> str | None:
    """The schema revision of the database; None where it has none."""
    with _connected(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to a revision, one migration after the other."""
    with _connected(engine) as connection:
        command.upgrade(_config(connection), revision)
        connection.commit()


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to a revision; for tests of the migrations."""
    with _connected(engine) as connection:
        command.downgrade(_config(connection), revision)
        connection.commit()


def upgrade_if_outdated(engine: Engine) -> None:
    """Bring the database to the schema this program was written for.

    Raises:
        SchemaTooNew: it is newer.
    """
    try:
        require_current(engine)
    except SchemaOutdated:
        upgrade(engine)


def require_current(engine: Engine) -> None:
    """Refuse a database whose schema is not the one this program was written for.

    Raises:
        SchemaOutdated: it is older, or has none.
        SchemaTooNew: it is newer.
    """
    found, wanted = found_revision(engine), wanted_revision()
    if found == wanted:
        return
    known = {script.revision for script in _scripts().walk_revisions()}
    if found is None or found in known:
        raise SchemaOutdated(_sentence(SchemaOutdated, found or "nothing", wanted))
    raise SchemaTooNew(_sentence(SchemaTooNew, found, wanted))


@contextmanager
def _connected(engine: Engine) -> Iterator[Connection]:
    """A connection whose errors are the driver's or a `Conflict`, as everywhere else in `repos`."""
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        if error.orig is None:
            raise
        raise (conflict_of(error.orig) or error.orig) from error


def _sentence(kind: type[LedgerError], found: str, wanted: str) -> str:
    return str(kind.__doc__).format(found=found, wanted=wanted)


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
