"""Users as rows that tests of transactions add and count."""

from __future__ import annotations

from sqlalchemy import Engine, bindparam, insert, select

from repos.schema.core_tables import users
from repos.unit_of_work import UnitOfWork

ADD = insert(users).values(email=bindparam("mail"), email_key=bindparam("mail"), created_at=1)
EMAILS = select(users.c.email).order_by(users.c.id)


def emails(engine: Engine) -> list[str]:
    """The addresses of all users, the oldest first."""
    with UnitOfWork(engine).reading() as tx:
        return [row[0] for row in tx.users._session.rows(EMAILS)]
