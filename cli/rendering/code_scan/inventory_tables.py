"""An inventory of touchpoints for people and as a document."""

from __future__ import annotations

from cli.json_documents.gates import (
    DomainTouchpoints,
    GateTouchpoint,
    SkippedPath,
    TouchpointInventory,
    UnreadCode,
)
from cli.terminal import screen
from domain.ci_commands import without_commands
from domain.counting import counted
from gates.report import counts, texts_sentence
from gates.static_scan.domains import DOMAINS
from gates.static_scan.inventory import Inventory
from gates.static_scan.touchpoint import Touchpoint

ACCESS_STYLES = {"write": "red", "unknown": "yellow", "connection": "cyan", "read": ""}


def inventory_document(root: str, inventory: Inventory) -> TouchpointInventory:
    """The document of an inventory."""
    return TouchpointInventory(
        root=root,
        files=inventory.files,
        lines=inventory.lines,
        domains=[DomainTouchpoints(domain, *row) for domain, row in counts(inventory.touchpoints)],
        touchpoints=list(map(_document, inventory.touchpoints)),
        texts=list(map(_document, inventory.texts)),
        other_stores=list(map(_document, inventory.other_stores)),
        unread=[UnreadCode(*each) for each in inventory.unread],
        skipped=[SkippedPath(*each) for each in inventory.skipped],
    )


def _document(each: Touchpoint) -> GateTouchpoint:
    return GateTouchpoint(**{**each._asdict(), "table": each.table or None})


def print_inventory(root: str, inventory: Inventory, *, writes_only: bool) -> None:
    """Print an inventory: the touchpoints of each domain, their numbers, and what was not read."""
    shown = [each for each in inventory.touchpoints if each.writes or not writes_only]
    for domain in DOMAINS:
        group = [each for each in shown if each.domain == domain]
        if group:
            screen.print_text(screen.Text(domain, "bold"))
            headings = ("place", "function", "access", "table", "how", "code")
            screen.print_text(screen.indented(screen.table(headings, map(_cells, group)), 2))
            screen.print_text("")
    if inventory.touchpoints:
        rows = [(domain, *map(str, row)) for domain, row in counts(inventory.touchpoints)]
        columns = ("domain", "reads", "writes", "unknown", "connections")
        screen.print_text(screen.table(columns, rows, right=columns[1:]))
        screen.print_text("")
    if folders := [each for each in inventory.skipped if each.path.endswith("/")]:
        left_out = ", ".join(f"{each.path} ({each.reason})" for each in folders[:10])
        screen.print_unwrapped(without_commands(f"Left out: {left_out}."))
    files, lines = screen.counted(inventory.files, "file"), counted(inventory.lines, "line")
    found = screen.counted(len(inventory.touchpoints), "touchpoint")
    screen.print_unwrapped(without_commands(f"{root}: {files}, {lines}, {found}.{texts_sentence(inventory)}"))


def warn_of_unread(inventory: Inventory) -> None:
    """Print a warning for each file or part that was not read."""
    for each in inventory.unread:
        screen.warn(f"{each.file}:{each.line}: {each.sentence}", style="yellow")


def _cells(each: Touchpoint) -> tuple[str | screen.Text, ...]:
    access = screen.Text(each.access if each.confident else f"{each.access}, unsure", ACCESS_STYLES[each.access])
    place, function, table, code = map(
        without_commands, (f"{each.file}:{each.line}", each.function, each.table, each.code)
    )
    return place, function, access, table or "?", each.api, code[:60]
