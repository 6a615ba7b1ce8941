"""Where names come from, besides the values they get: types, parameters of callbacks, names given by imports.

`constructor(@InjectRepository(Script) private scripts: Repository<Script>)` makes `this.scripts` a repository, and
`knex.transaction(async (t) => …)` makes `t` a transaction of knex.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from ast_grep_py import SgNode

from gates.static_scan.code.declared_types import DeclaredTypes
from gates.static_scan.code.name_words import words_of
from gates.static_scan.code.syntax import Function, Part, Syntax

# What gives a client, a connection or a transaction to the function it gets.
_GIVERS = frozenset(
    """transaction $transaction getConnection withTransaction withConnection transactional startTransaction begin
    connect getClient useConnection executeInTransaction runInTransaction acquire task tx""".split()
)
_INJECTORS = frozenset("with inject injects use uses using provide provides needs require requires pass get in".split())
_INJECTED = frozenset("session sess cursor connection conn db database transaction tx engine uow pool".split())
_GIVEN_LATER = re.compile(r"\b(?:getConnection|getClient|connect|acquire|transaction)\([^()]{0,40}\)\.then$")
# Words in the names of functions that run a callback in a transaction: `inTransaction(async (t) => …)`, `withTx`.
_TRANSACTIONS = frozenset("transaction transactional transact tx trx".split())
# What a handle of a database by its name gives to a function it gets: `app.mysql.lease(async (c) => …)`.
_OF_HANDLE = re.compile(
    r"(?:^|[.(\s])\w{0,40}(?:mysql2?|mariadb|knex|sequelize|kysely|slonik|dataSource)\.(?!then\b|on\b|query\b)\w{1,40}$",
    re.IGNORECASE,
)
# Functions of a migration get what builds tables, whatever its name is.
_MIGRATIONS = frozenset({"up", "down", "seed"})
_BUILDS_TABLES = re.compile(r"\.schema\b|\bknex\b|\bexports\.seed\b")
_TABLE_CALL = re.compile(r"\b(?:knex|trx|tx|db|conn|connection)\(['\"`]\w{1,80}['\"`]\)")
_ERRORS = frozenset({"err", "error", "e", "_err", "_"})
_IMPORTED_TYPE = re.compile(r"\bimport\([^()\n]{0,80}\)\.")
_OWN = re.compile(r"\bthis\.#?(\w{1,60})")
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
# Types around the one that matters.
_AROUND = frozenset("Optional Annotated Union typing t Promise Readonly Partial NonNullable None undefined".split())
_TYPED = {
    "python": ("typed_parameter", "typed_default_parameter", "assignment"),
    "typescript": (
        "required_parameter",
        "optional_parameter",
        "public_field_definition",
        "property_signature",
        "variable_declarator",
    ),
}
_DEFAULTS = {
    "python": ("default_parameter", "typed_default_parameter"),
    "javascript": ("assignment_pattern",),
    "typescript": ("assignment_pattern", "required_parameter"),
}
_NAMED_BY_IMPORT = {"python": "aliased_import", "typescript": "import_specifier"}


class Origins:
    """The origins of the names of one file."""

    def __init__(self, syntax: Syntax) -> None:
        self._syntax = syntax
        self._source = syntax.source
        # What a name is in a function, or everywhere.
        self._names: dict[str, dict[Function | None, str]] = defaultdict(dict)
        self._members: dict[str, str] = {}
        # The names that imports give, and what they import: `update as sa_update`.
        self.aliases: dict[str, str] = {}
        self._types = DeclaredTypes(self._source)
        self._returned: dict[str, str] = {}
        self._is_migration: bool | None = None
        language = "python" if self._source.is_python else "typescript"
        if self._source.language != "javascript":
            self._read_types(_TYPED[language])
        for name, text in self._types.in_comments():
            if words := self._types.words(_of_type(text)).strip():
                self._names[name].setdefault(None, words)
                self._members.setdefault(name, words)
        for name, text in self._types.returned():
            own = " ".join(self.of_member(each) for each in _OWN.findall(text))
            self._members.setdefault(name, f"{text} {own}")
            self._returned[name] = f"{text} {own}{' knex' if _TABLE_CALL.search(text) else ''}"
        self._read_defaults(_DEFAULTS["javascript" if self._source.language == "javascript" else language])
        if " as " in self._source.text:
            self._read_aliases(_NAMED_BY_IMPORT[language])
        for part in syntax.parts:
            if part.kind in syntax.grammar.functions:
                self._read_callback(part)
                if part.kind == "function_definition":
                    self._read_injected(part)

    def of_name(self, name: str, index: int) -> str:
        """The words of what a variable or parameter is; empty if nothing says it."""
        found = self._names.get(name)
        if not found:
            return ""
        function = self._syntax.function_at(index)
        while True:
            known = found.get(function, "")
            if known or function is None:
                return known
            function = function.outer

    def add_handles(self, functions: Mapping[str, str], members: Mapping[str, str]) -> None:
        """Add functions of other files that give a handle of a database, and members that hold one, with its words."""
        for name, words in functions.items():
            self._returned.setdefault(name, f"{name} {words}")
        for name, words in members.items():
            self._members.setdefault(name, words)
        for part in self._syntax.parts if "@" in self._source.text and functions else ():
            if part.kind == "function_definition":
                self._read_injected(part)

    def of_this(self, index: int) -> str:
        """The words of what the class around a position extends."""
        return self._types.of_this(index)

    def of_returned(self, name: str) -> str:
        """The words of the handle of a database that a function returns."""
        return self._returned.get(name, "")

    def of_declared(self, name: str) -> str:
        """The words of the type that a member has by a declaration in this file."""
        return self._members.get(name, "")

    def of_member(self, name: str) -> str:
        """The words of what a member of an object is, by its type or by the class whose object it gets."""
        name = name.lstrip("#")
        if name in self._members:
            return self._members[name]
        grammar = self._syntax.grammar
        for value in self._syntax.fields.get(name, [])[:3]:
            if value.kind() == "identifier" and self._source.is_python:  # `self._s = session`
                if words := self.of_name(self._source.name(value), value.range().start.index):
                    return words
                continue
            if value.kind() == "arrow_function" and (body := value.field("body")) is not None:
                text = self._source.slice(body)[:80]
                if body.kind() in grammar.calls:  # `rows = () => this.database("scripts")`
                    return " ".join([text, *(self._members.get(each, "") for each in _OWN.findall(text))])
                continue
            function = value.field("function") or value.field("constructor") if value.kind() in grammar.calls else None
            if function is not None:
                return self._source.slice(function)[-80:].rpartition(".")[2]
        return ""

    def _read_types(self, kinds: tuple[str, ...]) -> None:
        if self._source.is_python:
            given = {"any": [{"kind": kind, "has": {"field": "type", "kind": "type"}} for kind in kinds]}
        else:
            typed = [{"kind": kind, "has": {"kind": "type_annotation"}} for kind in kinds]
            given = {"any": [*typed, {"kind": "required_parameter", "has": {"kind": "decorator"}}]}
        for node in self._source.root.find_all({"rule": given}):  # type: ignore[call-overload]
            self._read_typed(node)

    def _read_typed(self, node: SgNode) -> None:
        named = node.field("pattern") or node.field("name") or node.field("left") or node.child(0)
        annotation = node.field("type")
        if named is None:
            return
        words = self._types.words(_of_type(self._source.slice(annotation)[:200])) if annotation is not None else ""
        decorator = next((child for child in node.children()[:4] if child.kind() == "decorator"), None)
        if decorator is not None:
            injected, _, token = self._source.slice(decorator)[1:80].partition("(")
            token = " ".join(_NAME.findall(token)) if injected == "Inject" else ""
            words = f"{words} {injected.removeprefix('Inject')} {token}"
        if not words.strip():
            return
        name = self._source.name(named)[:80].rpartition(".")[2].lstrip("#")
        kind = node.kind()
        function = self._syntax.function_at(named.range().start.index)
        self._names[name].setdefault(function, words)
        # A field of a data class is declared outside its methods.
        is_declared = kind in ("public_field_definition", "property_signature") or (
            kind == "assignment" and function is None
        )
        if is_declared or named.kind() == "attribute" or _is_field(node):
            self._members.setdefault(name, words)

    def _read_defaults(self, kinds: tuple[str, ...]) -> None:
        """Parameters with a default: `c=cursor`, `dbs=Depends(get_session)`."""
        for node in self._source.root.find_all(any=[{"kind": kind} for kind in kinds]):
            named, value = (
                node.field("name") or node.field("left") or node.field("pattern"),
                node.field("value") or node.field("right"),
            )
            if (
                named is None
                or value is None
                or value.kind() not in ("identifier", "attribute", "member_expression", "call", "call_expression")
            ):
                continue
            function = self._syntax.function_at(named.range().start.index)
            self._names[self._source.name(named)[:80]].setdefault(function, self._source.slice(value)[:60])

    def _read_aliases(self, kind: str) -> None:
        for node in self._source.root.find_all(kind=kind):
            name, alias = node.field("name"), node.field("alias")
            if name is not None and alias is not None:
                self.aliases[self._source.name(alias)] = self._source.name(name).rpartition(".")[2]

    def _read_injected(self, part: Part) -> None:
        """The first parameter of a function that `@with_session` or `@inject_cursor` gives one."""
        outer = part.node.parent() if "@" in self._source.text else None
        if outer is None or outer.kind() != "decorated_definition" or part.function is None:
            return
        marks = (child for child in outer.children() if child.kind() == "decorator")
        for mark in marks:
            name = self._source.slice(mark)[1:80].partition("(")[0].rpartition(".")[2]
            words = {*words_of(name)}
            given = name if words & _INJECTORS and words & _INJECTED else self._returned.get(name, "")
            if given and part.function.parameters:
                self._names[part.function.parameters[0]].setdefault(part.function, given)

    def _read_callback(self, part: Part) -> None:
        call, own = part.parent, part.function
        if own is None:
            return
        if not self._source.is_python and own.parameters and (words := self._words_of_first(part)):
            self._names[own.parameters[0]].setdefault(own, words)
        if call is None or call.kind not in self._syntax.grammar.calls:
            return
        function = call.node.field("function")
        if function is None:
            return
        text = self._source.slice(function)[-80:]
        called = text.rpartition(".")[2]
        is_given = called in _GIVERS or (not self._source.is_python and not _TRANSACTIONS.isdisjoint(words_of(called)))
        is_only = not self._source.is_python and len(own.parameters) == 1
        if is_given or _GIVEN_LATER.search(text) or (is_only and _OF_HANDLE.search(text)):
            owner = text.partition(".")[2].partition(".")[0] if text.startswith("this.") else ""
            text = f"{text} {self._members.get(owner, '')}"
            for name in own.parameters:
                if name not in _ERRORS:
                    self._names[name].setdefault(own, text)

    def _builds_tables(self) -> bool:
        if self._is_migration is None:
            self._is_migration = _BUILDS_TABLES.search(self._source.parsed_text) is not None
        return self._is_migration

    def _words_of_first(self, part: Part) -> str:
        """The words of the first parameter of a migration, or of a trap of `new Proxy(pool, { get(target) … })`."""
        own, call = part.function, part.parent
        if own is not None and own.name in _MIGRATIONS and self._builds_tables():
            return "knex"
        while call is not None and call.kind == "pair":
            call = call.parent
        if call is None or call.kind != "new_expression":
            return ""
        made, listed = call.node.field("constructor"), call.node.field("arguments")
        given = listed.named_children() if listed is not None else []
        return self._source.slice(given[0])[:80] if made is not None and made.text() == "Proxy" and given else ""


def _of_type(text: str) -> str:
    """The name of a type, without those around it: `Session` of `Annotated[Session, Depends(get)]`."""
    names = _NAME.findall(_IMPORTED_TYPE.sub("", text))
    if "typeof" in names[:1]:
        return names[1] if len(names) > 1 else ""
    return next((name for name in names if name not in _AROUND), "")


def _is_field(parameter: SgNode) -> bool:
    """Whether a parameter of a constructor is a field too."""
    return any(child.kind() in ("accessibility_modifier", "readonly") for child in parameter.children()[:6])
