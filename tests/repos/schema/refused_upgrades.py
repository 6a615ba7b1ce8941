"""Refused upgrades: statements that spoil a database, the refusal, and the statements in it that mend it."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from repos.schema import upgrade
from repos.schema.contents import contents_of
from repos.schema.upgrade_checks.unrecorded_upgrade import unrecorded_revision


def run(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def unrecorded(engine: Engine) -> str | None:
    """The revision that an upgrade reached without recording it."""
    with engine.connect() as connection:
        return unrecorded_revision(connection, contents_of(connection))


def refusal(engine: Engine, kind: type[Exception], *, allowed: tuple[str, ...] = ()) -> str:
    """The sentence of a refused upgrade, which changed nothing and which the check alone repeats."""
    with engine.connect() as connection:
        before = contents_of(connection)
    with pytest.raises(kind) as caught:
        upgrade.upgrade(engine, allowed=allowed)
    with pytest.raises(kind) as repeated:
        upgrade.require_fit(engine, allowed=allowed)
    with engine.connect() as connection:
        assert contents_of(connection) == before
    assert str(repeated.value) == str(caught.value)
    assert "Nothing was changed." in str(caught.value)
    return str(caught.value)


def mend(engine: Engine, sentence: str) -> None:
    """Run the statements at the end of a refusal."""
    statements = sentence.rpartition(": ")[2]
    run(engine, *(statement for statement in statements.split(";") if statement.strip()))
