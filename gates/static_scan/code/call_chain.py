"""A call as a chain: `knex("scripts").where({id}).update({title})` is knex, where, update, and their arguments."""

from __future__ import annotations

import re
from typing import NamedTuple

from ast_grep_py import SgNode

from gates.static_scan.code.languages import Grammar
from gates.static_scan.code.origins import Origins
from gates.static_scan.code.source_text import SourceText
from gates.static_scan.code.syntax import Syntax

MAX_LINKS = 60
# The name of a member that is chosen at run time.
COMPUTED = ""
QUOTES = "'\"`"
# Methods that look up an object by its name or class.
_LOOKUPS = frozenset("get resolve inject make use service getService getInstance".split())
_MAX_CALLBACKS = 2
_HANDLE = re.compile(
    r"(?:\w{1,40}\.)?(\w{0,40}(?:Pool|Connection|Knex|PrismaClient|Sequelize|DataSource|EntityManager|Repository|Kysely"
    r"|Database|Transaction|QueryRunner))\b"
)
_ENTERING = frozenset({"next", "anext", "enter_context", "enter_async_context"})
_OVER_RECORDS = frozenset({"map", "forEach", "flatMap"})
# `(tx || pool).query(text)`: either may be meant.
_CHOICES = ("ternary_expression", "conditional_expression", "binary_expression", "boolean_operator")


class Link(NamedTuple):
    """One name of a chain; `arguments` is None if it is not called."""

    name: str
    arguments: list[SgNode] | None
    is_new: bool = False


def chain_of(call: SgNode, source: SourceText, grammar: Grammar) -> list[Link]:
    """The chain that ends with a call, from its root on; only its last links if it is very long."""
    links: list[Link] = []
    node: SgNode | None = call
    arguments: list[SgNode] | None = None
    is_new = False
    cast = ""
    while node is not None and len(links) < MAX_LINKS:
        kind = node.kind()
        if kind in grammar.calls:
            is_new = kind == "new_expression"
            arguments = _arguments(node)
            node = node.field("function") or node.field("constructor")
            if node is not None and node.kind() == "identifier" and node.text() in ("await", "type") and arguments:
                # The grammar takes `await (…)` for a call; `type(cursor).execute` is that of its class.
                node, arguments = arguments[0], None
                continue
            if node is not None and node.kind() in grammar.calls:
                links.append(Link(COMPUTED, arguments, is_new))
                arguments = None
            continue
        if kind in grammar.wrappers:
            cast = cast or _cast(node, source)
            node = next((child for child in node.children() if child.is_named() and child.kind() != "comment"), None)
            continue
        if kind in grammar.members:
            name = node.field("property") or node.field("attribute")
            text = source.name(name)[:80] if name is not None else COMPUTED
            links.append(Link(f"{text} {cast}" if cast else text, arguments, is_new))
            node, cast = node.field("object"), ""
        elif kind in grammar.subscripts:
            index = node.field("index") or node.field("subscript")
            text = source.slice(index)[:80] if index is not None else ""
            literal = text[:1] in ("'", '"', "`") and "${" not in text
            node = node.field("object") or node.field("value")
            # One of `connections` is a connection.
            owner = source.slice(node)[-80:].rpartition(".")[2] if node is not None else ""
            several = f" {owner[:-1]}" if owner.endswith("s") and owner.isidentifier() else ""
            links.append(Link((text[1:-1] if literal else COMPUTED) + several, arguments, is_new))
        elif kind == "sequence_expression":  # `(0, db.query)(text)`
            node = node.children()[-1]
            continue
        elif kind in _CHOICES:
            links.append(Link(f"{kind} {source.slice(node)[:80]}", arguments, is_new))
            break
        else:
            text = source.name(node)[:80] if kind in ("identifier", "this", "self", "super") else kind
            text = f"{text} {cast}" if cast else text
            if text in ("require", "import") and arguments and arguments[0].kind() == "string":
                text = f"{text} {source.slice(arguments[0])[1:80].rstrip(QUOTES)}"  # `require("./pool").query(text)`
            links.append(Link(text, arguments, is_new))
            break
        arguments, is_new = None, False
    return [_looked_up(link, source) for link in links[:0:-1] if link.name != "default" or link.arguments] + links[:1]


