"""Users of submissions.

The user of each pending or refused submission, and of each script id: NULL for programs with credentials of their own.
The ids of existing scripts, which their programs chose, are marked as used.

Revision: 0013
Follows: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TABLES = ("script_ids", "submission_inbox", "rejected_submissions")
# Without the ids of the upper half, because the next id follows the greatest one.
_TAKE = """
INSERT INTO script_ids (id)
SELECT script_heads.script_id FROM script_heads LEFT JOIN script_ids ON script_ids.id = script_heads.script_id
WHERE script_ids.id IS NULL AND script_heads.script_id < 4503599627370496
"""


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("user_id", sa.BigInteger(), nullable=True))
    op.execute(_TAKE)


def downgrade() -> None:
    for table in _TABLES:
        with op.batch_alter_table(table) as batch:
            batch.drop_column("user_id")
