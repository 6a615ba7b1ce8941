"""Keys of rows of several tables: a column says of which table the id in another one is."""

from __future__ import annotations

from backfill.recognition.shape import snake, words
from repos.legacy.catalog import Table

# Names for rows of any table. `script_type` next to `script_id` is something else.
_ANY = words("actor author causer creator entity item model object owner parent record sender source subject target")


def kind_column(table: Table, name: str) -> str | None:
    """The column that says of which table a key is: `tokenable_type` of `tokenable_id`."""
    stem, _, end = snake(name).rpartition("_")
    if end != "id" or (stem not in _ANY and not stem.endswith("able")):
        return None
    return next(
        (each.name for each in table.columns if snake(each.name) == f"{stem}_type" and each.kind in ("text", "enum")),
        None,
    )
