"""What users write for a check: a policy, a baseline, rules; a mistake in one is refused in one sentence."""

from __future__ import annotations

import pytest

from domain.errors import Rejected
from gates.static_scan.baseline import decode_baseline
from gates.static_scan.policy import EXAMPLE, decode_policy
from gates.static_scan.rules import package_rules, user_rules

RULE = "id: no-sleep\nlanguage: JavaScript\nmessage: It sleeps.\nrule: {pattern: sleep($$$)}\n"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("format = 1", "format = 2"), "no `format = 1`"),
        (("[allowed]", "[alowed]"), "alowed"),
        (("writes =", "writers ="), "writers"),
        (('writes = ["server/repositories"]', 'writes = "repos"'), "array"),
        (('"server/ai"', '"../ai"'), "not one inside"),
        (('"server/ai"', '"/ai"'), "not one inside"),
        (('"server/ai"', '"**"'), "not one inside"),
        (('"generated from the schema"', '" "'), "is empty"),
        (("# story_notes", "story_notes"), ""),
        (('# story_notes = "elements"', 'story_notes = "memos"'), "no domain 'memos'"),
        (("[allowed]", "[[allowed"), "not TOML"),
        (("format = 1", f"format = {'9' * 5_000}"), "not TOML"),
    ],
)
def test_a_wrong_policy_is_refused(change: tuple[str, str], reason: str):
    assert change[0] in EXAMPLE
    if not reason:
        assert decode_policy("gates.toml", EXAMPLE.replace(*change)).domains == {"story_notes": "elements"}
        return
    with pytest.raises(Rejected) as refused:
        decode_policy("gates.toml", EXAMPLE.replace(*change))
    assert reason in refused.value.message


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("pattern:", "patern:"), "patern"),
        (("{pattern: sleep($$$)}", "{kind: call_expresion}"), "call_expresion"),
        (("{pattern: sleep($$$)}", "{regex: '('}"), "unclosed group"),
        (("{pattern: sleep($$$)}", "{matches: other}"), "other"),
        (("{pattern: sleep($$$)}", "{has: {kind: call_expression, stopBy: ned}}"), "ned"),
        (("{pattern: sleep($$$)}", "{pattern: ''}"), "pattern"),
        (("{pattern: sleep($$$)}", "{pattern: 'a b ('}"), "the pattern 'a b (' does not parse"),
        (("{pattern: sleep($$$)}", "{any: [{pattern: {context: 'a b (', selector: call}}]}"), "does not parse"),
        (("id: no-sleep", "id: ''"), "`id`"),
        (("id: no-sleep", 'id: "no\\u001b[31m"'), "`id`"),
        (("id: no-sleep", 'id: "no\\n"'), "`id`"),
        (("{pattern: sleep($$$)}", "3"), "object"),
        (("JavaScript", "Klingon"), "`language` is one of"),
        (("message: It sleeps.\n", ""), "message"),
        (("message:", "mesage:"), "mesage"),
        (("rule:", "rule: ["), "not YAML"),
        ((RULE, ""), "holds no rule"),
        ((RULE, RULE + "id: again\n"), "given twice"),
        (("{pattern: sleep($$$)}", "&a [*a]"), "aliases"),
        ((RULE, "!!python/object/apply:os.system [ls]"), "not YAML"),
        ((RULE, RULE + "touch: {access: read, api: x}\n"), "rules of the package only"),
    ],
)
def test_a_rule_with_a_mistake_is_refused(change: tuple[str, str], reason: str):
    with pytest.raises(Rejected) as refused:
        user_rules("own.yml", RULE.replace(*change))
    assert reason in refused.value.message
    assert "\n" not in refused.value.message


def test_a_right_rule_and_those_of_the_package_compile():
    assert [rule.id for rule in user_rules("own.yml", RULE)] == ["no-sleep"]
    assert user_rules("own.yml", RULE.replace("JavaScript", "Python").replace("sleep($$$)", "$A.sleep($$$B)"))
    names = [rule.id for rule in package_rules()]
    assert len(names) == len(set(names)) > 50


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "is not a baseline"),
        ("[]", "is not a baseline"),
        ('{"format": "scriptledger-gates-baseline", "version": 2}', "another version"),
        (
            '{"format": "scriptledger-gates-baseline", "version": 1, "findings": '
            '[{"key": "a", "rule": "r", "file": "elsewhere/a.js", "count": 1}]}',
            "another tree",
        ),
    ],
)
def test_a_wrong_baseline_is_refused(content: str, reason: str):
    with pytest.raises(Rejected) as refused:
        decode_baseline("b.json", content.encode(), ["server/a.js"])
    assert reason in refused.value.message
