"""Problems of a mapping: each with a stable code, where it is, and one sentence."""

from __future__ import annotations

from msgspec import Struct

from domain.errors import LedgerError


class Problem(Struct, frozen=True):
    """One problem; `where` is `table` or `table.column`, empty for the file as a whole."""

    code: str
    where: str
    sentence: str


class BadMapping(LedgerError):
    """A mapping file that cannot be used; `problems` names each thing that is wrong."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{problem.where}: {problem.sentence}" for problem in problems[:3]))
