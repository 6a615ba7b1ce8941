"""The reference page of refusal codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import ModuleType

import backfill.content.refusals
import backfill.runs.scan.scan_state
import cli.client.version_options
import domain.accounts
import domain.formats.fdx.refusals
import domain.formats.fountain.refusals
import domain.formats.refusals
import domain.proposals.refusals
import domain.refusals
import materialization.history.redo
import materialization.history.version_lookup
import materialization.history_files.format
import materialization.history_files.importer
import materialization.history_files.regular_file
import workers.producers.producer
from domain.errors import Rejected

HEAD = """# Refusal codes

The reasons why an edit, a file or a query is refused. The code is stable: programs branch on it. The sentence is for
people; the names in braces are replaced by facts, which the answer also contains under these names.
"""
SOURCES: dict[str, ModuleType] = {
    "A submission": domain.refusals,
    "A user": domain.accounts,
    "A proposal": domain.proposals.refusals,
    "A file": domain.formats.refusals,
    "A Final Draft file": domain.formats.fdx.refusals,
    "A Fountain file": domain.formats.fountain.refusals,
    "A query": workers.producers.producer,
    "A point in the history": cli.client.version_options,
    "A time in the history": materialization.history.version_lookup,
    "A redo": materialization.history.redo,
    "A file to read": materialization.history_files.regular_file,
    "A history file": materialization.history_files.format,
    "An import of a history": materialization.history_files.importer,
    "A legacy content": backfill.content.refusals,
    "A scan of a legacy database": backfill.runs.scan.scan_state,
}


def page() -> str:
    """The page, as Markdown."""
    return "\n".join([HEAD, *_sections()])


def _sections() -> Iterator[str]:
    for title, module in SOURCES.items():
        yield f"## {title}\n"
        rows = ["| code | sentence |", "| --- | --- |"]
        rows += [f"| `{refusal.code}` | {_sentence(refusal)} |" for refusal in _refusals(module)]
        yield "\n".join(rows) + "\n"


def _refusals(module: ModuleType) -> list[type[Rejected]]:
    """The refusals that a module defines, in source order."""
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Rejected) and value.__module__ == module.__name__
    ]


def _sentence(refusal: type[Rejected]) -> str:
    sentence = " ".join((refusal.__doc__ or "").split())
    return re.sub(r"\{(\w+)(?!\w)[^{}]*\}", r"{\1}", sentence).replace("|", "\\|")
