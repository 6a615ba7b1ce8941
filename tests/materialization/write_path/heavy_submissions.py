"""The heaviest submissions within the documented limits, each with its script.

Run as a program, this module settles one of them in a process that may use 512 MiB more memory than it started with.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from domain.errors import Rejected
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.submissions.submission import Cause, Submission, decode_submission
from materialization.history.state_at import state_at
from materialization.history.undo import inverse_commands, versions_of_submission
from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork

ROOM = 512 << 20
MIB = 1 << 20
MANY = 10_000
LONG = "a" * MIB

Json = dict[str, Any]


class Case(NamedTuple):
    """Commands that make the script, those of the heavy submission, and what its answer must be."""

    script: Callable[[], list[Json]]
    heavy: Callable[[], Iterable[Json]]
    answer: str
    apply_rest: bool = False


def create(lines: Iterable[Json] = ()) -> list[Json]:
    return [{"kind": "script.create", "title": "Heavy", "lines": list(lines)}]


def line(name: str, text: str) -> Json:
    return {"id": name, "format": "action", "text": text}


def long_line(text: str = LONG) -> list[Json]:
    return create([line("l", text)])


def short_lines(count: int) -> list[Json]:
    return create(line(f"l{number}", f"Line {number}.") for number in range(count))


def expect(text: str) -> str:
    return expect_hash(Line("l", "action", text))


def splices(text: str, letters: str) -> Iterable[Json]:
    for number in range(MANY):
        first = {"expect": expect(text)} if number == 0 else {}
        yield {"kind": "line.splice", "line": "l", "at": 0, "delete": 1, "insert": letters[number % 2], **first}


def splits() -> Iterable[Json]:
    for number in range(MANY):
        first = {"line": "l", "expect": expect(LONG)} if number == 0 else {"line": f"n{number - 1}"}
        yield {"kind": "line.split", "at": 1, "new_id": f"n{number}", **first}


def splits_and_merges() -> Iterable[Json]:
    for number in range(MANY // 2):
        first = {"expect": expect(LONG)} if number == 0 else {}
        yield {"kind": "line.split", "line": "l", "at": 1, "new_id": f"n{number}", **first}
        yield {"kind": "line.merge", "line": "l", "next": f"n{number}"}


def formats() -> Iterable[Json]:
    for number in range(MANY):
        first = {"expect": expect(LONG)} if number == 0 else {}
        yield {"kind": "line.edit", "line": "l", "format": ("note", "shot")[number % 2], **first}


def reversals(count: int) -> Iterable[Json]:
    ids = [f"l{number}" for number in range(count)]
    for number in range(600):
        yield {"kind": "script.replace", "lines": ids[::-1] if number % 2 == 0 else ids}


def moves(count: int) -> Iterable[Json]:
    targets = [[f"l{n}", expect_hash(Line(f"l{n}", "action", f"Line {n}."))] for n in range(1, count - 1)]
    for number in range(300):
        there: Json = {"after": f"l{count - 1}", "before": None} if number % 2 == 0 else {"after": None, "before": "l0"}
        yield {"kind": "lines.move", "lines": targets, **there}


def keystrokes() -> Iterable[Json]:
    for number in range(MANY):
        first = {"expect": expect_hash(Line("l0", "action", "Line 0."))} if number == 0 else {}
        yield {"kind": "line.splice", "line": "l0", "at": 0, "insert": "x", **first}


def noise() -> list[Json]:
    letters = random.Random(7)
    texts = [letters.randbytes(MIB // 3).hex() for _ in range(15)]
    return create([line("l0", "Line 0."), *(line(f"n{number}", text) for number, text in enumerate(texts))])


def nested(size: int) -> Json:
    """An object of `size` bytes that takes as much memory as possible."""
    inner: Json = {}
    for _ in range(20):
        inner = {"": inner}
    return {str(number): inner for number in range(size // 120)}


def elements(count: int) -> Iterable[Json]:
    for number in range(count):
        yield {"kind": "element.add", "element": {"id": f"e{number}", "type": "beat", "payload": nested(MIB - 1_000)}}


def metadata() -> list[Json]:
    return [{"kind": "script.create", "title": "Heavy", "metadata": {"author": "a" * MANY}}]


def new_lines(count: int) -> Iterable[Json]:
    yield {"kind": "script.replace", "lines": [line(f"x{n}", f"New {n}") for n in range(count)], "confirm_shrink": True}


def deletion(count: int) -> Iterable[Json]:
    targets = [[f"l{n}", expect_hash(Line(f"l{n}", "action", f"Line {n}."))] for n in range(count)]
    yield {"kind": "lines.delete", "lines": targets}


def labels(count: int) -> Iterable[Json]:
    return ({"kind": "version.label", "name": f"Draft {number}", "version": 1} for number in range(count))


def again(command: Json) -> Iterable[Json]:
    return [command] * MANY


STALE: Json = {"kind": "line.edit", "line": "l", "expect": "0" * 12, "text": "x"}
STALE_METADATA: Json = {"kind": "script.set_metadata", "fields": {"author": "b"}, "expect": {"author": "c"}}
EMOJI = "\U0001f600" * (MIB // 4)

CASES = {
    "splices of a long line": Case(long_line, partial(splices, LONG, "bc"), "too_much_work"),
    "splices of a long line of emoji": Case(
        partial(long_line, EMOJI), partial(splices, EMOJI, "\U0001f601\U0001f602"), "too_much_work"
    ),
    "splits of a long line": Case(long_line, splits, "too_much_work"),
    "splits and merges of a long line": Case(long_line, splits_and_merges, "too_much_work"),
    "formats of a long line": Case(long_line, formats, "too_much_work"),
    "stale edits of a long line": Case(long_line, partial(again, STALE), "stale_line", apply_rest=True),
    "refused replaces": Case(
        partial(short_lines, 50_000),
        partial(again, {"kind": "script.replace", "lines": []}),
        "too_much_work",
        apply_rest=True,
    ),
    "replaces that reverse": Case(partial(short_lines, 1_500), partial(reversals, 1_500), "too_much_work"),
    "moves to and fro": Case(partial(short_lines, 1_000), partial(moves, 1_000), "applied"),
    "keystrokes in a very long script": Case(partial(short_lines, 50_000), keystrokes, "applied"),
    "keystrokes in a script that does not compress": Case(noise, keystrokes, "too_much_work"),
    "objects in objects": Case(create, partial(elements, 13), "too_many_values"),
    "as many objects as a script has": Case(create, partial(elements, 3), "applied"),
    "more than a script has": Case(create, partial(elements, 5), "script_too_large"),
    "stale metadata": Case(metadata, partial(again, STALE_METADATA), "stale_metadata", apply_rest=True),
    "all lines new": Case(partial(short_lines, 100_000), partial(new_lines, 100_000), "applied"),
    "more lines than a script has": Case(create, partial(new_lines, 100_001), "script_too_large"),
    "all lines deleted": Case(partial(short_lines, 100_000), partial(deletion, 100_000), "applied"),
    "as many drafts as a script has": Case(create, partial(labels, MANY), "applied"),
}


def submission(number: int, commands: Iterable[Json], base: int, **more: Any) -> Submission:
    fields = {"script_id": 1, "submission_id": f"s{number}", "author": "user", "base_version": base, **more}
    return decode_submission(json.dumps({**fields, "commands": list(commands)}, ensure_ascii=False).encode())


def main(name: str, home: str) -> None:
    """Settle a case and undo it; print its outcome, the CPU seconds and the memory used."""
    engine = make_engine(f"sqlite:///{Path(home) / 'ledger.db'}")
    upgrade(engine)
    unit_of_work = UnitOfWork(engine)
    ledger = Ledger(unit_of_work)
    case = CASES[name]
    ledger.submit(submission(1, case.script(), 0))
    began = resident()
    resource.setrlimit(resource.RLIMIT_AS, (began + ROOM, began + ROOM))
    clock = time.process_time()
    print(json.dumps({"answer": settled(ledger, case), "undo": undone(unit_of_work, ledger)}))
    print(json.dumps({"seconds": time.process_time() - clock, "grown": resident() - began}))


def settled(ledger: Ledger, case: Case) -> str:
    more = {"apply_rest": True} if case.apply_rest else {}
    try:
        answer = ledger.submit(submission(2, case.heavy(), 1, **more))
    except Rejected as refusal:
        return refusal.code
    return answer.refusal.code if answer.refusal else answer.outcome


def undone(unit_of_work: UnitOfWork, ledger: Ledger) -> str:
    try:
        with unit_of_work.reading() as tx:
            commands = inverse_commands(tx, 1, versions_of_submission(tx, 1, "s2"))
            head = state_at(tx, 1).version
        made = Submission(
            script_id=1, submission_id="undo", author="user", base_version=head, commands=commands, cause=Cause()
        )
        answer = ledger.submit(made)
    except Rejected as refusal:
        return refusal.code
    return answer.refusal.code if answer.refusal else answer.outcome


def resident() -> int:
    """The address space of this process in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


if __name__ == "__main__":
    main(*sys.argv[1:])