def _cast(node: SgNode, source: SourceText) -> str:
    """The type of a handle of a database that a cast gives: `(store as Pool).query(text)`."""
    if node.kind() != "as_expression":
        return ""
    found = _HANDLE.match(source.slice(node.children()[-1])[:80])
    return found[1] if found is not None else ""


def _looked_up(link: Link, source: SourceText) -> Link:
    """A link with the name that it looks up: `app.get("knex")`, `container.resolve(Pool)`."""
    if link.name not in _LOOKUPS or not link.arguments or link.arguments[0].kind() not in ("string", "identifier"):
        return link
    return link._replace(name=f"{link.name} {source.slice(link.arguments[0])[:60].strip(QUOTES)}")


def expanded(chain: list[Link], syntax: Syntax, origins: Origins, index: int, depth: int = 0) -> list[Link]:
    """The chain with what its first name stands for: `const delegate = prisma[model]`, `(s: Session)`."""
    if not chain or len(chain) > 20:
        return chain
    chain = _with_origins(chain, origins, index)
    root = chain[0]
    values = syntax.assignments.get(root.name, [])
    if not values and len(chain) > 1 and (words := _of_loop(root.name, syntax, origins)):
        return [root._replace(name=f"{root.name} {words}"), *chain[1:]]
    if not values and len(chain) > 1 and depth < _MAX_CALLBACKS and not syntax.source.is_python:
        records = _records(root.name, syntax, index)
        return [*expanded(records, syntax, origins, index, depth + 1)[:20], *chain] if records else chain
    if not values or len(values) > 3:
        return chain
    grammar = syntax.grammar
    if root.arguments is not None and len(chain) > 1:
        made = values[0].value
        while made.kind() in grammar.wrappers and made.named_children():  # `const t = await db.transaction()`
            made = made.named_children()[0]
        body = made.field("body") if made.kind() in grammar.functions else None
        if body is not None and body.kind() in grammar.calls:  # `const base = () => knex("scripts")`
            return [*chain_of(body, syntax.source, grammar)[:20], *chain[1:]]
        if made.kind() not in grammar.calls:
            return chain
        # `const k = require("knex")(config)`, then `k("scripts").insert(row)`.
        return [root._replace(name=f"{root.name} {syntax.source.slice(values[0].value)[:60]}"), *chain[1:]]
    for value in (each._replace(value=_entered(_unwrapped(each.value, grammar), syntax)) for each in values):
        kind = value.value.kind()
        name = syntax.source.name(value.value) if kind == "identifier" and not value.taken_apart else ""
        if name and name != root.name and depth < _MAX_CALLBACKS and not syntax.source.is_python:
            return expanded([root._replace(name=name), *chain[1:]], syntax, origins, value.start, depth + 1)
        if kind in grammar.members or kind in grammar.subscripts or (value.taken_apart and kind == "identifier"):
            before = chain_of(value.value, syntax.source, grammar)
            own = [Link(root.name, root.arguments)] if value.taken_apart else [_own(before[-1], root)]
            whole = (before if value.taken_apart else before[:-1]) + own + chain[1:]
            is_further = depth < _MAX_CALLBACKS and not syntax.source.is_python and whole[0].name != root.name
            return expanded(whole, syntax, origins, value.start, depth + 1) if is_further else whole
        if depth and len(chain) == 1 and kind in grammar.calls:
            # `Maker = sessionmaker(engine)`, then `with Maker() as unit`.
            made_by = chain_of(value.value, syntax.source, grammar)
            return [root._replace(name=f"{root.name} {made_by[-1].name}")] if made_by else chain
        if len(chain) > 1 and (kind in grammar.calls or kind == "await_expression"):
            before = chain_of(value.value, syntax.source, grammar)[:20]
            if depth < 2 and before and before[0].name != root.name:
                before = expanded(before, syntax, origins, value.start, depth + 1)[:20]
            # Both names say what it is: `script_repository`, and the `Session` of `with Session() as s`.
            return [*before, root._replace(name=f"{root.name} {before[-1].name}"), *chain[1:]] if before else chain
    return chain


def _of_loop(name: str, syntax: Syntax, origins: Origins) -> str:
    """The words of the handle of a database that a loop over a generator gives: `for cursor in cursors():`."""
    for each in syntax.loops.get(name, [])[:3]:
        chain = chain_of(each.value, syntax.source, syntax.grammar)
        if chain and chain[-1].arguments is not None and (words := origins.of_returned(chain[-1].name)):
            return words
    return ""


