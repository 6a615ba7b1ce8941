"""Undo and redo from the command line: inverse commands, sent as a submission of the current user."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, NoReturn

from cli.client import database
from cli.client.queue import default_actor, queue
from cli.rendering.answers import end_with
from cli.terminal.new_ids import new_submission_id
from domain.submissions.submission import Cause, Submission
from materialization.history.undo import inverse_commands
from repos.unit_of_work import RecordsTransaction


class UndoOptions(NamedTuple):
    """The options of an undo, besides the versions to undo."""

    actor: str | None
    apply_rest: bool
    timeout: float
    as_json: bool


def send_undo(
    verb: str, script: int, versions: Callable[[RecordsTransaction], list[int]], options: UndoOptions
) -> NoReturn:
    """Undo some versions of a script, print the answer and exit with its status."""
    with queue() as sending:
        with sending.unit_of_work.reading() as tx:
            head = database.head_of(tx, script)
            undone = versions(tx)
            commands = inverse_commands(tx, script, undone)
        submission = Submission(
            script_id=script,
            submission_id=new_submission_id(verb),
            author="user",
            actor=default_actor() if options.actor is None else options.actor,
            base_version=head.version,
            cause=Cause(undoes=undone[0]),
            commands=commands,
            apply_rest=options.apply_rest,
        )
        answer = sending.send(submission, timeout=options.timeout)
    end_with(answer, as_json=options.as_json)
