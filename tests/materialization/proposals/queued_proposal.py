"""A queued proposal, for tests of what an answer to it becomes."""

from __future__ import annotations

from repos.proposals.proposals import ProposalRow

PROPOSAL = ProposalRow(
    id=7,
    script_id=1,
    user_id=None,
    chat_message_id=None,
    run_id="run-1",
    instruction="Colder.",
    base_version=1,
    first_line=None,
    last_line=None,
    state="queued",
    model="m",
    prompt_sha256="0" * 64,
    code=None,
    message=None,
    fence=1,
    held_until=0,
    written=None,
    created_at=0,
    updated_at=0,
)
