"""The lines that a proposal is about, and the progress of its model.

Revision: 0018
Follows: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ai_proposals", sa.Column("first_line", sa.Integer(), nullable=True))
    op.add_column("ai_proposals", sa.Column("last_line", sa.Integer(), nullable=True))
    op.add_column("ai_proposals", sa.Column("written", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("ai_proposals") as batch:
        batch.drop_column("written")
        batch.drop_column("last_line")
        batch.drop_column("first_line")
