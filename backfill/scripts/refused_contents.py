"""Contents that are set aside, by what the mapping or the default of a code says of them, or by our own rules."""

from __future__ import annotations

import re
from collections.abc import Callable

from backfill.checks.saves import CUT
from backfill.checks.text import double_encoded
from backfill.content.encoded_text import encoding_of
from backfill.content.recognise import decode
from backfill.mapping.mapped_table import MappedTable
from backfill.mapping.model import Mapping
from backfill.translate.script_lines import script_lines, with_new_ids
from backfill.translate.source_rows import ENCODED_TWICE, decision
from domain.errors import Rejected
from domain.refusals import ScriptTooLarge
from domain.script.script_size import MAX_CHARACTERS, MAX_LINES
from domain.script.validation import check_lines
from domain.submissions.answer import Refusal
from repos.legacy.column_types import stored_bytes
from repos.legacy.connection import Row

TWICE = Refusal("L12", ENCODED_TWICE)
NOT_REPAIRED = Refusal("L12", f"{ENCODED_TWICE} A save is not repaired: accept it, or repair it in the source.")
CUT_OFF = Refusal("L10", "The text is probably cut off at 65,535 bytes.")

# Of a text of 65,535 bytes in any charset, in UTF-8.
MAX_CUT_BYTES = 4 * CUT.stop
# A character from Â to ô, then the first byte of one that cp1252 shows for a byte from 80 to BF.
_FIRST = b"\xc3"
_SUSPECT = re.compile(rb"\xc3[\x82-\xb4](?:\xc2[\x80-\xbf]|[\xc5\xc6\xcb\xe2])")

ContentCheck = Callable[[MappedTable, Row, bytes], Refusal | None]


def content_check(mapping: Mapping) -> ContentCheck:
    """A function for the refusal of a content, given its table and the key of its row; None if it is accepted."""

    def refusal(table: MappedTable, key: Row, content: bytes) -> Refusal | None:
        # By default a text that is cut off blocks the cut-over, and comes over as it is.
        if _is_cut(table, content) and decision(mapping, table, "L10", key)[0] == "quarantine":
            return CUT_OFF
        encoding = encoding_of(content)
        if encoding is not None and decision(mapping, table, "L45", key)[0] not in ("report", "accept"):
            return Refusal("L45", f"The text is stored as {encoding}: decode it in the source, or accept it as it is.")
        # Most contents have no such byte, which is found a hundred times as fast as the pattern.
        if _FIRST not in content or _SUSPECT.search(content) is None:
            return None
        if double_encoded(content.decode(errors="surrogateescape")) is None:
            return None
        do, _ = decision(mapping, table, "L12", key)
        if do in ("quarantine", "block"):
            return TWICE
        return NOT_REPAIRED if do in ("repair", "skip") else None

    return refusal


def lasting_refusal(content: bytes, shape: str | None) -> Refusal | None:
    """Why a content can be a version of no script; None if it can."""
    try:
        lines = with_new_ids(script_lines(decode(content, shape)), "new")
        check_lines("lines", lines)
    except Rejected as refusal:
        return Refusal.of(refusal)
    characters = sum(len(line.text) + len(line.sep) for line in lines)
    for what, size, limit in (("lines", len(lines), MAX_LINES), ("characters", characters, MAX_CHARACTERS)):
        if size > limit:
            return Refusal.of(ScriptTooLarge(what=what, size=size, limit=limit))
    return None


def _is_cut(table: MappedTable, content: bytes) -> bool:
    """Whether a content fills a column of 65,535 bytes, as a server cuts it."""
    name = table.content_column
    if (
        not CUT.start <= len(content) <= MAX_CUT_BYTES
        or name is None
        or (table.described(name).length or 0) >= CUT.stop
    ):
        return False
    return stored_bytes(content.decode(errors="surrogateescape"), table.described(name).charset) in CUT
