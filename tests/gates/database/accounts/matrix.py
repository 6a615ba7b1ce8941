"""The statements of the matrix: each way to read and to write, for each group of tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pymysql

from gates.database.accounts.roles import TABLE_GROUPS
from gates.database.accounts.server import DENIED
from gates.database.accounts.triggers import SIGNALLED
from tests.gates.database.accounts.secret_reads import secret_reads

# An account that may read a view but not write to its tables: MariaDB calls the view invalid (ER_VIEW_INVALID).
REFUSED_BY_GRANT = (*DENIED, 1356)
# A column of the first table of each group that a statement may name.
COLUMNS = {
    "commands": "kind",
    "versions": "line_count",
    "keyframes": "state",
    "heads": "updated_at",
    "scripts": "title",
    "answers": "reason",
    "inbox": "payload",
    "dead_letters": "code",
    "script_ids": "user_id",
    "readers": "projected_at",
    "log_view": "kind",
    "users": "name",
    "passwords": "password",
    "sessions": "seen_at",
    "chat": "content",
    "proposals": "run_id",
    "ai_limits": "lost",
    "scheduling": "rings",
    "monitoring": "state",
    "drain_pauses": "reason",
    "integrity": "reason",
    "seals": "sealed_at",
    "backfill": "state",
    "legacy_rows": "content",
    "accounts": "role",
    "schema": "version_num",
}
# Each way, for a table t and its column c. Those that would change a table come last.
WAYS = {
    "select": "SELECT {c} FROM {t} LIMIT 1",
    "read whole rows": "SELECT * FROM {t} LIMIT 1",
    "read by a handler": "HANDLER {t} OPEN",
    "insert": "INSERT INTO {t} ({c}) VALUES (NULL)",
    "upsert": "INSERT INTO {t} ({c}) VALUES (NULL) ON DUPLICATE KEY UPDATE {c} = {c}",
    "replace": "REPLACE INTO {t} ({c}) VALUES (NULL)",
    "update": "UPDATE {t} SET {c} = {c} LIMIT 1",
    "update without reading": "UPDATE {t} SET {c} = NULL",
    "update by a join": "UPDATE {t} JOIN (SELECT 1) AS one SET {t}.{c} = {t}.{c}",
    "delete": "DELETE FROM {t} LIMIT 1",
    "delete by a join": "DELETE {t} FROM {t} JOIN (SELECT 1) AS one",
    "lock": "LOCK TABLES {t} WRITE",
    "add a trigger": "CREATE TRIGGER added BEFORE UPDATE ON {t} FOR EACH ROW SET @a = 1",
    "alter": "ALTER TABLE {t} COMMENT = 'x'",
    "truncate": "TRUNCATE TABLE {t}",
}
# A view takes neither LIMIT nor these.
NOT_OF_A_VIEW = ("read by a handler", "lock", "add a trigger", "alter", "truncate")
# Ways that name no table, or one only.
OTHERS = {
    ("name another sender", "inbox"): "INSERT INTO submission_inbox (account) VALUES ('x')",
    ("choose the arrival number", "inbox"): "INSERT INTO submission_inbox (id) VALUES (9)",
    ("reset the attempts", "inbox"): "UPDATE submission_inbox SET attempts = 0",
    ("take over a user's submission", "inbox"): "UPDATE submission_inbox SET user_id = NULL",
    ("choose the script number", "script_ids"): "INSERT INTO script_ids (id) VALUES (9)",
    ("name the sender of a dead letter", "dead_letters"): "INSERT INTO rejected_submissions (account) VALUES ('x')",
    ("choose the number of a dead letter", "dead_letters"): "INSERT INTO rejected_submissions (id) VALUES (9)",
    # What grants leave open: who may read rows may lock them.
    ("keep others from rows", "heads"): "SELECT * FROM script_heads LOCK IN SHARE MODE",
    ("keep others from rows", "inbox"): "SELECT * FROM submission_inbox LOCK IN SHARE MODE",
    ("keep others from rows", "log_view"): "SELECT * FROM script_log LOCK IN SHARE MODE",
    ("create a table", "schema"): "CREATE TABLE added (a INT)",
    ("create a view", "schema"): "CREATE VIEW added_view AS SELECT 1 AS a",
    ("create a procedure", "schema"): "CREATE PROCEDURE added() DELETE FROM script_commands",
    ("create an account", "schema"): "CREATE USER added",
    ("grant", "schema"): "GRANT SELECT ON script_commands TO CURRENT_USER()",
    ("read a file", "schema"): "SELECT LOAD_FILE('/etc/hostname') INTO OUTFILE '/nowhere/x'",
    ("set a global variable", "schema"): "SET GLOBAL innodb_lock_wait_timeout = 50",
    ("stop the binary log", "schema"): "SET SESSION sql_log_bin = 0",
    ("drop a guard", "commands"): "DROP TRIGGER guard_script_commands_update",
}
# The session variable chooses the next automatic number, whatever the grants on the column say.
NUMBERED = {
    "inbox": "INSERT INTO submission_inbox (script_id, submission_id, payload, enqueued_at) VALUES (9, 'i', '', 1)",
    "script_ids": "INSERT INTO script_ids (user_id) VALUES (NULL)",
    "dead_letters": (
        "INSERT INTO rejected_submissions (script_id, submission_id, code, message, payload, rejected_at)"
        " VALUES (9, 'i', 'x', '', '', 1)"
    ),
}
CHECKS_OFF = ("SET SESSION foreign_key_checks = 0", "SET SESSION unique_checks = 0")
# Complete rows, without the command that they belong to.
ORPHANS = {
    "commands": (
        "INSERT INTO script_commands (script_id, version_number, kind, payload, author, actor, base_version, cause,"
        " submission_id, submission_index, occurred_at, recorded_at, chain_hash)"
        " VALUES (9, 1, 'k', '', 'user', '', 0, '{}', 's', 0, 1, 1, REPEAT('x', 32))"
    ),
    "versions": (
        "INSERT INTO script_versions (script_id, version_number, generation, delta, state_hash, line_count)"
        " VALUES (9, 1, 0, '', REPEAT('x', 16), 0)"
    ),
    "keyframes": (
        "INSERT INTO script_keyframes (script_id, version_number, generation, state, state_hash)"
        " VALUES (9, 1, 0, '', REPEAT('x', 16))"
    ),
}


def cells() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Each way and group, and the statements."""
    for way, statement in WAYS.items():
        for group, column in COLUMNS.items():
            if group != "log_view" or way not in NOT_OF_A_VIEW:
                text = statement.removesuffix(" LIMIT 1") if group == "log_view" else statement
                yield way, group, (text.format(t=TABLE_GROUPS[group][0], c=column),)
        if way == "insert":
            for group, orphan in ORPHANS.items():
                yield "insert without its command", group, (orphan,)
                for number, off in enumerate(CHECKS_OFF):
                    yield f"insert with {('foreign keys', 'unique keys')[number]} off", group, (off, orphan)
    for group, statement in NUMBERED.items():
        yield "choose the number by a variable", group, ("SET SESSION insert_id = 4000000000", statement)
    for (way, group), statement in OTHERS.items():
        yield way, group, (statement,)
    yield from secret_reads()


def outcome(connection: pymysql.Connection[Any], statements: tuple[str, ...]) -> str:
    """What happens: `yes`, or the layer that refuses: `grant`, `guard` or `key`."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            for statement in statements:
                cursor.execute(statement)
            is_hidden = "information_schema" in statements[-1] and not cursor.rowcount
    except pymysql.MySQLError as error:
        number = error.args[0]
        if number in REFUSED_BY_GRANT:
            return "grant"
        return "guard" if number == SIGNALLED else "key" if number in (1451, 1452, 1701) else "yes"
    else:
        return "grant" if is_hidden else "yes"
    finally:
        with connection.cursor() as cursor:
            on = "SET SESSION foreign_key_checks = 1, unique_checks = 1, insert_id = 0"
            for statement in ("ROLLBACK", "UNLOCK TABLES", on):
                cursor.execute(statement)
            if statements[0].startswith("HANDLER"):
                with suppress(pymysql.MySQLError):
                    cursor.execute(statements[0].replace("OPEN", "CLOSE"))
