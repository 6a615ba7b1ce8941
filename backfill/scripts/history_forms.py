"""The registry of history forms: importing it imports every file of `backfill.scripts.histories`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from backfill.mapping.mapped_table import MappedTable
from backfill.scripts import histories
from backfill.scripts.histories.history_form import FORMS, FormOptions, HistoryForm

for _module in iter_modules(histories.__path__):
    import_module(f"{histories.__name__}.{_module.name}")


def form_of(options: FormOptions) -> HistoryForm:
    """The form of a table, by its target and the history that the mapping names."""
    table: MappedTable = options.table
    return FORMS[table.target, table.rule.history](options)
