"""The context of a run: its source, its mapping and its tables, checked against each other."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from backfill.domains.base import BackfillContext
from backfill.mapping.decode import decode
from backfill.mapping.fit import problems
from backfill.mapping.mapped_table import MappedTable
from backfill.runs.run_options import load_options
from backfill.scripts.histories.table_layouts import with_layouts
from domain.errors import Rejected
from repos.backfill.runs import BackfillRunRow
from repos.legacy.catalog import Catalog, read_catalog
from repos.legacy.connection import Source
from repos.unit_of_work import UnitOfWork


class OtherSource(Rejected):
    """This backfill reads {wanted}, and the legacy database named here is {named}."""


class MappingOutdated(Rejected):
    """The mapping no longer fits {source}: {where}{sentence} Edit it, and give it to `scriptledger backfill run`."""


def run_context(
    run: BackfillRunRow,
    source: Source,
    unit_of_work: UnitOfWork,
    clock: Callable[[], int],
    catalog: Catalog | None = None,
) -> BackfillContext:
    """The context of a run; the catalog is read unless it is given.

    Raises:
        OtherSource: the source is another than that of the run.
        MappingOutdated: the tables of the source have changed.
        SourceError: the source cannot be read.
    """
    if not is_same_source(source.name, run.source):
        raise OtherSource(wanted=run.source, named=source.name)
    catalog = catalog or read_catalog(source)
    mapping = decode(run.mapping)
    if found := problems(mapping, catalog):
        where = f"{found[0].where}: " if found[0].where else ""
        raise MappingOutdated(source=source.name, where=where, sentence=found[0].sentence)
    mapping = with_layouts(source, catalog, mapping, load_options(run.options).patch_layouts)
    tables = {
        table.name: MappedTable(table, rule, run.hash_key)
        for table in catalog
        if (rule := mapping.tables[table.name]).becomes is not None
    }
    return BackfillContext(source, catalog, mapping, tables, unit_of_work, run.hash_key, run.id, clock)


def is_same_source(name: str, other: str) -> bool:
    """Whether two names of sources are of the same database; MySQL and MariaDB have the same URLs."""
    one, two = urlsplit(name), urlsplit(other)
    if (one.scheme == "sqlite") != (two.scheme == "sqlite"):
        return False
    return (one.netloc, one.path) == (two.netloc, two.path)
