"""Draft hunks: a model's answer as hunks that apply to the version they were made for. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from domain.commands.base import Command
from domain.errors import Rejected
from domain.proposals.hunk_commands import commands_of, hunk_hash
from domain.proposals.model_output import ProposedEdits, ProposedHunk
from domain.script.state import State
from domain.script.validation import check_text
from domain.submissions.submission import check_submission, encode_commands
from materialization.proposals.decisions import submission_of
from materialization.write_path.decide import decide
from repos.proposals.proposals import HunkRow, ProposalRow


class Drafted(NamedTuple):
    """The hunks that apply, and the first refusal among the others, with the position of its hunk in the answer."""

    hunks: tuple[HunkRow, ...]
    refusal: Rejected | None = None
    at: int | None = None


def draft(proposal: ProposalRow, proposed: ProposedEdits, base: State) -> Drafted:
    """Turn a model's answer into hunks, each tried alone on the state it was made for."""
    hunks: list[HunkRow] = []
    first: tuple[Rejected, int] | None = None
    for position, each in enumerate(proposed.hunks):
        try:
            hunks.append(_hunk(proposal, each, base, len(hunks) + 1))
        except Rejected as refusal:
            first = first or (refusal, position)
    return Drafted(tuple(hunks), *(first or (None, None)))


def _hunk(proposal: ProposalRow, proposed: ProposedHunk, base: State, number: int) -> HunkRow:
    check_text("why", proposed.why, line_ends=True)
    commands = commands_of(proposed, base, _new_ids(proposal.id, number))
    hunk = HunkRow(
        proposal_id=proposal.id,
        hunk=number,
        script_id=proposal.script_id,
        content_hash=hunk_hash(commands),
        commands=encode_commands(commands),
        why=proposed.why,
        state="offered",
        # A placeholder: acceptance assigns a new id that cannot have been used.
        submission_id=f"draft-{proposal.id}-{number}",
    )
    _require_holds(proposal, hunk, commands, base)
    return hunk


def _require_holds(proposal: ProposalRow, hunk: HunkRow, commands: tuple[Command, ...], base: State) -> None:
    """Refuse a hunk that the write path would refuse at the version it was made for."""
    submission = replace(submission_of(proposal, hunk, ""), commands=commands)
    check_submission(submission)
    decide(submission, base)


def _new_ids(proposal_id: int, hunk: int) -> Iterator[str]:
    """Line ids unique to a proposal, and the same each time it is drafted."""
    number = 0
    while True:
        number += 1
        yield f"ai-{proposal_id}-{hunk}-{number}"
