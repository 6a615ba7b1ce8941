"""Command base class, and the registry: a new kind is one class in one file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, TypeVar

from msgspec import Struct

from domain.script.delta import Delta
from domain.script.state import GuardKind, State


class Guard(Struct, frozen=True, gc=False):
    """What a command touches, and the content hash it was made for; None relies on an earlier touch."""

    kind: GuardKind
    id: str
    expect: str | None


class Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind"):
    """One change of a script, as data.

    A kind's meaning never changes once released: a new meaning is a new kind.
    """

    # Whether the base version must be the head, because the command covers the whole script.
    needs_head: ClassVar[bool] = False
    # Whether it states the result, so that a stale command may be a no-op.
    absolute: ClassVar[bool] = False
    # Whether an AI may send it without a person.
    for_ai: ClassVar[bool] = True
    # Fields that an AI may not set to true.
    only_people: ClassVar[tuple[str, ...]] = ()
    # Whether an archived script accepts it.
    on_archived: ClassVar[bool] = False

    @classmethod
    def kind(cls) -> str:
        """The stable name under which commands of this class are stored and sent."""
        return str(cls.__struct_config__.tag)

    def check(self) -> None:
        """Refuse content that is invalid whatever the state (`Rejected`)."""

    def needs_person(self) -> bool:
        """Whether only a person may send this command with these fields."""
        return not self.for_ai or any(getattr(self, name) for name in self.only_people)

    def guards(self) -> Iterable[Guard]:
        """What this command touches, and the content hashes it expects."""
        return ()

    def work(self, state: State) -> int:
        """An upper bound of the units of work of its checks and its change, without its own bytes."""
        return 0

    def apply(self, state: State) -> Delta:
        """The changes to the state; empty when it already is as wanted.

        Pure: no clock, no random, no I/O. Raises `Rejected` where the state does not allow the command.
        """
        raise NotImplementedError(self.kind())

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        """The commands that turn `after` back into `before`; none for a create."""
        raise NotImplementedError(self.kind())

    def note(self, state: State) -> str | None:
        """A note for the author on how the place of the command was found."""
        return None


C = TypeVar("C", bound=Command)

# Every command kind, by name. Filled by importing `domain.commands.registry`.
KINDS: dict[str, type[Command]] = {}


def command(cls: type[C]) -> type[C]:
    """Register a command class under its tag."""
    if cls.kind() in KINDS:
        raise TypeError(f"two command classes are called {cls.kind()!r}")
    KINDS[cls.kind()] = cls
    return cls


class Target(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A line and the content hash it is touched for, as ``["id", "expect"]``."""

    id: str
    expect: str | None = None
