"""The inventory of a tree: every place that reaches the database, with callers of functions that pass SQL through."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from gates.static_scan.calls.pass_through import PassThrough
from gates.static_scan.code.source_text import MAX_LEVELS, SourceText
from gates.static_scan.code.table_names import TableNames
from gates.static_scan.domains import domain_of
from gates.static_scan.file_scan import FileScan
from gates.static_scan.files.embedded_code import NOTEBOOK
from gates.static_scan.files.source_files import Excluded, SourceFile, SourceFiles
from gates.static_scan.files.sql_files import shell_touchpoints, sql_touchpoints
from gates.static_scan.imported_texts import KeptText, run_elsewhere
from gates.static_scan.python_texts.text_uses import TextUses
from gates.static_scan.python_texts.tree_imports import TreeImports
from gates.static_scan.rules import Rule, package_rules
from gates.static_scan.touchpoint import Skipped, Touchpoint, Unread

# A function that passes SQL to one that passes it on, and so forth.
MAX_ROUNDS = 5
# Names that everything has would find everything.
_COMMON = frozenset(
    "map forEach then catch filter log main init call apply run_until_complete callback handler cb fn".split()
)


class RuleMatch(NamedTuple):
    """A match of a user's rule."""

    rule: Rule
    file: str
    line: int
    end_line: int
    code: str


class Inventory(NamedTuple):
    """What is in a tree; files that were not read are in `unread`, and nothing is known about them."""

    files: int
    lines: int
    touchpoints: list[Touchpoint]
    unread: list[Unread]
    skipped: list[Skipped]
    matches: list[RuleMatch]
    paths: list[str]
    # SQL that the tree only keeps and shows: texts that nothing runs.
    texts: list[Touchpoint]
    # What reaches another store than the application's database.
    other_stores: list[Touchpoint]


