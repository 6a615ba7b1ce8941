"""What became of the rows of each table, as bars in inline SVG, without a script or a style of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cli.json_documents.backfill import CertifiedTable
from domain.counting import counted
from domain.visible_markup import Html

WIDTH, LABEL, ROW, BAR = 720, 190, 24, 14
MAX_TABLES = 60
PARTS = ("migrated", "merged", "quarantined", "skipped", "dropped")


def rows_plot(tables: Sequence[CertifiedTable]) -> Html:
    """One bar a table, as wide as its share of rows that came over, were merged, quarantined, skipped or dropped."""
    shown = [table for table in tables if table.rows][:MAX_TABLES]
    if not shown:
        return Html("")
    height = ROW * len(shown)
    bars = Html("").join(part for place, table in enumerate(shown) for part in _row(table, place))
    return Html(
        '<div class="scroll"><svg class="plot fates" viewBox="0 0 {} {}" role="img" aria-label="Rows by table">{}</svg>'
        "</div>\n"
    ).format(WIDTH, height, bars)


def legend() -> Html:
    """What the colours mean."""
    return Html('<p class="legend">{}</p>\n').format(
        Html(" ").join(Html('<span class="{0}">■ {0}</span>').format(part) for part in PARTS)
    )


def _row(table: CertifiedTable, place: int) -> Iterator[Html]:
    top = place * ROW
    name = table.name if len(table.name) <= 24 else f"{table.name[:23]}…"
    yield Html('<text x="0" y="{}">{}</text>').format(top + BAR, name)
    total = max(table.rows, sum(getattr(table, part) for part in PARTS))
    left = float(LABEL)
    for part in PARTS:
        rows = getattr(table, part)
        if not rows:
            continue
        # A single row among many stays visible.
        width = max(2.0, (WIDTH - LABEL) * rows / total)
        yield Html('<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}: {} {}</title></rect>').format(
            part,
            round(min(left, WIDTH - width), 1),
            top + 2,
            round(width, 1),
            BAR,
            table.name,
            counted(rows, "row"),
            part,
        )
        left += width
