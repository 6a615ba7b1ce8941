"""Whether a match of a rule reaches the database, and which table: read off the names in its chain of calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ast_grep_py import SgNode

from gates.static_scan.code.call_chain import COMPUTED, Link
from gates.static_scan.code.imports import file_of
from gates.static_scan.code.name_words import words_of
from gates.static_scan.code.python_imports import imported_models
from gates.static_scan.code.source_text import SourceText
from gates.static_scan.rules import Evidence, Touch

_REPOSITORY_WORDS = {"repository", "repositories", "repo", "repos", "manager", "em", "this", "self"}
_NAMES = ("identifier", "member_expression", "attribute", "subscript", "subscript_expression")
# Methods of Knex that get a row.
_ROWS = ("insert", "update", "upsert", "patch")
_BUILDERS = {"knex", "trx", "tx", "db", "connection"}
_OF_SESSIONS = (".commit()", ".flush(", ".add(", ".merge(", ".query(", ".rollback(")
_GIVERS_OF_RECORDS = frozenset("objects get_object_or_404 aget_object_or_404".split())
_VERBS = frozenset("INSERT UPDATE DELETE REPLACE SELECT".split())
_INTO = (
    "into",
    "from",
    "table",
    "insert",
    "update",
    "delete",
    "getRepository",
    "query",
    "objects",
    "getTreeRepository",
    "write",
)


class Names(NamedTuple):
    """What names come from: the modules of the file, that of the first name, and what stands for the first value."""

    modules: set[str]
    origin: str = ""
    value: str = ""


def convinces(touch: Touch, chain: Sequence[Link], names: Names, source: SourceText) -> bool:
    """Whether one of a rule's pieces of evidence holds."""
    given = chain[-1].arguments or []
    if touch.access == "read" and given and given[0].kind() in ("arrow_function", "function_expression"):
        return False  # `repositories.find((each) => …)`
    return not touch.evidence or any(_holds(each, chain, names, source) for each in touch.evidence)


def _holds(evidence: Evidence, chain: Sequence[Link], names: Names, source: SourceText) -> bool:
    modules, origin, value = names
    *before, last = chain
    given = last.arguments or []
    if evidence.methods and last.name not in evidence.methods:
        return False
    if evidence.receiver and not {*evidence.receiver} & {*_words(before[-1:])}:
        return False
    if evidence.receiver and evidence.named and before[-1].arguments:
        return False  # a builder for one table: what is given to it is a row
    if evidence.client and not {*evidence.client} & {*_words(before)}:
        return False
    if evidence.unless and {*evidence.unless} & {*_words(before[-1:])}:
        return False
    if evidence.without and {*evidence.without} & {*_words(before)}:
        return False
    if evidence.imports and not {*evidence.imports} & modules:
        return False
    if evidence.chain and not {*evidence.chain} & {link.name for link in before}:
        return False
    if evidence.keys and not any({*evidence.keys} & _keys(each) for each in given[:2]):
        return False
    if evidence.keywords and not {*evidence.keywords} & {_keyword(each) for each in given}:
        return False
    if evidence.given:
        values = next((link.arguments for link in chain if link.arguments), [])
        words = words_of(source.slice(values[0])[-200:]) if values else ()
        whole = source.slice(values[0])[-80:].strip("'\"").lower() if values else ""
        if not {*evidence.given} & {*words, *words_of(value), whole}:
            return False
    if evidence.arguments is not None and len(given) != evidence.arguments:
        return False
    if evidence.member and len(before) < 2:
        return False
    if evidence.model and (any(link.is_new for link in before) or not any(link.name[:1].isupper() for link in before)):
        return False
    if evidence.named and not (given and given[0].kind() in _NAMES):
        return False
    if evidence.table and not _begins_with_table(evidence, chain, source):
        return False
    if evidence.only and not _consists_of(before[-1].name, {*evidence.only}):
        return False
    if evidence.origin and not {*evidence.origin} & {*words_of(file_of(origin))}:
        return False
    if evidence.package and origin not in evidence.package:
        return False
    if evidence.made and not {*evidence.made} & {*_words([link for link in before if link.arguments])}:
        return False
    if evidence.called and not {*evidence.called} & {*_words([last])}:
        return False
    if evidence.computed and not any(_is_computed(link) for link in before):
        return False
    if evidence.literal and not (given and _literal(given[0], source)):
        return False
    if evidence.statement and before and not {"sa", "sqlalchemy", "sql", "mysql", "postgresql"} & {*_words(before)}:
        return False
    if evidence.given_before and not {*evidence.given_before} & {
        word for link in before for each in (link.arguments or [])[:3] for word in words_of(source.slice(each)[-80:])
    }:
        return False
    if evidence.object and not (given and _is_made(given[0], source)):
        return False
    if evidence.keyword and not any(map(_keyword, given)):
        return False
    if evidence.commits and not _is_used_as_session(before[-1].name.partition(" ")[0], last.name, source):
        return False
    if evidence.text and not any(part in source.text for part in evidence.text):
        return False
    if evidence.record and not _is_of_record(before, source):
        return False
    if last.name in evidence.none_of or (evidence.related and not any(link.name.endswith("_set") for link in before)):
        return False
    if evidence.new and (not last.is_new or f"class {last.name} " in source.text):
        return False  # a class of the same name that the file declares
    return not (evidence.root and before)


