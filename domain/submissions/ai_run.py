"""AI run: what an AI's submission must name, as a type that cannot be built without it."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from domain.submissions.submission import Cause, Submission, require_named


class AiRun(Struct, frozen=True, kw_only=True):
    """The model, prompt and run, and the chat message or proposal that caused it.

    Raises:
        AuthorIncomplete: the model, the run, or both the prompt and its hash are empty.
    """

    model: str
    run_id: str
    prompt: str | None = None
    prompt_sha256: str | None = None
    chat_message_id: int | None = None
    proposal_id: int | None = None

    def __post_init__(self) -> None:
        require_named(self.cause())

    def cause(self) -> Cause:
        """The run as the cause of a submission."""
        return Cause(
            model=self.model,
            run_id=self.run_id,
            prompt=self.prompt,
            prompt_sha256=self.prompt_sha256,
            chat_message_id=self.chat_message_id,
            proposal_id=self.proposal_id,
        )


def by_ai(run: AiRun, submission: Submission) -> Submission:
    """Return the submission as one by an AI; its actor stays the person who authorized it."""
    return replace(submission, author="ai", cause=run.cause())
