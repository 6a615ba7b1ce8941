"""All seeds: each plants one kind of defect in the schemas that can have it."""

from __future__ import annotations

from tests.legacy.defects import chat, ownership, saves, text, times, versions
from tests.legacy.defects.draft import Draft


def seed_defects(draft: Draft) -> None:
    """Plant every defect that the schema can have."""
    for module in (ownership, versions, saves, times, text, chat):
        for seed in module.SEEDS:
            seed(draft)
