"""The scan of one file: what the rules match, the SQL in its texts, and the functions that pass SQL through."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from ast_grep_py import SgNode

from gates.static_scan.calls.called_otherwise import called_otherwise
from gates.static_scan.calls.evidence import Names, convinces, table_of
from gates.static_scan.calls.javascript_texts.shown_texts import ShownTexts
from gates.static_scan.calls.loaded_drivers import loaded_driver
from gates.static_scan.calls.mentions import is_mention, is_pattern_match
from gates.static_scan.calls.other_packages import is_of_other_package
from gates.static_scan.calls.other_stores import MONGODB, OtherStores
from gates.static_scan.calls.own_objects import is_own_object
from gates.static_scan.calls.pass_through import PassThrough, given_to, is_call_of, last_name, pass_through_of
from gates.static_scan.calls.references import chain_of_reference, reference_at
from gates.static_scan.calls.started_programs import is_harmless, started
from gates.static_scan.calls.statement_objects import is_statement_object, statement_of, text_argument, writing_builders
from gates.static_scan.code.call_chain import Link, applied, chain_of, expanded
from gates.static_scan.code.imports import imported_names, named_loaders, named_makers, required_words
from gates.static_scan.code.origins import Origins
from gates.static_scan.code.python_imports import cursor_words
from gates.static_scan.code.source_text import SourceText
from gates.static_scan.code.syntax import Syntax
from gates.static_scan.code.table_names import held_model
from gates.static_scan.code.text_alternatives import Folded
from gates.static_scan.code.text_folding import Folder
from gates.static_scan.code.values.folded_results import Imports
from gates.static_scan.collected import Collected
from gates.static_scan.domains import OTHER
from gates.static_scan.rules import Rule
from gates.static_scan.sql.sql_text import Statement, sentence_of, statements
from gates.static_scan.sql.sql_words import HOLE, is_sql, mentions_sql, of_shell, starts_as_sql
from gates.static_scan.touchpoint import Kind, Touchpoint, Unread
from gates.static_scan.unparsed import unparsed

# Methods of databases that others have too: a text that is no SQL is for one of those.
_ALSO_OF_OTHERS = frozenset("exec run all get each batch prepare begin call apply".split())
_UNKNOWN = Statement("unknown", "", "", parsed=False)
_CONNECTION = Statement("connection", "", "", parsed=True)


class FileScan:
    """Scans one file."""

    def __init__(
        self, source: SourceText, rules: Sequence[Rule], domains: Mapping[str, str], imports: Imports | None = None
    ) -> None:
        self.source = source
        self._syntax = Syntax(source)
        self._origins = Origins(self._syntax)
        self._folder = Folder(self._syntax, self._origins.aliases)
        self._rules = [rule for rule in rules if source.language in rule.languages]
        self._collected = Collected(self._syntax, domains)
        self._only_shown, self._of_other_stores = Collected(self._syntax, domains), Collected(self._syntax, domains)
        self.shown_texts = ShownTexts(self._syntax)
        self._run_texts: set[int] = set()
        self._modules = self._syntax.module_words | required_words(self._syntax) | cursor_words(source)
        self._syntax.module_of = self._module_of = imported_names(self._syntax)
        self._origins.aliases |= named_makers(self._module_of) | named_loaders(self._syntax)
        if imports is not None:
            self._folder.imports = imports
            self._origins.add_handles(imports.handles(), imports.members())
        self._stores = OtherStores(source, self._modules, self._module_of)
        self._built: list[tuple[Rule, SgNode, SgNode]] = []
        self.pass_throughs: list[PassThrough] = []

    def run(self) -> list[Touchpoint]:
        """Every touchpoint of the file, by line."""
        for rule in self._rules:
            if rule.touch is None or (rule.words and not any(word in self.source.parsed_text for word in rule.words)):
                continue
            if not rule.is_possible(self._modules):
                continue
            for node in self.source.root.find_all(rule.config):  # type: ignore[call-overload]
                self._match(rule, node)
        for rule, node in called_otherwise(self._syntax, self._origins.aliases, self._rules):
            self._match(rule, node)
        self._statement_objects()
        self._texts()
        return self._collected.sorted()

    def only_shown(self) -> list[Touchpoint]:
        """The SQL in texts of JavaScript that are only shown, after a run."""
        return self._only_shown.sorted()

    def of_other_stores(self) -> list[Touchpoint]:
        """The calls that reach MongoDB, after a run: no touchpoints of the application's database."""
        return [each._replace(api=MONGODB, domain=OTHER) for each in self._of_other_stores.sorted()]

    def callers(self, known: Sequence[PassThrough]) -> list[Touchpoint]:
        """The calls of functions that pass SQL through, and again the functions found by that."""
        self._collected.clear()
        by_name: dict[str, list[PassThrough]] = {}
        for each in known:
            by_name.setdefault(each.name, []).append(each)
        for part in self._syntax.parts:
            if part.kind not in self._syntax.grammar.calls:
                continue
            function = part.node.field("function")
            if function is None:
                continue
            for target in by_name.get(last_name(self.source.slice(function)[-80:]), ()):
                self._caller(part.node, target)
        return self._collected.sorted()

    def unparsed(self) -> list[Unread]:
        """The places where the parser gave up."""
        return unparsed(self._syntax)

    def _match(self, rule: Rule, node: SgNode) -> None:
        touch = rule.touch
        assert touch is not None  # noqa: S101 - for the type checker
        if touch.access == "connection" and touch.text is not None:
            self._driver(rule, node)
            return
        if touch.access == "program":
            self._program(rule, node)
            return
        chain = chain_of_reference(node, self._syntax) if touch.access == "reference" else self._chain(node)
        place = node.range().start.index
        root = chain[0].name if chain else ""
        chain = expanded(chain, self._syntax, self._origins, place)
        chain = chain if self.source.is_python else applied(chain)
        if not chain:
            return
        if touch.access == "sql" and len(chain) == 1 and (words := self._origins.of_name(chain[0].name, place)):
            chain = [chain[0]._replace(name=f"{chain[0].name} {words}")]  # a tag, or a function that a callback gets
        origin = next((self._module_of[each] for each in (root, chain[0].name) if each in self._module_of), "")
        value = self._meant(chain, place) if touch.access == "unknown" else ""
        sure = convinces(touch, chain, Names(self._modules, origin, value), self.source)
        sure = sure and not is_own_object(root, chain, self._syntax)
        sure = sure and (touch.access == "unknown" or not is_of_other_package(chain, self._module_of))
        if touch.access == "sql":
            self._sql(rule, node, chain, touch.text or 0, sure=sure)
        elif touch.access == "reference":
            if sure:
                self._reference(rule, node)
        elif sure and not (
            self.source.is_python
            and chain[-1].name in ("exec", "eval")
            and is_harmless(chain[-1].arguments or [], self._folder)
        ):
            given = chain[-1].arguments if touch.table else None
            named = held_model(table_of(touch, chain, self.source), given, place, self._syntax, self._origins)
            table = self._folder.table_named(named)
            is_open = touch.table and not table and touch.access in ("write", "unknown")
            message = f"{rule.message} The table is chosen at run time." if is_open else rule.message
            what = Statement(touch.access, table, "", parsed=touch.access != "unknown")
            is_other = touch.api == MONGODB or (
                touch.access != "unknown" and self._stores.store_of(root, chain, node.range().end.index)
            )
            into = self._of_other_stores if is_other else self._collected
            into.add(node, rule, what, "connection" if touch.access == "connection" else "call", message=message)

    def _meant(self, chain: Sequence[Link], place: int) -> str:
        """What the name stands for that a call gets first: `Reflect.get(target, method)`."""
        given = next((link.arguments for link in chain if link.arguments), [])
        if self.source.is_python or not given or given[0].kind() != "identifier":
            return ""
        named = expanded([Link(self.source.name(given[0]), None), Link("", None)], self._syntax, self._origins, place)
        return " ".join(link.name for link in named)

    def _chain(self, node: SgNode) -> list[Link]:
        return chain_of(node, self.source, self._syntax.grammar)

    def _statement_objects(self) -> None:
        """Statements that a builder made which no rule knows."""
        writes = self._collected.writes() if self._built else []
        for rule, node, argument in self._built:
            places = writing_builders(argument, self._syntax, self._origins)
            if any(bisect_left(writes, place.start) == bisect_left(writes, place.stop) for place in places):
                message = "Runs a statement that is built in a way that is not known."
                self._collected.add(node, rule, _UNKNOWN, "sql", message=message)

    def _reference(self, rule: Rule, node: SgNode) -> None:
        """A method of a database that is passed on, or gets another name."""
        reference = reference_at(node, self._syntax)
        if reference is None or any(self._is_built(each) for each in reference.given):
            return
        for each in reference.given:
            folded = self._folder.fold(each)
            if any(starts_as_sql(text) for text in folded.texts):
                self._run_texts |= {*folded.literals}
                self._statements(node, rule, folded, "sql")
                return
        self._collected.add(node, rule, _UNKNOWN, "pass-through", message=rule.message)
        if reference.alias:
            self.pass_throughs.append(PassThrough(reference.alias, "sql", 0, self.source.file))

    def _program(self, rule: Rule, node: SgNode) -> None:
        """A client of the database that is started, with SQL that the code does not show."""
        chain = self._chain(node)
        for what, message in started(chain[-1].arguments or [], self._folder):
            self._collected.add(node, rule, what, "sql", message=message)
            if what.parsed:  # its text is in the call
                place = node.range()
                inside = (each.start for each in self._syntax.parts if each.kind in self._syntax.grammar.strings)
                self._run_texts |= {each for each in inside if place.start.index <= each < place.end.index}

    def _is_built(self, node: SgNode) -> bool:
        return is_statement_object(node, self._syntax, self._origins)

    def _sql(self, rule: Rule, node: SgNode, chain: Sequence[Link], position: int, *, sure: bool) -> None:
        given = chain[-1].arguments or []
        if len(given) <= position or is_pattern_match(chain):
            return
        if any(link.name == "sql" and link.arguments for link in chain[:-1]):
            return  # a statement that is a tagged template, which is found by itself, gets its connection
        argument = text_argument(statement_of(given, position), self._syntax)
        if argument is None or (argument.kind() in self._syntax.grammar.functions):
            return
        if rule.id == "python-execute" and chain[-1].name == "callproc":
            self._collected.add(node, rule, _UNKNOWN, "sql", message="Calls a procedure: what it does is not known.")
            return
        if self._is_built(argument):
            self._built.append((rule, node, argument))
            return
        folded = self._folder.fold(argument)
        tagged = given[0].kind() == "template_string"
        known = [text for text in folded.texts if starts_as_sql(text)]
        if not sure and not any(is_sql(text) for text in folded.texts):
            return
        if not folded.texts or (tagged and rule.id == "tagged-sql" and not known):
            return
        if chain[-1].name in _ALSO_OF_OTHERS and not known and not any(HOLE in text for text in folded.texts):
            return  # a task, or a command of a shell
        if rule.id == "tagged-sql" and {*folded.literals} <= self._run_texts:
            return  # the call around it runs it
        self._run_texts |= {*folded.literals}
        self._statements(node, rule, folded, "sql")
        if not folded.is_known or not known:
            self._passed_through(folded)

    def _statements(self, node: SgNode, rule: Rule, folded: Folded, kind: Kind, message: str = "") -> None:
        found = list(dict.fromkeys(each for text in folded.texts for each in statements(text)))
        if not folded.is_known:
            passed = "its caller gives it" if folded.parameters else "is put together at run time"
            found, message = [_UNKNOWN], message or f"Runs SQL that {passed}: what it does is not known."
            kind = "pass-through" if folded.parameters and kind != "caller" else kind
        line = self.source.line_of(folded.literals[0]) if folded.literals else None
        for each in found:
            self._collected.add(node, rule, each, kind, message=message or sentence_of(each), text_line=line)

    def _passed_through(self, folded: Folded) -> None:
        for function, parameter in folded.parameters:
            if target := pass_through_of(function, parameter, self.source.file):
                self.pass_throughs.append(target)

    def _caller(self, node: SgNode, target: PassThrough) -> None:
        chain = self._chain(node)
        argument = given_to(target, chain[-1].arguments or [])
        if argument is None or argument.kind() in self._syntax.grammar.functions:
            return
        folded = self._folder.fold(argument)
        if not folded.texts or self._is_built(argument):
            return
        is_sql_text = folded.is_known and any(starts_as_sql(text) for text in folded.texts)
        if not is_sql_text and (folded.is_known or not is_call_of(target, chain, self.source.file, self._modules)):
            return  # another function of the same name
        rule = Rule("passed-through-sql", (), "", {})
        message = "" if folded.is_known else f"Gives SQL made at run time to {target.name}, which runs it."
        self._statements(node, rule, folded, "caller", message)
        if not folded.is_known:
            self._passed_through(folded)

    def _texts(self) -> None:
        """SQL in texts that no call was seen to run: it may be run elsewhere."""
        grammar = self._syntax.grammar
        rule = Rule("sql-text", (), "", {})
        for part in self._syntax.parts:
            if part.kind not in grammar.strings and part.kind not in ("binary_expression", "binary_operator"):
                continue
            if not mentions_sql(self.source.text[part.start : part.end][:4_000]):
                continue
            outer = part.parent
            if part.start in self._run_texts or (
                outer is not None
                and outer.kind in ("binary_expression", "binary_operator", "concatenated_string")
                and outer.start == part.start
            ):
                continue
            folded = self._folder.fold(part.node)
            folded = folded._replace(texts=tuple(map(of_shell, folded.texts)))
            if not {*folded.literals} - self._run_texts or not any(is_sql(text) for text in folded.texts):
                continue
            self._run_texts |= {*folded.literals}
            if is_mention(part, self._syntax):
                continue
            into = self._only_shown if self.shown_texts.is_shown(part.node) else self._collected
            for each in dict.fromkeys(each for text in folded.texts for each in statements(text)):
                into.add(part.node, rule, each, "sql text", message=sentence_of(each))

    def _driver(self, rule: Rule, node: SgNode) -> None:
        """An import: of a driver by its name, or of a module that is only known at run time and may be one."""
        if name := loaded_driver(node, self._syntax, self._folder):
            self._collected.add(node, rule, _CONNECTION, "connection", message=f"Loads the driver {name}.")
