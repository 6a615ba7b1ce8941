"""Scripts being backfilled.

Revision: 0008
Follows: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_WORD = sa.String(16).with_variant(mysql.VARCHAR(16, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")
_DECLARED = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'script_heads'"
_BEFORE = "health in ('open', 'quarantined')"
_SINCE = "health in ('open', 'backfilling', 'quarantined')"


def upgrade() -> None:
    _change_health(_BEFORE, _SINCE)
    op.add_column("quarantines", sa.Column("health_before", _WORD, nullable=False, server_default="open"))


def downgrade() -> None:
    with op.batch_alter_table("quarantines") as batch:
        batch.drop_column("health_before")
    op.execute("UPDATE script_heads SET health = 'open' WHERE health = 'backfilling' AND version_number > 0")
    op.execute("DELETE FROM script_heads WHERE health = 'backfilling'")
    _change_health(_SINCE, _BEFORE)


def _change_health(old: str, new: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        # SQLite cannot change a CHECK in place. Foreign keys are off because other tables refer to this one.
        declared = str(op.get_bind().exec_driver_sql(_DECLARED).scalar())
        op.execute(declared.replace("script_heads", "new_script_heads", 1).replace(old, new))
        op.execute("INSERT INTO new_script_heads SELECT * FROM script_heads")
        op.execute("DROP TABLE script_heads")
        # Otherwise the rename fails: the view of the log refers to the table, which is missing at this point.
        op.execute("PRAGMA legacy_alter_table = ON")
        op.execute("ALTER TABLE new_script_heads RENAME TO script_heads")
        op.execute("PRAGMA legacy_alter_table = OFF")
    else:
        # One statement, so that nothing can be interrupted between two.
        drop, add = "DROP CONSTRAINT ck_script_heads_health", "ADD CONSTRAINT ck_script_heads_health"
        op.execute(f"ALTER TABLE script_heads {drop}, {add} CHECK ({new})")
