"""Origin: the legacy row that a backfilled command comes from, and who really wrote it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from domain.refusals import BadPayload
from domain.script.validation import Count, check_text

# Bounds on names and keys of legacy rows, in characters.
MAX_TABLE = 64
MAX_KEY = 200
MAX_ACTOR = 120


class Origin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A row of the legacy database, by table and key, with its version number there.

    `author` and `actor` are those of the legacy application. Only the author `backfill` may send it.
    """

    table: str
    key: str
    number: Count | None = None
    author: Literal["user", "ai", "system"] = "user"
    actor: str = ""

    @property
    def name(self) -> str:
        """The row in words, such as `script_versions 812, version 17`."""
        return f"{self.table} {self.key}" + (f", version {self.number}" if self.number is not None else "")


def check_origin(author: str, origin: Origin) -> None:
    """Refuse an origin that is invalid, or that another author than `backfill` sends (`Rejected`)."""
    if author != "backfill":
        raise BadPayload(field="cause.origin", problem="may be sent by the author backfill only")
    for name, limit in (("table", MAX_TABLE), ("key", MAX_KEY), ("actor", MAX_ACTOR)):
        value = getattr(origin, name)
        check_text(f"cause.origin.{name}", value)
        if len(value) > limit:
            raise BadPayload(field=f"cause.origin.{name}", problem=f"has more than {limit} characters")
    for name in ("table", "key"):
        if not getattr(origin, name):
            raise BadPayload(field=f"cause.origin.{name}", problem="must not be empty")
