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
from gates.static_scan.word_lists import word_lists

MONGODB = "MongoDB"
# Waterline has `updateOne(…).set(…)`.
_SET = re.compile(r"\s{0,40}\.set\(")
_CALL_OF_A_TYPE = re.compile(r"\b([A-Z]\w{0,60})\.(\w{1,60})\(")


def _words() -> Mapping[str, frozenset[str]]:
    return word_lists("other_stores")


class OtherStores:
    """Says of the calls of one file whether they reach a document database."""

    def __init__(self, source: SourceText, modules: set[str], module_of: Mapping[str, str]) -> None:
        self._source = source
        self._module_of = module_of
        self._modules = modules
        self._has_sql = not modules.isdisjoint(_words()["sql_modules"])
        self._imports = not modules.isdisjoint(_words()["module_words"])
        has_models = not source.is_python and not self._has_sql
        self._models = _models_of(source.parsed_text) if has_models else set()

    def store_of(self, root: str, chain: Sequence[Link], end: int) -> str:
        """The store that a chain of calls reaches, if it is another one; the call ends at `end`."""
        if self._source.is_python:
            return MONGODB if self._is_of_mongodb_in_python(chain) else ""
        known, before = _words(), [link.name for link in chain[:-1]]
        words = {word for name in before for word in words_of(name)}
        if any(self._module_of.get(name.partition(" ")[0], "") in known["packages"] for name in (root, *before)):
            return MONGODB
        if words & known["module_words"] or any(link.name == "collection" and link.arguments for link in chain[:-1]):
            return MONGODB if not words & (known["sql_words"] - {"pool", "manager"}) else ""
        if self._has_sql or words & known["sql_words"]:
            return ""
        is_model = root[:1].isupper() or "model" in words or "Model" in " ".join(before)
        is_own = chain[-1].name in known["methods"] and not _SET.match(self._source.text[end : end + 60])
        return MONGODB if self._imports or root in self._models or (is_own and is_model) else ""

    def _is_of_mongodb_in_python(self, chain: Sequence[Link]) -> bool:
        known = _words()
        if chain[-1].name in known["python_methods"]:
            return True
        words = {word for link in chain[:-1] for word in words_of(link.name)}
        has_sql = not self._modules.isdisjoint(known["python_sql_modules"]) or not words.isdisjoint(known["sql_words"])
        return not has_sql and not self._modules.isdisjoint(known["python_module_words"])


def _models_of(text: str) -> set[str]:
    """The models of mongoose: `Script.findByIdAndDelete(id)` makes `Script` one."""
    methods = _words()["methods"] - {"updateOne"}  # which Waterline has, too
    return {name for name, method in _CALL_OF_A_TYPE.findall(text) if method in methods}
