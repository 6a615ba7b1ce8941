"""A backfilled version is credited and dated as in the legacy application."""

from __future__ import annotations

import itertools

import pytest

from domain.commands.base import Command
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.script_create import ScriptCreate
from domain.refusals import BackfillOutOfOrder, StaleLine
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.submissions.answer import Answer
from domain.submissions.origin import Origin
from domain.submissions.submission import Author, Cause, Submission
from materialization.history.blame import blame
from materialization.history.version_lookup import NotYetThere, version_at
from repos.unit_of_work import UnitOfWork
from tests.materialization.writer import SECOND, START, Writer

YEARS_AGO = START - 100_000_000 * SECOND
CREATE = ScriptCreate(title="Legacy", lines=(Line("l1", "action", "Dawn."), Line("l2", "action", "Rain.")))
_numbers = itertools.count(1)


def bring(
    writer: Writer, command: Command, *, number: int, author: Author, actor: str, seconds: int | None = None
) -> Answer:
    """Submit a save of the legacy application, as many seconds after the first moment as its number."""
    origin = Origin(table="script_versions", key=f"k{number}", number=number, author=author, actor=actor)  # type: ignore[arg-type]
    model = "old-model" if author == "ai" else None
    return writer.ledger.submit(
        Submission(
            script_id=writer.script_id,
            submission_id=f"b{next(_numbers)}",
            author="backfill",
            base_version=writer.version,
            commands=(command,),
            cause=Cause(origin=origin, model=model),
            occurred_at=YEARS_AGO + (number if seconds is None else seconds) * SECOND,
        )
    )


@pytest.fixture
def backfilled(writer: Writer) -> Writer:
    """A script with three legacy saves: by Ann, by an AI for Bea, and by Ann."""
    for number, author, actor, command in (
        (1, "user", "Ann", CREATE),
        (2, "ai", "Bea", LineEdit(line="l1", text="Dusk.", expect=expect_hash(CREATE.lines[0]))),
        (3, "user", "Ann", LineEdit(line="l2", text="Snow.", expect=expect_hash(CREATE.lines[1]))),
    ):
        answer = bring(writer, command, number=number, author=author, actor=actor)  # type: ignore[arg-type]
        assert answer.outcome == "applied"
        writer.version = number
    return writer


def test_blame_names_the_legacy_author(backfilled: Writer) -> None:
    with backfilled.unit_of_work.reading() as tx:
        result = blame(tx, backfilled.script_id)

    assert [(line.author, line.actor, line.model) for line in result.lines] == [
        ("ai", "Bea", "old-model"),
        ("user", "Ann", None),
    ]
    assert result.ai_share == 0.5
    assert result.lines[0].origin == Origin(table="script_versions", key="k2", number=2, author="ai", actor="Bea")


def test_a_legacy_date_leads_to_the_legacy_version(backfilled: Writer) -> None:
    def at(moment: int) -> int:
        with backfilled.unit_of_work.reading() as tx:
            return version_at(tx, backfilled.script_id, moment)

    assert [at(YEARS_AGO + seconds * SECOND) for seconds in (1, 2, 3, 4, 99)] == [1, 2, 3, 3, 3]
    with pytest.raises(NotYetThere):
        at(YEARS_AGO)

    backfilled.send(LineEdit(line="l2", text="Hail.", expect=backfilled.expect("l2")))

    assert [at(START - SECOND), at(START)] == [3, 4]


def test_a_script_is_listed_with_its_legacy_times(backfilled: Writer, unit_of_work: UnitOfWork) -> None:
    with unit_of_work.reading() as tx:
        (row,) = (row for row in tx.scripts.read(limit=1_000) if row.id == backfilled.script_id)

    assert (row.created_at, row.updated_at) == (YEARS_AGO + SECOND, YEARS_AGO + 3 * SECOND)


def test_a_refusal_names_the_legacy_author(backfilled: Writer) -> None:
    answer = backfilled.send(LineEdit(line="l1", text="Night.", expect=backfilled.expect("l2")))

    assert answer.refusal is not None
    assert answer.refusal.code == StaleLine.code
    assert answer.refusal.facts["author"] == "ai"
    assert answer.refusal.facts["actor"] == "Bea"


@pytest.mark.parametrize("seconds", [-1, 2, 100_000_001])
def test_a_time_before_the_last_version_or_in_the_future_is_refused(backfilled: Writer, seconds: int) -> None:
    answer = bring(backfilled, LineEdit(line="l1", text="Noon."), number=4, author="user", actor="Ann", seconds=seconds)

    assert answer.refusal is not None
    assert answer.refusal.code == BackfillOutOfOrder.code
