"""What every command is, and the registry that makes a new kind one class in one file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, TypeVar

from msgspec import Struct

from domain.script.delta import Delta
from domain.script.state import GuardKind, State


class Guard(Struct, frozen=True, gc=False):
    """What a command touches, and the content hash it was made for; None leans on an earlier touch."""

    kind: GuardKind
    id: str
    expect: str | None


class Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind"):
    """One change of a script, as data.

    A kind's meaning never changes once released: a new meaning is a new kind.
    """

    needs_head: ClassVar[bool] = False
    """Whether the base version must be the head, because the command speaks of the whole script."""
    absolute: ClassVar[bool] = False
    """Whether it says what the result is, so that a stale one may find its wish already fulfilled."""
    for_ai: ClassVar[bool] = True
    """Whether an AI may send it without a person."""
    only_people: ClassVar[tuple[str, ...]] = ()
    """Fields that an AI may not set to true."""
    on_archived: ClassVar[bool] = False
    """Whether an archived script takes it."""

    @classmethod
    def kind(cls) -> str:
        """The stable name under which commands of this class are stored and sent."""
        return str(cls.__struct_config__.tag)

    def check(self) -> None:
        """Refuse content that may stand in no script, whatever the state (`Rejected`)."""

    def needs_person(self) -> bool:
        """Whether an AI may not send this very command."""
        return not self.for_ai or any(getattr(self, name) for name in self.only_people)

    def guards(self) -> Iterable[Guard]:
        """What this command touches, with the content it expects there."""
        return ()

    def work(self, state: State) -> int:
        """At most how many units of work its checks and its change are, beside what its own bytes are."""
        return 0

    def apply(self, state: State) -> Delta:
        """What this command changes in the state; empty when it already is as wanted.

        Pure: no clock, no random, no I/O. Raises `Rejected` where the state does not take the command.
        """
        raise NotImplementedError(self.kind())

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        """The commands that turn the state after this command back into the state before; none for a create."""
        raise NotImplementedError(self.kind())

    def note(self, state: State) -> str | None:
        """What the author should know of how the command found its place."""
        return None


C = TypeVar("C", bound=Command)

KINDS: dict[str, type[Command]] = {}
"""Every kind there is, by name. Filled by importing `domain.commands.registry`."""


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
