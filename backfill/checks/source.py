"""Checks of the source itself (L13, L20, L21, L28, L36)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from backfill.checks.base import Check, check
from backfill.recognition.known_shapes import UNKNOWN
from backfill.recognition.recognise import recognise
from backfill.scanning.finding import Finding

# Collations that MariaDB 10.11 or MySQL 8.4 alone has.
_OF_ONE_SERVER = re.compile(r"_0900_|_nopad_|uca1400")


@check
class WrongCharset(Check):
    """The connection is refused before anything is read: see `repos.legacy.connection`."""

    code = "L13"
    title = "a connection whose charset merges different texts"
    decision = "block"
    blocks = "the scan itself"


@check
class WrittenWhileRead(Check):
    """Rows, greatest keys and checksums before and after: see `backfill.runs.scan`."""

    code = "L20"
    title = "tables that were written to during the scan"
    decision = "block"
    blocks = "the cut-over: scan again, or stop the writers"


@check
class AddedRows(Check):
    code = "L28"
    title = "rows that were added during the scan"
    decision = "report"


@check
class OtherCollation(Check):
    code = "L21"
    title = "collations that the other kind of server does not know"
    decision = "report"

    def tables(self) -> Iterator[Finding]:
        for table in self.scope.tables:
            for column in table.table.columns:
                if column.collation and _OF_ONE_SERVER.search(column.collation):
                    yield self.finding(table, None, column.name, note=column.collation)


@check
class NoHome(Check):
    """Nothing is lost: such rows and columns are kept as JSON, unless the mapping says otherwise."""

    code = "L36"
    title = "tables and columns without a home with us"
    decision = "report"

    def tables(self) -> Iterator[Finding]:
        for table in self.scope.tables:
            if table.target == "legacy_rows":
                if recognise(table.table) == UNKNOWN:
                    yield self.finding(table, None, note="no table of ours; its rows are kept as JSON")
                continue
            for column in table.table.columns:
                rule = table.rule_of(column.name)
                if rule.drop is None and (rule.keep or rule.to is None):
                    yield self.finding(table, None, column.name, note="no field of ours; its values are kept as JSON")
