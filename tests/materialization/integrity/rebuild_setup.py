"""Histories to rebuild, and what a rebuild has stored."""

from __future__ import annotations

from sqlalchemy import select

from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.lines_insert_and_delete import LinesInsert
from domain.log.head import Head
from domain.script.line import Line
from materialization.integrity.verify import verify
from repos.schema.core_tables import script_keyframes, script_versions
from tests.materialization.writer import Writer, forging


def write_much(writer: Writer, versions: int = 330) -> None:
    """A history long enough for a keyframe."""
    writer.create()
    while writer.version < versions:
        place = writer.version
        line = Line(f"n{place}", "action", f"Line {place}.")
        edit = LineEdit(line="l1", text=f"Dawn {place}.", expect=writer.expect("l1"))
        writer.send(edit, LinesInsert(after="l1", before=None, lines=(line,)))


def head_of(writer: Writer) -> Head:
    with writer.unit_of_work.reading() as tx:
        head = tx.heads.get(writer.script_id)
    assert head
    return head


def is_verified(writer: Writer) -> bool:
    with writer.unit_of_work.reading() as tx:
        return verify(tx, writer.script_id).finding is None


def stored(url: str, writer: Writer, generation: int) -> list[list[tuple[object, ...]]]:
    """The versions and keyframes of a generation, without its number."""
    with forging(url) as connection:
        return [
            [
                tuple(value for name, value in row._mapping.items() if name != "generation")
                for row in connection.execute(
                    select(table)
                    .where(table.c.script_id == writer.script_id, table.c.generation == generation)
                    .order_by(table.c.version_number)
                )
            ]
            for table in (script_versions, script_keyframes)
        ]
