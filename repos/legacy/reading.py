"""Statements that only read, decided before they are sent.

A READ ONLY session still lets a SELECT write a file or lock rows, and lets a statement make the session READ WRITE
again. None of these is ever needed here, so whatever does not plainly read is refused.
"""

from __future__ import annotations

import re

from repos.legacy.errors import SourceError

_QUOTED = re.compile(r"'(?:[^'\\]|''|\\.)*'|\"(?:[^\"\\]|\"\"|\\.)*\"|`(?:[^`]|``)*`", re.DOTALL)
_READS = re.compile(r"\s*(SELECT|SHOW|WITH|CHECKSUM TABLE)\b", re.IGNORECASE)
# INTO writes a file or a variable, FOR and LOCK take locks, `;` begins another statement, and a comment may hold text
# that one server runs and another skips.
_MORE = re.compile(r"\b(INTO|FOR\s+(UPDATE|SHARE)|LOCK\s+IN)\b|;|/\*|--|#", re.IGNORECASE)


def require_reading(sql: str) -> None:
    """Refuse a statement that could do more than read.

    Raises:
        SourceError: it is no SELECT, SHOW or CHECKSUM TABLE, or it writes a file, locks, or has a comment or a second
            part.
    """
    bare = _QUOTED.sub("''", sql)
    if not _READS.match(bare) or _MORE.search(bare):
        # Without the statement: a condition in it may quote a key.
        raise SourceError("source_writes", "A statement for the legacy database does more than read: it was not sent.")
