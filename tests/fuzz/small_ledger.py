"""Small ledger for fuzzing: scripts of a few lines, and the state that must not change when an input is refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, func, select

from domain.commands.kinds.element import ElementAdd
from domain.commands.kinds.persona import PersonaAdd
from domain.commands.kinds.script_create import ScriptCreate
from domain.log.head import Head
from domain.script.line import Line
from domain.script.state import Element, Persona, State
from domain.submissions.submission import Submission
from materialization.history.state_at import state_at
from materialization.integrity.verify import verify
from materialization.write_path.submit import Ledger
from repos.database.engine import open_engine
from repos.schema import upgrade
from repos.schema.core_tables import metadata
from repos.unit_of_work import UnitOfWork

# Environment variable with the URL of an empty database to use instead of an SQLite file.
DATABASE_URL = "SCRIPTLEDGER_FUZZ_DATABASE_URL"
NOW = 1_800_000_000_000_000
LINES = (
    Line("t1", "title_entry", "Title: Rain"),
    Line("l1", "scene_heading", "INT. BAR - NIGHT", "\n\n"),
    Line("l2", "action", "Rain on the window.", "\r\n"),
    Line("l3", "character", "JOHN", "\n", {"dual": True}),
    Line("l4", "dialogue", "Who's there? 👩\u200d👧", "\n\n"),
    Line("l5", "action", "e\u0301 \u202b\u05d0\u202c", ""),
    Line("l6", "transition", "CUT TO:"),
)
BEGINNING = (
    ScriptCreate(title="Rain", owner=1, metadata={"author": "Ann"}, lines=LINES),
    ElementAdd(element=Element("e1", "beat", {"name": "Opening", "tension": 3}, "user")),
    PersonaAdd(persona=Persona("p1", "John", "A barkeeper.", {"age": 50})),
)

Rows = dict[str, int]


class SmallLedger:
    """A ledger, its engine, and scripts with the same first versions."""

    def __init__(self, engine: Engine) -> None:
        upgrade.upgrade(engine)
        self.engine = engine
        self.unit_of_work = UnitOfWork(engine)
        self.ledger = Ledger(self.unit_of_work, clock=lambda: NOW)
        with self.unit_of_work.records() as tx:
            if tx.users.get(1) is None:
                tx.users.add("ann@example.org", NOW)

    def new_script(self) -> int:
        """Create a script with the default lines, at version 3, and return its id."""
        while True:
            with self.unit_of_work.records() as tx:
                script_id = tx.scripts.new_id()
                # An input may have been sent to this number before it was given.
                if tx.heads.get(script_id) or list(tx.answers.read(script_id)) or tx.inbox.arrivals(script_id):
                    continue
            first = Submission(
                script_id=script_id, submission_id="begin", author="user", base_version=0, commands=BEGINNING
            )
            assert self.ledger.submit(first).outcome == "applied"
            return script_id

    def state(self, script_id: int) -> State:
        """The state of a script at its head."""
        with self.unit_of_work.reading() as tx:
            return state_at(tx, script_id)

    def rows(self) -> Rows:
        """The row count of each table."""
        with self.engine.connect() as connection:
            counts = {name: select(func.count()).select_from(table) for name, table in metadata.tables.items()}
            return {name: connection.execute(count).scalar_one() for name, count in counts.items()}

    def head(self, script_id: int) -> Head:
        """All columns of a script's head."""
        with self.unit_of_work.reading() as tx:
            head = tx.heads.get(script_id)
        assert head is not None
        return head

    def require_whole(self, script_id: int) -> None:
        """Fail unless commands, versions and hashes of a script agree."""
        with self.unit_of_work.reading() as tx:
            finding = verify(tx, script_id).finding
        assert finding is None, finding


@contextmanager
def small_ledger(folder: Path, *, named: bool = True) -> Iterator[SmallLedger]:
    """A new ledger in a file of the folder; or in the database from the environment, unless `named` is false."""
    file = folder / "ledger.db"
    for old in (file, folder / "ledger.db-wal", folder / "ledger.db-shm"):
        old.unlink(missing_ok=True)
    url = os.environ.get(DATABASE_URL) if named else None
    with open_engine(url or f"sqlite:///{file}") as engine:
        yield SmallLedger(engine)
