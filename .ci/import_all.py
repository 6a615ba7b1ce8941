"""Imports all that a container runs, so that Python stores the byte code of these modules, and of no others.

It also shows that each library still loads: the image removes their debug information.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages

from cli.verbs.migrate.gates import PARSERS

OURS = ("domain", "repos", "materialization", "backfill", "gates", "workers", "cli")
# Celery, Kombu, SQLAlchemy and Flower load these by name.
BY_NAME = (
    "celery.apps.beat",
    "celery.apps.worker",
    "celery.backends.redis",
    "celery.bin.celery",
    "celery.concurrency.prefork",
    "celery.concurrency.solo",
    "flower.command",
    "kombu.transport.redis",
    "sqlalchemy.dialects.mysql.pymysql",
    "sqlalchemy.dialects.sqlite.pysqlite",
)


def import_all() -> None:
    """Import every module of the program; those that read source code are left out with their parsers."""
    names = [*BY_NAME]
    for package in map(import_module, OURS):
        names += [module.name for module in walk_packages(package.__path__, f"{package.__name__}.")]
    for name in names:
        # Migrations are run by Alembic, one file at a time.
        if ".migrations." in name or name.endswith(".__main__"):
            continue
        try:
            import_module(name)
        except ModuleNotFoundError as missing:
            if missing.name not in PARSERS:
                raise


if __name__ == "__main__":
    import_all()
