"""Version lookup by time and by name, and blame."""

from __future__ import annotations

import pytest

from domain.commands.base import Target
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.lines_insert_and_delete import LinesInsert
from domain.commands.kinds.lines_move import LinesMove
from domain.commands.kinds.version_label import VersionLabel
from domain.refusals import UnknownLabel, UnknownScript, UnknownVersion
from domain.script.line import Line
from materialization.history.blame import Blame, blame
from materialization.history.version_lookup import NotYetThere, version_at, version_of_label
from repos.unit_of_work import UnitOfWork
from tests.materialization.writer import SECOND, START, Clock, Writer


def at(writer: Writer, moment: int) -> int:
    with writer.unit_of_work.reading() as tx:
        return version_at(tx, writer.script_id, moment)


def blamed(writer: Writer, version: int | None = None) -> Blame:
    with writer.unit_of_work.reading() as tx:
        return blame(tx, writer.script_id, version)


def test_a_moment_leads_to_the_version_of_that_time(writer: Writer, clock: Clock) -> None:
    writer.create()
    for number in range(40):
        clock.pass_seconds(10)
        writer.send(LineEdit(line="l1", text=f"Dawn {number}.", expect=writer.expect("l1")))

    assert [at(writer, START + seconds * SECOND) for seconds in (0, 9, 10, 15, 399, 400, 9_999)] == [
        1, 1, 2, 2, 40, 41, 41,
    ]  # fmt: skip


def test_a_moment_before_the_first_version_is_refused(writer: Writer, unit_of_work: UnitOfWork) -> None:
    writer.create()

    with pytest.raises(NotYetThere, match="2027-01-15T07:59:59"):
        at(writer, START - SECOND)
    with unit_of_work.reading() as tx, pytest.raises(UnknownScript):
        version_at(tx, 999_999, START)


def test_versions_recorded_together_are_seen_together(writer: Writer) -> None:
    writer.create()
    writer.send(VersionLabel(name="one", version=1), VersionLabel(name="two", version=1))

    assert at(writer, START) == 3


def test_with_disagreeing_clocks_the_version_was_recorded_and_its_successor_was_not(
    writer: Writer, clock: Clock
) -> None:
    writer.create()
    recorded = [START]
    for step in (5, 5, -3, 5, -8, 20):
        clock.pass_seconds(step)
        recorded.append(clock())
        writer.send(LineEdit(line="l1", text=f"Dawn {len(recorded)}.", expect=writer.expect("l1")))

    for seconds in range(30):
        moment = START + seconds * SECOND
        version = at(writer, moment)
        assert recorded[version - 1] <= moment
        assert version == len(recorded) or recorded[version] > moment


def test_a_label_leads_to_its_version(writer: Writer) -> None:
    writer.create()
    writer.send(VersionLabel(name="White draft", version=1))

    with writer.unit_of_work.reading() as tx:
        assert version_of_label(tx, writer.script_id, "White draft") == 1
        with pytest.raises(UnknownLabel):
            version_of_label(tx, writer.script_id, "Blue draft")


def test_each_line_names_its_last_author(writer: Writer) -> None:
    writer.create()
    writer.send(LineEdit(line="l2", text="INT. BAR - DAY", expect=writer.expect("l2")), author="ai", actor="")
    writer.send(
        LinesInsert(after="l3", before=None, lines=(Line("l4", "action", "A dog barks."),)), author="backfill", actor=""
    )
    writer.send(LinesMove(lines=(Target("l2", writer.expect("l2")),), after="l4", before=None), actor="Bea")

    found = blamed(writer)
    assert [(line.line.id, line.version, line.author, line.model) for line in found.lines] == [
        ("l1", 1, "user", None),
        ("l3", 1, "user", None),
        ("l4", 3, "backfill", None),
        ("l2", 2, "ai", "a-model"),
    ]
    assert (found.version, found.ai_share, found.count("user")) == (4, 0.25, 2)
    assert blamed(writer, 1).ai_share == 0.0
    with pytest.raises(UnknownVersion):
        blamed(writer, 5)


def test_blank_lines_count_for_no_author(writer: Writer) -> None:
    writer.create(["", ""])

    assert blamed(writer).ai_share == 0.0
    writer.send(LineEdit(line="l1", text="Rain.", expect=writer.expect("l1")), author="ai")
    assert blamed(writer).ai_share == 1.0


def test_a_script_of_many_versions_is_blamed_in_a_few_queries(writer: Writer) -> None:
    writer.create()
    writer.send(*(LinesInsert(after="l1", before=None, lines=(Line(f"n{n}", "action", f"{n}"),)) for n in range(450)))

    assert {line.line.id: line.version for line in blamed(writer).lines}["n449"] == 451
