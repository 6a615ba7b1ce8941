"""A check of JSON output against the documented shape of its verb."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from cli.json_documents.base import Failed
from cli.json_documents.catalog import DOCUMENTS


def check_document(args: Sequence[str], printed: str) -> None:
    """Fail if a document matches none of its verb's; every command that a test runs is checked."""
    kinds = next((DOCUMENTS[path] for words in (3, 2, 1) if (path := " ".join(args[:words])) in DOCUMENTS), ())
    if "--json" not in args or not printed or not kinds:
        return
    problems = [_problem(kind, printed) for kind in (*kinds, Failed)]
    assert None in problems, f"scriptledger {' '.join(args)} printed {printed[:300]!r}: {problems}"


def _problem(kind: type[Struct], printed: str) -> str | None:
    try:
        msgspec.json.decode(printed, type=kind)
    except msgspec.ValidationError as error:
        return f"{kind.__name__}: {error}"
    return None
