"""The touchpoints of one file as they are found, without those that say the same or less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ast_grep_py import SgNode

from gates.static_scan.code.syntax import Syntax
from gates.static_scan.domains import domain_of
from gates.static_scan.rules import Rule
from gates.static_scan.sql.sql_text import Statement
from gates.static_scan.touchpoint import Kind, Touchpoint


class Collected:
    """Collects the touchpoints of one file."""

    def __init__(self, syntax: Syntax, domains: Mapping[str, str]) -> None:
        self._syntax = syntax
        self._source = syntax.source
        self._domains = domains
        self._found: dict[tuple[int, str, str], Touchpoint] = {}

    def add(  # noqa: PLR0913 - what a touchpoint is
        self, node: SgNode, rule: Rule, what: Statement, kind: Kind, *, message: str, text_line: int | None = None
    ) -> None:
        """Add what a call, or a text, does."""
        place = node.range()
        start, end = place.start.index, place.end.index
        line = self._source.line_of(start)
        function = self._syntax.function_at(start)
        while function is not None and not function.name:
            function = function.outer
        touchpoint = Touchpoint(
            file=self._source.file,
            line=line,
            end_line=self._source.line_of(max(start, end - 1)),
            function=function.name if function is not None else "",
            access=what.access,
            table=what.table,
            domain=domain_of(what.table, self._domains),
            kind=kind,
            rule=rule.id,
            api=rule.touch.api if rule.touch is not None else "SQL",
            message=message,
            code=self._source.line_text(line),
            confident=what.parsed,
            text_line=text_line if text_line != line else None,
        )
        known = self._found.get((start, what.access, what.table))
        if known is None or (touchpoint.confident and not known.confident):
            self._found[start, what.access, what.table] = touchpoint

    def writes(self) -> list[int]:
        """Where anything was found that writes, or may."""
        return sorted(start for start, access, _ in self._found if access in ("write", "unknown"))

    def clear(self) -> None:
        """Forget them."""
        self._found.clear()

    def sorted(self) -> list[Touchpoint]:
        """The touchpoints by line, without the parts of a chain of calls that another part says more about."""
        by_start: dict[int, list[Touchpoint]] = {}
        for (start, _, _), each in self._found.items():
            by_start.setdefault(start, []).append(each)
        kept = (each for _, group in sorted(by_start.items()) for each in _telling(group))
        return sorted(kept, key=lambda each: each.line)


def _telling(group: Sequence[Touchpoint]) -> Iterator[Touchpoint]:
    calls = [each for each in group if each.kind == "call"]
    writes = [each for each in calls if each.access == "write"]
    best = next((each for each in writes if each.table), writes[0] if writes else None)
    return (each for each in group if each.kind != "call" or best is None or each is best)
