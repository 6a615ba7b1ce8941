"""Broken scripts are taken out of service after a second audit; what only readers see differently is written again."""

from __future__ import annotations

import pytest
from sqlalchemy import Delete, Update, delete, update

from domain.commands.kinds.line_edit import LineEdit
from domain.errors import Corrupt
from materialization.integrity.audit import audit
from materialization.integrity.quarantine import StillBroken, quarantine, quarantine_if_broken, reopen
from materialization.integrity.readers_repair import rewrite_for_readers
from materialization.integrity.rebuild import prune_generations, rebuild
from materialization.integrity.verify import Verification
from materialization.projections.updater import project
from materialization.scheduled_runs.compact_keyframes import tidy_if_quiet
from repos.schema.core_tables import script_commands, script_heads, script_keyframes, script_versions, scripts
from repos.schema.derived_tables import script_lines
from repos.unit_of_work import UnitOfWork
from tests.materialization.writer import START, Writer, forging


@pytest.fixture
def edited(writer: Writer) -> Writer:
    writer.create()
    for text in ("Dawn.", "Dusk."):
        writer.send(LineEdit(line="l1", text=text, expect=writer.expect("l1")))
    project(writer.unit_of_work, writer.script_id)
    assert tidy_if_quiet(writer.unit_of_work, writer.script_id, quiet_before=2 * START), "it has a keyframe"
    return writer


def health(writer: Writer) -> str:
    with writer.unit_of_work.reading() as tx:
        return tx.heads.require(writer.script_id).health


def audited(writer: Writer) -> Verification:
    return audit(writer.unit_of_work, writer.script_id)


def taken_out(writer: Writer) -> Verification:
    return quarantine_if_broken(writer.unit_of_work, audited(writer), found_by="verify", now=START)


LOG = update(script_commands).where(script_commands.c.version_number == 2).values(actor="Eve")
VERSION = update(script_versions).where(script_versions.c.version_number == 2).values(line_count=9)
KEYFRAME = update(script_keyframes).values(state=b"no keyframe")
HEAD = update(script_heads).values(chain_hash=b"x" * 32)
HEAD_STATE = update(script_heads).values(state_hash=b"x" * 16)
LAST_COMMAND = delete(script_versions).where(script_versions.c.version_number == 3)


@pytest.mark.parametrize(
    ("damage", "repair"),
    [
        (LOG, "restore"),
        (HEAD, "restore"),
        (VERSION, "rebuild"),
        (KEYFRAME, "rebuild"),
        (HEAD_STATE, "rebuild"),
        (LAST_COMMAND, "rebuild"),
    ],
    ids=["log", "head", "version", "keyframe", "state", "missing version"],
)
def test_a_damaged_script_takes_nothing_until_it_is_repaired_as_the_finding_says(
    edited: Writer, database_url: str, damage: Update | Delete, repair: str
) -> None:
    edit = LineEdit(line="l1", text="Night.", expect=edited.expect("l1"))
    with forging(database_url) as connection:
        connection.execute(damage.where(damage.table.c.script_id == edited.script_id))

    finding = taken_out(edited).finding

    assert finding
    assert finding.repair == repair
    assert health(edited) == "quarantined"
    with pytest.raises(Corrupt, match="quarantined"):
        edited.send(edit)
    with pytest.raises(StillBroken):
        reopen(edited.unit_of_work, edited.script_id, by="Ann", now=START)
    if repair == "rebuild":
        rebuild(edited.unit_of_work, edited.script_id, accept_differences=True)
        reopen(edited.unit_of_work, edited.script_id, by="Ann", now=START)
        assert health(edited) == "open"
        assert audited(edited).finding is None
    else:
        with pytest.raises(Corrupt):
            rebuild(edited.unit_of_work, edited.script_id, accept_differences=True)


def test_a_script_that_looked_broken_once_stays_in_service(edited: Writer, database_url: str) -> None:
    with forging(database_url) as connection:
        connection.execute(VERSION.where(script_versions.c.script_id == edited.script_id))
    seen = audited(edited)
    assert seen.finding
    rebuild(edited.unit_of_work, edited.script_id, accept_differences=True)

    assert quarantine_if_broken(edited.unit_of_work, seen, found_by="verify", now=START).finding is None
    assert health(edited) == "open"


READERS_VIEW = [
    update(script_lines).where(script_lines.c.line_id == "l1").values(text="Forged."),
    update(scripts).values(title="Forged", status="final", user_id=3),
    delete(scripts),
]


@pytest.mark.parametrize("damage", READERS_VIEW, ids=["lines", "row", "no row"])
@pytest.mark.parametrize("quarantined", [False, True])
def test_what_readers_see_is_written_again(
    edited: Writer, database_url: str, damage: Update | Delete, quarantined: bool
) -> None:
    unit_of_work, script_id = edited.unit_of_work, edited.script_id
    with unit_of_work.reading() as tx:
        before = tx.scripts.get(script_id)
    with forging(database_url) as connection:
        key = "id" if damage.table is scripts else "script_id"
        connection.execute(damage.where(damage.table.c[key] == script_id))
    finding = taken_out(edited).finding
    assert finding
    assert (finding.repair, health(edited)) == ("project", "open"), "people go on writing"

    if quarantined:
        quarantine(unit_of_work, script_id, found_by="a test", reason="for once", now=START)
        reopen(unit_of_work, script_id, by="Ann", now=START)
    else:
        rewrite_for_readers(unit_of_work, script_id)

    assert audited(edited).finding is None
    assert health(edited) == "open"
    with unit_of_work.reading() as tx:
        assert tx.scripts.get(script_id) == before


def test_old_generations_of_a_quarantined_script_stay(edited: Writer, unit_of_work: UnitOfWork) -> None:
    rebuild(unit_of_work, edited.script_id)
    quarantine(unit_of_work, edited.script_id, found_by="a test", reason="evidence", now=START)
    later = START * 2

    assert prune_generations(unit_of_work, edited.script_id, before=later) == []
    with unit_of_work.reading() as tx:
        assert edited.script_id not in tx.rebuilds.left_behind(before=later, limit=1_000)
    reopen(unit_of_work, edited.script_id, by="Ann", now=START)
    assert prune_generations(unit_of_work, edited.script_id, before=later) == [1]
