"""Lazy repositories: attributes of a unit of work that are created on first access, because most are never used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from repos.database.session import Session

R = TypeVar("R")


class LazyRepository(Generic[R]):
    """A repository of a unit of work that holds its session in `_session`: created once, then a plain attribute."""

    def __init__(self, create: Callable[[Session], R]) -> None:
        self._create = create
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, work: Any, owner: type) -> R:
        repository = work.__dict__[self._name] = self._create(work._session)
        return repository
