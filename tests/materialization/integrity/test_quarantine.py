"""A quarantined script is reopened once it verifies, or unverified on request; both are recorded."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from domain.commands.kinds.line_edit import LineEdit
from domain.errors import Corrupt
from domain.refusals import UnknownScript
from materialization.integrity.quarantine import NotQuarantined, StillBroken, quarantine, reopen
from materialization.integrity.rebuild import rebuild
from repos.integrity.quarantines import QuarantineRow
from repos.schema.core_tables import script_versions
from repos.unit_of_work import UnitOfWork
from tests.materialization.writer import START, Writer, forging


@pytest.fixture
def broken(writer: Writer, database_url: str) -> Writer:
    """A quarantined script with one version that does not match its command."""
    writer.create()
    writer.send(LineEdit(line="l1", text="Dawn.", expect=writer.expect("l1")))
    with forging(database_url) as connection:
        this = (script_versions.c.script_id == writer.script_id, script_versions.c.version_number == 1)
        connection.execute(update(script_versions).where(*this).values(line_count=9))
    quarantine(writer.unit_of_work, writer.script_id, found_by="a test", reason="nine lines", now=START)
    return writer


def health(writer: Writer) -> str:
    with writer.unit_of_work.reading() as tx:
        head = tx.heads.get(writer.script_id)
    assert head
    return head.health


def rows(writer: Writer) -> list[QuarantineRow]:
    with writer.unit_of_work.reading() as tx:
        return tx.quarantines.read(writer.script_id)


def test_an_inconsistent_script_stays_quarantined(broken: Writer) -> None:
    with pytest.raises(StillBroken, match="version 1"):
        reopen(broken.unit_of_work, broken.script_id, by="Ann", now=START + 1)

    assert health(broken) == "quarantined"
    assert [row.reopened_at for row in rows(broken)] == [None]


def test_a_repaired_script_takes_edits_again_and_the_record_stays(broken: Writer) -> None:
    edit = LineEdit(line="l1", text="Dusk.", expect=broken.expect("l1"))
    with pytest.raises(Corrupt, match="quarantined"):
        broken.send(edit)
    rebuild(broken.unit_of_work, broken.script_id)

    reopen(broken.unit_of_work, broken.script_id, by="Ann", now=START + 1)

    assert broken.send(edit).outcome == "applied"
    (row,) = rows(broken)
    assert row[2:] == ("a test", "nine lines", START, START + 1, "Ann", 1, "open")


def test_a_script_can_be_reopened_unverified_and_that_is_recorded(broken: Writer) -> None:
    reopen(broken.unit_of_work, broken.script_id, by="Ann", now=START + 1, unverified=True)
    assert health(broken) == "open"
    quarantine(broken.unit_of_work, broken.script_id, found_by="a test", reason="again", now=START + 2)

    again, first = rows(broken)
    assert (first.reopened_by, first.verified) == ("Ann", 0)
    assert (again.reason, again.reopened_at) == ("again", None)


def test_quarantined_scripts_are_listed(broken: Writer) -> None:
    with broken.unit_of_work.reading() as tx:
        assert broken.script_id in tx.quarantines.out_of_service()
        assert tx.quarantines.out_of_service(after=broken.script_id) == []


def test_a_script_in_service_or_one_that_does_not_exist_cannot_be_reopened(
    writer: Writer, unit_of_work: UnitOfWork
) -> None:
    writer.create()

    with pytest.raises(NotQuarantined):
        reopen(unit_of_work, writer.script_id, by="Ann", now=START)
    with pytest.raises(UnknownScript):
        reopen(unit_of_work, 999_999, by="Ann", now=START)
