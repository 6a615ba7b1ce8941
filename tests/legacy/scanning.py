"""A scan of a legacy database, with the mapping that is drafted for it."""

from __future__ import annotations

from typing import Any

from backfill.mapping.draft import draft
from backfill.mapping.model import Mapping
from backfill.runs.scan.scan import Scan, Scanned
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from tests.legacy.database import LegacyDatabase
from tests.legacy.defects.draft import Expected
from tests.legacy.schemas import SCHEMAS


def scan(legacy: LegacyDatabase, *, mapping: Mapping | None = None, **options: Any) -> Scanned:
    """Scan, with a mapping or the drafted one."""
    with open_source(legacy.url) as source:
        catalog = read_catalog(source)
        return Scan(source, catalog, mapping or draft(catalog).mapping, **options).run()


def places(scanned: Scanned) -> frozenset[Expected]:
    """The code, table and key of each finding."""
    return frozenset(Expected(each.code, each.table, each.key) for each in scanned.findings.kept())


def in_local_time(schema: str) -> frozenset[Expected]:
    """The findings of a schema on a server whose zone is not UTC: one for each table that the server dates."""
    tables = (table for table in SCHEMAS[schema] if "createdAt" not in table.names and table.name[0] != "_")
    return frozenset(Expected("L08", table.name, None) for table in tables)