def take_inventory(
    root: Path,
    *,
    excluded: Sequence[Excluded] = (),
    domains: Mapping[str, str] | None = None,
    rules: Sequence[Rule] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> Inventory:
    """The inventory of a folder or of one file; `rules` are a user's own."""
    tree = SourceFiles(root, excluded)
    touchpoints: dict[str, list[Touchpoint]] = {}
    unread: list[Unread] = []
    matches: list[RuleMatch] = []
    shown: list[Touchpoint] = []
    others: list[Touchpoint] = []
    kept: list[KeptText] = []
    passed: dict[PassThrough, None] = {}
    files: list[SourceFile] = []
    paths: list[str] = []
    lines = 0
    names = TableNames()
    for file in tree.read(progress):
        paths.append(file.path)
        if not file.text or file.text.isspace():
            lines += file.text.count("\n") + 1
            continue
        if file.language == "sql":
            touchpoints[file.path] = sql_touchpoints(file, domains or {})
            lines += file.text.count("\n") + 1
            continue
        if file.language == "shell":
            reached, code = shell_touchpoints(file, domains or {})
            inside = [
                _moved(each, before)
                for part, before in code
                if (source := _parsed(part, unread)) is not None
                for each in FileScan(source, package_rules(), domains or {}).run()
            ]
            touchpoints[file.path] = sorted(reached + inside, key=lambda each: each.line)
            lines += file.text.count("\n") + 1
            continue
        if (source := _parsed(file, unread)) is None:
            continue
        files.append(file)
        if file.language == "python":
            names.read(file.path, file.text)
        scan = FileScan(source, package_rules(), domains or {})
        touchpoints[file.path] = scan.run()
        shown += scan.only_shown()
        kept += [KeptText(file.path, *each) for each in scan.shown_texts.kept]
        others += scan.of_other_stores()
        unread += scan.unparsed()
        passed |= dict.fromkeys(scan.pass_throughs)
        lines += scan.source.lines()
        matches += _matches(file, scan.source, rules)
    _follow_imports(files, passed, touchpoints, domains or {})
    run = run_elsewhere(kept, files)
    for each in (each for each in shown if (each.file, each.line) in run):
        touchpoints[each.file] = sorted([*touchpoints[each.file], each], key=lambda each: each.line)
    shown = [each for each in shown if (each.file, each.line) not in run]
    _find_callers(files, passed, touchpoints, domains or {})
    texts = sorted([*shown, *_take_texts(files, touchpoints)], key=lambda each: (each.file, each.line))
    found = [_with_table(each, names, domains or {}) for path in sorted(touchpoints) for each in touchpoints[path]]
    return Inventory(
        len(paths),
        lines,
        found,
        sorted(tree.unread + unread),
        sorted(tree.skipped),
        matches,
        paths,
        texts,
        sorted(others, key=lambda each: (each.file, each.line)),
    )


def _take_texts(files: Sequence[SourceFile], touchpoints: dict[str, list[Touchpoint]]) -> list[Touchpoint]:
    """Take the SQL out that a tree of Python only keeps and shows."""
    uses = TextUses(files)
    # A cell of a notebook may be SQL.
    languages = {file.path: file.language for file in files if not file.path.endswith(NOTEBOOK)}
    found: list[Touchpoint] = []
    for path in sorted(touchpoints):
        texts = [each for each in touchpoints[path] if each.kind == "sql text" and languages.get(path) == "python"]
        shown = {each for each in texts if uses.is_only_text(path, each.line, each.end_line)}
        if shown:
            found += [each for each in texts if each in shown]
            touchpoints[path] = [each for each in touchpoints[path] if each not in shown]
    return found


def _parsed(file: SourceFile, unread: list[Unread]) -> SourceText | None:
    source = SourceText(file.path, file.text, file.language)
    if not source.is_too_deep():
        return source
    sentence = f"It nests more than {MAX_LEVELS:,} levels deep, as generated code does: it was not read."
    unread.append(Unread(file.path, 1, "too_deep", sentence))
    return None


def _moved(touchpoint: Touchpoint, lines: int) -> Touchpoint:
    """A touchpoint of code that begins some lines after the beginning of its file."""
    text_line = None if touchpoint.text_line is None else touchpoint.text_line + lines
    return touchpoint._replace(line=touchpoint.line + lines, end_line=touchpoint.end_line + lines, text_line=text_line)


def _with_table(touchpoint: Touchpoint, names: TableNames, domains: Mapping[str, str]) -> Touchpoint:
    """The touchpoint with the table that its model stands for."""
    table = names.of(touchpoint.file, touchpoint.table) if touchpoint.table and touchpoint.kind == "call" else ""
    return touchpoint._replace(table=table, domain=domain_of(table, domains)) if table else touchpoint


def _follow_imports(
    files: Sequence[SourceFile],
    passed: dict[PassThrough, None],
    touchpoints: dict[str, list[Touchpoint]],
    domains: Mapping[str, str],
) -> None:
    """Scan the files of Python again that get SQL or a handle of the database from other files."""
    tree = TreeImports(files)
    for file in files:
        if file.language == "python" and (imports := tree.of(file.path)) is not None:
            scan = FileScan(SourceText(file.path, file.text, "python"), package_rules(), domains, imports)
            touchpoints[file.path] = scan.run()
            passed |= dict.fromkeys(scan.pass_throughs)


def _find_callers(
    files: Sequence[SourceFile],
    passed: dict[PassThrough, None],
    touchpoints: dict[str, list[Touchpoint]],
    domains: Mapping[str, str],
) -> None:
    """Look for the callers of functions that pass SQL through, until no further such function is found."""
    pending = {each for each in passed if each.name not in _COMMON}
    for _ in range(MAX_ROUNDS):
        if not pending:
            return
        # A text of SQL is found wherever it is; one made at run time only where the function is known.
        calls = {(f"{each.name}(", each.file, PurePosixPath(each.file).stem) for each in pending}
        further: set[PassThrough] = set()
        for file in files:
            if not any(call in file.text and (path == file.path or stem in file.text) for call, path, stem in calls):
                continue
            scan = FileScan(SourceText(file.path, file.text, file.language), package_rules(), domains)
            found = scan.callers(sorted(pending))
            further |= {each for each in scan.pass_throughs if each not in passed and each.name not in _COMMON}
            touchpoints[file.path] = _merged(touchpoints[file.path], found)
        passed |= dict.fromkeys(further)
        pending = further


def _merged(known: list[Touchpoint], callers: list[Touchpoint]) -> list[Touchpoint]:
    """The touchpoints with the callers; a text that was found by itself is now one that its caller runs."""
    lines = {(each.text_line or each.line, each.access, each.table) for each in callers}
    places = {(each.line, each.access, each.table) for each in known if each.kind != "sql text"}
    kept = [each for each in known if each.kind != "sql text" or (each.line, each.access, each.table) not in lines]
    added = [each for each in callers if (each.line, each.access, each.table) not in places]
    return sorted([*kept, *added], key=lambda each: each.line)


def _matches(file: SourceFile, source: SourceText, rules: Sequence[Rule]) -> list[RuleMatch]:
    found = []
    for rule in rules:
        if file.language in rule.languages:
            for node in source.root.find_all(rule.config):  # type: ignore[call-overload]
                place = node.range()
                line = source.line_of(place.start.index)
                end = source.line_of(max(place.start.index, place.end.index - 1))
                found.append(RuleMatch(rule, file.path, line, end, source.line_text(line)))
    return sorted(found, key=lambda match: match.line)
