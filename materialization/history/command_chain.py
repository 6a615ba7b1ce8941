"""Chain reader: the log of a script in order, each command checked against the chain hash before it."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from functools import cache

from domain.commands.base import Command
from domain.errors import Corrupt
from domain.log.entry import link
from domain.script.hashing import chain_hash, netstrings
from domain.submissions.submission import decode_command
from repos.log.commands import Commands, Link

# A version, its command, whose position in the log was checked, and the chain hash up to it.
Linked = tuple[int, Command, bytes]


def linked(commands: Commands, script_id: int, chain: bytes, *, after: int, upto: int) -> Generator[Linked, None, None]:
    """The commands of versions `after` + 1 to `upto`; `chain` is the chain hash at version `after`.

    Raises:
        Corrupt: one is missing, was changed, follows another command, or is not a command; the message names it.
    """
    with closing(commands.links(script_id, after=after, upto=upto)) as links:
        version, chain = yield from _following(links, script_id, chain, after)
    if version < upto:
        raise _broken(commands, script_id, version + 1, chain)


def _following(
    links: Iterable[Link], script_id: int, chain: bytes, version: int
) -> Generator[Linked, None, tuple[int, bytes]]:
    """The commands up to the first that breaks the chain; returns the last good version and its chain hash."""
    of_script = netstrings((b"%d" % script_id,))
    for payload, covered, stored in links:
        if chain_hash(chain, covered) != stored:
            break
        command = decode_command(payload)
        # The kind in the payload must match the kind that the chain hash covers.
        number = b"%d" % (version + 1)
        if not covered.startswith(b"%b%d:%b,%b" % (of_script, len(number), number, _of_kind(type(command)))):
            break
        version, chain = version + 1, stored
        yield version, command, chain
    return version, chain


@cache
def _of_kind(kind: type[Command]) -> bytes:
    return netstrings((kind.kind().encode(),))


def _broken(commands: Commands, script_id: int, version: int, chain: bytes) -> Corrupt:
    """The error for a command that breaks the chain, determined from its row."""
    what, entry = f"command {version} of script {script_id}", commands.get(script_id, version)
    if entry is None:
        return Corrupt(f"{what} is missing from the log")
    if link(entry, chain) != entry.chain_hash:
        return Corrupt(f"{what} was changed, or follows another command than the one before it")
    return Corrupt(f"{what} is stored as {entry.kind} but is a {decode_command(entry.payload).kind()}")
