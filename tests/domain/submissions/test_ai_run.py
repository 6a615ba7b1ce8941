"""An AI run needs a model, a run id and a prompt, and an AI's submission needs a run."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from domain.commands.kinds.line_edit import LineEdit
from domain.refusals import AuthorIncomplete
from domain.submissions.ai_run import AiRun, by_ai
from domain.submissions.submission import Cause, Submission, check_submission

SHA = "0" * 64
EDIT = LineEdit(line="a", expect="0" * 12, text="x")


def submission(**more: Any) -> Submission:
    return Submission(script_id=1, submission_id="s", author="user", base_version=1, commands=(EDIT,), **more)


def test_a_run_becomes_the_cause():
    run = AiRun(model="m", run_id="r", prompt_sha256=SHA, chat_message_id=7, proposal_id=3)

    made = by_ai(run, submission(actor="Rosa"))

    check_submission(made)
    assert (made.author, made.actor) == ("ai", "Rosa")
    assert made.cause == Cause(model="m", run_id="r", prompt_sha256=SHA, chat_message_id=7, proposal_id=3)


@pytest.mark.parametrize(
    "missing",
    [
        {"model": "", "run_id": "r", "prompt": "p"},
        {"model": "m", "run_id": " ", "prompt": "p"},
        {"model": "m", "run_id": "r"},
        {"model": "m", "run_id": "r", "prompt": "\n"},
    ],
)
def test_an_incomplete_run_cannot_be_constructed(missing: dict[str, str]):
    with pytest.raises(AuthorIncomplete):
        AiRun(**missing)
    with pytest.raises(AuthorIncomplete):
        check_submission(replace(submission(cause=Cause(**missing)), author="ai"))