def _is_used_as_session(name: str, method: str, source: SourceText) -> bool:
    """Whether a file also does with an object what only sessions can."""
    others = (each for each in _OF_SESSIONS if not each.startswith(f".{method}("))
    return any(f"{name}{each}" in source.text for each in others)


def _is_of_record(before: Sequence[Link], source: SourceText) -> bool:
    """Whether a chain goes on from a record to one of its members."""
    *owners, member = before
    if member.arguments is not None:
        return False
    names = [name for link in owners for name in link.name.split(" ")]
    models = imported_models(source.text)
    given = (source.slice(link.arguments[0])[:80] for link in owners if link.arguments)
    if not models.isdisjoint(given):
        return True  # `session.get(Script, 1).tags`
    if any(name in _GIVERS_OF_RECORDS or (name[:1].isupper() and name in models) for name in names):
        return True
    return bool({*words_of(owners[0].name.partition(" ")[0])[-1:]} & models)


def _is_computed(link: Link) -> bool:
    """Whether a member is chosen at run time; that of a list has the list's word: `models[name]` is " model"."""
    return link.arguments is None and link.name.partition(" ")[0] == COMPUTED


def _consists_of(name: str, words: set[str]) -> bool:
    """Whether a name, or one that it stands for, has no other words: `manager`, and no `windowManager`."""
    return any(len(own) > 0 and own <= words for own in ({*words_of(each)} for each in name.split(" ")))


def _begins_with_table(evidence: Evidence, chain: Sequence[Link], source: SourceText) -> bool:
    """Whether a chain begins with a table: `knex("scripts")`, or `this.knex("scripts")`."""
    tables = (link for link in chain[:-1] if link.arguments and _literal(link.arguments[0], source))
    return any(link is chain[0] or _consists_of(link.name, {*evidence.client}) for link in tables)


