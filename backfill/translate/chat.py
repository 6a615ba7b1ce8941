"""Chat messages from legacy rows: a row becomes one message, or a question with its answer. Pure: nothing is looked up.

What a row cost becomes the usage of its last message. A value that had to be changed is returned as it was, to be kept.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from backfill.content.strict_json import parse
from backfill.kept_columns import columns_json
from backfill.mapping.mapped_table import MappedTable
from backfill.mapping.model import Mapping
from backfill.translate.accounts import Repaired, Times
from backfill.translate.source_rows import FieldReader, Problem, decoded_once
from backfill.translate.words import count_of, micros_of, repaired_line, repaired_text, text_of, word_reader
from domain.chat import MAX_INTENT
from domain.errors import Rejected
from domain.script.hashing import canonical_json
from domain.script.validation import check_payload, check_text
from repos.legacy.connection import Row

UNKNOWN_MODEL = "unknown"
MAX_MODEL = 120
CURRENCY = "USD"
# ISO 4217: no currency.
NO_CURRENCY = "XXX"
MAX_LATENCY_MS = (1 << 31) - 1
# The fields of a row with a text, and who speaks where no column says it.
SPEAKERS = {"content": None, "question": "user", "answer": "assistant"}
NUMBERS = ("tokens_in", "tokens_out", "tokens", "latency_ms")


class ChatText(NamedTuple):
    """One text of a row, and who wrote it."""

    role: str
    content: str


class Cost(NamedTuple):
    """What a row cost; None is unknown."""

    model: str
    tokens_in: int | None
    tokens_out: int | None
    cost_micros: int | None
    currency: str
    latency_ms: int | None


class ChatRow(NamedTuple):
    """What a row becomes: messages, or a problem, or neither if the mapping skips it.

    `script` and `user` are looked up afterwards; `exact` is whether the row has a time of its own.
    """

    at: int
    exact: bool
    texts: tuple[ChatText, ...] = ()
    intent: str | None = None
    metadata: str = "{}"
    cost: Cost | None = None
    script: Any = None
    user: Any = None
    repaired: Repaired = {}  # noqa: RUF012 - never changed
    problem: Problem | None = None


class ChatTranslator:
    """Translates the rows of one table in order; `times` has the time of the row before."""

    def __init__(self, table: MappedTable, mapping: Mapping, hash_key: bytes) -> None:
        self.reader = reader = FieldReader(table, hash_key)
        self.times = Times()
        self._table, self._mapping = table, mapping
        self.created = reader.moment("created_at")
        self._texts = [
            (column, field, reader.value(field), SPEAKERS[field])
            for field in SPEAKERS
            if (column := table.column(field)) is not None
        ]
        self._role, self._intent = reader.value("role"), reader.value("intent")
        role = table.column("role")
        self._word = None if role is None else word_reader(table.rule_of(role), reader.known("role"))
        self._script, self._user = reader.value("script_id"), reader.value("user_id")
        self._model, self._cost, self._currency = map(reader.value, ("model", "cost", "currency"))
        self._numbers = {name: reader.value(name) for name in NUMBERS}
        self._members = reader.members("metadata")
        self._costs = any(table.has(field) for field in ("model", "cost", *NUMBERS))

    def translate(self, row: Row) -> ChatRow:
        """What a row becomes."""
        repaired: Repaired = {}
        at, doubt = self.created(row)
        if (at is None or doubt) and (column := self._table.column("created_at")) is not None:
            repaired[column] = self._raw(row, column)
        created_at, exact = self.times.created(at), at is not None
        script, user = self._script(row), self._user(row)
        texts: list[ChatText] = []
        for column, field, value_of, speaker in self._texts:
            text = self._text(row, column, field, value_of(row), repaired)
            if not isinstance(text, str):
                return ChatRow(created_at, exact, script=script, user=user, problem=text)
            if text or field == "content":
                texts.append(ChatText(speaker or self._speaker(row, repaired), text))
        return ChatRow(
            created_at,
            exact,
            tuple(texts) or (ChatText("user", ""),),
            self._intent_of(row, repaired),
            self._metadata(row, repaired) if self._members else "{}",
            self._cost_of(row, repaired) if self._costs else None,
            script,
            user,
            repaired,
        )

    def _text(self, row: Row, column: str, field: str, value: Any, repaired: Repaired) -> str | Problem | None:
        """A text as a message may have it, or why the row is set aside; None if the mapping skips the row."""
        if value is None:
            return ""
        raw = text_of(value)
        text = repaired_text(raw)
        try:
            check_text(field, text, line_ends=True)
        except Rejected as refusal:
            return Problem(refusal.code, "The text is longer than a message may be.", column, raw)
        decoded = decoded_once(self._mapping, self._table, self.reader.finding_key(row), column, text)
        if not isinstance(decoded, str):
            return decoded
        text = decoded
        if text != value:
            repaired[column] = value
        return text

    def _speaker(self, row: Row, repaired: Repaired) -> str:
        value = self._role(row)
        if self._word is None:
            return str(value or "user")
        word, changed = self._word(value)
        column = self._table.column("role")
        if column is not None and (changed or word is None):
            repaired[column] = value
        return word or "system"

    def _intent_of(self, row: Row, repaired: Repaired) -> str | None:
        value = self._intent(row)
        if value is None:
            return None
        intent = repaired_line(text_of(value))[:MAX_INTENT]
        if intent != value and (column := self._table.column("intent")) is not None:
            repaired[column] = value
        return intent or None

    def _metadata(self, row: Row, repaired: Repaired) -> str:
        """The members as JSON; one that we refuse is only kept."""
        found: dict[str, Any] = {}
        for column, member, value_of in self._members:
            value = value_of(row)
            if value is None:
                continue
            try:
                found[member] = _json_of(value)
                check_payload("metadata", found)
            except Rejected:
                found.pop(member, None)
                repaired[column] = value
        return canonical_json(found).decode() if found else "{}"

    def _cost_of(self, row: Row, repaired: Repaired) -> Cost | None:
        numbers = {name: self._number(row, name, repaired) for name in NUMBERS}
        micros, changed = micros_of(self._cost(row))
        if changed:
            self._keep(row, "cost", repaired)
        model = self._model(row)
        if model is None and micros is None and not any(number is not None for number in numbers.values()):
            return None
        name = repaired_line(text_of(model))[:MAX_MODEL] if model is not None else UNKNOWN_MODEL
        if model is not None and name != model:
            self._keep(row, "model", repaired)
        tokens_in, tokens_out = _split(numbers["tokens_in"], numbers["tokens_out"], numbers["tokens"])
        currency = self._currency_of(row, repaired)
        return Cost(name or UNKNOWN_MODEL, tokens_in, tokens_out, micros, currency, numbers["latency_ms"])

    def _number(self, row: Row, name: str, repaired: Repaired) -> int | None:
        number, changed = count_of(self._numbers[name](row))
        if number is not None and name == "latency_ms" and number > MAX_LATENCY_MS:
            number, changed = None, True
        if changed:
            self._keep(row, name, repaired)
        return number

    def _currency_of(self, row: Row, repaired: Repaired) -> str:
        value = self._currency(row)
        if value is None:
            return CURRENCY
        text = text_of(value)
        if 1 <= len(text) <= 8 and text.isascii() and text.isalnum():
            return text
        self._keep(row, "currency", repaired)
        return NO_CURRENCY

    def _keep(self, row: Row, field: str, repaired: Repaired) -> None:
        if (column := self._table.column(field)) is not None:
            repaired[column] = self._raw(row, column)

    def _raw(self, row: Row, column: str) -> Any:
        return row[self.reader.columns.index(column)]


def _split(tokens_in: int | None, tokens_out: int | None, both: int | None) -> tuple[int | None, int | None]:
    """The tokens of question and answer. A total that is not divided counts for the answer, so that sums are right."""
    if both is None or (tokens_in is not None and tokens_out is not None):
        return tokens_in, tokens_out
    if tokens_out is not None:
        return max(both - tokens_out, 0), tokens_out
    return tokens_in, max(both - (tokens_in or 0), 0)


def _json_of(value: Any) -> Any:
    """A value as JSON: text that is a JSON object or list as that.

    Raises:
        Rejected: it looks like JSON, and is not.
    """
    if isinstance(value, str) and value.startswith(("{", "[")):
        return parse(value.encode(errors="surrogateescape"))[0]
    _, json = parse(columns_json({"": value}).encode())[0].popitem()
    return json
