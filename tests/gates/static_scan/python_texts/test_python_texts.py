"""SQL that a tree of Python only keeps and shows is a text; what may be run stays a touchpoint.

The trees are in `kept.txt` and `run.txt`: `=== title`, then each file after `--- name`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gates.static_scan.inventory import Inventory, take_inventory
from tests.cpu_limit import cpu_limit


def trees(kind: str) -> dict[str, str]:
    """The trees of a file by their titles."""
    text = (Path(__file__).parent / f"{kind}.txt").read_text(encoding="utf-8")
    parts = (part.partition("\n") for part in text.removeprefix("=== ").split("\n=== "))
    return {title: files for title, _, files in parts}


KEPT, RUN = trees("kept"), trees("run")


def scanned(folder: Path, files: str) -> Inventory:
    """The inventory of a tree."""
    for part in f"\n{files}".split("\n--- ")[1:]:
        name, _, code = part.partition("\n")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(code, encoding="utf-8")
    inventory = take_inventory(folder)
    assert inventory.unread == []
    return inventory


@pytest.mark.parametrize("files", KEPT.values(), ids=KEPT)
def test_what_is_only_shown_is_a_text(tmp_path: Path, files: str):
    inventory = scanned(tmp_path, files)
    assert [each.access for each in inventory.texts] == ["write"]
    assert [each for each in inventory.touchpoints if each.kind == "sql text"] == []


@pytest.mark.parametrize("files", RUN.values(), ids=RUN)
def test_what_may_be_run_stays_a_touchpoint(tmp_path: Path, files: str):
    inventory = scanned(tmp_path, files)
    assert inventory.texts == []
    kinds = {each.access for each in inventory.touchpoints if each.kind == "sql text"}
    assert kinds & {"write", "connection"}


def test_many_texts_end_in_time(tmp_path: Path):
    many = (f'A{number} = "DELETE FROM scripts"\nprint(A{number}, A{number - 1})\n' for number in range(1, 2_000))
    (tmp_path / "a.py").write_text("A0 = ''\n" + "".join(many), encoding="utf-8")
    with cpu_limit(5, "following 2,000 texts"):
        inventory = take_inventory(tmp_path)
    assert len(inventory.texts) + len(inventory.touchpoints) == 1_999


def test_a_name_with_many_places_is_not_followed(tmp_path: Path):
    many = (f'S{number} = "DELETE FROM scripts"\nfor a in S{number}: print(S{number})\n' for number in range(1_500))
    (tmp_path / "a.py").write_text("".join(many), encoding="utf-8")
    with cpu_limit(5, "following a name with 1,500 values"):
        inventory = take_inventory(tmp_path)
    assert (len(inventory.texts), len(inventory.touchpoints)) == (0, 1_500)
