"""The modules that a file of JavaScript imports or requires, and the names that they give."""

from __future__ import annotations

import re

from gates.static_scan.code.syntax import Syntax

_STATEMENT = re.compile(
    r"""^import\s{1,8}(?:type\s{1,8})?([^'"]{1,2000}?)\s{0,8}from\s{0,8}['"]([^'"\n]{1,100})['"]""", re.DOTALL
)
# Modules whose default is a function that connects.
_MAKERS = frozenset({"knex", "postgres"})
_REQUIRED = re.compile(
    r"""\b(?:const|let|var)\s{1,8}([\w$]{1,80}|\{[^{}]{1,400}\})\s{0,8}=\s{0,8}require\(['"]([^'"\n]{1,100})['"]\)(?![(.])"""
)
_DYNAMIC = re.compile(r"""\bimport\(\s{0,20}['"]([^'"\n]{1,100})['"]""")
# `load = importlib.import_module`, `load = __import__`, `load = getattr(builtins, "__import__")`.
_PYTHON_LOADER = re.compile(
    r"^[ \t]{0,80}(\w{1,60})[ \t]{0,8}=[ \t]{0,8}(?:"
    r"(?:(?:importlib|builtins)\.)?(?:import_module|__import__)[ \t]{0,8}(?:#[^\n]{0,400})?$"
    r"|getattr\(\w{1,60}, ?[\"'](?:__import__|import_module)[\"']\))",
    re.MULTILINE,
)
_LOADER = re.compile(
    r"\b([A-Za-z_$][\w$]{0,60})\s{0,4}=\s{0,4}(?:async\s{1,4})?"
    r"(?:(?:[\w$]{1,40}\.){0,3}(?:createRequire\(|require(?:\.bind\(|\s{0,4}[;,\n]))"
    r"|\(?[\w$]{1,40}\)?\s{0,4}=>\s{0,4}(?:require|import)\([\w$]{1,40}\))"
    r"|\bfunction\s{1,4}([\w$]{1,60})\(\s{0,4}[\w$]{1,40}\s{0,4}\)\s{0,4}\{\s{0,20}return\s{1,4}(?:require|import)\([\w$]{1,40}\)"
)
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_FILE = re.compile(r"(?:\.(?:server|client))?\.(?:[cm]?[jt]sx?)$")


def required_words(syntax: Syntax) -> set[str]:
    """The words in the names of the modules that a file loads by calls."""
    source = syntax.source
    if source.is_python:
        return set()
    found: set[str] = set()
    for match in _DYNAMIC.finditer(source.parsed_text) if "import(" in source.text else ():
        found |= {*syntax.grammar.words(match[1])}
    if "require" not in source.text:
        return found
    for node in source.root.find_all(kind="call_expression", has={"field": "function", "regex": "^require$"}):
        found |= {*syntax.grammar.words(source.slice(node)[:200])}
    return found


def imported_names(syntax: Syntax) -> dict[str, str]:
    """The module of each name that an import gives."""
    found: dict[str, str] = {}
    for part in syntax.parts if not syntax.source.is_python else ():
        if part.kind in syntax.grammar.imports:
            match = _STATEMENT.match(syntax.source.text[part.start : part.end][:2_200])
            if match is not None:
                found |= dict.fromkeys(_NAME.findall(match[1]), match[2])
    if "require(" in syntax.source.text and not syntax.source.is_python:
        for match in _REQUIRED.finditer(syntax.source.parsed_text):
            found |= dict.fromkeys(_NAME.findall(match[1]), match[2])
    return found


def named_makers(modules: dict[str, str]) -> dict[str, str]:
    """The names that stand for a module that is one function which connects: `import createKnex from "knex"`."""
    return {name: module for name, module in modules.items() if module in _MAKERS and name != module}


def named_loaders(syntax: Syntax) -> dict[str, str]:
    """The names that stand for `require`, or for `import_module`: `const load = createRequire(import.meta.url)`."""
    text = syntax.source.parsed_text
    if syntax.source.is_python:
        return dict.fromkeys(_PYTHON_LOADER.findall(text), "import_module") if "import" in text else {}
    if "equire" not in text and "import(" not in text:
        return {}
    return dict.fromkeys((first or second for first, second in _LOADER.findall(text)), "require")


def file_of(module: str) -> str:
    """The name of the file that a module is: `db` of `../server/db/index.js`; a package as it is."""
    if not module.startswith((".", "/", "@/", "~", "#", "$", "src/", "app/")):
        return module
    parts = _FILE.sub("", module).split("/")
    return parts[-2] if len(parts) > 1 and parts[-1] == "index" else parts[-1]
