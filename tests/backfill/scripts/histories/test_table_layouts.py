"""The layout of a table of patches is decided once, by most of its undamaged chains."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from backfill.mapping.draft import draft
from backfill.mapping.model import Mapping, PatchLayout
from backfill.scripts.histories import table_layouts
from backfill.scripts.histories.patch_layout import LAYOUTS
from backfill.scripts.histories.table_layouts import layout_problems, layouts_of, with_layouts
from repos.legacy.catalog import Catalog, read_catalog
from repos.legacy.connection import Source, open_source
from tests.legacy.patch_maker import make_patch

TABLES = """
CREATE TABLE notes (id TEXT PRIMARY KEY, ownerId INTEGER, title TEXT, content TEXT, createdAt TEXT, updatedAt TEXT);
CREATE TABLE revisions (id INTEGER PRIMARY KEY, noteId TEXT, patch TEXT, content TEXT, createdAt TEXT);
"""
APPENDED = ["One.\n", "One.\nTwo.\n", "One.\nTwo.\nThree.\n"]
CHANGED = ["One.\nTwo.\n", "Zero.\nOne.\nTwo.\n", "Zero.\nTwo, changed.\n", "Zero.\nNew.\nTwo, changed.\n"]


class Chains:
    """A legacy file with chains."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "legacy.db"
        self._rows = 0
        self._scripts = 0
        self._run(TABLES)

    def add(self, layout: PatchLayout, texts: Sequence[str] = CHANGED, *, lost: int | None = None) -> None:
        """A script whose first and last revision hold their texts; `lost` is the place of a patch that is lost."""
        leads_to, forward = LAYOUTS[layout]
        made = [
            make_patch(before, after) if forward else make_patch(after, before) for before, after in pairwise(texts)
        ]
        patches = [None, *made] if leads_to else [*made, None]
        self._scripts += 1
        name = f"note-{self._scripts}"
        self._run("INSERT INTO notes VALUES (?, 1, 'A', ?, '2021-01-01', '2021-01-02')", name, texts[-1])
        for place, (text, patch) in enumerate(zip(texts, patches, strict=True)):
            self._rows += 1
            stored = text if place in (0, len(texts) - 1) else None
            at = f"2021-01-01 10:{place:02}:00"
            values = (self._rows, name, None if place == lost else patch, stored, at)
            self._run("INSERT INTO revisions VALUES (?, ?, ?, ?, ?)", *values)

    def _run(self, sql: str, *values: object) -> None:
        with closing(sqlite3.connect(self.file)) as connection:
            if values:
                connection.execute(sql, values)
            else:
                connection.executescript(sql)
            connection.commit()

    @contextmanager
    def opened(self) -> Iterator[tuple[Source, Catalog, Mapping]]:
        with open_source(f"sqlite:///{self.file}") as source:
            catalog = read_catalog(source)
            yield source, catalog, draft(catalog).mapping

    def decided(self) -> dict[str, PatchLayout]:
        with self.opened() as (source, catalog, mapping):
            return layouts_of(with_layouts(source, catalog, mapping))


@pytest.fixture
def chains(tmp_path: Path) -> Chains:
    return Chains(tmp_path)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_undamaged_chains_decide(chains: Chains, layout: PatchLayout) -> None:
    chains.add(layout, lost=1)
    chains.add(layout)

    assert chains.decided() == {"revisions": layout}


def test_most_chains_decide(chains: Chains) -> None:
    chains.add("from_next")
    for _ in range(2):
        chains.add("from_previous")

    assert chains.decided() == {"revisions": "from_previous"}


def test_chains_that_disagree_evenly_or_show_nothing_decide_nothing(chains: Chains) -> None:
    assert chains.decided() == {}
    chains.add("from_previous", CHANGED[:1])
    chains.add("from_previous", lost=1)
    assert chains.decided() == {}
    chains.add("from_next")
    chains.add("from_previous")
    assert chains.decided() == {}


def test_a_layout_that_the_mapping_gives_or_that_was_decided_before_is_kept(
    chains: Chains, monkeypatch: pytest.MonkeyPatch
) -> None:
    chains.add("from_previous")
    monkeypatch.delattr(table_layouts, "sampled_layout")
    with chains.opened() as (source, catalog, mapping):
        known = with_layouts(source, catalog, mapping, {"revisions": "to_next"})
        again = with_layouts(source, catalog, known, {"revisions": "from_next"})

    assert layouts_of(known) == layouts_of(again) == {"revisions": "to_next"}


def test_a_check_names_a_layout_that_the_histories_do_not_have(chains: Chains) -> None:
    chains.add("from_previous", lost=1)
    found = []
    for layout in (None, "to_next", "from_previous"):
        if layout == "to_next":
            chains.add("from_previous")
        with chains.opened() as (source, catalog, mapping):
            rule = replace(mapping.tables["revisions"], patch_layout=layout)
            checked = replace(mapping, tables={**mapping.tables, "revisions": rule})
            found.append([(each.code, each.where) for each in layout_problems(source, catalog, checked)])

    assert found == [[("patch_layout_undecided", "revisions")], [("patch_layout_differs", "revisions")], []]


def test_a_sample_is_bounded(chains: Chains, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_layouts, "MAX_SAMPLED_SCRIPTS", 2)
    monkeypatch.setattr(table_layouts, "ENOUGH_CHAINS", 1)
    chains.add("from_previous", APPENDED)
    for _ in range(3):
        chains.add("from_next")

    assert chains.decided() == {"revisions": "from_previous"}
