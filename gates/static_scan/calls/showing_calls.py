"""Calls of JavaScript that show, log, answer, count or compare the texts that they get, and run none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ast_grep_py import SgNode

from gates.static_scan.code.call_chain import Link, chain_of
from gates.static_scan.code.name_words import words_of
from gates.static_scan.code.syntax import Part, Syntax
from gates.static_scan.word_lists import word_lists

_MAX_STEPS = 4

COMPARISONS = frozenset({"===", "==", "!==", "!=", "in", "instanceof", "<", ">", "<=", ">="})
# A longer object is no statement for a driver.
_MAX_STATEMENT = 20_000
# `builder.insert(new vscode.Position(0, 0), text)` of an editor.
_EDITING = frozenset({"insert", "replace"})
_PLACE = re.compile(r"[0-9]+$|(?:new\s)?\s{0,4}(?:\w{1,40}\.)?(?:Position|Range|Selection)\b")
_SQL_SHOWN = re.compile(r"""\b(?:language|lang)['"]?\s{0,4}:\s{0,4}['"](?:sql|mysql|mariadb)['"]""")
# A call with a name for its first argument.
_GIVEN = re.compile(r"([\w$.]{1,60})\((?=\s{0,8}([A-Za-z_$][\w$]{0,60}))")
# `@ApiProperty({ example: "DELETE …" })`, `@Field(() => String, { description: "…" })`.
_DOCUMENTING = re.compile(r"Api[A-Z][A-Za-z]{1,40}$")


def is_of_database(names: Iterable[str]) -> bool:
    """Whether a word of one of the names is one of what gives a text to a database."""
    return not word_lists("mentions")["databases"].isdisjoint(word for name in names for word in words_of(name))


def _words() -> Mapping[str, frozenset[str]]:
    return word_lists("javascript_texts")


def is_showing_call(call: SgNode, links: Sequence[Link], syntax: Syntax) -> bool:
    """Whether a call shows its texts, or a test gives them to what is no database."""
    known, name, given = _words(), links[-1].name, links[-1].arguments or []
    parsed = {*words_of(name)} - {"sql", "statement", "query"}
    if not known["parsing"].isdisjoint(parsed) and not is_of_database(parsed):
        return True
    if name == "super" and _is_of_error(call):
        return True
    if links[0].name in known["globals"] or _is_match(links, syntax):
        return True
    if name in known["functions"] or (name == "format" and "sql-formatter" in syntax.source.text):
        return True
    if len(links) > 1:
        before = {word for link in links[:-1] for word in words_of(link.name)}
        is_observed = before & known["observers"] and name not in known["queueing"] and not is_of_database([name])
        is_reply = name in known["reply_methods"] and before & known["reply_targets"] and not is_of_database(before)
        if is_observed or is_reply or links[-2].name in known["reply_classes"]:
            return True
        if name in ("write", "file") and before & known["written_to"]:
            return True
    else:
        is_reply = name in known["reply_functions"] or (links[-1].is_new and name in known["reply_classes"])
        if is_reply or _DOCUMENTING.match(name):
            return True
    if _is_of_showing_module(call, links, syntax):
        return True
    for made in syntax.assignments.get(name, [])[:1]:  # `const trace = debug("sql")`
        function = made.value.field("function")
        if function is not None and syntax.source.slice(function)[:40] in known["log_makers"]:
            return True
    if name in _EDITING and len(given) > 1 and _PLACE.match(syntax.source.slice(given[0])[:60]):
        return True
    if any(each.kind() == "object" and _SQL_SHOWN.search(syntax.source.slice(each)[:400]) for each in given[:4]):
        return True
    return _is_tested(call, links, syntax)


def _is_of_showing_module(call: SgNode, links: Sequence[Link], syntax: Syntax) -> bool:
    """Whether a call is of a package that only keeps and shows texts, also by what the package made."""
    words = _words()
    if not words["not_of_modules"].isdisjoint(words_of(links[-1].name)):
        return False
    name = links[0].name
    for _ in range(_MAX_STEPS):
        first, _, loaded = name.partition(" ")
        module = loaded if first in ("require", "import") else syntax.module_of.get(first, "")
        if module:
            return module in words["modules"] or module.partition("/")[0] in words["modules"]
        values = [each for each in syntax.assignments.get(first, []) if not each.taken_apart]
        node = values[0].value if len(values) == 1 else _giver_of(first, call, syntax)
        while node is not None and node.kind() in syntax.grammar.wrappers and node.named_children():
            node = node.named_children()[0]
        before = chain_of(node, syntax.source, syntax.grammar) if node is not None else []
        if not before or before[0].name == name:
            return False
        name = before[0].name
    return False


def _giver_of(name: str, call: SgNode, syntax: Syntax) -> SgNode | None:
    """The call that gives a parameter to the function around: `editor.edit((builder) => builder.insert(…))`."""
    part = syntax.part_at(call.range().start.index)
    while part is not None:
        is_function = part.kind in syntax.grammar.functions and part.function is not None
        if is_function and part.function is not None and name in part.function.parameters:
            return part.parent.node if part.parent is not None and part.parent.kind in syntax.grammar.calls else None
        part = part.parent
    return None


def _is_of_error(call: SgNode) -> bool:
    """Whether a call is of the constructor of an error."""
    kinds = ("class_declaration", "class")
    around = next((each for each in call.ancestors() if each.kind() in kinds), None)
    heritage = next((each for each in around.children() if each.kind() == "class_heritage"), None) if around else None
    return heritage is not None and heritage.text().rstrip().endswith(("Error", "Exception"))


def _is_match(links: Sequence[Link], syntax: Syntax) -> bool:
    """Whether a text is matched with a regular expression that a name stands for: `VERB.exec(sql)`."""
    if len(links) != 2 or links[1].name not in ("exec", "test"):
        return False
    values = syntax.assignments.get(links[0].name, [])[:2]
    return bool(values) and all(
        each.value.kind() == "regex" or syntax.source.slice(each.value)[:12] == "new RegExp(" for each in values
    )


def _length(node: SgNode) -> int:
    place = node.range()
    return place.end.index - place.start.index


def is_display_key(pair: SgNode) -> bool:
    """Whether an object keeps a text for people under a key; `{ text, values }` is a statement for a driver."""
    key, listed = pair.field("key"), pair.parent()
    name = key.text().strip("'\"") if key is not None else ""
    if name == "text" and listed is not None and _length(listed) < _MAX_STATEMENT:
        others = (each.field("key") or each for each in listed.named_children()[:40] if each.kind() != "comment")
        return not {each.text().strip("'\"") for each in others} <= _words()["statement_keys"]
    return name == "text" or name in _words()["shown"] or is_display_name(name)


def is_display_name(name: str) -> bool:
    """Whether a name is that of a text for people, also of an exported one."""
    return not _words()["for_people"].isdisjoint(words_of(name))


def is_display_member(name: str) -> bool:
    """Whether a member that gets a text shows it."""
    return name in (_words()["shown"] | _words()["shown_members"]) - {"id"}


def is_tested_name(declarator: Part, syntax: Syntax) -> bool:
    """Whether a variable of a test is given to functions, and to no database."""
    test, name = _test_around(declarator, syntax), declarator.node.field("name")
    if test is None or name is None or name.kind() != "identifier":
        return False
    text, own = syntax.source.text[test.start : min(test.end, test.start + 20_000)], syntax.source.name(name)
    callees = [callee for callee, argument in _GIVEN.findall(text) if argument == own]
    return bool(callees) and not is_of_database(callees)


def _is_tested(call: SgNode, links: Sequence[Link], syntax: Syntax) -> bool:
    """Whether a call in a test gives a text to what is no database: `expect(isWrite("DELETE FROM users"))`."""
    names = (name for link in links for name in link.name.split(" ") if name[:1] not in ("#", ".", "["))  # no selectors
    if is_of_database(names):
        return False
    part = syntax.part_at(call.range().start.index)
    return part is not None and _test_around(part, syntax) is not None


def _test_around(part: Part, syntax: Syntax) -> Part | None:
    """The call of `it`, `test` or `describe` around a part: the innermost."""
    outer = part.parent
    while outer is not None:
        function = outer.node.field("function") if outer.kind in syntax.grammar.calls else None
        if function is not None and syntax.source.slice(function)[:40].partition(".")[0] in _words()["tests"]:
            return outer
        outer = outer.parent
    return None
