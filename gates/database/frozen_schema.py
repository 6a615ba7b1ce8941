"""The file of a frozen schema: JSON that people review and commit, decoded strictly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from domain.errors import LedgerError
from domain.visible_text import ascii_escapes
from repos.legacy.schema_shape import FORMAT, SchemaShape

MAX_BYTES = 64 << 20


class FrozenSchemaError(LedgerError):
    """The file is not a frozen schema; the message says why."""

    code = "frozen_schema"


def encode(shape: SchemaShape) -> bytes:
    """The file of a shape, the same bytes for the same shape."""
    data = msgspec.json.format(msgspec.json.encode(shape), indent=2)
    return (ascii_escapes(data.decode()) + "\n").encode()


def decode(data: bytes) -> SchemaShape:
    """The shape in a file.

    Raises:
        FrozenSchemaError: it is not one, was edited into something impossible, or has a newer format.
    """
    try:
        shape = msgspec.json.decode(data, type=SchemaShape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FrozenSchemaError(
            f"The file is not a schema that `legacy freeze` wrote: {error}. Freeze the schema again."
        ) from None
    if shape.format != FORMAT:
        raise FrozenSchemaError(
            f"The file has format {shape.format}, and this program reads format {FORMAT}: freeze the schema again, or "
            "install the scriptledger that wrote it."
        )
    _require_unique("table", (table.name for table in shape.tables))
    for table in shape.tables:
        _require_unique(f"column of {table.name}", (column.name for column in table.columns))
    _require_unique("view", (view.name for view in shape.views))
    _require_unique("trigger", (trigger.name for trigger in shape.triggers))
    _require_unique("routine", (f"{routine.kind} {routine.name}" for routine in shape.routines))
    return shape


def _require_unique(kind: str, names: Iterable[str]) -> None:
    name, count = max(Counter(names).items(), key=lambda item: item[1], default=("", 0))
    if count > 1:
        raise FrozenSchemaError(f"The file names the {kind} {name} twice: freeze the schema again.")
