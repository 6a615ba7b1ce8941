"""The obvious design: an ORM, a row lock, and the whole script as JSON a command, in a task of stock Celery."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from celery import Celery
from sqlalchemy import BigInteger, Engine, ForeignKey, Integer, String, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import JSON

app = Celery("obvious", broker=os.environ.get("BENCHMARK_BROKER_URL", "memory://"))
app.conf.task_acks_late = True
app.conf.task_ignore_result = True
app.conf.broker_connection_retry_on_startup = True


class Base(DeclarativeBase):
    """The tables of the obvious design."""


class Script(Base):
    """A script, and the number of its last version."""

    __tablename__ = "obvious_scripts"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(Integer)


class ScriptCommand(Base):
    """What the caller requested."""

    __tablename__ = "obvious_commands"
    script_id: Mapped[int] = mapped_column(ForeignKey(Script.id), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)


class ScriptVersion(Base):
    """What it led to, whole."""

    __tablename__ = "obvious_versions"
    script_id: Mapped[int] = mapped_column(ForeignKey(Script.id), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    content: Mapped[list[dict[str, str]]] = mapped_column(JSON)


def create(engine: Engine, script_id: int, content: list[dict[str, str]]) -> None:
    """A script with its first version."""
    with Session(engine) as session, session.begin():
        session.add(Script(id=script_id, version=1))
        session.flush()
        session.add(ScriptVersion(script_id=script_id, version=1, content=content))


def edit(engine: Engine, script_id: int, position: int, text: str) -> None:
    """Give a line new text: lock, read the last version, write the next."""
    with Session(engine) as session, session.begin():
        script = session.get_one(Script, script_id, with_for_update=True)
        last = session.get_one(ScriptVersion, (script_id, script.version))
        content = [*last.content]
        content[position] = {**content[position], "text": text}
        script.version += 1
        payload = {"position": position, "text": text}
        session.add(ScriptCommand(script_id=script_id, version=script.version, kind="line.edit", payload=payload))
        session.add(ScriptVersion(script_id=script_id, version=script.version, content=content))


@app.task(name="edit")
def edit_task(script_id: int, position: int, text: str) -> None:
    """One edit."""
    edit(_engine(), script_id, position, text)


@cache
def _engine() -> Engine:
    return create_engine(os.environ["BENCHMARK_DATABASE_URL"], isolation_level="READ COMMITTED")
