"""Fuzz target: the import of history files. A script is imported whole or not at all, and no other is touched."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import strategies as st

from domain.commands.base import Target as LineTarget
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.lines_insert_and_delete import LinesDelete
from domain.commands.kinds.version_label import VersionLabel
from domain.errors import LedgerError, Rejected
from domain.log.entry import chained
from domain.script.hashing import GENESIS, expect_hash
from domain.script.state import State
from domain.submissions.submission import Cause, Submission
from materialization.history_files.format import ExportedCommand, export_history
from materialization.history_files.importer import import_history
from materialization.integrity.rebuild_chunks import derive
from tests.fuzz.fuzz_target import ACCEPTED, Feed, Target, code_of
from tests.fuzz.mutations import Mutation, byte_changes, mutate_bytes, mutate_value, to_json, value_changes
from tests.fuzz.small_ledger import LINES, SmallLedger, small_ledger
from tests.fuzz.submissions import AI

# Fields that hold JSON as a string. They are mutated as JSON.
WITHIN = ("payload", "cause", "answer")


class Damage(NamedTuple):
    """Mutations of a valid file. With `relinked`, hashes and counts are recomputed to fit."""

    changes: list[Mutation]
    relinked: bool
    byte_changes: list[Mutation]


damages = st.builds(Damage, st.just([]) | value_changes(), st.booleans(), byte_changes())


@contextmanager
def opened(folder: Path) -> Iterator[Feed]:
    source, here = folder / "source", folder / "here"
    for each in (source, here):
        each.mkdir(exist_ok=True)
    with small_ledger(source, named=False) as ledger:
        good = exported(ledger)
    with small_ledger(here) as ledger:
        ledger.new_script()
        yield lambda damage: feed(ledger, good, damage, here / "history.jsonl")


def exported(ledger: SmallLedger) -> list[Any]:
    """The records of a valid file: edits by people and by an AI, a label, and answers, one of them a refusal."""
    script_id = ledger.new_script()
    sent = [
        ("user", LineEdit(line="l2", expect=expect_hash(LINES[2]), text="Snow."), 3),
        ("ai", LinesDelete(lines=(LineTarget("l5", expect_hash(LINES[5])),)), 4),
        ("user", VersionLabel(name="First draft", version=5, color="white", locked=True), 5),
        ("user", LineEdit(line="l2", expect="0" * 12, text="No."), 6),
    ]
    for author, command, base in sent:
        cause = Cause(**AI) if author == "ai" else Cause()
        submission = Submission(
            script_id=script_id,
            submission_id=f"s{base}",
            author="ai" if author == "ai" else "user",
            base_version=base,
            cause=cause,
            commands=(command,),
        )
        ledger.ledger.submit(submission)
    with ledger.unit_of_work.reading() as tx:
        return [_opened_up(json.loads(line)) for line in export_history(tx, script_id)]


def feed(ledger: SmallLedger, good: list[Any], damage: Damage, file: Path) -> str:
    """Import a damaged file under a new script id; a refused file must leave no row."""
    with ledger.unit_of_work.records() as tx:
        script_id = tx.scripts.new_id()
    file.write_bytes(damaged(good, damage, script_id))
    rows = ledger.rows()
    try:
        done = import_history(ledger.unit_of_work, file)
    except Rejected as refusal:
        assert ledger.rows() == rows
        return code_of(refusal)
    ledger.require_whole(done.script_id)
    after = ledger.rows()
    assert import_history(ledger.unit_of_work, file).before == done.versions
    assert ledger.rows() == after
    return ACCEPTED


def damaged(good: list[Any], damage: Damage, script_id: int) -> bytes:
    """The bytes of a file for a script, with its mutations."""
    records = relinked(good, script_id)
    changed = mutate_value(records, damage.changes)
    if not isinstance(changed, list):
        changed = [changed]
    if damage.relinked:
        changed = relinked(changed, script_id)
    return mutate_bytes(b"".join(to_json(_closed(record)) + b"\n" for record in changed), damage.byte_changes)


def relinked(records: Sequence[Any], script_id: int) -> list[Any]:
    """Records with recomputed hashes and counts, up to the first that is not a command any more."""
    state, chain, linked = State.empty(), GENESIS, list(records)
    with suppress(LedgerError, TypeError, ValueError, KeyError, AttributeError, LookupError):
        for at, record in enumerate(records):
            if at and "command" in record:
                exported_command = ExportedCommand(**_closed(record)["command"])
                entry = chained(exported_command.entry(script_id), chain)
                state, version = derive(state, entry)
                chain = entry.chain_hash
                hashes = {"chain_hash": chain.hex(), "state_hash": version.state_hash.hex()}
                linked[at] = {"command": {**record["command"], **hashes}}
                linked[0] = {**linked[0], "script_id": script_id, "versions": state.version, **hashes}
            elif at and "answer" in record:
                answer = {**record["answer"]["answer"], "script_id": script_id}
                linked[at] = {"answer": {**record["answer"], "answer": answer}}
    return linked


def _opened_up(record: Any) -> Any:
    """A record with its JSON strings decoded."""
    for part in ("command", "answer"):
        for name in WITHIN:
            if name in record.get(part, {}):
                record[part][name] = json.loads(record[part][name])
    return record


def _closed(record: Any) -> Any:
    """A record with JSON encoded as strings again, in the bytes the ledger would have written."""
    if not isinstance(record, dict):
        return record
    closed = dict(record)
    for part in ("command", "answer"):
        if isinstance(inner := closed.get(part), dict):
            closed[part] = {name: _as_text(value) if name in WITHIN else value for name, value in inner.items()}
    return closed


def _as_text(value: Any) -> Any:
    if isinstance(value, str):
        return value
    return to_json(value, compact=True).decode(errors="replace")


TARGET = Target("history_file", damages, opened)
