"""Draft hunks: a model's answer as hunks that apply to the version they were made for. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from domain.commands.base import Command
from domain.errors import Rejected
from domain.proposals.hunk_commands import commands_of, hunk_hash, replaced_lines
from domain.proposals.model_output import MAX_HUNKS, ProposedEdits, ProposedHunk
from domain.proposals.refusals import NothingProposed
from domain.proposals.shown_lines import ShownLines
from domain.script.state import State
from domain.script.validation import check_text
from domain.submissions.submission import check_submission, encode_commands
from materialization.proposals.decisions import submission_of
from materialization.write_path.decide import decide
from repos.proposals.proposals import HunkRow, ProposalRow

# How often an answer may replace each line.
MAX_ALTERNATIVES = 2


class Drafted(NamedTuple):
    """The hunks that apply, and the first refusal among the others, with the position of its hunk in the answer."""

    hunks: tuple[HunkRow, ...]
    refusal: Rejected | None = None
    at: int | None = None


def draft(proposal: ProposalRow, proposed: ProposedEdits, base: State, shown: ShownLines) -> Drafted:
    """Turn a model's answer into hunks, each tried alone on the state it was made for.

    What changes nothing is no hunk.
    """
    hunks: list[HunkRow] = []
    first: tuple[Rejected, int] | None = None
    # Hunks may offer alternatives, but each line that is replaced again takes as long as the first time.
    may_replace = MAX_ALTERNATIVES * len(shown.lines)
    for position, each in enumerate(proposed.hunks):
        try:
            may_replace -= replaced_lines(each, shown, may_replace)
            hunks += _hunks(proposal, each, base, shown, len(hunks) + 1)
        except Rejected as refusal:
            first = first or (refusal, position)
    if not hunks and first is None:
        return Drafted((), NothingProposed())
    return Drafted(tuple(hunks), *(first or (None, None)))


def _hunks(proposal: ProposalRow, proposed: ProposedHunk, base: State, shown: ShownLines, number: int) -> list[HunkRow]:
    """The hunks of one of a model's, numbered from `number`."""
    check_text("why", proposed.why, line_ends=True)
    made = []
    parts = commands_of(proposed, shown, _new_ids(proposal.id, number), MAX_HUNKS + 1 - number)
    for at, commands in enumerate(parts, number):
        hunk = HunkRow(
            proposal_id=proposal.id,
            hunk=at,
            script_id=proposal.script_id,
            content_hash=hunk_hash(commands),
            commands=encode_commands(commands),
            why=proposed.why,
            state="offered",
            # A placeholder: acceptance assigns a new id that cannot have been used.
            submission_id=f"draft-{proposal.id}-{at}",
        )
        _require_holds(proposal, hunk, commands, base)
        made.append(hunk)
    return made


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
