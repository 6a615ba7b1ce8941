"""The fingerprint of a legacy source: the shape of its schema, read without touching a row."""

from __future__ import annotations

from repos.legacy.connection import Source
from repos.legacy.errors import SourceError
from repos.legacy.file_schema import shape_of_file
from repos.legacy.schema_shape import SchemaShape
from repos.legacy.server_schema import shape_of_server


def read_shape(source: Source) -> SchemaShape:
    """The shape of the schema of a source.

    Raises:
        SourceError: it cannot be read, or has neither a table nor a view that this account sees.
    """
    shape = (
        shape_of_file(source, source.facts.database, source.facts.version)
        if source.is_sqlite
        else shape_of_server(source)
    )
    if not shape.tables and not shape.views:
        raise SourceError(
            "source_empty", f"{source.name} has no table, or none that this account may read: check name and grants."
        )
    return shape
