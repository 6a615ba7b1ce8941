"""The schema: brought up to date by migrations, and compared before anything is written."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from domain.errors import LedgerError

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
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to a revision, one migration after the other."""
    with engine.connect() as connection:
        command.upgrade(_config(connection), revision)
        connection.commit()


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to a revision; for tests of the migrations."""
    with engine.connect() as connection:
        command.downgrade(_config(connection), revision)
        connection.commit()


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


def _sentence(kind: type[LedgerError], found: str, wanted: str) -> str:
    return str(kind.__doc__).format(found=found, wanted=wanted)


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
