"""Calls of document databases: MongoDB through its driver, mongoose and typegoose.

The application's database is MySQL; what another store holds is listed apart. A call is one of them by what it comes
from: a model may be called like one of Sequelize, so a file that also imports a library for SQL says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gates.static_scan.code.call_chain import Link
from gates.static_scan.code.name_words import words_of
from gates.static_scan.code.source_text import SourceText

MONGODB = "MongoDB"
_PACKAGES = frozenset(
    "mongodb mongoose @nestjs/mongoose @typegoose/typegoose mongoist monk papr @m8a/nestjs-typegoose".split()
)
_MODULE_WORDS = frozenset("mongodb mongoose typegoose mongoist".split())
_SQL_MODULES = frozenset(
    """typeorm sequelize prisma knex mikro mikroorm drizzle objection kysely bookshelf mysql mysql2 mariadb pg postgres
    slonik sqlite sqlite3 libsql mssql waterline sails""".split()
)
_SQL_WORDS = frozenset(
    """prisma knex sequelize typeorm repository repositories repo em manager kysely drizzle mysql mariadb pool trx tx
    sql sails""".split()
)
_METHODS = (
    "findOneAndUpdate|findOneAndDelete|findOneAndReplace|findOneAndRemove|findByIdAndUpdate|findByIdAndDelete"
    "|findByIdAndRemove|insertOne|insertMany|updateOne|deleteOne|replaceOne|bulkWrite"
)
_OWN_METHODS = frozenset(_METHODS.split("|"))
# `Script.findByIdAndDelete(id)`: from here on, `Script` is a model of mongoose. Waterline has `updateOne(…).set(…)`.
_MODEL = re.compile(rf"\b([A-Z]\w{{0,60}})\.(?:{_METHODS.replace('|updateOne', '')})\(")
_SET = re.compile(r"\s{0,40}\.set\(")


class OtherStores:
    """Says of the calls of one file whether they reach a document database."""

    def __init__(self, source: SourceText, modules: set[str], module_of: Mapping[str, str]) -> None:
        self._source = source
        self._module_of = module_of
        self._has_sql = not modules.isdisjoint(_SQL_MODULES)
        self._imports = not modules.isdisjoint(_MODULE_WORDS)
        self._models = {*_MODEL.findall(source.parsed_text)} if not source.is_python and not self._has_sql else set()

    def store_of(self, root: str, chain: Sequence[Link], end: int) -> str:
        """The store that a chain of calls reaches, if it is another one; the call ends at `end`."""
        if self._source.is_python:
            return ""
        before = [link.name for link in chain[:-1]]
        words = {word for name in before for word in words_of(name)}
        if any(self._module_of.get(name.partition(" ")[0], "") in _PACKAGES for name in (root, *before)):
            return MONGODB
        if words & _MODULE_WORDS or any(link.name == "collection" and link.arguments for link in chain[:-1]):
            return MONGODB if not words & (_SQL_WORDS - {"pool", "manager"}) else ""
        if self._has_sql or words & _SQL_WORDS:
            return ""
        is_model = root[:1].isupper() or "model" in words or "Model" in " ".join(before)
        is_own = chain[-1].name in _OWN_METHODS and not _SET.match(self._source.text[end : end + 60])
        return MONGODB if self._imports or root in self._models or (is_own and is_model) else ""
