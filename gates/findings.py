"""Findings: what a check reports, each with a key that stays the same when lines move."""

from __future__ import annotations

from hashlib import sha256
from typing import Literal, NamedTuple

Level = Literal["error", "warning", "note"]


class Finding(NamedTuple):
    """One finding in a file; `code` is the line it is on."""

    rule: str
    level: Level
    file: str
    line: int
    end_line: int
    message: str
    function: str = ""
    access: str = ""
    table: str = ""
    domain: str = ""
    code: str = ""

    @property
    def key(self) -> str:
        """What it is, without its line: the rule, the file, the function and the code."""
        parts = (self.rule, self.file, self.function, self.table, " ".join(self.code.split()))
        return sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:16]
