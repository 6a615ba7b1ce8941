"""An audit compares everything with the log, continues from the last checkpoint, and names the problem."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, text, update
from structlog.testing import capture_logs

from domain.commands.kinds.line_splice import LineSplice
from domain.errors import Conflict
from domain.refusals import UnknownScript
from domain.script.hashing import expect_hash
from domain.script.line import Line
from materialization.integrity import verify as verify_module
from materialization.integrity.audit import audit
from materialization.integrity.rebuild import prune_generations, rebuild
from materialization.integrity.seals import seal_if_due
from materialization.integrity.verify import Verification
from materialization.projections.updater import project
from repos.log import versions as versions_module
from repos.schema.core_tables import script_commands, script_versions, scripts
from repos.schema.derived_tables import script_lines, script_seals, verifications
from repos.unit_of_work import UnitOfWork
from tests.materialization.writer import SECOND, START, Clock, Writer, forging

VERSIONS = 560


class Ended(BaseException):
    """The end of the process."""


@pytest.fixture(autouse=True)
def near_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_module, "CHECKPOINT_EVERY", 100)
    monkeypatch.setattr(verify_module, "PROGRESS_EVERY_VERSIONS", 10)


@pytest.fixture
def long(writer: Writer) -> Writer:
    writer.create()
    write_on(writer, VERSIONS)
    return writer


def write_on(writer: Writer, upto: int) -> None:
    line = writer.state().line("l1")
    while writer.version < upto:
        edits = []
        for number in range(min(43, upto - writer.version)):
            letter = "abc"[number % 3]
            edits.append(LineSplice(line="l1", at=0, delete=1, insert=letter, expect=expect_hash(line)))
            line = Line("l1", "action", letter + line.text[1:])
        writer.send(*edits)


def audited(writer: Writer, *, resume: bool = False) -> Verification:
    return audit(writer.unit_of_work, writer.script_id, resume=resume)


def end_at(writer: Writer, version: int) -> None:
    def end(reached: int) -> None:
        if reached >= version:
            raise Ended

    with pytest.raises(Ended):
        audit(writer.unit_of_work, writer.script_id, progress=end)


def test_an_interrupted_audit_continues_from_its_last_checkpoint(long: Writer) -> None:
    whole = audited(long)
    with long.unit_of_work.records() as tx:
        tx.verifications.remove(long.script_id)
    end_at(long, 350)

    assert audited(long, resume=True) == whole._replace(after=300)
    assert whole == Verification(long.script_id, VERSIONS, 2, None, 0)


def test_the_next_audit_reads_only_new_versions(long: Writer) -> None:
    audited(long)
    write_on(long, VERSIONS + 30)

    assert audited(long, resume=True) == Verification(long.script_id, VERSIONS + 30, 2, None, VERSIONS)
    assert audited(long, resume=True).after == VERSIONS + 30
    assert audited(long).after == 0, "without `resume`, it starts from the beginning"


@pytest.mark.parametrize("damaged", [20, 310, 555])
def test_damage_after_the_checkpoint_is_found_and_before_it_by_a_full_audit(
    long: Writer, database_url: str, damaged: int
) -> None:
    end_at(long, 350)
    with forging(database_url) as connection:
        this = (script_versions.c.script_id == long.script_id, script_versions.c.version_number == damaged)
        connection.execute(update(script_versions).where(*this).values(line_count=9))

    resumed, whole = audited(long, resume=True).finding, audited(long).finding
    assert whole
    assert whole.version == damaged
    assert resumed == (whole if damaged > 300 else None)


def test_a_checkpoint_of_another_log_is_not_used(long: Writer, database_url: str) -> None:
    audited(long)
    with forging(database_url) as connection:
        this = verifications.c.script_id == long.script_id
        connection.execute(update(verifications).where(this).values(chain_hash=b"x" * 32))
    assert audited(long, resume=True).after == 0

    with forging(database_url) as connection:
        connection.execute(update(verifications).where(this).values(state_digest=b"x" * 32))
    assert audited(long, resume=True).after == 0

    rebuild(long.unit_of_work, long.script_id)
    assert audited(long, resume=True).after == 0
    assert audited(long, resume=True).after == VERSIONS


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": "Another"}, "title"),
        ({"status": "final"}, "status"),
        ({"archived": 1}, "archived"),
        ({"user_id": 3}, "owner"),
    ],
)
def test_a_scripts_row_that_differs_from_the_log_is_found(
    writer: Writer, database_url: str, values: dict[str, object], field: str
) -> None:
    writer.create()
    with forging(database_url) as connection:
        connection.execute(update(scripts).where(scripts.c.id == writer.script_id).values(**values))

    finding = audited(writer).finding
    assert finding
    assert f"has {field} " in finding.problem


def test_a_changed_projection_is_found(writer: Writer, database_url: str) -> None:
    writer.create()
    project(writer.unit_of_work, writer.script_id)
    assert audited(writer).finding is None
    with forging(database_url) as connection:
        this = (script_lines.c.script_id == writer.script_id, script_lines.c.line_id == "l2")
        connection.execute(update(script_lines).where(*this).values(text="EXT. BAR - DAY"))

    finding = audited(writer).finding
    assert finding
    assert "projections" in finding.problem


def test_a_seal_that_differs_from_the_log_is_found(writer: Writer, database_url: str) -> None:
    writer.create()
    seal_if_due(writer.unit_of_work, writer.script_id, START)
    assert audited(writer).finding is None
    with forging(database_url) as connection:
        connection.execute(
            update(script_seals).where(script_seals.c.script_id == writer.script_id).values(version_number=2)
        )

    finding = audited(writer).finding
    assert finding
    assert "was sealed" in finding.problem


def test_a_hole_in_the_log_is_named(long: Writer, database_url: str) -> None:
    with forging(database_url) as connection:
        for table in (script_versions, script_commands):
            connection.execute(delete(table).where(table.c.script_id == long.script_id, table.c.version_number == 55))

    finding = audited(long).finding
    assert finding
    assert (finding.version, finding.problem) == (55, f"command 55 of script {long.script_id} is missing from the log")


def test_a_rebuild_during_an_audit_is_followed(long: Writer, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions_module, "VERSIONS_PER_PAGE", 100)  # so that it has not read all of them by then
    rebuilt = []

    def overtake(reached: int) -> None:
        if reached >= 200 and not rebuilt:
            rebuilt.append(rebuild(long.unit_of_work, long.script_id, clock=clock))
            prune_generations(long.unit_of_work, long.script_id, before=clock() + SECOND)

    found = audit(long.unit_of_work, long.script_id, progress=overtake)

    assert rebuilt
    assert found == Verification(long.script_id, VERSIONS, 2, None, 0)


def test_an_audit_of_a_script_that_does_not_exist_is_refused(unit_of_work: UnitOfWork) -> None:
    with pytest.raises(UnknownScript):
        audit(unit_of_work, 999_999)


def test_a_database_conflict_is_not_reported_as_damage(long: Writer) -> None:
    def lose(_reached: int) -> None:
        raise Conflict("Lost connection to server during query")

    with pytest.raises(Conflict, match="Lost connection"):
        audit(long.unit_of_work, long.script_id, progress=lose)


def test_a_database_that_refuses_checkpoints_can_be_audited(long: Writer, database_url: str) -> None:
    with forging(database_url) as connection:
        connection.execute(text("ALTER TABLE verifications RENAME TO elsewhere"))
    try:
        with capture_logs() as logged:
            assert audited(long) == Verification(long.script_id, VERSIONS, 2, None, 0)
    finally:
        with forging(database_url) as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO verifications"))
    assert [line["event"] for line in logged] == ["audit.checkpoint_refused"]
