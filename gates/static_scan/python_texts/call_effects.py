"""What a call does with a text that it is given: shows it, holds it, gives it to a function of the tree, or runs it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from ast_grep_py import SgNode

from gates.static_scan.calls.mentions import gives_to_database, only_shows
from gates.static_scan.code.call_chain import Link, chain_of
from gates.static_scan.code.languages import PYTHON_CONTAINERS
from gates.static_scan.code.name_words import words_of
from gates.static_scan.python_texts.declarations import enclosing
from gates.static_scan.python_texts.tree_names import ParsedFile
from gates.static_scan.word_lists import word_lists

_CONTAINER_MAKERS = frozenset(
    "list dict set tuple deque OrderedDict defaultdict Counter Queue SimpleQueue LifoQueue PriorityQueue".split()
)
_STARTERS = frozenset("run call check_call check_output Popen system popen".split())


class CallEffect(NamedTuple):
    """The effect of a call. `called` are the names of the function: `render`, or `queries.render`.

    One of a name alone that `shows` does not if the tree has a function of that name: it is followed.
    One that is `seen` shows its arguments, unless the tree has a method of that name: `window` may be any object.
    """

    kind: Literal["shows", "seen", "holds", "fills", "calls", "unknown"]
    called: tuple[str, ...] = ()


_SHOWS, _HOLDS, _FILLS, _UNKNOWN = (CallEffect(kind) for kind in ("shows", "holds", "fills", "unknown"))


def effect_of(call: SgNode, keyword: str, file: ParsedFile) -> CallEffect:
    """What a call does with an argument; `keyword` is its name, if it has one."""
    words = word_lists("python_texts")
    links = chain_of(call, file.source, file.syntax.grammar)
    name = links[-1].name if links else ""
    given = links[-1].arguments or [] if links else []
    if not name or links[-1].arguments is None:
        return _UNKNOWN
    if keyword in words["run_by_drivers"]:
        return _UNKNOWN
    is_template = name == "render" and len(links) > 1  # `Template(text).render(name=value)`
    if keyword in words["shown"]:
        return _SHOWS
    called = tuple(link.name for link in links)
    if (name in words["harmless"] and not is_template) or only_shows(links, given, file.syntax):
        return CallEffect("shows", called if len(links) == 1 else ())
    if name in _STARTERS and _program(given, file) in words["programs"]:
        return _SHOWS
    is_database = _is_database(links)
    if not is_database and _reaches_people(links):
        return CallEffect("seen", (name,))
    if name in words["holders"] and not is_database and _gives_back(call, links, file):
        return _HOLDS
    function = call.field("function")
    if name in words["fillers"] and is_container(function.field("object") if function is not None else None, file):
        return _FILLS
    if not is_database and name not in words["not_of_modules"]:
        module = _module_of(call, links, file)
        if module in words["modules"] or module in words["holding_modules"]:
            return _SHOWS if module in words["modules"] else _HOLDS
    if name in words["runners"] and any(_is_shown_by(each, file) for each in given):
        return _SHOWS
    if len(called) <= 2 and all(link.arguments is None for link in links[:-1]):
        return CallEffect("calls", called)
    return _UNKNOWN


def is_harmless_in_test(call: SgNode, file: ParsedFile) -> bool:
    """Whether a call in a test has no name of a database: what it is given is a sample."""
    function = file.syntax.function_at(call.range().start.index)
    is_test = file.is_test or (function is not None and function.name.startswith("test_"))
    return is_test and not gives_to_database(chain_of(call, file.source, file.syntax.grammar))


def _is_database(links: list[Link]) -> bool:
    """Whether a name in a chain of calls is one of a database."""
    return bool({word for link in links for word in words_of(link.name)} & word_lists("python_texts")["databases"])


def _module_of(call: SgNode, links: list[Link], file: ParsedFile) -> str:
    """The package that the first name of a chain comes from, also by the call that made it."""
    name = links[0].name
    if name == "self" and (made := enclosing(call, ("class_definition",))) is not None:
        # A method of the class that it extends: `class Page(App)`.
        bases = made.field("superclasses")
        name = (
            file.source.slice(bases)[1:80].rstrip(")").partition(",")[0].partition(".")[0] if bases is not None else ""
        )
    for _ in range(4):
        if name in file.imports:
            return file.imports[name].first
        values = file.syntax.assignments.get(name, [])
        if len(values) != 1 or values[0].value.kind() not in ("call", "await", "attribute"):
            return ""
        before = chain_of(values[0].value, file.source, file.syntax.grammar)
        if not before or before[0].name == name or _is_database(before):
            return ""
        name = before[0].name
    return ""


def is_container(owner: SgNode | None, file: ParsedFile) -> bool:
    """Whether an expression is a list, set or dictionary that the file makes."""
    while owner is not None and owner.kind() == "call":  # `found.setdefault(key, []).append(text)`
        method = owner.field("function")
        name = method.field("attribute") if method is not None else None
        owner = method.field("object") if method is not None and name is not None else None
        if name is None or name.text() not in ("setdefault", "get"):
            return False
    if owner is None:
        return False
    if owner.kind() == "identifier":
        values = [each.value for each in file.syntax.assignments.get(file.source.name(owner), [])]
    elif owner.kind() == "attribute" and (member := owner.field("attribute")) is not None:
        values = file.syntax.fields.get(file.source.name(member), [])
    else:
        return False
    return bool(values) and all(_makes_container(value) for value in values[:20])


def _makes_container(value: SgNode) -> bool:
    function = value.field("function") if value.kind() == "call" else None
    made = function.text().rpartition(".")[2] if function is not None else ""
    return value.kind() in PYTHON_CONTAINERS or made in _CONTAINER_MAKERS


def _is_shown_by(argument: SgNode, file: ParsedFile) -> bool:
    """Whether a function that is passed on only shows what it gets: `Thread(target=print, args=(text,))`."""
    function = argument.field("value") if argument.kind() == "keyword_argument" else argument
    is_name = function is not None and function.kind() in ("identifier", "attribute")
    if function is None or not is_name:
        return False
    links = chain_of(function, file.source, file.syntax.grammar)
    return only_shows(links, [], file.syntax) and not gives_to_database(links)


def _gives_back(call: SgNode, links: list[Link], file: ParsedFile) -> bool:
    """Whether a function like `str.replace` or `dict.get` is meant, and no method of another object of that name."""
    name, given = links[-1].name, links[-1].arguments or []
    if len(links) == 1 or links[0].name in file.imports or name in word_lists("python_texts")["text_methods"]:
        return True
    function = call.field("function")
    owner = function.field("object") if function is not None else None
    return (name == "replace" and len(given) > 1) or is_container(owner, file)


def _reaches_people(links: list[Link]) -> bool:
    """Whether a method is one of what people see, or sends to them: `ax.text(0, 0, text)`, `ctx.send(text)`."""
    words = word_lists("python_texts")
    before = {*words_of(links[-2].name)} if len(links) > 1 else set()
    return bool(before & words["shows_on"] or (links[-1].name in words["sends"] and before & words["people"]))


def _program(given: list[SgNode], file: ParsedFile) -> str:
    """The program that a call starts, by the first text of its list."""
    if not given or given[0].kind() not in ("list", "tuple"):
        return ""
    parts = [child for child in given[0].children() if child.is_named()]
    return file.source.slice(parts[0]).strip("'\"").rpartition("/")[2] if parts else ""
