"""Numbers of scripts whose legacy keys are text, given before the scripts come over, because chat names them.

A number that is given is kept for ever: another run, or the domain of scripts, finds it in the map of keys. Until its
script has come over, the hash of its row is RESERVED.
"""

from __future__ import annotations

from collections.abc import Sequence

from backfill.domains.base import BackfillContext
from backfill.domains.flat.references import RESERVED
from backfill.mapping.mapped_table import MappedTable
from backfill.translate.row_keys import row_key
from backfill.translate.words import text_of
from repos.backfill.legacy_keys import NewKey
from repos.legacy.connection import Row
from repos.legacy.rows import read_pages

TARGET = "scripts"


def reserve_script_numbers(context: BackfillContext) -> None:
    """Give a number to each script that cannot keep its key and has none yet: that of `key_map`, or the next one."""
    for table in context.tables_for(TARGET):
        if table.rule.keys == "assigned" and (column := table.column("id")) is not None:
            for page in read_pages(context.source, table.table, [column]):
                _reserve(context, table, [row.values for row in page])


def _reserve(context: BackfillContext, table: MappedTable, rows: Sequence[Row]) -> None:
    with context.unit_of_work.records() as tx:
        keys = {row_key(row): row[0] for row in rows if row[0] is not None}
        missing = keys.keys() - tx.legacy_keys.find(table.name, keys).keys()
        last = max(tx.legacy_keys.highest(TARGET), tx.script_ids.highest(), *table.rule.key_map.values(), 0)
        numbers = []
        for key, value in keys.items():
            if key in missing:
                number = table.rule.key_map.get(text_of(value))
                if number is None:
                    number = last = last + 1
                numbers.append(NewKey(key, number, RESERVED))
        tx.legacy_keys.add(table.name, TARGET, numbers)
        if numbers and last > tx.script_ids.highest():
            tx.script_ids.reserve(last)
