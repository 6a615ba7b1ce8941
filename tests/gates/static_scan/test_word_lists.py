"""The lists of words in YAML: each is used, and no word stands in one twice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gates.static_scan
from gates.static_scan.rules import package_rules
from gates.static_scan.word_lists import word_lists

PACKAGE = Path(gates.static_scan.__file__ or "").parent
FILES = sorted((PACKAGE / "rules/words").glob("*.yml"))
MODULES = [file.read_text(encoding="utf-8") for file in PACKAGE.rglob("*.py")]
RULES = "\n".join(file.read_text(encoding="utf-8") for file in PACKAGE.glob("rules/[jp]*/*.yml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_list_is_used_and_has_each_word_once(file: Path):
    lists = word_lists(file.stem)
    assert lists
    readers = [module for module in MODULES if f'word_lists("{file.stem}")' in module]
    assert readers
    is_of_rules = file.stem == "receivers"
    uses = RULES if is_of_rules else "\n".join(readers)
    assert [name for name in lists if (f"${name}" if is_of_rules else f'["{name}"]') not in uses] == []
    for name, text in re.findall(r"^(\w+):((?:.|\n(?=  ))*)", file.read_text(encoding="utf-8"), re.MULTILINE):
        words = text.replace(">-", "").split()
        assert sorted({word for word in words if words.count(word) > 1}) == [], name
        assert lists[name] == {*words}


def test_a_rule_gets_the_words_of_the_lists_that_it_names():
    rule = next(each for each in package_rules() if each.id == "python-method-passed-on")
    assert rule.touch is not None
    assert {"cursor", "replica"} <= {word for each in rule.touch.evidence for word in each.receiver}
    assert "$" not in str([each.touch for each in package_rules() if each.languages == ("python",)])
