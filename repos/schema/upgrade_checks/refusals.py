"""Refusals of an upgrade, in words: what the database holds, and the statements that mend it."""

from __future__ import annotations

from repos.schema.revision import TABLE

MAX_NAMES = 12


class UpgradeRefusals:
    """The messages, for a database of this name."""

    def __init__(self, where: str, sqlite: bool) -> None:
        self._where = f"The database {where}" if where else "The database"
        self._sqlite = sqlite

    def foreign(self, count: int, collisions: list[str], unwelcome: list[str], left: list[str]) -> str:
        holds = f"{self._where} holds {_counted(count, 'table')} of another application"
        if collisions:
            holds += f", and scriptledger needs the names of {len(collisions)}: {_listed(collisions)}"
        else:
            holds += f": {_listed(unwelcome)}"
        parts = [f"{holds}.", "Nothing was changed.", self._another_place()]
        if unwelcome and not collisions:
            parts.append("If these tables belong to a tool and shall stay, name each with --allow-table.")
        if left:
            parts.append(f"An earlier upgrade left {_listed(left)} here; to remove them: {self._drop(left)}")
        return " ".join(parts)

    def foreign_revision(self, found: str) -> str:
        return (
            f"{self._where} is at revision {found} of another application, which uses Alembic too. Nothing was "
            f"changed. {self._another_place()}"
        )

    def lost_revision(self, revision: str) -> str:
        create = f"CREATE TABLE IF NOT EXISTS {TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY);"
        record = f"INSERT INTO {TABLE} VALUES ('{revision}');"  # noqa: S608 - printed, not run
        return (
            f"{self._where} holds all tables of schema {revision}, but no record that it does: the table {TABLE} is "
            f"missing or empty. Nothing was changed. Record it, then run `scriptledger db upgrade`: {create} {record}"
        )

    def left_by_first_migration(self, left: list[str]) -> str:
        return (
            f"{self._where} holds only a part of a schema of scriptledger: {_listed(left)}. An upgrade was "
            "interrupted, or a dump was loaded in part. Nothing was changed. Load the dump again into an empty "
            f"database; or, if these tables hold no rows, remove them and run `scriptledger db upgrade`: "
            f"{self._drop(left)}"
        )

    def left_by_migration(self, found: str, tables: list[str], columns: list[str]) -> str:
        drops = [self._drop(tables)] if tables else []
        drops += [
            f"ALTER TABLE {table} DROP COLUMN {column};"
            for table, _, column in (name.partition(".") for name in columns)
        ]
        return (
            f"{self._where} is at schema {found}, and already holds a part of the next one: "
            f"{_listed([*tables, *columns])}. An upgrade was interrupted. Nothing was changed. Remove them and run "
            f"`scriptledger db upgrade` again: {' '.join(drops)}"
        )

    def incomplete(self, found: str, missing: list[str]) -> str:
        return (
            f"{self._where} is at schema {found} according to its table {TABLE}, but lacks {_listed(missing)}: a dump "
            "was loaded in part, or they were dropped. Nothing was changed. Load the whole dump into an empty database."
        )

    def _another_place(self) -> str:
        if self._sqlite:
            return "Name a file of its own for scriptledger: --database sqlite:///FILE, or SCRIPTLEDGER_DATABASE_URL."
        return (
            "Give scriptledger a database (schema) of its own, on the same server if you like: CREATE DATABASE "
            "scriptledger CHARACTER SET utf8mb4; and name it in SCRIPTLEDGER_DATABASE_URL."
        )

    def _drop(self, tables: list[str]) -> str:
        if self._sqlite:
            return " ".join(f"DROP TABLE {table};" for table in tables)
        return f"SET FOREIGN_KEY_CHECKS = 0; DROP TABLE {', '.join(tables)}; SET FOREIGN_KEY_CHECKS = 1;"


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _listed(names: list[str]) -> str:
    more = len(names) - MAX_NAMES
    return ", ".join(names[:MAX_NAMES]) + (f" and {more} more" if more > 0 else "")
