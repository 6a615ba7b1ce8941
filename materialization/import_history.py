"""Import a history file: all of it is checked before any of it is written.

It is written a piece a transaction. An import that was ended is run again and goes on; a script that is there already,
and is not the beginning of what the file says, is never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

from msgspec.structs import replace

from domain.entry import LogEntry
from domain.errors import Rejected
from domain.head import Head
from domain.keyframe import encode_keyframe
from domain.state import State
from materialization.again import again
from materialization.history_file_check import Derived, check_file, read_answers, read_commands, read_header
from repos.keyframes import KeyframeRow
from repos.script_work import ScriptWork
from repos.scripts import ScriptRow
from repos.submissions import Answered
from repos.unit_of_work import UnitOfWork

PIECE = 1_000
"""Commands, or answers, a transaction."""

T = TypeVar("T")


class AnotherScript(Rejected):
    """Script {script} is there already, at version {head}, and its log is not the beginning of the one in the file."""


class Imported(NamedTuple):
    """A script that was imported: how many versions and answers it has, and how many versions were there before."""

    script_id: int
    versions: int
    answers: int
    before: int


def import_history(unit_of_work: UnitOfWork, path: Path, progress: Callable[[int], None] = lambda _: None) -> Imported:
    """Bring a script with its whole history into the database, under the id it had.

    Versions, keyframes and hashes come out as they were. Its owner is kept where there is such a user. `progress` is
    told how many steps are done, two a version: it is checked, and then it is written.

    Raises:
        BadHistoryFile: the file is not whole, or its chain of commands does not verify; nothing is written.
        AnotherScript: the id is taken.
    """
    header = read_header(path)
    with unit_of_work.reading() as tx:
        head = tx.heads.get(header.script_id) or Head(script_id=header.script_id)
    if check_file(path, head.version, progress) != head.chain_hash or head.version > header.versions:
        raise AnotherScript(script=header.script_id, head=head.version)
    with unit_of_work.records() as records:
        records.script_ids.reserve(header.script_id)
    for commands in _pieces(read_commands(path)):
        again(partial(_write_commands, unit_of_work, commands))
        progress(header.versions + commands[-1].entry.version)
    answers = 0
    for piece in _pieces(read_answers(path)):
        again(partial(_write_answers, unit_of_work, header.script_id, piece, known=head.version > 0))
        answers += len(piece)
    return Imported(header.script_id, header.versions, answers, head.version)


def _write_commands(unit_of_work: UnitOfWork, commands: Sequence[Derived]) -> None:
    first, last = commands[0].entry, commands[-1].entry
    with unit_of_work.script(first.script_id, wait=True) as tx:
        head = tx.head
        if head.version >= last.version:
            return
        new = commands[head.version - first.version + 1 :]
        if head.version >= first.version and commands[-len(new) - 1].entry.chain_hash != head.chain_hash:
            raise AnotherScript(script=first.script_id, head=head.version)
        keyframes = []
        for entry, version, state in new:
            head = replace(
                head,
                version=version.version,
                chain_hash=entry.chain_hash,
                state_hash=version.state_hash,
                delta_bytes=head.delta_bytes + len(version.delta),
                updated_at=entry.recorded_at,
            )
            if head.wants_keyframe():
                data = encode_keyframe(state)
                keyframes.append(KeyframeRow(version.version, data, version.state_hash))
                head = replace(head, keyframe_version=version.version, keyframe_bytes=len(data), delta_bytes=0)
        tx.commands.append([derived.entry for derived in new])
        tx.versions.put(first.script_id, head.generation, [derived.version for derived in new])
        tx.keyframes.put(first.script_id, head.generation, keyframes)
        _list_script(tx, new[-1].state, first, last)
        tx.heads.advance(head, tx.head.version)


def _list_script(tx: ScriptWork, state: State, first: LogEntry, last: LogEntry) -> None:
    owner = state.metadata.get("owner")
    is_known = isinstance(owner, int) and tx.scripts.owner_exists(owner)
    row = ScriptRow(
        id=tx.script_id,
        user_id=int(owner) if is_known and owner is not None else None,
        title=str(state.metadata.get("title", "")),
        status=str(state.metadata.get("status", "draft")),
        archived=int(state.archived),
        version_number=state.version,
        created_at=first.recorded_at,
        updated_at=last.recorded_at,
    )
    if tx.head.version:
        tx.scripts.project(row)
    else:
        tx.scripts.add(row)


def _write_answers(unit_of_work: UnitOfWork, script_id: int, answers: Sequence[Answered], *, known: bool) -> None:
    with unit_of_work.script(script_id, wait=True) as tx:
        if known:
            answers = [each for each in answers if tx.submissions.get(script_id, each.answer.submission_id) is None]
        tx.submissions.put(answers)


def _pieces(things: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(things)
    while piece := list(islice(rest, PIECE)):
        yield piece
