"""Transactions that touch a head.

How many transactions on a script did not change its head. Each writes the head row all the same: if several database
nodes write, this makes two transactions on one script conflict.

Revision: 0014
Follows: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("script_heads", sa.Column("touches", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("script_heads", "touches")
