"""Checks of characters and of words (L11, L12, L16, L19, L24, L25)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from backfill.checks.base import Check, check
from backfill.checks.saves import contents_of
from backfill.mapping.targets import TARGETS
from backfill.mapping.values.json_member import member_reader
from backfill.scanning.batch import Batch
from backfill.scanning.finding import Finding
from backfill.scanning.histories import Content, Save
from domain.errors import Rejected
from domain.refusals import ControlCharacter
from domain.script.validation import check_text

_SPECIALS = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
# UTF-8 of two to four bytes, read as cp1252.
_DOUBLE = re.compile(f"[Â-ß][\x80-¿{_SPECIALS}]|[à-ï][\x80-¿{_SPECIALS}]{{2}}|[ð-ô][\x80-¿{_SPECIALS}]{{3}}")
# Punctuation and spaces that stand after the letters of a word, or of a word in capitals: CAFÉ’S, "désolé »".
_AFTER_WORDS = frozenset("\xa0«»‘’“”…–—·•™®")
# Letters that begin most texts that were encoded twice, and end no word, or hardly one.
_NEVER_USUAL = "Â×âæ"
_MARKS = re.compile(r"\?{2,}")
# In a column that can hold an emoji, fewer marks are emphasis.
MANY_MARKS = "????"
# A JSON Web Token is recognised by the dot before its second part: looked for from its first part on, the rest of a
# text would be read once for each "eyJ" in it.
_SECRET = re.compile(
    r"sk-[A-Za-z0-9_-]{20,}|gh[pousr]_[A-Za-z0-9]{30,}|AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{30,}"
    r"|xox[abpr]-[0-9A-Za-z-]{10,}|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\.eyJ(?<=[A-Za-z0-9_-]{13}\.eyJ)[A-Za-z0-9_-]{10,}\."
    r"|\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}"
)
SECRET_STARTS = ("sk-", "gh", "AKIA", "AIza", "xox", "-----BEGIN", "eyJ", "$2")
# Columns that are meant to hold secrets.
OF_SECRETS = ("token", "password", "password_salt")


def holds_secret(text: str) -> bool:
    """Whether a key of a service, a token or a password hash is in a text."""
    return _SECRET.search(text) is not None


def double_encoded(text: str) -> str | None:
    """What a text was before its UTF-8 was read as cp1252; None if nothing suggests that it was."""
    if text.isascii():
        return None
    if not any(_repaired(each) != each[0] and not _is_usual(text, each) for each in _DOUBLE.finditer(text)):
        return None
    return _DOUBLE.sub(_repaired, text)


def _is_usual(text: str, match: re.Match[str]) -> bool:
    """Whether a letter with an accent and the marks after it are as people write them."""
    letter, marks = match[0][0], match[0][1:]
    if letter in _NEVER_USUAL or not _AFTER_WORDS.issuperset(marks):
        return False
    if letter >= "ß":
        return True
    before, after = text[max(match.start() - 1, 0) : match.start()], text[match.end() : match.end() + 1]
    if letter == "Ã":
        return before.isupper() and not after.isalpha()
    return before.isupper() or not (before.isalpha() or after.isalpha())


def _repaired(match: re.Match[str]) -> str:
    # cp1252 leaves five bytes undefined, which MySQL's latin1 takes as they are.
    data = b"".join(character.encode("cp1252" if character in _SPECIALS else "latin-1") for character in match[0])
    try:
        return data.decode()
    except UnicodeDecodeError:
        return match[0]


class _TextCheck(Check):
    """A check of each text: first of the joined texts of a column, then of single ones."""

    def suspects(self, batch: Batch, name: str, joined: str) -> bool:
        """Whether any of the texts may have the defect."""
        raise NotImplementedError

    def problem(self, batch: Batch, name: str, text: str) -> str | None:
        """What is wrong with a text; None if nothing is."""
        raise NotImplementedError

    def batch(self, batch: Batch) -> Iterator[Finding]:
        for name in batch.texts:
            if not self.suspects(batch, name, batch.joined(name)):
                continue
            for place, value in enumerate(batch.column(name)):
                if isinstance(value, str) and (note := self.problem(batch, name, value)) is not None:
                    found = self.finding(batch.table, batch.key(place), name, value, note=note)
                    yield replace(found, decision="report") if self._comes_as_it_is(batch, name, found) else found

    def _comes_as_it_is(self, batch: Batch, name: str, found: Finding) -> bool:
        """Whether a value is kept as JSON, whatever is decided of its code; a decision on its row holds."""
        if not batch.table.rule_of(name).keep or found.key is None:
            return False
        return batch.table.decision(self.code, found.key) is None


class _TextAndContentCheck(_TextCheck):
    """A check of each text, and of each content of a script and of a save."""

    def content_problem(self, content: Content, data: bytes) -> str | None:
        """What is wrong with a content, given decoded and as stored; None if nothing is."""
        raise NotImplementedError

    def batch(self, batch: Batch) -> Iterator[Finding]:
        yield from super().batch(batch)
        name = batch.table.content_column
        for place, content in enumerate(contents_of(batch)) if batch.table.target == "scripts" else ():
            value = batch.column(name or "")[place]
            if value is not None and (note := self.content_problem(content, value)) is not None:
                yield self.finding(batch.table, batch.key(place), name, value, note=note)

    def save(self, history: Any, save: Save) -> Iterator[Finding]:
        if save.data is not None and (note := self.content_problem(save.content, save.data)) is not None:
            yield self.finding(save.table, save.key, save.table.content_column, save.data, note=note)


@check
class LostEmoji(_TextCheck):
    code = "L11"
    title = "characters that were lost as question marks"
    decision = "report"

    def suspects(self, batch: Batch, name: str, joined: str) -> bool:
        return "??" in joined and (MANY_MARKS in joined or _is_narrow(batch, name))

    def problem(self, batch: Batch, name: str, text: str) -> str | None:
        if not _is_narrow(batch, name):
            return "a run of question marks" if MANY_MARKS in text else None
        return "question marks in a column without emoji" if _MARKS.search(text) else None


@check
class DoubleEncoded(_TextAndContentCheck):
    code = "L12"
    title = "text whose UTF-8 was encoded again"
    decision = "quarantine"

    def suspects(self, batch: Batch, name: str, joined: str) -> bool:
        return not joined.isascii() and _DOUBLE.search(joined) is not None

    def problem(self, batch: Batch, name: str, text: str) -> str | None:
        return None if double_encoded(text) is None else "readable once it is decoded again"

    def content_problem(self, content: Content, data: bytes) -> str | None:
        if data.isascii() or content.refusal is not None:
            return None
        found = any(not line.text.isascii() and double_encoded(line.text) is not None for line in content.lines)
        return "readable once it is decoded again" if found else None


@check
class EmptyWord(Check):
    code = "L16"
    title = "ENUM values that are empty because another was refused"
    decision = "repair"

    def batch(self, batch: Batch) -> Iterator[Finding]:
        for name, _ in batch.table.words:
            if name in batch.table.read_columns and "" in batch.column(name):
                for place, value in enumerate(batch.column(name)):
                    if value == "":
                        yield self.finding(batch.table, batch.key(place), name)


@check
class ControlCharacters(_TextAndContentCheck):
    """The raw text keeps its hash; in the derived text they are repaired."""

    code = "L19"
    title = "control characters, mixed line ends and byte order marks"
    decision = "repair"

    def suspects(self, batch: Batch, name: str, joined: str) -> bool:
        return not joined.replace("\n", "").isprintable()

    def problem(self, batch: Batch, name: str, text: str) -> str | None:
        return _odd_characters(text)

    def content_problem(self, content: Content, data: bytes) -> str | None:
        if data.startswith(b"\xef\xbb\xbf"):
            return "a byte order mark"
        if b"\r" in data and b"\n" in data and _mixes_line_ends_of_bytes(data):
            return "mixed line ends"
        for line in content.lines:
            if not line.text.isprintable() and (note := _odd_characters(line.text)):
                return note
        return None


@check
class UnexpectedWord(Check):
    code = "L24"
    title = "words that are none of the accepted ones"
    decision = "repair"

    def batch(self, batch: Batch) -> Iterator[Finding]:
        target = TARGETS.get(batch.table.target)
        for name, field in batch.table.words:
            known = target.field(field) if target else None
            if known is None or name not in batch.table.read_columns:
                continue
            rule = batch.table.rule_of(name)
            accepted = {*known.words, *rule.values, None, ""}
            values = [*map(member_reader(rule), batch.column(name))]
            if unexpected := set(values) - accepted:
                for place, value in enumerate(values):
                    if value in unexpected:
                        yield self.finding(batch.table, batch.key(place), name, value)


@check
class SecretInText(_TextCheck):
    """Keys of services and password hashes in unexpected places."""

    code = "L25"
    title = "secrets in texts"
    decision = "report"

    def suspects(self, batch: Batch, name: str, joined: str) -> bool:
        if batch.table.fields.get(name) in OF_SECRETS:
            return False
        return any(start in joined for start in SECRET_STARTS) and holds_secret(joined)

    def problem(self, batch: Batch, name: str, text: str) -> str | None:
        return "looks like a key, token or password hash" if holds_secret(text) else None


def _is_narrow(batch: Batch, name: str) -> bool:
    """Whether a column's charset has no emoji."""
    charset = batch.table.described(name).charset
    return charset is not None and charset not in ("utf8mb4", "utf16", "utf32", "utf16le")


def _odd_characters(text: str) -> str | None:
    if text.startswith("\ufeff"):
        return "a byte order mark"
    if "\r" in text and _mixes_line_ends(text):
        return "mixed line ends"
    try:
        check_text("", text, line_ends=True)
    except ControlCharacter:
        return "a control character"
    except Rejected:
        return None
    return None


def _mixes_line_ends_of_bytes(data: bytes) -> bool:
    both = data.count(b"\r\n")
    return (both > 0) + (data.count(b"\r") > both) + (data.count(b"\n") > both) > 1


def _mixes_line_ends(text: str) -> bool:
    single = text.replace("\r\n", "")
    return (len(single) < len(text)) + ("\r" in single) + ("\n" in single) > 1
