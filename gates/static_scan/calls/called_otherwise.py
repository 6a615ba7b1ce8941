"""Calls of functions under other names, and through methods of functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ast_grep_py import SgNode

from gates.static_scan.code.syntax import Syntax
from gates.static_scan.rules import Rule

# Those that an import gives take no code as a text: `import { setTimeout as sleep } from "node:timers/promises"`.
_TIMERS = frozenset({"setTimeout", "setInterval", "setImmediate"})


# Methods of a function that call it, or give it its object: `prisma.script.update.call(prisma.script, values)`.
_TAKING = (".call(", ".apply(", ".bind(")


def called_otherwise(
    syntax: Syntax, aliases: Mapping[str, str], rules: Sequence[Rule]
) -> Iterator[tuple[Rule, SgNode]]:
    """The calls of functions that are not seen by their names, with the rules for them."""
    is_taken = not syntax.source.is_python and any(taking in syntax.source.text for taking in _TAKING)
    if not aliases and not is_taken:
        return
    for part in syntax.parts:
        function = part.node.field("function") if part.kind in syntax.grammar.calls else None
        if function is None:
            continue
        meant = ""
        if function.kind() == "identifier":  # `update as sa_update`
            meant = aliases.get(syntax.source.name(function), "")
        elif is_taken and function.kind() == "member_expression":
            meant = _taken_method(function)
        for rule in rules if meant and meant not in _TIMERS else ():
            touch = rule.touch
            if touch is None or meant not in touch.words or touch.access == "program":
                continue
            if function.kind() == "identifier" or touch.access in ("write", "unknown"):
                yield rule, part.node


def _taken_method(function: SgNode) -> str:
    """The method that `call`, `apply` or `bind` takes; empty for other calls."""
    named, taken = function.field("property"), function.field("object")
    if named is None or taken is None or named.text() not in ("call", "apply", "bind"):
        return ""
    method = taken.field("property") if taken.kind() == "member_expression" else None
    return method.text() if method is not None else ""
