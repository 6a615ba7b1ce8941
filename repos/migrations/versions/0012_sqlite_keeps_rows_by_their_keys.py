"""SQLite tables without rowid.

The tables every command is written to are recreated, with a third fewer pages written at each commit. SQLite builds a
table for each row checked against an IN of three or more words, so its checks compare the words one by one.

Revision: 0012
Follows: 0011
"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_BY_KEY = " WITHOUT ROWID"
_DECLARED = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?"

_SAYS_WHY = """,
	CONSTRAINT ck_script_commands_ai_says_why CHECK (author <> 'ai' OR (
  COALESCE(JSON_EXTRACT(CAST(cause AS TEXT), '$.model'), '') <> ''
  AND COALESCE(JSON_EXTRACT(CAST(cause AS TEXT), '$.run_id'), '') <> ''
  AND COALESCE(JSON_EXTRACT(CAST(cause AS TEXT), '$.prompt'),
               JSON_EXTRACT(CAST(cause AS TEXT), '$.prompt_sha256'), '') <> ''))"""

_CHECKED_BY_A_TRIGGER = """
CREATE TRIGGER script_commands_ai_says_why BEFORE INSERT ON script_commands
WHEN NEW.author = 'ai' AND (
  COALESCE(JSON_EXTRACT(CAST(NEW.cause AS TEXT), '$.model'), '') = ''
  OR COALESCE(JSON_EXTRACT(CAST(NEW.cause AS TEXT), '$.run_id'), '') = ''
  OR COALESCE(JSON_EXTRACT(CAST(NEW.cause AS TEXT), '$.prompt'),
              JSON_EXTRACT(CAST(NEW.cause AS TEXT), '$.prompt_sha256'), '') = '')
BEGIN
  SELECT RAISE(ABORT, 'CHECK constraint failed: ck_script_commands_ai_says_why');
END
"""


# The changed declarations: by table, the old text and the new text.
_CHANGES = {
    "script_heads": {
        "health in ('open', 'backfilling', 'quarantined')": (
            "health = 'open' OR health = 'backfilling' OR health = 'quarantined'"
        )
    },
    "script_commands": {
        "author in ('user', 'ai', 'system', 'import', 'backfill')": (
            "author = 'user' OR author = 'ai' OR author = 'system' OR author = 'import' OR author = 'backfill'"
        ),
        "CHECK (version_number >= 1)": f"CHECK (version_number >= 1){_SAYS_WHY}",
    },
    "script_versions": {},
    "submissions": {
        "outcome in ('applied', 'partly', 'no_op', 'refused')": (
            "outcome = 'applied' OR outcome = 'partly' OR outcome = 'no_op' OR outcome = 'refused'"
        )
    },
}


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for table, changes in _CHANGES.items():
        declared = _declared(table)
        for before, since in changes.items():
            declared = _with(declared, before, since)
        _recreate(table, declared if table == "script_heads" else declared + _BY_KEY)


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for table, changes in _CHANGES.items():
        declared = _declared(table).removesuffix(_BY_KEY)
        for before, since in changes.items():
            declared = _with(declared, since, before)
        _recreate(table, declared)
    op.execute(_CHECKED_BY_A_TRIGGER)


def _declared(table: str) -> str:
    return str(op.get_bind().exec_driver_sql(_DECLARED, (table,)).scalar())


def _with(declared: str, old: str, new: str) -> str:
    if declared.count(old) != 1:
        raise ValueError(f"the schema does not say {old!r}")
    return declared.replace(old, new)


def _recreate(table: str, declared: str) -> None:
    # None of these tables has a separate index. Foreign keys are off because other tables refer to them.
    op.execute(declared.replace(table, f"new_{table}", 1))
    op.execute(f"INSERT INTO new_{table} SELECT * FROM {table} ORDER BY 1, 2")  # noqa: S608 - constant names
    op.execute(f"DROP TABLE {table}")
    # Otherwise the rename fails: the view of the log refers to the table, which is missing at this point.
    op.execute("PRAGMA legacy_alter_table = ON")
    op.execute(f"ALTER TABLE new_{table} RENAME TO {table}")
    op.execute("PRAGMA legacy_alter_table = OFF")
