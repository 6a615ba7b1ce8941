"""Tables script_elements, personas, version_labels: the projections of a script other than its lines."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Delete, Select, Table, bindparam, delete, literal, or_, select

from domain.script.state import Element, Persona
from repos.database.session import Session
from repos.database.statements import Row
from repos.schema.derived_tables import personas, script_elements, version_labels


class NamedDraft(NamedTuple):
    """A named draft: its version, the colour of its pages, and whether it is locked."""

    version: int
    color: str | None
    locked: bool


_payload = msgspec.json.Decoder(dict[str, Any])
_encoder = msgspec.json.Encoder(order="deterministic")


class ProjectedThings:
    """The story elements, personas and labels of every script, for reading."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def elements(self, script_id: int) -> dict[str, Element]:
        """All story elements, by id."""
        return {row[1]: _element(row) for row in self._session.rows(_ELEMENTS, script=script_id)}

    def personas(self, script_id: int) -> dict[str, Persona]:
        """All personas, by id."""
        return {row[1]: _persona(row) for row in self._session.rows(_PERSONAS, script=script_id)}

    def element(self, script_id: int, element_id: str) -> Element | None:
        rows = self._session.rows(_ELEMENT, script=script_id, thing=element_id)
        return _element(rows[0]) if rows else None

    def persona(self, script_id: int, persona_id: str) -> Persona | None:
        rows = self._session.rows(_PERSONA, script=script_id, thing=persona_id)
        return _persona(rows[0]) if rows else None

    def read_elements(
        self,
        script_id: int,
        *,
        of_type: str | None = None,
        after: str = "",
        limit: int = 100,
    ) -> list[Element]:
        """Story elements after an id, by id: those of a type, or all."""
        rows = self._session.rows(_SOME_ELEMENTS, script=script_id, kind=of_type or "", after=after, limit=limit)
        return [_element(row) for row in rows]

    def read_personas(self, script_id: int, *, after: str = "", limit: int = 100) -> list[Persona]:
        """Personas after an id, by id."""
        rows = self._session.rows(_SOME_PERSONAS, script=script_id, after=after, limit=limit)
        return [_persona(row) for row in rows]

    def labels(self, script_id: int) -> dict[str, NamedDraft]:
        """The named drafts, by name."""
        return {row[2]: _draft(row) for row in self._session.rows(_LABELS, script=script_id)}


class WritableThings(ProjectedThings):
    """The same for the script whose projection is locked. A value of None deletes the entry."""

    def label(self, script_id: int, name: str) -> NamedDraft | None:
        """The draft with a name; None if there is none."""
        rows = self._session.rows(_LABEL, script=script_id, thing=_key(name))
        return _draft(rows[0]) if rows else None

    def put_elements(self, script_id: int, things: Mapping[str, Element | None]) -> None:
        rows = [
            (script_id, name, thing.type, _encoder.encode(thing.payload).decode(), thing.source)
            for name, thing in things.items()
            if thing is not None
        ]
        self._put(script_elements, _REMOVE_ELEMENT, script_id, list(things), rows)

    def put_personas(self, script_id: int, things: Mapping[str, Persona | None]) -> None:
        rows = [
            (script_id, name, thing.name, thing.description, _encoder.encode(thing.payload).decode())
            for name, thing in things.items()
            if thing is not None
        ]
        self._put(personas, _REMOVE_PERSONA, script_id, list(things), rows)

    def put_labels(self, script_id: int, labels: Mapping[str, NamedDraft | None]) -> None:
        rows = [
            (script_id, _key(name), name, draft.version, draft.color, int(draft.locked))
            for name, draft in labels.items()
            if draft is not None
        ]
        self._put(version_labels, _REMOVE_LABEL, script_id, [_key(name) for name in labels], rows)

    def clear(self, script_id: int) -> None:
        """Delete all of them."""
        for statement in _CLEAR:
            self._session.run(statement, script=script_id)

    def _put(self, table: Table, remove: Delete, script_id: int, keys: list[Any], rows: list[Row]) -> None:
        for key in keys:
            self._session.later(remove, script=script_id, thing=key)
        self._session.later_insert(table, tuple([column.name for column in table.c]), rows)


def _element(row: Row) -> Element:
    return Element(row[1], row[2], _payload.decode(row[3]), row[4])


def _persona(row: Row) -> Persona:
    return Persona(row[1], row[2], row[3], _payload.decode(row[4]))


def _draft(row: Row) -> NamedDraft:
    return NamedDraft(row[3], row[4], bool(row[5]))


def _key(name: str) -> bytes:
    return sha256(name.encode()).digest()[:16]


def _all(table: Table) -> Select[Any]:
    return select(*table.c).where(table.c.script_id == bindparam("script"))


def _one(table: Table) -> Delete:
    key = list(table.primary_key)[1]
    return delete(table).where(table.c.script_id == bindparam("script"), key == bindparam("thing"))


_TABLES = (script_elements, personas, version_labels)
_ELEMENTS, _PERSONAS, _LABELS = map(_all, _TABLES)
_REMOVE_ELEMENT, _REMOVE_PERSONA, _REMOVE_LABEL = map(_one, _TABLES)
_ELEMENT = _ELEMENTS.where(script_elements.c.element_id == bindparam("thing"))
_PERSONA = _PERSONAS.where(personas.c.persona_id == bindparam("thing"))
_SOME_ELEMENTS = (
    _ELEMENTS.where(
        script_elements.c.element_id > bindparam("after"),
        or_(script_elements.c.type == bindparam("kind"), bindparam("kind") == literal("")),
    )
    .order_by(script_elements.c.element_id)
    .limit(bindparam("limit"))
)
_SOME_PERSONAS = (
    _PERSONAS.where(personas.c.persona_id > bindparam("after"))
    .order_by(personas.c.persona_id)
    .limit(bindparam("limit"))
)
_LABEL = _LABELS.where(version_labels.c.name_hash == bindparam("thing"))
_CLEAR = [delete(table).where(table.c.script_id == bindparam("script")) for table in _TABLES]
