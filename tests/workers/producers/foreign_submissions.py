"""Submissions of users to scripts of others: how they are made, and what their answers must not reveal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.commands.base import Command
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.script_create import ScriptCreate
from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.commands.whole_script.script_replace import ScriptReplace
from domain.script.line import Line
from domain.submissions.answer import Answer, encode_answer
from domain.submissions.submission import Cause, Submission, encode_submission
from tests.workers.writer_setup import WritingRoom

REPLACE = ScriptReplace(lines=(Line("mine", "action", "Taken over."),), confirm_shrink=True)
STALE = LineEdit(line="l1", expect="000000000000", text="?")


def creation(owner: int | None) -> ScriptCreate:
    return ScriptCreate(title="Taken over", owner=owner, lines=(Line("mine", "action", "Taken over."),))


def put(room: WritingRoom, user: int, submission: Submission) -> None:
    """Put a row of a user into the inbox directly, past the check on entry."""
    with room.unit_of_work.records() as tx:
        tx.inbox.put(submission.script_id, submission.submission_id, encode_submission(submission), 1, user_id=user)


def require_nothing_revealed(answer: Answer | None) -> None:
    """Check that an answer is a refusal that reveals only the id of the script."""
    assert answer is not None
    assert (answer.outcome, answer.first_version, answer.rebased_over, answer.commands) == ("refused", None, None, ())
    assert answer.refusal is not None
    assert answer.refusal.facts in ({"script": answer.script_id}, {})
    text = encode_answer(answer).decode()
    for secret in ("Line ", "Ten lines", "Rosa", "author", "changed_at", "current"):
        assert secret not in text


# Submissions of a user who does not own the script: the commands, and further fields.
TRIES: dict[str, Callable[[WritingRoom, int], tuple[tuple[Command, ...], dict[str, Any]]]] = {
    "an edit": lambda room, _: ((room.edit(1, "Mine."),), {}),
    "a stale edit, to learn the text": lambda *_: ((STALE,), {}),
    "a creation in front, and the rest applied": lambda _, user: (
        (creation(user), STALE, REPLACE, ScriptSetMetadata(fields={"title": "Mine"})),
        {"apply_rest": True},
    ),
    "a creation in front, for the base that is the head": lambda _, user: (
        (creation(user), REPLACE),
        {"apply_rest": True, "base": 1},
    ),
    "a creation after an edit": lambda room, user: ((room.edit(1, "Mine."), creation(user)), {"apply_rest": True}),
    "a creation between": lambda room, user: (
        (STALE, creation(user), room.edit(2, "Mine.")),
        {"apply_rest": True},
    ),
    "a creation without an owner": lambda room, _: ((creation(None), room.edit(1, "Mine.")), {"apply_rest": True}),
    "a creation for the owner": lambda room, _: ((creation(room.user), room.edit(1, "x")), {"apply_rest": True}),
    "a guess at the submissions before": lambda room, _: ((room.edit(1, "Mine."),), {"after_submission": "s1"}),
    "a version that is not there": lambda room, _: ((room.edit(1, "Mine."),), {"base": 99}),
    "an edit by an AI": lambda room, _: (
        (room.edit(1, "Mine."),),
        {"author": "ai", "cause": Cause(model="m", run_id="r", prompt="p")},
    ),
}


def tried(room: WritingRoom, name: str, user: int) -> Submission:
    commands, more = TRIES[name](room, user)
    return room.submission(*commands, **more, id="theirs")
