"""The schemas of legacy databases: six generations of one application, and other applications.

A column is written `name:type`. `DDL` spells the types for each database.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

Dialect = Literal["mysql", "sqlite"]


@dataclass(frozen=True)
class Table:
    """A table: its columns as `name:type`, and the columns of its unique key."""

    name: str
    columns: str
    unique: tuple[str, ...] = ()
    engine: str = "InnoDB"
    charset: str = "utf8mb4"

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self._columns()]

    @property
    def key(self) -> str:
        return self.names[0]

    def ddl(self, dialect: Dialect, *, unique: bool = True) -> str:
        """The statement that creates it; without its unique key if a defect needs that."""
        parts = [f"{quoted(name, dialect)} {DDL[dialect][kind](size)}" for name, (kind, size) in self._columns()]
        if self.unique and unique:
            parts.append(f"UNIQUE ({', '.join(quoted(name, dialect) for name in self.unique)})")
        options = f" ENGINE={self.engine} DEFAULT CHARSET={self.charset}" if dialect == "mysql" else ""
        if options and self.charset == "utf8mb4":
            options += " COLLATE=utf8mb4_general_ci"
        return f"CREATE TABLE {quoted(self.name, dialect)} ({', '.join(parts)}){options}"

    def _columns(self) -> list[tuple[str, tuple[str, str]]]:
        columns = []
        for column in self.columns.split():
            name, _, kind = column.partition(":")
            match = re.fullmatch(r"(\w+?)(?:\((.*)\))?", kind)
            assert match, kind
            columns.append((name, (match[1], match[2] or "")))
        return columns


def quoted(name: str, dialect: Dialect) -> str:
    return f"`{name}`" if dialect == "mysql" else f'"{name}"'


def _enum(values: str) -> str:
    return "ENUM({})".format(",".join(f"'{value}'" for value in values.split(",")))


DDL = {
    "mysql": {
        "key": lambda _: "INT NOT NULL AUTO_INCREMENT PRIMARY KEY",
        "textkey": lambda _: "VARCHAR(64) NOT NULL PRIMARY KEY",
        "ref": lambda _: "INT",
        "textref": lambda _: "VARCHAR(64)",
        "int": lambda _: "INT",
        "money": lambda _: "DECIMAL(12,6)",
        "bool": lambda _: "TINYINT(1)",
        "text": lambda _: "TEXT",
        "longtext": lambda _: "LONGTEXT",
        "json": lambda _: "LONGTEXT",
        "varchar": lambda size: f"VARCHAR({size})",
        "enum": _enum,
        "now": lambda _: "DATETIME DEFAULT CURRENT_TIMESTAMP",
        "stamp": lambda _: "TIMESTAMP NULL DEFAULT NULL",
        "datetime": lambda _: "DATETIME",
        "datetime3": lambda _: "DATETIME(3)",
    },
    "sqlite": {
        "key": lambda _: "INTEGER PRIMARY KEY",
        "textkey": lambda _: "VARCHAR(64) PRIMARY KEY",
        "ref": lambda _: "INTEGER",
        "textref": lambda _: "VARCHAR(64)",
        "int": lambda _: "INTEGER",
        "money": lambda _: "DECIMAL(12,6)",
        "bool": lambda _: "BOOLEAN",
        "text": lambda _: "TEXT",
        "longtext": lambda _: "TEXT",
        "json": lambda _: "TEXT",
        "varchar": lambda size: f"VARCHAR({size})",
        "enum": lambda _: "VARCHAR(20)",
        "now": lambda _: "DATETIME DEFAULT CURRENT_TIMESTAMP",
        "stamp": lambda _: "TIMESTAMP",
        "datetime": lambda _: "DATETIME",
        "datetime3": lambda _: "DATETIME",
    },
}

STATUS = "status:enum(draft,in_progress,complete)"
OWNERS = (
    Table("users", "id:key email:varchar(255) created_at:now", ("email",)),
    Table("sessions", "id:key user_id:ref token:varchar(64) expires_at:datetime created_at:now"),
)
HEAD = Table("scripts", f"id:key user_id:ref title:varchar(255) {STATUS} content:text created_at:now updated_at:now")
COUNTED = replace(
    HEAD,
    columns="id:key user_id:ref version_number:int title:varchar(255) " + STATUS + " content:text "
    "created_at:now updated_at:now",
)
ELEMENTS = Table(
    "script_elements",
    "id:key script_id:ref type:enum(act,beat,location,character,theme) subtype:varchar(64) content:text "
    "source:enum(user,ai,system) created_at:now",
)
PERSONAS = Table("personas", "id:key description:text script_id:ref user_id:ref created_at:now")
CHAT = Table(
    "chat_history",
    "id:key user_id:ref script_id:ref type:enum(user,assistant) content:text timestamp:now",
)
EXCHANGES = Table(
    "chat_messages",
    "id:key user_id:ref script_id:ref user_prompt:text assistant_response:text tokens:int cost:money created_at:now",
)

FIRST = (
    *OWNERS,
    HEAD,
    Table("story_elements", "id:key script_id:ref type:varchar(32) content:text created_at:now"),
    Table("personas", "id:key description:text script_id:ref created_at:now"),
    Table(
        "conversations",
        "id:key script_id:ref thread_id:varchar(64) questions:text response:text prompt:text created_at:now",
        ("script_id",),
    ),
)
SECOND = tuple(
    replace(table, engine="MyISAM", charset="latin1")
    for table in (
        *OWNERS,
        HEAD,
        ELEMENTS,
        PERSONAS,
        Table("conversations", "id:key script_id:ref intent:varchar(64) prompt:text response:text created_at:now"),
        Table("model_calls", "id:key script_id:ref model:varchar(64) prompt:text response:text created_at:now"),
        Table("chat_history", "id:key user_id:ref script_id:ref prompt:text response:text created_at:now"),
    )
)
THIRD = (*OWNERS, COUNTED, ELEMENTS, PERSONAS, CHAT, EXCHANGES)
FOURTH = (
    Table(
        "users",
        "id:key email:varchar(255) password_hash:varchar(255) password_salt:varchar(255) created_at:now",
        ("email",),
    ),
    OWNERS[1],
    replace(COUNTED, columns=COUNTED.columns + " author:varchar(255)"),
    ELEMENTS,
    PERSONAS,
    CHAT,
    EXCHANGES,
)
VERSIONS = Table(
    "script_versions",
    "id:key scriptId:ref versionNumber:int content:longtext createdAt:datetime3",
    ("scriptId", "versionNumber"),
)
COMMANDS = Table(
    "script_commands",
    "id:key scriptId:ref type:varchar(64) payload:json author:enum(user,ai,system) createdAt:datetime3",
)
FIFTH = (
    Table(
        "users",
        "id:key email:varchar(255) passwordHash:varchar(255) passwordSalt:varchar(255) createdAt:datetime3",
        ("email",),
    ),
    Table("sessions", "id:key userId:ref token:varchar(64) expiresAt:datetime3 createdAt:datetime3"),
    Table(
        "scripts",
        f"id:key userId:ref title:varchar(255) {STATUS} author:varchar(255) createdAt:datetime3 updatedAt:datetime3",
    ),
    VERSIONS,
    COMMANDS,
    Table(
        "script_elements",
        "id:key scriptId:ref type:varchar(32) subtype:varchar(64) payload:json source:enum(user,ai,system) "
        "createdAt:datetime3",
    ),
    Table("personas", "id:key description:longtext scriptId:ref userId:ref createdAt:datetime3"),
    Table(
        "chat_messages",
        "id:key userId:ref scriptId:ref role:enum(user,assistant,system) content:longtext intent:varchar(64) "
        "createdAt:datetime3",
    ),
)
SIXTH = (
    Table(
        "users",
        "id:key email:varchar(255) username:varchar(191) passwordHash:varchar(255) passwordSalt:varchar(255) "
        "deletedAt:datetime3 deleteReason:varchar(255) createdAt:datetime3",
        ("email",),
    ),
    FIFTH[1],
    Table(
        "scripts",
        f"id:key userId:ref title:varchar(255) {STATUS} author:varchar(255) visibility:enum(private,public) "
        "slug:varchar(191) publicId:varchar(64) tags:json description:longtext createdAt:datetime3 "
        "updatedAt:datetime3",
    ),
    *FIFTH[3:],
    Table("script_comments", "id:key scriptId:ref userId:ref content:longtext createdAt:datetime3"),
    Table("scenes", "id:key scriptId:ref title:varchar(255) summary:longtext createdAt:datetime3"),
    Table("_prisma_migrations", "id:textkey checksum:varchar(64) migration_name:varchar(255) finished_at:datetime3"),
)
PATCHES = (
    *OWNERS,
    Table("scripts", f"id:key user_id:ref title:varchar(255) {STATUS} created_at:now updated_at:now"),
    Table("revisions", "id:key script_id:ref number:int content:longtext patch:longtext created_at:now"),
)
BRANCHES = (
    *PATCHES[:3],
    Table(
        "script_versions",
        "id:key script_id:ref branch_id:ref version_number:int author_id:ref content:longtext created_at:now",
    ),
)
LINKED_LINES = (
    *PATCHES[:3],
    Table("script_lines", "id:key script_id:ref previous:ref next:ref format:varchar(32) content:text created_at:now"),
)
TEXT_KEYS = (
    Table("users", "id:textkey email:varchar(255) created_at:datetime3", ("email",)),
    Table(
        "scripts",
        "id:textkey user_id:textref title:varchar(255) status:varchar(32) content:longtext created_at:datetime3 "
        "updated_at:datetime3",
    ),
    Table(
        "script_versions",
        "id:textkey script_id:textref version_number:int content:longtext created_at:datetime3",
        ("script_id", "version_number"),
    ),
)

SCHEMAS: dict[str, tuple[Table, ...]] = {
    "first": FIRST,
    "second": SECOND,
    "third": THIRD,
    "fourth": FOURTH,
    "fifth": FIFTH,
    "sixth": SIXTH,
    "patches": PATCHES,
    "branches": BRANCHES,
    "linked_lines": LINKED_LINES,
    "text_keys": TEXT_KEYS,
}
