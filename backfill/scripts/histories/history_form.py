"""The base of history forms, and their registry: how an application stores the saves of a script.

A form lists the saves of a script without their texts, and reads the texts of some of them. A text that cannot be had
exactly is a refusal, never a guess: the save is set aside, and those that do not need it come over.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, NamedTuple, TypeVar

from backfill.mapping.mapped_table import MappedTable
from backfill.scanning.merged_users import NONE_MERGED, MergedUsers
from backfill.scripts.histories.save_rows import SaveRows
from backfill.scripts.written_by import Writers
from backfill.translate.row_keys import never_repeated
from backfill.translate.source_rows import KEY_REPEATED
from domain.submissions.answer import Refusal
from repos.legacy.connection import Source

# The finding that a save cannot be rebuilt.
NOT_REBUILT = "L44"
NO_TEXT = Refusal("L22", "The row has no text.")
SAME_KEY = Refusal("L40", KEY_REPEATED)
ROW_GONE = Refusal("L20", "The row was there when the saves were listed, and is no longer.")


# Reads the texts of saves, given their places in ascending order.
TextReader = Callable[[Sequence[int]], Iterator[bytes | Refusal]]


class FormOptions(NamedTuple):
    """What a form is made with: its table, the key of hashes, and the tables with texts that others point at.

    `is_repeated` says whether several rows of the table have a key, which only a key of the source itself forbids.
    """

    table: MappedTable
    hash_key: bytes
    contents: Sequence[MappedTable] = ()
    is_repeated: Callable[[str], bool] = never_repeated
    merged_users: MergedUsers = NONE_MERGED


class HistoryForm(ABC):
    """The saves of scripts in one table."""

    # The values of `history` in a mapping that name it, and what the table becomes.
    names: ClassVar[tuple[str, ...]]
    target: ClassVar[str] = "versions"
    # Whether its texts may follow from the text of the script itself.
    uses_latest: ClassVar[bool] = False

    def __init__(self, options: FormOptions) -> None:
        self.table = options.table
        self.is_repeated = options.is_repeated

    @abstractmethod
    def rows(self, source: Source, script: Any, writers: Writers) -> SaveRows:
        """The saves of a script, in order, each with a time."""

    @abstractmethod
    def texts(self, source: Source, rows: SaveRows, latest: str | None) -> TextReader:
        """A reader of the texts of these saves; `latest` is the text of the script itself."""


F = TypeVar("F", bound=type[HistoryForm])

# The forms by target and name. Filled by importing `backfill.scripts.history_forms`.
FORMS: dict[tuple[str, str], type[HistoryForm]] = {}


def history_form(cls: F) -> F:
    """Register a form under its names."""
    for name in cls.names:
        if (cls.target, name) in FORMS:
            raise TypeError(f"two forms of {cls.target} are called {name!r}")
        FORMS[cls.target, name] = cls
    return cls
