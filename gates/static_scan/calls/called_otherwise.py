"""Calls of functions that do not have their own name there: an import gave them another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ast_grep_py import SgNode

from gates.static_scan.code.syntax import Syntax
from gates.static_scan.rules import Rule

# Those that an import gives take no code as a text: `import { setTimeout as sleep } from "node:timers/promises"`.
_TIMERS = frozenset({"setTimeout", "setInterval", "setImmediate"})


def called_otherwise(
    syntax: Syntax, aliases: Mapping[str, str], rules: Sequence[Rule]
) -> Iterator[tuple[Rule, SgNode]]:
    """The calls of functions under other names, with the rules for them: `update as sa_update`."""
    if not aliases:
        return
    for part in syntax.parts:
        if part.kind not in syntax.grammar.calls:
            continue
        function = part.node.field("function")
        if function is None or function.kind() != "identifier":
            continue
        meant = aliases.get(syntax.source.name(function))
        for rule in rules if meant and meant not in _TIMERS else ():
            if rule.touch is not None and meant in rule.touch.words and rule.touch.access != "program":
                yield rule, part.node