def table_of(touch: Touch, chain: Sequence[Link], source: SourceText) -> str:
    """The table or model that a match is about; empty if the code does not say."""
    *before, last = chain
    given = last.arguments or []
    match touch.table:
        case "receiver":
            if given and given[0].kind() == "identifier" and given[0].text()[:1].isupper():
                return _named(given[0], source)
            looked_up = next((link for link in before if link.name in ("model", "models") and link.arguments), None)
            if looked_up is not None and looked_up.arguments and _literal(looked_up.arguments[0], source):
                return _named(looked_up.arguments[0], source)  # `sequelize.model("Persona")`
            owners = [link for link in before if link.name != "query"]
            named = [link for link in owners if link.arguments is None] or owners
            classes = [link for link in named if link.name[:1].isupper() and " " not in link.name]
            return _model((classes or named)[-1].name) if named else ""
        case "argument":
            if given and _literal(given[0], source):
                return _named(given[0], source)
            tables = [each.field("value") for each in given if _keyword(each) in ("name", "table", "table_name")]
            return _named(tables[0] or given[0], source) if tables else (_named(given[0], source) if given else "")
        case "class":
            for link in reversed(before):
                if link.name.startswith("get") and link.arguments:
                    return _named(link.arguments[0], source)
            if given and given[0].kind() == "identifier" and given[0].text()[:1].isupper():
                return _named(given[0], source)
            return _model(before[-1].name) if before and before[-1].arguments is None else ""
        case "root":
            return _model(chain[0].name)
        case "chain":
            for link in before:
                is_table = link is chain[0] or bool(_BUILDERS & {*_words([link])})
                if is_table and link.arguments and _literal(link.arguments[0], source):
                    table = _named(link.arguments[0], source)
                    if table not in link.name.split(" "):  # `get("knex")`
                        return table
            for link in before:
                if link.name in _INTO and link.arguments and _literal(link.arguments[0], source):
                    return _named(link.arguments[0], source)
            for link in (last, *reversed(before)):
                if link.name in _INTO and link.arguments and (name := _named(link.arguments[0], source)):
                    is_row = touch.api == "Knex" and link.name in _ROWS and not _literal(link.arguments[0], source)
                    if not is_row or name[:1].isupper():
                        return name
            for place, link in enumerate(before):
                if link.name in ("objects", "_default_manager", "_base_manager"):
                    owner = before[place - 1] if place else None
                    if owner is not None and owner.name.startswith("get_model") and owner.arguments:
                        return _named(owner.arguments[-1], source).rpartition(".")[2]
                    if owner is None and given and source.slice(given[0])[:1].isupper():
                        return _named(given[0], source)  # the manager of another library
                    return _model(owner.name) if owner is not None else ""
            is_builder = bool(before) and bool(_BUILDERS & {*_words(before[-1:])})
            return _model(before[-1].name) if before and before[-1].arguments is None and not is_builder else ""
    return ""


def _words(links: Sequence[Link]) -> list[str]:
    return [word for link in links for name in (link.name,) for word in (name.lower(), *words_of(name))]


def _keys(node: SgNode) -> set[str]:
    if node.kind() != "object":
        return set()
    found = set()
    for child in node.children()[:100]:
        key = child.field("key") or (child if child.kind() == "shorthand_property_identifier" else None)
        if key is not None:
            found.add(key.text().strip("'\""))
    return found


def _keyword(node: SgNode) -> str:
    name = node.field("name") if node.kind() == "keyword_argument" else None
    return name.text() if name is not None else ""


def _is_made(node: SgNode, source: SourceText) -> bool:
    """Whether a value is an object that is made there: `Script(title="x")`."""
    function = node.field("function") if node.kind() == "call" else None
    return function is not None and source.slice(function)[-80:].rpartition(".")[2][:1].isupper()


def _literal(node: SgNode, source: SourceText) -> bool:
    """Whether a value is a text that may be the name of a table, and no statement."""
    if node.kind() not in ("string", "template_string"):
        return False
    text = source.slice(node)[1:40]
    return text[:1].isidentifier() and text.partition(" ")[0].upper() not in _VERBS


def _named(node: SgNode, source: SourceText) -> str:
    """The name of a table or model in an argument: a text, a class, an object of a class."""
    kind = node.kind()
    text = source.slice(node)[:200]
    if kind in ("string", "template_string"):
        name = text.lstrip("rRbBuUfF").strip("`'\"")
        return name if "${" not in text and "{" not in text else ""
    if kind == "identifier":
        return _model(text)
    if kind in ("member_expression", "attribute"):
        owner, _, name = text.rpartition(".")
        owner = owner.removesuffix(".c")
        return _model(owner.rpartition(".")[2] if name in ("id", "__table__", "c") else name)
    if kind in ("call", "call_expression", "new_expression"):
        function = node.field("function") or node.field("constructor")
        return _model(source.slice(function)[:200].rpartition(".")[2]) if function is not None else ""
    return ""


def _model(name: str) -> str:
    """The name of a model or table, without what says that it is a repository; empty for what is chosen at run time."""
    name = name.partition(" ")[0]
    if name in (COMPUTED, "this", "self", "session", "db", "query") or not name[:1].isidentifier():
        return ""
    words = [
        word for word in words_of(name) if word not in _REPOSITORY_WORDS and word not in ("model", "delegate", "table")
    ]
    return name if len(words) == len(words_of(name)) else "_".join(words)
