"""The layout of the patches of a whole table, decided once by a sample of chains: an application writes one way.

A mapping may state it as `patch_layout`. Where none does, a scan, a run and its proof take what is decided here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from backfill.mapping.mapped_table import MappedTable
from backfill.mapping.model import Mapping as MappingFile
from backfill.mapping.model import PatchLayout
from backfill.mapping.problem import Problem
from backfill.scripts.histories.history_form import FormOptions
from backfill.scripts.histories.patch_layout import LAYOUTS, Layout
from backfill.scripts.histories.patches import Patches
from backfill.scripts.histories.row_per_save import ScriptPart, fitting
from backfill.scripts.script_rows import ScriptRows
from backfill.translate.row_keys import row_key
from repos.legacy.catalog import Catalog
from repos.legacy.connection import Source
from repos.legacy.rows import read_pages

# The first rows of a table, the scripts that are sampled of them, and how many are read together.
MAX_SAMPLED_ROWS = 20_000
MAX_SAMPLED_SCRIPTS = 100
SCRIPTS_TOGETHER = 20
# So many chains that agree are enough.
ENOUGH_CHAINS = 20
UNDECIDED = "patch_layout_undecided"
UNDECIDED_SENTENCE = (
    f"No history shows between which saves its patches lead: write patch_layout ({', '.join(LAYOUTS)})."
)
# Keys in notes are not shown here, so their hashes may have any key.
_NO_KEY = bytes(32)


def with_layouts(
    source: Source, catalog: Catalog, mapping: MappingFile, known: Mapping[str, PatchLayout] | None = None
) -> MappingFile:
    """A mapping that fits, with the layout of each table of patches; without one where the sample does not decide it.

    `known` are layouts that were decided before, by table.

    Raises:
        SourceError: the source cannot be read.
    """
    known = known or {}
    decided = {
        name: replace(rule, patch_layout=known.get(name) or sampled_layout(source, catalog, mapping, name))
        for name, rule in mapping.tables.items()
        if name in catalog.tables and _has_patches(mapping, name) and rule.patch_layout is None
    }
    return replace(mapping, tables={**mapping.tables, **decided}) if decided else mapping


def layouts_of(mapping: MappingFile) -> dict[str, PatchLayout]:
    """The layouts that a mapping has, by table."""
    return {name: rule.patch_layout for name, rule in mapping.tables.items() if rule.patch_layout is not None}


def layout_problems(source: Source, catalog: Catalog, mapping: MappingFile) -> Iterator[Problem]:
    """Tables of a mapping that fits whose histories show another layout, or show none where the mapping has none.

    Raises:
        SourceError: the source cannot be read.
    """
    for name, rule in mapping.tables.items():
        if not _has_patches(mapping, name):
            continue
        found = sampled_layout(source, catalog, mapping, name)
        if found is None and rule.patch_layout is None:
            yield Problem(UNDECIDED, name, UNDECIDED_SENTENCE)
        elif found is not None and rule.patch_layout not in (None, found):
            sentence = f'The histories fit patch_layout = "{found}", and the rule says "{rule.patch_layout}".'
            yield Problem("patch_layout_differs", name, sentence)


def sampled_layout(source: Source, catalog: Catalog, mapping: MappingFile, name: str) -> PatchLayout | None:
    """The layout that most undamaged chains of a sample have; None if they do not decide it."""
    votes: Counter[Layout] = Counter()
    possible: set[Layout] = set(LAYOUTS.values())
    for fits in _fitting(source, catalog, mapping, name):
        if len(fits) == 1:
            votes[fits[0]] += 1
            if votes.total() >= ENOUGH_CHAINS and len(votes) == 1:
                break
        elif fits:
            possible &= set(fits)
    for layout, count in votes.most_common(1):
        return layout.name if 2 * count > votes.total() else None
    # No chain decides alone; together they may.
    return next(iter(possible)).name if len(possible) == 1 else None


def _fitting(source: Source, catalog: Catalog, mapping: MappingFile, name: str) -> Iterator[list[Layout]]:
    """For each chain of a sample the layouts that it fits."""
    form = Patches(FormOptions(MappedTable(catalog.tables[name], mapping.tables[name], _NO_KEY), _NO_KEY))
    tables = [MappedTable(catalog.tables[each], rule, _NO_KEY) for each, rule in mapping.tables_for("scripts").items()]
    readers = [ScriptRows(table, mapping, _NO_KEY) for table in tables]
    scripts = _sampled_scripts(source, form.table)
    for start in range(0, len(scripts), SCRIPTS_TOGETHER):
        together = scripts[start : start + SCRIPTS_TOGETHER]
        parts = map(ScriptPart, form.rows_of(source, together), _latest(source, readers, together))
        yield from form.layouts(source, list(parts))


def _sampled_scripts(source: Source, table: MappedTable) -> list[Any]:
    """The ids of scripts in the first rows of a table."""
    scripts: dict[str, Any] = {}
    rows = 0
    for page in read_pages(source, table.table, [str(table.column("script_id"))]):
        for row in page:
            rows += 1
            if _is_usual_id(row.values[0]):
                scripts.setdefault(row_key(row.values[:1]), row.values[0])
            if rows == MAX_SAMPLED_ROWS or len(scripts) == MAX_SAMPLED_SCRIPTS:
                return list(scripts.values())
    return list(scripts.values())


def _is_usual_id(value: Any) -> bool:
    """Whether rows can be searched for by a value on any source."""
    return isinstance(value, int | bytes) or (isinstance(value, str) and value.isprintable())


def _latest(source: Source, readers: Sequence[ScriptRows], scripts: Sequence[Any]) -> list[str | None]:
    """The texts of scripts themselves."""
    found: list[str | None] = [None] * len(scripts)
    for reader in readers:
        column = str(reader.table.column("id"))
        keys = [fitting(reader.table, column, script) for script in scripts]
        for place, row in enumerate(reader.read_several(source, keys)):
            if row is not None and row.content is not None:
                found[place] = row.content.decode(errors="surrogateescape")
    return found


def _has_patches(mapping: MappingFile, name: str) -> bool:
    rule = mapping.tables[name]
    return rule.becomes == "versions" and rule.history == "patches"
