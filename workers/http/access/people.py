"""The people who may use the page: each has a name, a password and one of two roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

Role = Literal["viewer", "operator"]
ROLES: Final[tuple[Role, ...]] = ("operator", "viewer")


class Person(NamedTuple):
    """A person who signed in. An operator may act; a viewer may look."""

    name: str
    role: Role

    @property
    def may_act(self) -> bool:
        """Whether the person may change anything."""
        return self.role == "operator"


class DuplicateName(ValueError):
    """Two people have the same name; it is the message."""


class People:
    """Everybody's role, and the words `name:password` by which they sign in."""

    def __init__(self, passwords: Mapping[Role, Mapping[str, str]]) -> None:
        self._roles: dict[str, Role] = {}
        self._passwords = {role: dict(users) for role, users in passwords.items() if users}
        for role, users in self._passwords.items():
            for name in users:
                if self._roles.setdefault(name, role) != role:
                    raise DuplicateName(name)

    def __bool__(self) -> bool:
        return bool(self._roles)

    @property
    def words(self) -> list[str]:
        """The words of everybody."""
        return [f"{name}:{password}" for users in self._passwords.values() for name, password in users.items()]

    @property
    def passwords(self) -> dict[Role, dict[str, str]]:
        """The passwords by role and name."""
        return self._passwords

    def person(self, name: str) -> Person:
        """The person with a name."""
        return Person(name, self._roles[name])
