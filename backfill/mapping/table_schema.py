"""The fingerprint of a table's schema: the columns and the key that a mapping was written for.

The same for MariaDB and MySQL, and for two dumps of one schema: neither display widths nor the two spellings of JSON,
neither engine nor collation are part of it.
"""

from __future__ import annotations

import re
from hashlib import sha256

from domain.script.hashing import canonical_json
from repos.legacy.catalog import Column, Table

DIGITS = 12

_WIDTH = re.compile(r"\b(tinyint|smallint|mediumint|int|integer|bigint|year)\(\d+\)")


def schema_of(table: Table) -> str:
    """The fingerprint of a table."""
    columns = sorted([column.name, _type(column), column.nullable] for column in table.columns)
    return sha256(canonical_json([columns, list(table.key)])).hexdigest()[:DIGITS]


def _type(column: Column) -> str:
    if column.kind == "json":
        return "longtext"
    return _WIDTH.sub(r"\1", column.type)
