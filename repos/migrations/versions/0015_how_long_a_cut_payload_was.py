"""The original size of a cut payload.

Revision: 0015
Follows: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    digest = sa.LargeBinary(32).with_variant(mysql.BINARY(32), "mysql", "mariadb")
    op.add_column("rejected_submissions", sa.Column("whole_bytes", sa.BigInteger(), nullable=True))
    op.add_column("rejected_submissions", sa.Column("whole_sha256", digest, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("rejected_submissions") as batch:
        batch.drop_column("whole_sha256")
        batch.drop_column("whole_bytes")
