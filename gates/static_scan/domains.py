"""Domains of tables: which part of the application a table or model belongs to, by its name."""

from __future__ import annotations

from collections.abc import Mapping

from gates.static_scan.code.name_words import words_of

DOMAINS = ("users", "sessions", "chat", "scripts", "versions", "commands", "elements", "personas", "other")
OTHER = "other"

# The last word of a name that has an entry here decides, so that `script_versions` belongs to versions.
_BY_WORD = {
    "versions": ("version", "revision", "history", "snapshot", "keyframe"),
    "commands": ("command", "submission", "inbox"),
    "sessions": ("session", "token"),
    "chat": ("chat", "conversation", "message", "thread", "prompt"),
    "personas": ("persona",),
    "elements": ("element", "scene", "character", "location", "theme", "outline", "beat", "act", "plot"),
    "users": ("user", "account", "member", "profile"),
    "scripts": ("script", "screenplay", "draft", "page", "line", "slug"),
}
# Tables in which tools note the version of the schema: `alembic_version`, `flyway_schema_history`.
_OF_SCHEMA = frozenset({"schema", "alembic", "flyway", "liquibase", "migration", "migrations"})
_DOMAIN_OF = {word: domain for domain, words in _BY_WORD.items() for word in words}


def domain_of(table: str, named: Mapping[str, str] | None = None) -> str:
    """The domain of a table; `named` are the tables whose domain a configuration gives."""
    name = table.rpartition(".")[2].strip('`"[]')
    if named and name.lower() in named:
        return named[name.lower()]
    words = words_of(name)
    if not _OF_SCHEMA.isdisjoint(words):
        return OTHER
    for word in reversed(words):
        for singular in (word, word[:-1] if word.endswith("s") else word, word[:-3] + "y"):
            if singular in _DOMAIN_OF:
                return _DOMAIN_OF[singular]
    return OTHER
