"""Long histories: a script of 100,000 or 1,000,000 commands, from a recorded session typed as often as it takes.

    session = read_session(traces / "automerge-paper.json.gz")
    build(unit_of_work, session, 100_000)                  # script 1, on any database, some 20 s
    build(unit_of_work, session, 10_000, skip=90_000, script_id=2)

Script 2 begins with the text that script 1 has at version 90,001, and from there both are equal, version for version:
any extra cost in script 1 comes only from the length of its history.

By hand, into a database that is made and migrated if need be; the program then works on it as on any other:

    python -m tests.traces.long_history sqlite:////tmp/long.db ../shared/data/traces/automerge-paper.json.gz 100000
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple

from domain.commands.base import Command
from domain.submissions.submission import Submission
from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.schema.upgrade import upgrade_if_outdated
from repos.unit_of_work import UnitOfWork
from tests.traces.replay import line_ids
from tests.traces.session import Patch, Session, read_session
from tests.traces.translate import Translator

# Commands per submission, which share one commit; the commit dominates the cost of a submission of one command.
AT_ONCE = 200


class Built(NamedTuple):
    """A script, how many versions it has, and the seconds it took to submit them."""

    script_id: int
    versions: int
    seconds: float


def build(
    unit_of_work: UnitOfWork,
    session: Session,
    versions: int,
    *,
    script_id: int = 1,
    skip: int = 0,
    at_once: int = AT_ONCE,
) -> Built:
    """Submit a history of so many versions; `skip` omits as many commands and begins with their resulting text."""
    ledger = Ledger(unit_of_work)
    commands = islice(long_history(session, skip=skip), versions)
    start = time.perf_counter()
    version = 0
    while batch := tuple(islice(commands, at_once)):
        submission = Submission(
            script_id=script_id,
            submission_id=f"sitting-{version}",
            author="user",
            actor="a recorded session",
            base_version=version,
            commands=batch,
        )
        answer = ledger.submit(submission)
        version += len(batch)
        assert (answer.outcome, answer.last_version, answer.refusal) == ("applied", version, None)
    return Built(script_id, version, time.perf_counter() - start)


def long_history(session: Session, *, skip: int = 0) -> Iterator[Command]:
    """A script.create, and then the commands of a session without an end: typed through, it begins again.

    In between the whole text is deleted, so ids are never reused and removed lines accumulate, as in a real history.
    """
    editor = Translator(session.start_content, line_ids())
    commands = _typed_again_and_again(editor, session)
    for _ in range(skip):
        next(commands)
    yield editor.create("A long history")
    yield from commands


def _typed_again_and_again(editor: Translator, session: Session) -> Iterator[Command]:
    for sitting in count():
        if sitting:
            yield from editor.commands(Patch(0, len(editor.page.text()), session.start_content))
        for patch in session.patches():
            yield from editor.commands(patch)


if __name__ == "__main__":
    url, recorded, wanted = sys.argv[1:]
    engine = make_engine(url)
    upgrade_if_outdated(engine)
    built = build(UnitOfWork(engine), read_session(Path(recorded)), int(wanted))
    engine.dispose()
    print(f"Script {built.script_id} has {built.versions:,} versions, submitted in {built.seconds:.1f} s.")
