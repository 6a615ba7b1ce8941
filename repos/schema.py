"""The schema: brought up to date by migrations, and compared before anything is written."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine

from repos.revision import (
    MIGRATIONS,
    SchemaOutdated,
    SchemaTooNew,
    connected,
    found_revision,
    require_current,
    wanted_revision,
)

__all__ = [
    "SchemaOutdated",
    "SchemaTooNew",
    "downgrade",
    "found_revision",
    "require_current",
    "upgrade",
    "upgrade_if_outdated",
    "wanted_revision",
]


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to a revision, one migration after the other."""
    with connected(engine) as connection:
        command.upgrade(_config(connection), revision)
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


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to a revision; for tests of the migrations."""
    with connected(engine) as connection:
        command.downgrade(_config(connection), revision)
        connection.commit()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
