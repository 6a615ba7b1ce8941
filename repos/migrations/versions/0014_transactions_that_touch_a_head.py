"""transactions that touch a head

How many transactions on a script left its head as it was. Each writes to the head all the same: where several database
nodes write, that is how two of them on one script come to be in each other's way.

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
