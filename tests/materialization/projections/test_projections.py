"""A projection equals the state at its version, after any commands and any way of updating it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from domain.commands.base import Target
from domain.commands.kinds.element import ElementAdd
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.lines_insert_and_delete import LinesInsert
from domain.commands.kinds.lines_move import LinesMove
from domain.commands.kinds.persona import PersonaAdd
from domain.commands.kinds.version_label import VersionLabel
from domain.refusals import UnknownScript
from domain.script.line import Line
from domain.script.state import Element, Persona
from materialization.projections import row_builder
from materialization.projections.reader import Projection, Staleness, read_projection, staleness
from materialization.projections.updater import Projected, project
from repos.projections.projected_elements import NamedDraft
from repos.projections.projections import ProjectionLocked
from repos.schema.derived_tables import projection_heads, script_lines
from repos.unit_of_work import UnitOfWork
from tests.domain.folding import Step
from tests.domain.strategies import histories
from tests.materialization.writer import SECOND, Clock, Writer, forging, open_database

FEW = settings(
    max_examples=15,
    suppress_health_check=[*settings().suppress_health_check, HealthCheck.function_scoped_fixture],
)
# One example is a dozen transactions and as many projections.


def shown(writer: Writer) -> Projection:
    with writer.unit_of_work.reading() as tx:
        return read_projection(tx, writer.script_id)


def brought_to_head(writer: Writer) -> Projected:
    done = project(writer.unit_of_work, writer.script_id)
    assert shown(writer).shows(writer.state())
    return done


@FEW
@given(histories(limit=14), st.sets(st.integers(1, 16)))
def test_a_projection_is_the_state_after_any_commands_in_any_steps(
    unit_of_work: UnitOfWork, steps: list[Step], stops: set[int]
) -> None:
    writer = Writer(unit_of_work)
    for position, step in enumerate(steps):
        writer.send(step.command)
        if position in stops:
            brought_to_head(writer)

    brought_to_head(writer)


@FEW
@given(histories(limit=14))
def test_projections_are_correct_when_few_lines_are_respaced_at_once(
    unit_of_work: UnitOfWork, steps: list[Step]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_builder, "FIRST_STRETCH", 1)
        patch.setattr("repos.projections.order_keys.GAP", 1 << 9)
        patch.setattr("repos.projections.order_keys.KEY_STEP", 1)
        writer = Writer(unit_of_work)
        for step in steps:
            writer.send(step.command)
            brought_to_head(writer)


@pytest.mark.parametrize("downward", [True, False])
def test_thousands_of_lines_typed_into_one_gap_keep_their_order(writer: Writer, *, downward: bool) -> None:
    writer.create()
    brought_to_head(writer)
    for page in range(6):
        last, names = "l1", [f"n{page}.{number}" for number in range(200)]
        commands = []
        for name in names:
            commands.append(LinesInsert(after=last, before=None, lines=(Line(name, "action", name),)))
            last = name if downward else "l1"
        writer.send(*commands)
        assert not brought_to_head(writer).whole


def test_lines_can_move_where_no_order_key_is_left(writer: Writer) -> None:
    writer.create([f"Line {number}" for number in range(1, 41)])
    brought_to_head(writer)
    for number in range(120):
        name = f"l{40 - number % 39}"
        writer.send(LinesMove(lines=(Target(name, writer.expect(name)),), after="l1", before=None))
    assert not brought_to_head(writer).whole


def test_a_second_projection_of_the_same_version_changes_nothing(writer: Writer) -> None:
    writer.create()
    brought_to_head(writer)

    assert brought_to_head(writer) == Projected(writer.script_id, 1, 1, whole=False)


def test_a_projection_far_behind_is_rewritten(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("materialization.projections.updater.TOO_FAR", 3)
    writer.create()
    brought_to_head(writer)
    for number in range(4):
        writer.send(VersionLabel(name=f"draft {number} ", version=1))
    writer.send(VersionLabel(name="draft 0", version=1))

    assert brought_to_head(writer).whole
    assert shown(writer).labels["draft 0"] == shown(writer).labels["draft 0 "] == NamedDraft(1, None, locked=False)


def test_elements_and_personas_are_read_page_by_page(writer: Writer) -> None:
    writer.create()
    elements = [Element(f"e{number}", "beat" if number % 2 else "act", {"n": number}, "user") for number in range(5)]
    personas = [Persona(f"p{number}", f"Voice {number}", "", {}) for number in range(3)]
    for element in elements:
        writer.send(ElementAdd(element=element))
    for persona in personas:
        writer.send(PersonaAdd(persona=persona))
    brought_to_head(writer)

    with writer.unit_of_work.reading() as tx:
        things, script_id = tx.things, writer.script_id
        assert things.element(script_id, "e3") == elements[3]
        assert things.persona(script_id, "p1") == personas[1]
        assert things.element(script_id, "e9") is things.persona(script_id, "e1") is None
        assert things.read_elements(script_id, limit=2) == elements[:2]
        assert things.read_elements(script_id, after="e1") == elements[2:]
        assert things.read_elements(script_id, of_type="beat", after="e1", limit=2) == [elements[3]]
        assert things.read_personas(script_id, after="p0", limit=1) == [personas[1]]


def test_a_draft_is_shown_with_its_color_and_its_lock(writer: Writer) -> None:
    writer.create()
    brought_to_head(writer)
    for color, locked, unlock in [
        (None, False, False),
        ("blue", False, False),
        ("pink", True, False),
        ("pink", False, True),
    ]:
        writer.send(VersionLabel(name="Shooting script", version=1, color=color, locked=locked, unlock=unlock))
        assert not brought_to_head(writer).whole
        assert shown(writer).labels == {"Shooting script": NamedDraft(1, color, locked)}
    writer.send(VersionLabel(name="Shooting script", version=None))
    writer.send(VersionLabel(name="Shooting script", version=2, locked=True))
    assert not brought_to_head(writer).whole
    assert shown(writer).labels == {"Shooting script": NamedDraft(2, None, locked=True)}


def test_a_projection_that_matches_no_version_is_rewritten(writer: Writer, database_url: str) -> None:
    writer.create()
    brought_to_head(writer)
    with forging(database_url) as connection:
        connection.execute(delete(script_lines).where(script_lines.c.script_id == writer.script_id))
    writer.send(LineEdit(line="l3", text="Snow.", expect=writer.expect("l3")))

    assert brought_to_head(writer).whole


def test_a_projection_of_another_generation_is_rewritten(writer: Writer, database_url: str) -> None:
    writer.create()
    brought_to_head(writer)
    with forging(database_url) as connection:
        mine = projection_heads.c.script_id == writer.script_id
        connection.execute(update(projection_heads).where(mine).values(generation=7))

    assert brought_to_head(writer).whole


def test_staleness_is_a_number_of_versions_and_of_seconds(writer: Writer, clock: Clock) -> None:
    writer.create()
    brought_to_head(writer)
    clock.pass_seconds(60)
    writer.send(LineEdit(line="l3", text="Snow.", expect=writer.expect("l3")))
    clock.pass_seconds(40)
    writer.send(LineEdit(line="l3", text="Hail.", expect=writer.expect("l3")))
    clock.pass_seconds(2)

    with writer.unit_of_work.reading() as tx:
        assert staleness(tx, writer.script_id, clock()) == Staleness(3, 1, 2, 42 * SECOND)
    brought_to_head(writer)
    with writer.unit_of_work.reading() as tx:
        assert staleness(tx, writer.script_id, clock()) == Staleness(3, 3, 0, 0)


def test_a_script_that_does_not_exist_has_no_projection(unit_of_work: UnitOfWork) -> None:
    with pytest.raises(UnknownScript):
        project(unit_of_work, 999_999)
    with unit_of_work.reading() as tx:
        assert tx.projections.get(999_999) is None


@pytest.mark.services
def test_a_second_concurrent_projection_is_refused(mariadb_url: str) -> None:
    writer = Writer(open_database(mariadb_url))
    writer.create()
    brought_to_head(writer)
    writer.send(VersionLabel(name="first draft", version=1))
    locked, done = Event(), Event()

    def hold() -> None:
        with writer.unit_of_work.projection(writer.script_id):
            locked.set()
            done.wait(20)

    with ThreadPoolExecutor(1) as holder:
        held = holder.submit(hold)
        locked.wait(20)
        with pytest.raises(ProjectionLocked):
            project(writer.unit_of_work, writer.script_id)
        done.set()
        held.result()
    brought_to_head(writer)


def test_concurrent_workers_make_the_first_projection_once(writer: Writer) -> None:
    writer.create()

    def attempt() -> bool:
        try:
            return project(writer.unit_of_work, writer.script_id).whole
        except ProjectionLocked:
            return False

    with ThreadPoolExecutor(4) as workers:
        made = [work.result() for work in [workers.submit(attempt) for _ in range(4)]]

    assert made.count(True) == 1
    assert shown(writer).shows(writer.state())
