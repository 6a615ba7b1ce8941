"""Rules in YAML: an ast-grep rule finds calls; `touch` says when a match reaches the database, and what it does there.

Those of the package are in `rules/`; users add their own, which are rules of ast-grep with a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml
from ast_grep_py import SgRoot
from msgspec import Struct

from domain.errors import Rejected
from gates.static_scan.word_lists import word_lists

MAX_RULE_BYTES = 1 << 20
_ID = re.compile(r"[A-Za-z0-9][\w./:-]{0,99}", re.ASCII)
Language = Literal["javascript", "typescript", "tsx", "python"]
_PACKAGE_LANGUAGES: dict[str, tuple[Language, ...]] = {
    "javascript": ("javascript", "typescript", "tsx"),
    "python": ("python",),
}
_NAMES: dict[str, tuple[Language, ...]] = {
    "javascript": ("javascript",),
    "js": ("javascript",),
    "jsx": ("javascript",),
    "typescript": ("typescript",),
    "ts": ("typescript",),
    "tsx": ("tsx",),
    "python": ("python",),
    "py": ("python",),
}


class BadRule(Rejected):
    """The rule file {file} has a mistake: {reason}."""

    code = "bad_rule"


class Evidence(Struct, frozen=True, forbid_unknown_fields=True):
    """What makes a match a touchpoint: all that is given holds.

    `receiver` are words of the name before the method, `client` of all names before it, `unless` and `without` those
    that these must not have; `chain` are names called earlier in the chain, `methods` the method, `imports` words of
    imported modules. Of what is given to the call: `given` are words of the first value, `keys` keys of a first or
    second object, `keywords` keyword arguments, `arguments` their number. `model` is a receiver with a capital first
    letter, `named` a first value that is a name, `member` a receiver that is a member of another, `table` a chain that
    begins with the text of a table's name, `statement` a function of a module, `root` a function without a receiver,
    `new` the making of an object. `made` are words of a name that is called earlier in the chain, `called` of the
    function itself, `computed` is a member chosen at run time, `literal` a first value that is a text. `only` are the
    words of which the name before the method consists, `origin` words of the module that the first name comes from,
    `package` that module itself.
    `object` is a first value that is made there, `keyword` any keyword argument, `none_of` are methods that it is
    not, `related` a chain with the objects that belong to a record (`script.version_set`),
    `given_before` words of what an earlier call is given, `commits` a receiver that the file also commits, flushes or
    queries. `record` is a member of a record: of what a manager gave, or of a name like that of an imported model.
    `text` are parts of the file's text.
    """

    receiver: tuple[str, ...] = ()
    client: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    arguments: int | None = None
    model: bool = False
    member: bool = False
    named: bool = False
    table: bool = False
    statement: bool = False
    root: bool = False
    new: bool = False
    made: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    computed: bool = False
    literal: bool = False
    object: bool = False
    keyword: bool = False
    related: bool = False
    none_of: tuple[str, ...] = ()
    given_before: tuple[str, ...] = ()
    commits: bool = False
    record: bool = False
    text: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()
    package: tuple[str, ...] = ()


class Touch(Struct, frozen=True, forbid_unknown_fields=True):
    """What a match does, and where its table or text is."""

    access: Literal["read", "write", "unknown", "connection", "sql", "reference", "program"]
    api: str
    evidence: tuple[Evidence, ...] = ()
    table: Literal["", "receiver", "argument", "root", "into", "from", "class", "chain"] = ""
    text: int | None = None
    words: tuple[str, ...] = ()


class Rule(Struct, frozen=True):
    """One rule."""

    id: str
    languages: tuple[Language, ...]
    message: str
    config: dict[str, Any]
    touch: Touch | None = None
    severity: Literal["error", "warning", "note"] = "error"

    @property
    def words(self) -> tuple[str, ...]:
        """Without one of these in a file, the rule cannot match."""
        return self.touch.words if self.touch is not None else ()

    def is_possible(self, modules: set[str]) -> bool:
        """Whether it can convince in a file that imports these modules: not every piece of evidence asks for others."""
        evidence = self.touch.evidence if self.touch is not None and self.touch.access not in ("sql", "program") else ()
        return not evidence or any(not each.imports or not modules.isdisjoint(each.imports) for each in evidence)


class _Written(Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    message: str
    rule: dict[str, Any]
    language: str = ""
    severity: Literal["error", "warning", "info", "hint", "note", "off"] = "error"
    note: str = ""
    constraints: dict[str, Any] = {}
    utils: dict[str, Any] = {}
    transform: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    url: str = ""
    touch: Touch | None = None


@cache
def package_rules() -> tuple[Rule, ...]:
    """The rules of this package."""
    folder = Path(__file__).parent / "rules"
    found: list[Rule] = []
    for language, languages in _PACKAGE_LANGUAGES.items():
        for file in sorted((folder / language).glob("*.yml")):
            found += _decoded(file.name, file.read_text(encoding="utf-8"), languages)
    return tuple(found)


def user_rules(file: str, text: str) -> tuple[Rule, ...]:
    """The rules in a file of a user.

    Raises:
        BadRule: it is not YAML, or not rules that ast-grep takes.
    """
    rules = _decoded(file, text, ())
    for rule in rules:
        _try(file, rule)
    return rules


def _decoded(file: str, text: str, languages: tuple[Language, ...]) -> tuple[Rule, ...]:
    if len(text) > MAX_RULE_BYTES:
        raise BadRule(file=file, reason=f"it has more than {MAX_RULE_BYTES} bytes")
    try:
        loader = _PackageLoader if languages else _Loader
        documents = [each for each in yaml.load_all(text, Loader=loader) if each is not None]
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadRule(file=file, reason=f"it is not YAML: {_one_line(str(error))}") from None
    listed = [rule for each in documents for rule in (each if isinstance(each, list) else [each])]
    if not listed:
        raise BadRule(file=file, reason="it holds no rule")
    return tuple(_rule(file, number, given, languages) for number, given in enumerate(listed, 1))


def _rule(file: str, number: int, given: Any, languages: tuple[Language, ...]) -> Rule:
    try:
        written = msgspec.convert(_with_lists(given) if languages else given, _Written, strict=True)
    except msgspec.ValidationError as error:
        name = given.get("id", "") if isinstance(given, dict) else ""
        raise BadRule(file=file, reason=f"rule {number} {name}: {_one_line(str(error))}".replace("  ", " ")) from None
    if not _ID.fullmatch(written.id):
        reason = f"rule {number}: `id` has only letters, digits, and the signs -._/: after them, 100 at most"
        raise BadRule(file=file, reason=reason)
    if not languages:
        if written.touch is not None:
            raise BadRule(file=file, reason=f"rule {number} {written.id}: `touch` is for rules of the package only")
        known = _NAMES.get(written.language.lower())
        if known is None:
            names = "JavaScript, TypeScript, Tsx and Python"
            raise BadRule(file=file, reason=f"rule {number} {written.id}: `language` is one of {names}")
        languages = known
    config = {"rule": written.rule}
    for name in ("constraints", "utils", "transform"):
        if value := getattr(written, name):
            config[name] = value
    severity = written.severity if written.severity in ("error", "warning") else "note"
    return Rule(written.id, languages, written.message, config, written.touch, severity)


def _with_lists(given: Any) -> Any:
    """A rule of the package, with the words of the lists that its evidence names: `receiver: [$databases]`."""
    touch = given.get("touch") if isinstance(given, dict) else None
    if not isinstance(touch, dict) or "evidence" not in touch:
        return given
    evidence = [{key: _listed(value) for key, value in each.items()} for each in touch["evidence"]]
    return {**given, "touch": {**touch, "evidence": evidence}}


def _listed(value: Any) -> Any:
    if not isinstance(value, list) or not any(isinstance(each, str) and each.startswith("$") for each in value):
        return value
    lists = word_lists("receivers")
    return [word for each in value for word in sorted(lists.get(each[1:], [each]) if each.startswith("$") else [each])]


def _try(file: str, rule: Rule) -> None:
    """Let ast-grep compile a rule, and see whether its patterns are code: one that is not matches nothing."""
    for pattern in _patterns(rule.config):
        for language in rule.languages:
            stand_in = pattern.replace("$", "\u00b5") if language == "python" else pattern
            if SgRoot(stand_in, language).root().find(kind="ERROR") is not None:
                raise BadRule(file=file, reason=f"rule {rule.id}: the pattern {pattern[:100]!r} does not parse")
    try:
        for language in rule.languages:
            SgRoot("x", language).root().find_all(rule.config)  # type: ignore[call-overload]
    except Exception as error:
        lines = [line.strip() for line in str(error).partition("Stack backtrace")[0].split("\n") if line.strip()]
        raise BadRule(file=file, reason=f"rule {rule.id}: {lines[-1][:200].rstrip('.') if lines else error}") from None


def _patterns(config: Any) -> Iterator[str]:
    """The texts of the patterns in a rule; one with a selector has its text in `context`."""
    if isinstance(config, list):
        for each in config:
            yield from _patterns(each)
    elif isinstance(config, dict):
        for name, value in config.items():
            text = value.get("context") if name == "pattern" and isinstance(value, dict) else value
            if name == "pattern" and isinstance(text, str):
                yield text
            else:
                yield from _patterns(value)


class _Loader(yaml.SafeLoader):
    """YAML without anchors' expansion bombs and without keys that are given twice."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not taken")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        doubled = next((key for place, key in enumerate(keys) if key in keys[:place]), None)
        if doubled is not None:
            raise yaml.YAMLError(f"the key {doubled!r} is given twice")
        return super().construct_mapping(node, deep=deep)


# The rules of the package are read at each start; this one takes a tenth of the time.
_PackageLoader: Any = getattr(yaml, "CSafeLoader", _Loader)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300].rstrip(".")
