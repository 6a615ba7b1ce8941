"""Authorship: the columns of the log with authors and times, without the payloads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import bindparam, select

from repos.database.session import Session
from repos.schema.core_tables import script_commands


class Authorship(NamedTuple):
    """The author of a version; `cause` as stored, times in microseconds since 1970 UTC."""

    version: int
    author: str
    actor: str
    cause: bytes
    occurred_at: int
    recorded_at: int


_log = script_commands.c
_COLUMNS = (_log.version_number, _log.author, _log.actor, _log.cause, _log.occurred_at, _log.recorded_at)
_AT_ONCE = 200
_SOME = select(*_COLUMNS).where(
    _log.script_id == bindparam("script"), _log.version_number.in_([bindparam(f"v{n}") for n in range(_AT_ONCE)])
)
_ONE = select(*_COLUMNS).where(_log.script_id == bindparam("script"), _log.version_number == bindparam("version"))


class Provenance:
    """The authorship of the versions of every script."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, script_id: int, version: int) -> Authorship | None:
        """The authorship of a version; None if there is no such version."""
        rows = self._session.rows(_ONE, script=script_id, version=version)
        return Authorship(*rows[0]) if rows else None

    def of(self, script_id: int, versions: Iterable[int]) -> dict[int, Authorship]:
        """The authorship of several versions, by version."""
        wanted = sorted(set(versions))
        by_version: dict[int, Authorship] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            part += part[-1:] * (_AT_ONCE - len(part))
            names = {f"v{n}": version for n, version in enumerate(part)}
            by_version |= {row[0]: Authorship(*row) for row in self._session.rows(_SOME, script=script_id, **names)}
        return by_version
