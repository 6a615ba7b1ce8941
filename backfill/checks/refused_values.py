"""Values that our own validators refuse (L29): each value is given to the validator that will see it in the move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from backfill.checks.base import Check, check
from backfill.checks.saves import BAD_JSON, contents_of, ids_of
from backfill.content.strict_json import parse
from backfill.scanning.batch import Batch
from backfill.scanning.finding import Decision, Finding
from backfill.scanning.histories import Content, History, Save, refusals_of
from domain.accounts import check_email
from domain.errors import Rejected
from domain.refusals import ControlCharacter, TextTooLong
from domain.script.metadata import check_metadata
from domain.script.validation import MAX_TEXT_BYTES, check_payload, check_text

# Refusals that are findings with a code of their own.
ELSEWHERE = (ControlCharacter,)


@check
class RefusedValue(Check):
    """Values that our own validators refuse: the note is the code of the refusal."""

    code = "L29"
    title = "values that our own rules refuse"
    decision = "repair"

    def batch(self, batch: Batch) -> Iterator[Finding]:
        for name in batch.texts:
            validate = _validator(batch, name)
            if validate is None:
                continue
            # A user is not given another address unless the mapping says so.
            default: Decision | None = "quarantine" if batch.table.fields.get(name) == "email" else None
            for place, value in enumerate(batch.column(name)):
                try:
                    validate(value)
                except Rejected as refusal:
                    # Metadata are refused for the reason that their value was refused.
                    if isinstance(refusal, ELSEWHERE) or isinstance(refusal.__cause__, ELSEWHERE):
                        continue
                    yield self.finding(batch.table, batch.key(place), name, value, note=refusal.code, decision=default)
        if batch.table.target == "scripts":
            for place, content in enumerate(contents_of(batch)):
                for note, decision in self._of_content(content, list(content.lines), ids_of(content)):
                    yield self.finding(
                        batch.table, batch.key(place), batch.table.content_column, note=note, decision=decision
                    )

    def save(self, history: History, save: Save) -> Iterator[Finding]:
        for note, decision in self._of_content(save.content, history.new_lines(save), save.id_set - history.ever):
            yield self.finding(save.table, save.key, save.table.content_column, save.data, note=note, decision=decision)

    @staticmethod
    def _of_content(content: Content, lines: list[Any], ids: set[str]) -> Iterator[tuple[str, Any]]:
        if content.refusal is not None:
            if not isinstance(content.refusal, BAD_JSON):
                yield content.refusal.code, "quarantine"
            return
        for _, refusal in refusals_of(lines, ids):
            if not isinstance(refusal, ELSEWHERE):
                # A line that is too long is not cut; all else becomes something that we take.
                yield refusal.code, "quarantine" if isinstance(refusal, TextTooLong) else None


def _as_json(value: Any) -> Any:
    """A payload as JSON if it is JSON, and as a text otherwise."""
    if isinstance(value, str) and value.startswith(("{", "[")):
        try:
            return parse(value.encode(errors="surrogateescape"))[0]
        except Rejected:
            return ""  # a finding of its own
    return "" if value is None else str(value)


def _listed(value: Any) -> Any:
    """A value as it becomes a field of the metadata: a JSON list of texts becomes a list."""
    if not isinstance(value, str) or not value.startswith("["):
        return value
    try:
        return msgspec.json.decode(value, type=tuple[str, ...])
    except msgspec.DecodeError:
        return value


def _validator(batch: Batch, name: str) -> Callable[[Any], object] | None:  # noqa: PLR0911 - one a field
    """The validator of the values of a column, given in the form they will have; None if any text is valid."""
    field = batch.table.fields.get(name, "")
    match batch.table.target, field:
        case "users", "email":
            return lambda value: check_email(str(value or ""))
        case "scripts", "title":
            return lambda value: check_metadata({"title": str(value or "")})
        case "scripts", _ if field.startswith("metadata."):
            member = field.partition(".")[2]
            return lambda value: None if value is None else check_metadata({member: _listed(value)})
        case ("chat_messages", "content" | "question" | "answer") | ("personas", "description"):
            # Printable text of a batch that is shorter than a limit of ours cannot be refused.
            joined = batch.joined(name)
            if len(joined) * 4 < MAX_TEXT_BYTES and joined.replace("\n", "").isprintable():
                return None
            return lambda value: check_text(field, str(value or ""), line_ends=True)
        case "elements", "content":
            return lambda value: check_payload("payload", _as_json(value))
    return None
