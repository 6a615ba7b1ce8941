"""A ledger full of text with terminal control characters, which the checks would refuse."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from domain.chat import ChatMessage, Usage
from domain.commands.base import Command
from domain.commands.elements_and_personas import Element, Persona
from domain.commands.kinds.element import ElementAdd
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.persona import PersonaAdd
from domain.commands.kinds.script_create import ScriptCreate
from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.commands.kinds.version_label import VersionLabel
from domain.log.entry import LogEntry, chained
from domain.log.version import VersionRow
from domain.script.delta import advance, encode_delta
from domain.script.hashing import expect_hash, state_hash_bytes
from domain.script.line import Line
from domain.script.state import State
from domain.submissions.submission import Cause, Submission, encode_command
from materialization.projections.updater import project
from materialization.write_path.submit import Ledger
from repos.database.engine import open_engine
from repos.log.scripts import StoredScript
from repos.proposals.proposals import ProposalRequest
from repos.schema.upgrade import upgrade_if_outdated
from repos.submissions.dead_letters import DeadLetter
from repos.unit_of_work import UnitOfWork

MARK = "EVIL"
HOSTILE = (
    "EVIL\x1b]0;OWNED\x07\x1b[2J\x1b[8m\x00\x08\x0b\x0c\r\x7f\x85\x9b31m\x9d0;OWNED\x9c\u202e\u2066\u200f\u061c\u2028\u2029"
    "\ufeff\u200b\u00ad\U000e0041\nFORGED"
)
# Every text of the first script is hostile; the rows of the second were changed outside the program.
FORGED, PLAIN = 1, 2


def fill(home: Path) -> None:
    """Create the ledger of a home."""
    home.mkdir(parents=True)
    with open_engine(f"sqlite:///{home / 'ledger.db'}") as engine:
        upgrade_if_outdated(engine)
        unit_of_work = UnitOfWork(engine)
        _forge(unit_of_work)
        _fill_plain(unit_of_work)
    _spoil(home / "ledger.db")


def _forge(unit_of_work: UnitOfWork) -> None:
    """Write a log of unchecked commands, as a faulty or older program might have."""
    line = Line("a1", "action", HOSTILE, "\n\n", {"note": HOSTILE})
    heading = Line("h1", "scene_heading", f"INT. {HOSTILE}", "\n\n", {"scene_number": HOSTILE})
    commands: list[Command] = [
        ScriptCreate(title=HOSTILE, metadata={HOSTILE: HOSTILE}, lines=(heading, line)),
        LineEdit(line="a1", text=f"other {HOSTILE}", expect=expect_hash(line)),
        ScriptSetMetadata(fields={f"x{HOSTILE}": HOSTILE, "title": f"b{HOSTILE}"}, expect={}),
        ElementAdd(element=Element("e1", HOSTILE, {HOSTILE: HOSTILE}, "ai")),
        PersonaAdd(persona=Persona("p1", HOSTILE, HOSTILE)),
        VersionLabel(name=HOSTILE, version=2),
    ]
    with unit_of_work.script(FORGED, wait=True) as tx:
        state, entry = State.empty(), None
        entries, versions = [], []
        for version, command in enumerate(commands, 1):
            delta = command.apply(state)
            state = advance(state, delta)
            cause = Cause(model=HOSTILE, prompt=HOSTILE, run_id=HOSTILE)
            entry = LogEntry(
                script_id=FORGED,
                version=version,
                kind=command.kind(),
                payload=encode_command(command),
                author="ai",
                actor=HOSTILE,
                base_version=version - 1,
                cause=msgspec.json.encode(cause),
                submission_id=f"s{version}{HOSTILE}",
                submission_index=0,
                occurred_at=version,
                recorded_at=version,
            )
            entries.append(chained(entry, entries[-1].chain_hash if entries else tx.head.chain_hash))
            hashed = state_hash_bytes(state.hash)
            versions.append(VersionRow(version, encode_delta(delta), hashed, len(list(state.lines()))))
        tx.commands.append(entries)
        tx.versions.put(FORGED, tx.head.generation, versions)
        row = StoredScript(FORGED, None, HOSTILE, "draft", 0, 1)
        tx.scripts.add(row)
        head = msgspec.structs.replace(
            tx.head, version=len(entries), chain_hash=entries[-1].chain_hash, state_hash=versions[-1].state_hash
        )
        tx.heads.advance(head, 0)


def _fill_plain(unit_of_work: UnitOfWork) -> None:
    create = ScriptCreate(
        title=MARK, lines=(Line("h1", "scene_heading", "INT. FERRY", "\n\n"), Line("a1", "action", MARK))
    )
    submission = Submission(
        script_id=PLAIN, submission_id="c", author="user", actor=MARK, base_version=0, commands=(create,)
    )
    ledger = Ledger(unit_of_work)
    ledger.submit(submission)
    with unit_of_work.records() as tx:
        user = tx.users.add("evil@example.org", 1, name=MARK)
        tx.sign_ins.open(user, 1, until=2)
        message = ChatMessage(
            role="user", content=MARK, script_id=PLAIN, user_id=user, intent=MARK, metadata={"a": MARK}
        )
        tx.chat_usage.add(tx.chat.add(message, 1), Usage(model=MARK, currency="USD"), 1)
        tx.proposals.add(ProposalRequest(PLAIN, MARK, 1, MARK, user), 1)
        payload = HOSTILE.encode("utf-8", "surrogatepass") + b"\xff\x9b31m"
        tx.rejected.put([DeadLetter(0, PLAIN, MARK, MARK, MARK, payload, 1)])
        for number, command in enumerate(_refused()):
            sent = {"script_id": PLAIN, "author": "user", "base_version": 1, "submission_id": f"k{number}", **command}
            tx.inbox.put(PLAIN, f"k{number}", json.dumps(sent).encode(), 1)
        tx.quarantines.add(FORGED, MARK, MARK, 1, before="open")
        tx.quarantines.reopen(FORGED, MARK, 2, verified=True)
    ledger.drain(PLAIN)
    project(unit_of_work, PLAIN)
    with unit_of_work.records() as tx:
        tx.inbox.put(PLAIN, MARK, b"{}", 1)


def _refused() -> list[dict[str, Any]]:
    """Submissions whose refusal quotes them."""
    return [
        {"commands": [{"kind": "script.set_metadata", "fields": {HOSTILE: 1}}]},
        {"commands": [{"kind": HOSTILE}]},
        {"commands": [], "author": HOSTILE},
        {"commands": [{"kind": "line.edit", "line": HOSTILE, "text": "a"}], "after_submission": HOSTILE},
        {"commands": [{"kind": "line.edit", "line": "a1", "text": HOSTILE}], HOSTILE: 1},
        {"commands": [{"kind": "persona.add", "persona": {"id": HOSTILE, "name": HOSTILE}}]},
    ]


def _spoil(file: Path) -> None:
    """Replace the mark by hostile text in every column."""
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("PRAGMA foreign_keys = OFF")
        database.execute("PRAGMA ignore_check_constraints = ON")
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for column in database.execute(f"PRAGMA table_info({table})").fetchall():
                name = column[1]
                changed = (
                    f"UPDATE {table} SET {name} = replace({name}, ?, ?) WHERE typeof({name}) = 'text' AND {name} LIKE ?"
                )
                database.execute(changed, (MARK, HOSTILE, f"%{MARK}%"))
        database.execute("UPDATE users SET email = ?", (f"{HOSTILE}@example.org",))
