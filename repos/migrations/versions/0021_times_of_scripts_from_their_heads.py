"""The version and the time of the last change of a script are read from its head alone.

The columns of `scripts` were right only until the next edit. What a legacy application had as the time of the last
change of a backfilled script stays, with the version that it belongs to.

Revision: 0021
Follows: 0020
"""

from __future__ import annotations

from collections.abc import Iterable

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_ADDED = {"legacy_version": "BIGINT", "legacy_updated_at": "BIGINT"}
_DROPPED = {"version_number": "BIGINT NOT NULL DEFAULT 0", "updated_at": "BIGINT NOT NULL DEFAULT 0"}

# A row whose time differs from that of its head at the same version was listed with a legacy time.
_KEEP_LEGACY_TIMES = """
UPDATE scripts SET legacy_version = version_number, legacy_updated_at = updated_at
WHERE EXISTS (
  SELECT 1 FROM script_heads
  WHERE script_heads.script_id = scripts.id
    AND script_heads.version_number = scripts.version_number AND script_heads.updated_at <> scripts.updated_at
)
"""
_COPY_FROM_HEADS = """
UPDATE scripts SET
  version_number = (SELECT version_number FROM script_heads WHERE script_heads.script_id = scripts.id),
  updated_at = COALESCE(
    (SELECT scripts.legacy_updated_at FROM script_heads
     WHERE script_heads.script_id = scripts.id AND script_heads.version_number = scripts.legacy_version),
    (SELECT updated_at FROM script_heads WHERE script_heads.script_id = scripts.id)
  )
"""


def upgrade() -> None:
    _alter(f"ADD COLUMN {name} {kind}" for name, kind in _ADDED.items())
    op.execute(_KEEP_LEGACY_TIMES)
    _alter(f"DROP COLUMN {name}" for name in _DROPPED)


def downgrade() -> None:
    _alter(f"ADD COLUMN {name} {kind}" for name, kind in _DROPPED.items())
    op.execute(_COPY_FROM_HEADS)
    _alter(f"DROP COLUMN {name}" for name in _ADDED)


def _alter(changes: Iterable[str]) -> None:
    # One statement on a server: an interrupted upgrade has done all of them or none.
    if op.get_bind().dialect.name == "sqlite":
        for change in changes:
            op.execute(f"ALTER TABLE scripts {change}")
    else:
        op.execute(f"ALTER TABLE scripts {', '.join(changes)}")
