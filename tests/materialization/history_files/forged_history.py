"""History files for tests: a script with every kind of answer, and forged files that are consistent in themselves."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from domain.errors import LedgerError
from domain.log.entry import link
from domain.script.hashing import GENESIS, state_hash_bytes
from domain.script.state import State
from domain.submissions.submission import decode_command, decode_submission, encode_command
from materialization.history_files.format import ExportedCommand, export_history
from materialization.integrity.rebuild_chunks import derive
from materialization.write_path.submit import Ledger
from repos.unit_of_work import UnitOfWork
from tests.materialization.writer import Clock, Writer

AI = {"model": "a-model", "run_id": "run-1", "prompt": "Make it shorter."}
Lines = list[dict[str, Any]]


class Submitter:
    """Sends submissions as JSON under given names."""

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._ledger = Ledger(writer.unit_of_work, clock=clock)
        self._writer = writer
        self._clock = clock
        self.version = 0

    def __call__(self, name: str, *commands: dict[str, Any], outcome: str = "applied", **fields: Any) -> None:
        self._clock.pass_seconds(1)
        sent = {"author": "user", "actor": "Ann", "base_version": self.version, **fields}
        sent |= {"script_id": self._writer.script_id, "submission_id": name, "commands": commands}
        answer = self._ledger.submit(decode_submission(json.dumps(sent).encode()))
        assert answer.outcome == outcome, answer
        self.version = answer.last_version or self.version

    def expect(self, line: str) -> str:
        return self._writer.expect(line)


def write_everything(writer: Writer, clock: Clock) -> None:
    """A script with many kinds of commands and every outcome: 16 versions, 15 answers."""
    send = Submitter(writer, clock)
    writer.clock = clock
    lines = [
        {"id": f"l{number}", "format": "action", "text": text}
        for number, text in enumerate(("INT. BAR", "Rain. 🎬", "", "\u2028é"))
    ]
    send("a-create", {"kind": "script.create", "title": "Ünïcode", "owner": 3, "lines": lines})
    edit = {"kind": "line.edit", "line": "l1", "text": "Dawn."}
    send("b-edit", {**edit, "expect": send.expect("l1")}, author="ai", cause=AI, occurred_at=7)
    splice = {"kind": "line.splice", "line": "l1", "at": 0, "delete": 0, "insert": "x", "expect": send.expect("l1")}
    send("c-splices", splice, {**splice, "expect": None}, {**splice, "expect": None})
    send("d-no-op", {**edit, "text": "xxxDawn.", "expect": send.expect("l1")}, outcome="no_op")
    send("e-refused", {**edit, "expect": "0" * 12}, outcome="refused")
    rest = [{**edit, "text": "Dusk.", "expect": send.expect("l1")}, {**edit, "line": "nowhere", "expect": "0" * 12}]
    rest += [{"kind": "script.set_metadata", "fields": {"title": "Ünïcode"}}]
    send("f-partly", *rest, outcome="partly", apply_rest=True)
    send("g-all-refused", rest[1], rest[1], outcome="refused", apply_rest=True)
    insert = {
        "kind": "lines.insert",
        "after": "l1",
        "before": "l2",
        "lines": [{"id": "n1", "format": "note", "text": "hm"}],
    }
    send("h-late", insert, base_version=2)
    send("i-delete", {"kind": "lines.delete", "lines": [["l2", send.expect("l2")]]})
    noted = {**insert, "after": "l2", "before": "l3", "lines": [{"id": "n2", "format": "action", "text": "A bell."}]}
    send("j-noted", noted)
    retitle = {"kind": "script.set_metadata", "fields": {"title": "Again", "status": "complete"}}
    send("k-with-no-op", rest[2], retitle, author="import")
    element = {"id": "e1", "type": "theme", "payload": {"deep": [{"x": 1.5, "y": [None, True, -0.0]}]}}
    send("l-things", {"kind": "element.add", "element": element},
         {"kind": "persona.add", "persona": {"id": "p1", "name": "ZOË"}})  # fmt: skip
    send("m-label", {"kind": "version.label", "name": "Draft 1", "version": 3, "color": "blue", "locked": True})
    send("n-archive", {"kind": "script.archive"})
    move = {"kind": "lines.move", "lines": [["n2", send.expect("n2")]], "after": None, "before": "l0"}
    send("o-unarchive", {"kind": "script.unarchive"}, move)


def exported(unit_of_work: UnitOfWork, script_id: int) -> bytes:
    """The history file of a script."""
    with unit_of_work.reading() as tx:
        return b"".join(export_history(tx, script_id))


def parsed(data: bytes) -> Lines:
    """The lines of a file as JSON."""
    return [json.loads(line) for line in data.splitlines(keepends=True)]


def written(lines: Lines) -> bytes:
    """Lines as a file."""
    return b"".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for line in lines)


def fitting(lines: Lines) -> Lines:
    """A file with chain, state hashes, header and counts recomputed for its current content."""
    header, *rest = lines
    script_id, state, chain = header["script_id"], State.empty(), GENESIS
    commands = [line["command"] for line in rest if "command" in line]
    for command in commands:
        entry = ExportedCommand(**command).entry(script_id)
        chain = link(entry, chain)
        command["chain_hash"] = chain.hex()
        try:
            state, version = derive(state, replace(entry, chain_hash=chain))
        except (LedgerError, ArithmeticError, TypeError, ValueError, RecursionError):
            continue
        command["state_hash"] = version.state_hash.hex()
    header |= {"versions": len(commands), "chain_hash": chain.hex(), "state_hash": state_hash_bytes(state.hash).hex()}
    answers = sum("answer" in line for line in rest)
    return [
        header,
        *(line for line in rest if "end" not in line),
        {"end": {"commands": len(commands), "answers": answers}},
    ]


def command_of(lines: Lines, submission_id: str, position: int = 0) -> dict[str, Any]:
    """A command of a submission in a file."""
    commands = [line["command"] for line in lines if "command" in line]
    return [command for command in commands if command["submission_id"] == submission_id][position]


def change_payload(command: dict[str, Any], **fields: Any) -> None:
    """Change a payload, in canonical form if possible."""
    payload = {**json.loads(command["payload"]), **fields}
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    with suppress(LedgerError):
        text = encode_command(decode_command(text.encode())).decode()
    command |= {"payload": text, "kind": payload["kind"]}


def answer_of(lines: Lines, submission_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The line of an answer in a file, and its content."""
    for line in lines:
        if "answer" in line and (answer := json.loads(line["answer"]["answer"]))["submission_id"] == submission_id:
            return line["answer"], answer
    raise LookupError(submission_id)


def set_answer(line: dict[str, Any], answer: dict[str, Any]) -> None:
    """Replace the content of an answer's line."""
    line["answer"] = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))


def put(lines: Lines, file: Path) -> Path:
    """Write lines to a file."""
    file.write_bytes(written(lines))
    return file
