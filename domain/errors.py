"""Error classes, branched by what to do next.

    LedgerError
    ├── Rejected   report to the author: the edit is refused, nothing changed, a retry will not help
    ├── Conflict   retry: another writer or a lost connection got in the way, nothing changed
    └── Corrupt    stop and call someone: the stored data contradicts itself

Each refusal is a class. Its stable code is the class name in snake case and its sentence is the class
docstring, filled with the facts it was raised with; both travel in the answer to the author.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar, Self

from domain.visible_text import visible

MAX_MESSAGE = 1000


class LedgerError(Exception):
    """Root of every error this application raises on purpose."""


class Conflict(LedgerError):
    """Another writer or a lost connection got in the way; nothing changed, so retry."""


class Corrupt(LedgerError):
    """The stored data contradicts itself; the script is quarantined and the evidence kept."""


class Rejected(LedgerError):
    """The edit is refused and nothing changed."""

    code: ClassVar[str] = "rejected"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__()

    @property
    def message(self) -> str:
        """The sentence for the author: at most 1,000 characters, control characters escaped.

        It quotes input, and is stored and shown in many places. `facts` hold the input unescaped.
        """
        filled = " ".join((type(self).__doc__ or self.code).split()).format_map(self.facts)
        sentence = visible(filled[: MAX_MESSAGE + 1]).replace("\t", "\\t")
        return sentence if len(sentence) <= MAX_MESSAGE else sentence[: MAX_MESSAGE - 1] + "…"

    def alone(self) -> Self:
        """Return this refusal without its traceback, so that keeping it does not keep the frames' objects alive."""
        self.__traceback__ = self.__context__ = self.__cause__ = None
        return self

    def locate(self, part: str) -> None:
        """Prefix the refused field with its part of the submission; without a field, the part is the field."""
        self.facts["field"] = f"{part}.{self.facts['field']}" if "field" in self.facts else part

    def __str__(self) -> str:
        return self.message
