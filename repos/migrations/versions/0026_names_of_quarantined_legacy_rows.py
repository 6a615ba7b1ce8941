"""How a mapping names a legacy row that was set aside, and what tells a row whose key may not be shown.

Revision: 0026
Follows: 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_PROSE = sa.Text().with_variant(mysql.LONGTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb")
_LABEL = sa.String(256).with_variant(mysql.VARCHAR(256, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb")


def upgrade() -> None:
    op.add_column("backfill_quarantine", sa.Column("decision_key", _PROSE, nullable=True))
    op.add_column("backfill_quarantine", sa.Column("label", _LABEL, nullable=True))


def downgrade() -> None:
    op.drop_column("backfill_quarantine", "label")
    op.drop_column("backfill_quarantine", "decision_key")
