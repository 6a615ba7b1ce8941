"""Seeds: dates and clocks (L07, L09, L26)."""

from __future__ import annotations

from tests.legacy.defects.draft import Draft, at

# Tables whose rows are kept as they are.
KEPT_WHOLE = ("script_comments", "_prisma_migrations")
ZERO, PARTIAL = "0000-00-00 00:00:00", "2023-02-00 10:00:00"


def zero_dates(draft: Draft) -> None:
    for table in list(draft.tables):
        for column in ("created_at", "updated_at", "expires_at", "timestamp"):
            if table in KEPT_WHOLE or not draft.has(table, column):
                continue
            for value in (ZERO, PARTIAL):
                if table == "script_versions":
                    draft.version(draft.script(versions=()), 1, "L07", created_at=value)
                elif table == "scripts":
                    draft.script("L07", **{column: value})
                elif table == "script_lines":
                    draft.add(table, "L07", script_id=draft.add("scripts"), previous=None, next=None, created_at=value)
                elif table != "revisions":
                    draft.add(table, "L07", **{column: value})


def clocks(draft: Draft) -> None:
    if draft.has("script_versions"):
        script = draft.script(versions=("", ""))
        draft.version(script, 3, "L09", created_at=at(hours=2))
        draft.version(script, 4, "L09", created_at=at(hours=1))


def impossible(draft: Draft) -> None:
    draft.script("L26", created_at=at(days=20), updated_at=at(days=10))
    draft.script("L26", created_at="2099-01-01 00:00:00", updated_at="2099-01-02 00:00:00")
    if draft.has("script_versions"):
        draft.version(draft.script(), 2, "L26", created_at="2099-01-01 00:00:00")


SEEDS = (zero_dates, clocks, impossible)
