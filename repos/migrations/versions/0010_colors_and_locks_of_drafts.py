"""Colors and locks of drafts, for readers.

Revision: 0010
Follows: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_COLOR = sa.String(16).with_variant(mysql.VARCHAR(16, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")


def upgrade() -> None:
    op.add_column("version_labels", sa.Column("color", _COLOR, nullable=True))
    op.add_column("version_labels", sa.Column("locked", sa.SmallInteger(), nullable=False, server_default="0"))
    # The projections of these scripts lack the new columns: the next run rewrites them from scratch.
    op.execute("DELETE FROM projection_heads WHERE script_id IN (SELECT script_id FROM version_labels)")


def downgrade() -> None:
    with op.batch_alter_table("version_labels") as batch:
        batch.drop_column("locked")
        batch.drop_column("color")
