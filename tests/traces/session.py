"""Recorded editing sessions, keystroke by keystroke."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct


class Patch(NamedTuple):
    """`delete` code points out of the whole text at `at`, `insert` in."""

    at: int
    delete: int
    insert: str

    def onto(self, text: str) -> str:
        """The text after this patch."""
        return text[: self.at] + self.insert + text[self.at + self.delete :]


class Transaction(Struct, frozen=True):
    """Patches that were typed as one, to be applied in order."""

    time: str
    patches: tuple[Patch, ...]


class Session(Struct, frozen=True, rename="camel"):
    """One session: the text before, every transaction, and the text after the last one."""

    start_content: str
    end_content: str
    txns: tuple[Transaction, ...]

    def patches(self) -> Iterator[Patch]:
        """Every patch, in order."""
        return (patch for txn in self.txns for patch in txn.patches)


def read_session(path: Path) -> Session:
    """The session in a JSON file, gzipped or not."""
    data = path.read_bytes()
    return msgspec.json.decode(gzip.decompress(data) if path.suffix == ".gz" else data, type=Session)
