"""Password hashes move from `users` into a table of their own, which few database accounts may read.

A grant on some columns does not withhold the others: `HANDLER users OPEN` reads whole rows with it.

Revision: 0025
Follows: 0024
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_OPTIONS: dict[str, Any] = {
    f"{server}_{option}": value
    for server in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}
_PASSWORD = sa.String(500).with_variant(
    mysql.VARCHAR(500, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)


def upgrade() -> None:
    op.create_table(
        "user_passwords",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("password", _PASSWORD, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_passwords")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_passwords_user_id")),
        **_OPTIONS,
    )
    column = "password"
    if op.get_bind().dialect.name != "sqlite":
        # A server commits at each definition. A password that a program of before stored between the copy and the end
        # of the column would be lost, so it is refused: there is no such column.
        column = "moved_password"
        op.execute(f"ALTER TABLE users RENAME COLUMN password TO {column}")
    copy = "INSERT INTO user_passwords (user_id, password) SELECT id, {0} FROM users WHERE {0} IS NOT NULL"
    op.execute(copy.format(column))
    op.drop_column("users", column)


def downgrade() -> None:
    op.add_column("users", sa.Column("password", _PASSWORD, nullable=True))
    op.execute(
        "UPDATE users SET password = (SELECT password FROM user_passwords WHERE user_passwords.user_id = users.id)"
    )
    op.drop_table("user_passwords")
