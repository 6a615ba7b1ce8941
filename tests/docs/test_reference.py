"""The reference pages are up to date with the program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import repos.schema.account_tables
import repos.schema.backfill_tables
import repos.schema.derived_tables
import repos.schema.proposal_tables  # noqa: F401 - each adds its tables to those of repos.schema.core_tables
from cli.reference.__main__ import PAGES, SCHEMA, text_of
from domain.commands.base import KINDS
from repos.schema.core_tables import metadata
from tests.cli.running import ROOT
from workers.process.roles import ROLES

ANCHORED = re.compile(r"\]\(([^)#\s]*)#([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
PAGES_BY_HAND = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("name", [*PAGES, SCHEMA])
def test_a_reference_page_is_up_to_date(name: str):
    assert (ROOT / "docs" / "reference" / name).read_text() == text_of(name), "run `make docs`"


def test_every_kind_has_its_section():
    page = text_of("commands.md")
    assert [kind for kind in KINDS if f"\n## {kind}\n" not in page] == []


def test_every_queue_and_every_role_is_in_operations():
    page = "\n".join(page.read_text() for page in (ROOT / "docs" / "operations").glob("*.md"))
    assert [role.queue for role in ROLES.values() if f"| `{role.queue}` |" not in page] == []
    assert [name for name in ROLES if f"--role {name}" not in page] == []


def test_every_table_is_in_architecture():
    page = (ROOT / "docs" / "architecture.md").read_text()
    assert [name for name in metadata.tables if f"`{name}`" not in page] == []


@pytest.mark.parametrize("page", PAGES_BY_HAND, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_has_a_target(page: Path):
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES_BY_HAND, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_anchor_is_a_heading_of_its_page(page: Path):
    links = [(target, anchor) for target, anchor in ANCHORED.findall(page.read_text()) if "://" not in target]
    pages = {target: page.parent / target if target else page for target, _ in links}
    assert [(target, anchor) for target, anchor in links if anchor not in anchors(pages[target])] == []


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes of the headings of a page."""
    text = FENCED.sub("", page.read_text())
    titles = (LINK.sub(r"\1", title) for title in HEADING.findall(text))
    return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles}
