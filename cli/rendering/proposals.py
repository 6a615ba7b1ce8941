"""Proposals as text and as JSON documents, each hunk with the changes it would make to the head of the script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
from msgspec import UNSET
from rich.console import RenderableType

from cli.json_documents.proposals import Cost, Hunk, Proposal, ProposedChange, ProposedLine
from cli.rendering.model_costs import cost_text
from cli.rendering.screenplay_layout import shown
from cli.terminal import screen
from cli.terminal.screen import Text
from domain.errors import Rejected
from domain.script.line import Line
from domain.script.state import State
from materialization.diff.line_diff import LineDiff, diff_lines
from materialization.history.state_at import state_at
from materialization.proposals.decisions import submission_of
from materialization.write_path.decide import decide
from repos.proposals.proposals import HunkRow, ProposalRow
from repos.unit_of_work import RecordsTransaction

STYLES = {"offered": "bold", "accepted": "green", "accepting": "green", "rejected": "red", "stale": "yellow"}
UNDECIDED = ("offered", "withheld")
SENT = ("accepting", "accepted", "stale")


class RenderedHunk(NamedTuple):
    """A hunk, the lines it would change at the head, and the refusal it would get there."""

    hunk: HunkRow
    lines: tuple[LineDiff, ...] = ()
    refusal: Rejected | None = None
    versions: tuple[int | None, int | None] = (None, None)


def shown_hunks(tx: RecordsTransaction, proposal: ProposalRow) -> list[RenderedHunk]:
    """The hunks of a proposal: open ones compared with the head, the others with their versions."""
    hunks = tx.proposals.hunks(proposal.id)
    head = state_at(tx, proposal.script_id) if any(hunk.state in UNDECIDED for hunk in hunks) else State.empty()
    return [_against(proposal, hunk, head) if hunk.state in UNDECIDED else _with_versions(tx, hunk) for hunk in hunks]


def described(proposal: ProposalRow, hunks: list[RenderedHunk], costs: Sequence[Cost] = ()) -> Iterator[RenderableType]:
    """A proposal for people."""
    yield headline(proposal)
    yield screen.block(f"“{proposal.instruction}”", "italic")
    if proposal.message:
        yield Text(f"  {proposal.message}", "yellow")
    for cost in costs:
        yield Text(f"  {cost_text(cost)}", "dim")
    for rendered in hunks:
        yield Text()
        yield Text.assemble(
            f"{rendered.hunk.hunk}  ",
            (_became(rendered), STYLES.get(rendered.hunk.state, "")),
            f"  {rendered.hunk.why}".rstrip(),
        )
        if rendered.refusal is not None:
            yield Text(f"   It no longer applies: {rendered.refusal.message}", "yellow")
        if rendered.lines:
            yield screen.indented(screen.signed(_rows(rendered.lines)))


def headline(proposal: ProposalRow) -> Text:
    """A proposal in one line."""
    by = f" by {proposal.model}" if proposal.model else ""
    lines = "" if proposal.first_line is None else f", lines {proposal.first_line} to {proposal.last_line}"
    where = f"script {proposal.script_id}{lines}, made for version {proposal.base_version}"
    return Text.assemble((f"Proposal {proposal.id}", "bold"), f"{by} for {where}: {state_text(proposal.state)}.")


def state_text(state: str) -> str:
    """A state in words."""
    return state.replace("_", " ")


def document(
    proposal: ProposalRow, hunks: list[RenderedHunk] | None = None, costs: list[Cost] | None = None
) -> Proposal:
    """A proposal for programs; with its hunks and costs if they are given."""
    return Proposal(
        proposal=proposal.id,
        script_id=proposal.script_id,
        state=proposal.state,
        user=proposal.user_id,
        chat_message=proposal.chat_message_id,
        run_id=proposal.run_id,
        model=proposal.model,
        prompt_sha256=proposal.prompt_sha256,
        instruction=proposal.instruction,
        base_version=proposal.base_version,
        first_line=proposal.first_line,
        last_line=proposal.last_line,
        code=proposal.code,
        message=proposal.message,
        created_at=screen.iso(proposal.created_at),
        updated_at=screen.iso(proposal.updated_at),
        usage=UNSET if costs is None else costs,
        hunks=UNSET if hunks is None else [_hunk_document(hunk) for hunk in hunks],
    )


def _against(proposal: ProposalRow, hunk: HunkRow, head: State) -> RenderedHunk:
    try:
        after = decide(submission_of(proposal, hunk, ""), head).state
    except Rejected as refusal:
        return RenderedHunk(hunk, refusal=refusal)
    return RenderedHunk(hunk, tuple(line for line in diff_lines(head, after) if line.change != "same"))


def _with_versions(tx: RecordsTransaction, hunk: HunkRow) -> RenderedHunk:
    answered = tx.submissions.get(hunk.script_id, hunk.submission_id)
    if answered is None:
        return RenderedHunk(hunk)
    return RenderedHunk(hunk, versions=(answered.answer.first_version, answered.answer.last_version))


def _became(rendered: RenderedHunk) -> str:
    first, last = rendered.versions
    if first is None:
        return f"{rendered.hunk.state} ({rendered.hunk.code})" if rendered.hunk.code else rendered.hunk.state
    return f"{rendered.hunk.state} as version {first}" + ("" if first == last else f" to {last}")


def _rows(lines: tuple[LineDiff, ...]) -> Iterator[tuple[str, Text]]:
    for line in lines:
        if line.before is not None and line.change != "moved":
            yield "-", Text(shown(line.before), "red")
        if line.after is not None:
            yield ">" if line.change == "moved" else "+", Text(shown(line.after), "green")


def _hunk_document(rendered: RenderedHunk) -> Hunk:
    hunk = rendered.hunk
    first_version, last_version = rendered.versions
    return Hunk(
        hunk=hunk.hunk,
        state=hunk.state,
        why=hunk.why,
        code=hunk.code or (rendered.refusal.code if rendered.refusal else None),
        submission_id=hunk.submission_id if hunk.state in SENT else None,
        decided_by=hunk.decided_by,
        decided_at=screen.iso_or_none(hunk.decided_at),
        first_version=first_version,
        last_version=last_version,
        commands=msgspec.json.decode(hunk.commands),
        changes=[_change_document(line) for line in rendered.lines],
    )


def _change_document(line: LineDiff) -> ProposedChange:
    assert line.change != "same"  # noqa: S101 - those are left out
    return ProposedChange(line.change, _line_document(line.before), _line_document(line.after))


def _line_document(line: Line | None) -> ProposedLine | None:
    return None if line is None else ProposedLine(line.id, line.format, line.text)
