"""A feature film in one prompt: it fits a usual context, and a rename of its lead works as one proposal."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cli.rendering.screenplay_layout import pages
from domain.commands.kinds.script_create import ScriptCreate
from domain.errors import Rejected
from domain.formats.registry import format_of
from domain.proposals.model_output import decode_proposed
from domain.proposals.shown_lines import ShownLines
from domain.script.line import Line
from domain.submissions.submission import Submission, decode_commands
from materialization.proposals.draft_hunks import draft
from repos.unit_of_work import UnitOfWork
from tests.domain.folding import run
from tests.domain.scripts import script
from tests.materialization.proposals.queued_proposal import PROPOSAL
from tests.workers.proposals.feature_script import LEAD, LEAD_LINES, LINES, PAGES, feature
from tests.workers.proposals.model_server import QUICK, Handler, ModelServer, completion, respond
from tests.workers.proposals.proposal_setup import ProposalRoom
from workers.proposals.language_models.factory import DEFAULT_TERMS
from workers.proposals.language_models.prompt import REQUEST, prompt
from workers.proposals.language_models.token_budget import tokens_of


def renamed(text: str) -> str:
    return text.replace(LEAD, "EDGAR").replace(LEAD.title(), "Edgar")


def rename(handler: Handler) -> None:
    """Answers with a rewrite of every line that names the lead."""
    request = handler.server.requests[-1][2]["messages"][-1]["content"].partition(REQUEST)[0]
    rows = [json.loads(row) for row in request.split("\n") if row.startswith('["')]
    edits = [
        {"edit": "rewrite", "line": number, "expect": digits, "text": renamed(text)}
        for number, digits, _, text in rows
        if renamed(text) != text
    ]
    answer = json.dumps({"hunks": [{"why": "Edward is Edgar now.", "edits": edits}]})
    usage = {"prompt_tokens": tokens_of(request), "completion_tokens": tokens_of(answer)}
    respond(200, completion(answer, usage=usage))(handler)


@pytest.fixture(scope="module")
def lines() -> Sequence[Line]:
    return feature()


def test_a_feature_fits_a_context_of_128_000_tokens(lines: Sequence[Line]):
    messages = prompt(ShownLines(script(*lines)), 1, f"Rename {LEAD} to EDGAR.")

    assert len(lines) == LINES
    assert sum(renamed(line.text) != line.text for line in lines) == LEAD_LINES
    assert pages(lines) >= PAGES
    tokens = DEFAULT_TERMS.budget.require(messages)
    assert tokens < 100_000
    before = "\n".join(json.dumps([line.id, "0123456789ab", line.format, line.text]) for line in lines)
    assert tokens < 0.75 * tokens_of(before)


def test_the_lead_of_a_feature_is_renamed_in_one_proposal(migrated: Engine, server: ModelServer, lines: Sequence[Line]):
    room = ProposalRoom(UnitOfWork(migrated))
    room.script_id += 1
    create = ScriptCreate(title="Feature", lines=tuple(lines), owner=room.user)
    room.ledger.submit(
        Submission(
            script_id=room.script_id,
            submission_id="create",
            author="user",
            actor="Rosa",
            base_version=0,
            commands=(create,),
        )
    )
    server.replies = [rename]
    number = room.ask(f"Rename {LEAD} to EDGAR.")
    assert room.job(server.model(QUICK._replace(idle=30.0, total=60.0))).run(number)

    assert room.states(number) == ["proposed", "offered"], room.proposal(number)
    assert len(server.requests) == 1
    room.review.accept(number, room.rosa)
    room.drain()
    assert room.states(number) == ["accepted", "accepted"]
    assert room.texts() == [renamed(line.text) for line in lines]
    with room.unit_of_work.reading() as tx:
        (reply,) = tx.chat.answers(room.proposal(number).chat_message_id or 0)
        (usage,) = tx.chat_usage.of_message(reply.id)
    assert (usage.tokens_out or 0) < DEFAULT_TERMS.budget.answer


def test_the_lead_of_every_real_screenplay_is_renamed_in_one_hunk(screenplays: Path):
    """Whatever the lines of real files are, an edit of each comes back to the line that it names, and to no other."""
    tried = 0
    for path in sorted(path for path in screenplays.rglob("*") if path.suffix in (".fountain", ".fdx")):
        try:
            imported = format_of(path).read(path.read_bytes(), map("line{}".format, count()).__next__)
        except Rejected:
            continue
        named = Counter(line.text for line in imported.lines if line.format == "character" and line.text.isalpha())
        if not named:
            continue
        lead = named.most_common(1)[0][0]
        base = script(*imported.lines)
        shown = ShownLines(base)
        edits = [
            {"edit": "rewrite", "line": row.number, "expect": row.hash, "text": row.text.replace(lead, "EDGAR")}
            for row in shown.rows()
            if lead in row.text
        ]
        answer = json.dumps({"hunks": [{"edits": edits}]}).encode()
        (hunk,) = draft(PROPOSAL, decode_proposed(answer), base, shown).hunks
        after = run(base, decode_commands(hunk.commands))
        assert [line.text.rstrip() for line in after.lines()] == [
            line.text.replace(lead, "EDGAR").rstrip() for line in base.lines()
        ], path
        tried += 1
    assert tried >= 10
