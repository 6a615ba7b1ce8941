"""Follows a text of SQL through a tree of Python: names, members, parameters, results, and the files that import them.

A text is only kept and shown if every use of it is: compared, logged, raised, put into a page. Whatever is not
understood may run it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ast_grep_py import SgNode

from gates.static_scan.calls.mentions import is_mention
from gates.static_scan.code.syntax import Part
from gates.static_scan.files.source_files import SourceFile
from gates.static_scan.python_texts.call_effects import CallEffect, effect_of, is_container, is_harmless_in_test
from gates.static_scan.python_texts.declarations import (
    enclosing,
    fields_of,
    name_of,
    parameter_at,
)
from gates.static_scan.python_texts.name_uses import NameUses, NotFollowedError, Use
from gates.static_scan.python_texts.tree_names import ParsedFile, TreeNames
from gates.static_scan.word_lists import word_lists

# What needs more steps is not followed to its end.
MAX_STEPS = 600
# Of all texts of a tree.
MAX_TREE_STEPS = 50_000
MAX_PARSES = 5_000
# The value goes on as that of the expression around it.
_PART_OF = frozenset(
    """parenthesized_expression concatenated_string binary_operator boolean_operator list tuple set dictionary pair
    list_splat dictionary_splat interpolation string await unary_operator format_specifier
    list_comprehension set_comprehension dictionary_comprehension generator_expression slice""".split()
)
_ENDS = frozenset(
    """comparison_operator assert_statement raise_statement expression_statement if_statement elif_clause
    while_statement if_clause not_operator type case_pattern delete_statement global_statement nonlocal_statement
    import_statement import_from_statement""".split()
)


# Operators that texts do not have: an object of a package may run what it gets by one.
_OF_OBJECTS = frozenset({">>", "<<", "@", "&", "-", "/", "//", "**", "^", "|"})


def _is_call_by_operator(operation: SgNode, text: SgNode) -> bool:
    """Whether an operator is one of an object: `stream >> "DELETE …"`; dictionaries are joined by `|`."""
    operator = operation.field("operator")
    sign = operator.text() if operator is not None else ""
    return sign in _OF_OBJECTS and not (sign == "|" and text.kind() not in ("string", "concatenated_string"))


class TextUses:
    """Says of the texts of a tree whether they are only kept and shown."""

    def __init__(self, files: Sequence[SourceFile]) -> None:
        self._tree = TreeNames(files)
        self._steps = 0

    def is_only_text(self, path: str, line: int, end_line: int) -> bool:
        """Whether all SQL in the texts that begin at a place of a file is."""
        file = self._tree.file(path)
        texts = [part for each in range(line, end_line + 1) for part in file.texts.get(each, ())]
        return bool(texts) and all(is_mention(part, file.syntax) or self._is_shown(file, part) for part in texts)

    def _is_shown(self, file: ParsedFile, part: Part) -> bool:
        if self._steps > MAX_TREE_STEPS or self._tree.parses > MAX_PARSES:
            return False
        walk = _Walk(self._tree)
        try:
            walk.follow(Use(file, part.node))
        except NotFollowedError:
            return False
        finally:
            # In a long file each step costs more: the parser looks for what is around a node from the top.
            self._steps += walk.steps * (1 + len(file.syntax.parts) // 2_000)
        return True


class _Walk:
    """Follows one text."""

    def __init__(self, tree: TreeNames) -> None:
        self._tree = tree
        self._words = word_lists("python_texts")
        self._seen: set[tuple[str, int, int]] = set()
        self._names = NameUses(tree)

    @property
    def steps(self) -> int:
        """The expressions that were followed, and the places that were looked at."""
        return len(self._seen) + self._names.looked_at

    def follow(self, first: Use) -> None:
        """Follow a text to the end of each of its paths.

        Raises:
            NotFollowedError: it may be run, or it has too many uses.
        """
        pending: list[Use] = [first]
        while pending:
            use = pending.pop()
            place = use.node.range()
            key = (use.file.source.file, place.start.index, place.end.index)
            if key in self._seen:
                continue
            self._seen.add(key)
            if len(self._seen) > MAX_STEPS:
                raise NotFollowedError
            pending += self._next(use)

    def _next(self, use: Use) -> Iterable[Use]:
        file, node = use
        parent = node.parent()
        if parent is None:
            raise NotFollowedError
        kind = parent.kind()
        around = Use(file, parent)
        if kind in _ENDS:
            return ()
        if kind == "binary_operator" and _is_call_by_operator(parent, node):
            raise NotFollowedError
        if kind in _PART_OF:
            return () if kind == "pair" and self._is_shown_key(file, parent) else (around,)
        match kind:
            case "expression_list":
                found = self._one_by_one(file, node, parent)
                return (around,) if found is None else found
            case "conditional_expression":
                return () if parent.children()[2] == node else (around,)
            case "argument_list":
                return self._argument(file, node, parent.parent(), "")
            case "keyword_argument":
                listed = parent.parent()
                name = name_of(parent, "name", file)
                return self._argument(file, node, listed.parent() if listed is not None else None, name)
            case "call":
                # A function, or a method of the text, is called; or a generator is given.
                if parent.field("function") == node:
                    return (around,)
                return self._argument(file, node, parent, "")
            case "attribute":
                return self._member(around)
            case "subscript":
                if parent.field("value") == node:
                    return (around,)
                if is_container(parent.field("value"), file):  # a key
                    return ()
            case "assignment" | "augmented_assignment":
                return self._targets(file, parent) if parent.field("right") == node else ()
            case "named_expression":
                return (around, *self._names.of_target(file, parent.field("name")))
            case "for_statement" | "for_in_clause":
                return self._names.of_target(file, parent.field("left"))
            case "default_parameter" | "typed_default_parameter":
                function = enclosing(parent, ("function_definition", "lambda"))
                if function is None or function.kind() == "lambda":
                    raise NotFollowedError
                return self._names.in_range(file, name_of(parent, "name", file), function)
            case "return_statement" | "yield":
                return self._names.of_result(file, parent)
            case "decorator":
                return ()
        raise NotFollowedError

    def _is_shown_key(self, file: ParsedFile, pair: SgNode) -> bool:
        key = pair.field("key")
        name = file.source.slice(key).strip("'\"") if key is not None else ""
        if name in self._words["run_by_drivers"]:
            raise NotFollowedError
        return name in self._words["shown"]

    def _argument(self, file: ParsedFile, node: SgNode, call: SgNode | None, keyword: str) -> Iterable[Use]:
        if call is None or call.kind() != "call":
            raise NotFollowedError
        effect = effect_of(call, keyword, file)
        if effect.kind == "shows" and effect.called:
            return self._called(file, node, call, keyword, effect.called) or ()
        if effect.kind == "shows" or self._is_seen(effect):
            return ()
        if effect.kind == "holds":
            return (Use(file, call),)
        if effect.kind == "fills":
            function = call.field("function")
            return self._names.of_target(file, function.field("object") if function is not None else None)
        if effect.kind == "calls" and node.kind() not in ("list_splat", "dictionary_splat"):
            found = self._called(file, node, call, keyword, effect.called)
            if found is not None:
                return found
        if is_harmless_in_test(call, file):
            return ()
        raise NotFollowedError

    def _is_seen(self, effect: CallEffect) -> bool:
        return effect.kind == "seen" and not self._tree.declares(effect.called[-1])

    def _called(
        self, file: ParsedFile, node: SgNode, call: SgNode, keyword: str, called: tuple[str, ...]
    ) -> list[Use] | None:
        """The uses in the functions or classes that a call may mean; None if the tree has none."""
        found: list[Use] = []
        places = list(self._names.declared(file, called))
        for owner, declared in places:
            if declared.kind() == "function_definition":
                if not self._names.is_plain(owner, declared):
                    raise NotFollowedError
                found += self._given(owner, declared, node, call, keyword)
            else:
                found += self._made(owner, declared, node, call, keyword)
                found.append(Use(file, call))
        return found if places else None

    def _given(self, owner: ParsedFile, function: SgNode, node: SgNode, call: SgNode, keyword: str) -> Iterable[Use]:
        name = keyword or parameter_at(function, node, call, owner)
        if not name:
            raise NotFollowedError
        return self._names.in_range(owner, name, function)

    def _made(self, owner: ParsedFile, made: SgNode, node: SgNode, call: SgNode, keyword: str) -> Iterable[Use]:
        """The uses of what an object is made of: its fields, or what its `__init__` does."""
        start, end = made.range().start.index, made.range().end.index
        inits = [each for each in owner.functions("__init__") if start < each.range().start.index < end]
        if inits:
            return self._given(owner, inits[0], node, call, keyword)
        if not self._names.has_known_bases(owner, made):
            raise NotFollowedError
        name = keyword or fields_of(made, node, call, owner)
        return self._names.of_members(owner, name) if name else ()

    def _one_by_one(self, file: ParsedFile, node: SgNode, listed: SgNode) -> Iterable[Use] | None:
        """The uses of the target that gets one of several values: `a, self.b = c, d`; None if all get all."""
        assignment = listed.parent()
        left = assignment.field("left") if assignment is not None and assignment.kind() == "assignment" else None
        targets = left.named_children() if left is not None and left.kind() == "pattern_list" else []
        values = listed.named_children()
        if len(targets) != len(values) or any(each.kind() == "list_splat_pattern" for each in targets):
            return None
        place = next(place for place, each in enumerate(values) if each == node)
        return self._names.of_target(file, targets[place])

    def _targets(self, file: ParsedFile, assignment: SgNode) -> list[Use]:
        found = [*self._names.of_target(file, assignment.field("left"))]
        outer = assignment.parent()
        if outer is not None and outer.kind() == "assignment":  # `a = b = "…"`
            found.append(Use(file, assignment))
        return found

    def _member(self, member: Use) -> Iterable[Use]:
        """What follows from taking a member of a value: a method of a text, a field."""
        name = name_of(member.node, "attribute", member.file)
        if name in self._words["plain_attributes"]:
            return ()
        parent = member.node.parent()
        if parent is None or parent.kind() != "call" or parent.field("function") != member.node:
            return (member,)
        effect = effect_of(parent, "", member.file)
        if effect.kind in ("shows", "fills") or self._is_seen(effect):
            return ()
        if effect.kind == "holds":
            return (Use(member.file, parent),)
        if name in self._words["holders"] or name in self._words["fillers"]:
            return (Use(member.file, parent),)
        if list(member.file.functions(name)):
            return (Use(member.file, parent),)
        if is_harmless_in_test(parent, member.file):
            return ()
        raise NotFollowedError
