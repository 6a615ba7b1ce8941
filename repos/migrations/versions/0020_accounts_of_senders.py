"""The database accounts of an installation, and which of them sent a submission.

`scriptledger gates install` fills the table and lets the server write the account into each row of the inbox.

Revision: 0020
Follows: 0019
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_OPTIONS: dict[str, Any] = {
    f"{server}_{option}": value
    for server in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}
_ROLE = sa.String(16).with_variant(mysql.VARCHAR(16, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")
_ACCOUNT = sa.String(384).with_variant(
    mysql.VARCHAR(384, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)


def upgrade() -> None:
    op.create_table(
        "database_accounts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account", _ACCOUNT, nullable=False),
        sa.Column("role", _ROLE, nullable=False),
        sa.Column("installed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_database_accounts")),
        sa.UniqueConstraint("account", name=op.f("uq_database_accounts_account")),
        **_OPTIONS,
        sqlite_autoincrement=True,
    )
    op.add_column("submission_inbox", sa.Column("account", _ACCOUNT, nullable=True))
    op.add_column("rejected_submissions", sa.Column("account", _ACCOUNT, nullable=True))
    op.add_column("submissions", sa.Column("account_id", sa.SmallInteger(), nullable=True))


def downgrade() -> None:
    for table, column in (
        ("submissions", "account_id"),
        ("rejected_submissions", "account"),
        ("submission_inbox", "account"),
    ):
        # Without a batch, which would copy the table and cannot: on SQLite, answers are stored by their key.
        op.drop_column(table, column)
    op.drop_table("database_accounts")