def _entered(node: SgNode, syntax: Syntax) -> SgNode:
    """What a call gives back of its argument: `next(handles())`, `stack.enter_context(handle())`."""
    function = node.field("function") if node.kind() == "call" else None
    if function is None or syntax.source.slice(function)[-30:].rpartition(".")[2] not in _ENTERING:
        return node
    given = _arguments(node)
    return given[0] if given and given[0].kind() == "call" else node


def _records(name: str, syntax: Syntax, index: int) -> list[Link]:
    """The chain that fetched the records whose callback gets a name: `(await Script.findAll()).map((each) => …)`."""
    if not syntax.fetches_records:
        return []
    part = syntax.part_at(index)
    while part is not None and not (part.function is not None and part.kind in syntax.grammar.functions):
        part = part.parent
    if part is None or part.function is None or part.function.parameters[:1] != [name] or part.parent is None:
        return []
    function = part.parent.node.field("function") if part.parent.kind in syntax.grammar.calls else None
    listed = function.field("object") if function is not None and function.kind() in syntax.grammar.members else None
    if function is None or listed is None or (method := function.field("property")) is None:
        return []
    if method.text() not in _OVER_RECORDS:
        return []
    fetched = chain_of(listed, syntax.source, syntax.grammar)
    is_fetched = any(link.name == "findAll" for link in fetched)
    if not is_fetched and len(fetched) == 1:
        values = syntax.assignments.get(fetched[0].name, [])
        is_fetched = len(values) == 1 and ".findAll(" in syntax.source.slice(values[0].value)
    return fetched if is_fetched else []


def _own(member: Link, root: Link) -> Link:
    """The member that a name stands for; `const User = db.users` is a model by its name."""
    is_model = root.name[:1].isupper() and member.name[:1].islower()
    return member._replace(name=root.name if is_model else member.name, arguments=root.arguments)


def _unwrapped(node: SgNode, grammar: Grammar) -> SgNode:
    """A value without what is around it: `new Pool() as any`."""
    while node.kind() in grammar.wrappers and node.kind() != "await_expression":
        inner = next((child for child in node.children() if child.is_named() and child.kind() != "comment"), None)
        if inner is None:
            break
        node = inner
    return node


def applied(chain: list[Link]) -> list[Link]:
    """The chain with the method that `call`, `apply` or `bind` of JavaScript takes: `pool.query.call(pool, text)`."""
    if len(chain) < 3 or chain[-1].name not in ("call", "apply", "bind") or chain[-2].arguments is not None:
        return chain
    given = (chain[-1].arguments or [])[1:]
    if chain[-1].name == "apply" and given and given[0].kind() == "array":
        given = [child for child in given[0].children()[:200] if child.is_named()]
    return [*chain[:-2], chain[-2]._replace(arguments=given)]


def _with_origins(chain: list[Link], origins: Origins, index: int) -> list[Link]:
    """The chain with what types and imports say of its first name, or of a member of its own object."""
    root = chain[0]
    if root.name in origins.aliases:
        chain = [root._replace(name=origins.aliases[root.name]), *chain[1:]]
    elif len(chain) > 2 and root.name in ("this", "self", "cls") and (words := origins.of_member(chain[1].name)):
        chain = [root, chain[1]._replace(name=f"{chain[1].name} {words}"), *chain[2:]]
    elif root.arguments is not None and (words := origins.of_returned(root.name)):
        chain = [root._replace(name=f"{root.name} {words}"), *chain[1:]]
    elif root.name == "this" and len(chain) == 2 and (words := origins.of_this(index)):
        chain = [root._replace(name=f"this {words}"), chain[1]]
    elif len(chain) > 2 and chain[-2].arguments is None and (words := origins.of_declared(chain[-2].name)):
        chain = [*chain[:-2], chain[-2]._replace(name=f"{chain[-2].name} {words}"), chain[-1]]
    elif len(chain) > 1 and (words := origins.of_name(root.name, index)):
        chain = [root._replace(name=f"{root.name} {words}"), *chain[1:]]
    return chain


def _arguments(call: SgNode) -> list[SgNode]:
    listed = call.field("arguments")
    if listed is None:
        return []
    if listed.kind() == "template_string":
        return [listed]
    return [child for child in listed.children()[:200] if child.is_named() and child.kind() != "comment"]
