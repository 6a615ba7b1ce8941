"""Targets of a mapping: what legacy rows can become with us, and the fields of each.

A field is named in the mapping file as `column = "field"`. A target with `open_group` also takes any lower-case name
under it, such as `metadata.tags` of a script or `payload.color` of a story element.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from domain.script.metadata import LASTING, RESERVED, STATUSES

# What a field holds, and so which columns fit it.
KEY = "key"  # the id of the row, or of a row of another table
TEXT = "text"
NAME = "name"  # of a branch, which may be an id in bytes
CONTENT = "content"  # a whole script, in one of the content shapes
MOMENT = "moment"
FLAG = "flag"
WORD = "word"  # one of a few accepted words
NUMBER = "number"
JSON = "json"

FITTING_KINDS = {
    KEY: {"integer", "text", "bytes", "decimal", "any", "enum"},
    TEXT: {"text", "enum", "set", "json", "integer", "decimal", "float", "any", "moment", "date", "time"},
    NAME: {"text", "enum", "integer", "decimal", "float", "bytes", "any"},
    CONTENT: {"text", "json", "bytes", "any"},
    MOMENT: {"moment", "date", "integer", "text", "decimal", "any"},
    FLAG: {"integer", "text", "enum", "bytes", "any"},
    WORD: {"text", "enum", "integer", "any"},
    NUMBER: {"integer", "decimal", "float", "text", "any"},
    JSON: {"json", "text", "any", "set", "enum", "integer", "decimal", "float", "moment", "date", "time"},
}

# What a status may say instead: that the script was deleted.
ARCHIVED = "archived"
ROLES = ("user", "assistant", "system", "tool")
AUTHORS = ("user", "ai", "system", "import", "backfill")
SOURCES = ("user", "ai", "system")

_MEMBER = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)


@dataclass(frozen=True)
class Field:
    """One field of a target. `words` are its accepted values; `others` is the word for any other value."""

    holds: str
    about: str
    required: bool = False
    words: tuple[str, ...] = ()
    takes_values: bool = False  # any word, and the mapping may replace some by others
    others: str | None = None
    also: tuple[str, ...] = ()  # further words that only `values` may name
    one_of: str | None = None  # fields with the same name here: one of them is required


@dataclass(frozen=True)
class Target:
    """One thing that legacy rows become."""

    name: str
    about: str
    fields: dict[str, Field]
    open_group: str | None = None
    reserved: frozenset[str] = frozenset()  # names that the open group cannot have

    def field(self, name: str) -> Field | None:
        """The field of this name, also in the open group."""
        group, dot, member = name.partition(".")
        if dot:
            is_free = group == self.open_group and _MEMBER.fullmatch(member) and member not in self.reserved
            return Field(JSON, "a value of its own") if is_free else None
        return self.fields.get(name)


_ID = Field(KEY, "the id, which is kept where it is a number", required=True)
_SCRIPT = Field(KEY, "the script", required=True)
_MAYBE_SCRIPT = Field(KEY, "the script, if it is about one")
_OWNER = Field(KEY, "the user it belongs to")
_CREATED = Field(MOMENT, "when it was made")
_UPDATED = Field(MOMENT, "when it was last changed")
_DELETED = Field(MOMENT, "when it was deleted; NULL if it was not")
_IS_DELETED = Field(FLAG, "whether it was deleted", words=("true", "false"))

_TARGETS = (
    Target(
        "users",
        "people who sign in",
        {
            "id": _ID,
            "email": Field(TEXT, "the e-mail address", required=True),
            "name": Field(TEXT, "the name shown"),
            "password": Field(TEXT, "the password's hash; empty means none"),
            "password_salt": Field(TEXT, "the salt, kept with the hash"),
            "created_at": _CREATED,
            "deleted_at": _DELETED,
            "deleted": _IS_DELETED,
        },
    ),
    Target(
        "sessions",
        "sign-ins; only the hash of a token is kept",
        {
            "id": Field(KEY, "the id"),
            "user_id": Field(KEY, "the user", required=True),
            "token": Field(TEXT, "the token", required=True),
            "created_at": _CREATED,
            "seen_at": Field(MOMENT, "when it was last used"),
            "expires_at": Field(MOMENT, "when it ends", required=True),
            "revoked_at": Field(MOMENT, "when it was ended; NULL if it was not"),
        },
    ),
    Target(
        "scripts",
        "their metadata, and their latest text where there is no version",
        {
            "id": _ID,
            "user_id": _OWNER,
            "title": Field(TEXT, "the title", required=True),
            "status": Field(WORD, "the status", words=STATUSES, others="unknown", also=(ARCHIVED,)),
            "content": Field(CONTENT, "the latest text"),
            "version_number": Field(NUMBER, "the counter of saves"),
            "created_at": _CREATED,
            "updated_at": _UPDATED,
            "archived_at": Field(MOMENT, "when it was deleted: the script is archived; NULL if it was not"),
            "archived": Field(FLAG, "whether it was deleted: the script is archived", words=("true", "false")),
        },
        open_group="metadata",
        reserved=RESERVED | set(LASTING),
    ),
    Target(
        "versions",
        "saves of scripts",
        {
            "id": Field(KEY, "the id"),
            "script_id": _SCRIPT,
            "version_number": Field(NUMBER, "the number of the save"),
            "content": Field(CONTENT, "the text", one_of="text"),
            "last_content": Field(CONTENT, "the text of a row whose content is NULL", one_of="text"),
            "patch": Field(TEXT, "the patch that leads to or from this text", one_of="text"),
            "hash": Field(KEY, "the hash of the text, which is in a table of contents or nowhere", one_of="text"),
            "branch": Field(NAME, "the branch"),
            "created_at": _CREATED,
            "author": Field(WORD, "who wrote it", words=AUTHORS, others="user"),
            "actor": Field(KEY, "the user who saved it"),
        },
        open_group="metadata",
    ),
    Target(
        "contents",
        "texts by their hash, which versions point at",
        {
            "hash": Field(KEY, "the hash, or an id, that versions name", required=True),
            "content": Field(CONTENT, "the text", required=True),
        },
    ),
    Target(
        "commands",
        "rows that only say who made a version",
        {
            "id": Field(KEY, "the id"),
            "script_id": _SCRIPT,
            "version_number": Field(NUMBER, "the version it points to", one_of="version"),
            "payload": Field(JSON, "JSON with the version it points to", one_of="version"),
            "kind": Field(TEXT, "the kind of command"),
            "author": Field(WORD, "who made the version", words=AUTHORS, others="user"),
            "actor": Field(KEY, "the user who made the version"),
            "created_at": _CREATED,
        },
    ),
    Target(
        "lines",
        "lines as rows, linked to their neighbours",
        {
            "id": _ID,
            "script_id": _SCRIPT,
            "revision": Field(KEY, "the revision of the script, where there are several"),
            "content": Field(TEXT, "the text of the line", required=True),
            "format": Field(TEXT, "what kind of line it is", takes_values=True),
            "next": Field(KEY, "the line after it", one_of="neighbour"),
            "previous": Field(KEY, "the line before it", one_of="neighbour"),
            "position": Field(NUMBER, "its place", one_of="neighbour"),
            "created_at": _CREATED,
            "deleted_at": Field(MOMENT, "when it was deleted: it is not in the text; NULL if it was not"),
            "deleted": Field(FLAG, "whether it was deleted: it is not in the text", words=("true", "false")),
        },
    ),
    Target(
        "chat_messages",
        "one message, or a question with its answer, and what the answer cost",
        {
            "id": Field(KEY, "the id"),
            "script_id": _MAYBE_SCRIPT,
            "user_id": _OWNER,
            "role": Field(WORD, "who speaks", words=ROLES, others="system"),
            "content": Field(TEXT, "the text of the message", one_of="message"),
            "question": Field(TEXT, "what the user asked", one_of="message"),
            "answer": Field(TEXT, "what the model answered", one_of="message"),
            "intent": Field(TEXT, "the application's classification"),
            "created_at": _CREATED,
            "model": Field(TEXT, "the model that answered"),
            "tokens_in": Field(NUMBER, "tokens of the question"),
            "tokens_out": Field(NUMBER, "tokens of the answer"),
            "tokens": Field(NUMBER, "tokens of both"),
            "cost": Field(NUMBER, "the cost, in whole units of the currency"),
            "currency": Field(TEXT, "the currency"),
            "latency_ms": Field(NUMBER, "how long the answer took"),
        },
        open_group="metadata",
    ),
    Target(
        "elements",
        "what the story is about, not its text",
        {
            "id": _ID,
            "script_id": _SCRIPT,
            "type": Field(TEXT, "the type; a table of one type sets it with `set`", required=True, takes_values=True),
            "content": Field(TEXT, "text or JSON: the content"),
            "source": Field(WORD, "who made it", words=SOURCES, others="user"),
            "created_at": _CREATED,
            "updated_at": _UPDATED,
            "deleted_at": _DELETED,
            "deleted": _IS_DELETED,
        },
        open_group="payload",
    ),
    Target(
        "personas",
        "described voices",
        {
            "id": _ID,
            "script_id": _MAYBE_SCRIPT,
            "user_id": _OWNER,
            "name": Field(TEXT, "the name"),
            "description": Field(TEXT, "the description", required=True),
            "created_at": _CREATED,
            "updated_at": _UPDATED,
            "deleted_at": _DELETED,
            "deleted": _IS_DELETED,
        },
        open_group="payload",
    ),
    Target("legacy_rows", "rows without a home with us, kept as JSON by table and key", {}),
)

TARGETS = {target.name: target for target in _TARGETS}
