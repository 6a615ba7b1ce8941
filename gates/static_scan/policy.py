"""The policy of a tree, `gates.toml`: who may write, which paths are an AI's, what is left out. Decoded strictly."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from domain.errors import Rejected
from gates.static_scan.domains import DOMAINS
from gates.static_scan.files.source_files import Excluded, fits

MAX_POLICY_BYTES = 1 << 20
FORMAT = 1
EXAMPLE = """\
# What `scriptledger gates check` allows. Paths are relative to the folder that is checked: a file, a folder with all
# in it, or a pattern with `*`. A path that names nothing is refused, so that a renamed folder is noticed.
format = 1
# check_other_stores = true               # calls of MongoDB fail as well

[allowed]
writes = ["server/repositories"]          # who may write to the database
versions = ["server/materializer.js"]     # who alone may write versions and commands
connections = ["server/db"]               # who may load drivers, open connections, make engines

[ai]
paths = ["server/ai"]                     # code that models drive: it writes submissions, nothing else
tables = ["submission_inbox"]             # where a submission is put

[exclude]                                 # each with a reason, which reports repeat
"server/generated" = "generated from the schema"

[domains]                                 # tables whose name does not tell which domain they belong to
# story_notes = "elements"

[rules]
files = []                                # rules of your own: "gate-rules/*.yml", as ast-grep takes them

# [[exceptions]]                          # one finding that is right as it is
# rule = "driver-route"
# path = "server/health.js"
# reason = "asks the server whether it is alive"
"""


class BadPolicy(Rejected):
    """The policy {file} cannot be used: {reason}."""


class Allowed(Struct, frozen=True, forbid_unknown_fields=True):
    """The paths that may write, write versions and commands, and open connections."""

    writes: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()


class AiPaths(Struct, frozen=True, forbid_unknown_fields=True):
    """The paths that models drive, and the tables in which they put submissions."""

    paths: tuple[str, ...] = ()
    tables: tuple[str, ...] = ("submission_inbox",)


class OwnRules(Struct, frozen=True, forbid_unknown_fields=True):
    """The files with rules of the user's own, relative to the policy."""

    files: tuple[str, ...] = ()


class Exemption(Struct, frozen=True, forbid_unknown_fields=True):
    """Findings of a rule in a path that are right as they are."""

    rule: str
    path: str
    reason: str


class Policy(Struct, frozen=True, forbid_unknown_fields=True):
    """A policy."""

    format: int
    allowed: Allowed = Allowed()
    ai: AiPaths = AiPaths()
    exclude: dict[str, str] = {}
    domains: dict[str, str] = {}
    rules: OwnRules = OwnRules()
    exceptions: tuple[Exemption, ...] = ()
    check_other_stores: bool = False

    def excluded(self) -> list[Excluded]:
        """The paths left out, with their reasons."""
        return [Excluded(pattern, reason) for pattern, reason in self.exclude.items()]

    def unused_exclusions(self, skipped: list[str]) -> list[str]:
        """The excluded paths that leave nothing out; `skipped` are the paths that were left out."""
        return [
            pattern
            for pattern in self.exclude
            if not any(fits(path, pattern) or fits(path.rstrip("/"), pattern) for path in skipped)
        ]

    def without_files(self, paths: list[str]) -> list[str]:
        """The allowed and AI paths that no file has."""
        named = (*self.allowed.writes, *self.allowed.versions, *self.allowed.connections, *self.ai.paths)
        return [pattern for pattern in named if not any(fits(path, pattern) for path in paths)]


def decode_policy(file: str, text: str) -> Policy:
    """The policy in a file's text.

    Raises:
        BadPolicy: it is not TOML, or not a policy.
    """
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadPolicy(file=file, reason=f"it is not TOML: {str(error).rstrip('.')}") from None
    if data.get("format") != FORMAT:
        raise BadPolicy(file=file, reason=f"it has no `format = {FORMAT}`")
    try:
        policy = msgspec.convert(data, Policy, strict=True)
    except msgspec.ValidationError as error:
        raise BadPolicy(file=file, reason=_sentence(str(error))) from None
    if reason := next(_problems(policy), ""):
        raise BadPolicy(file=file, reason=reason)
    return policy


def _problems(policy: Policy) -> Iterator[str]:
    yield from (
        f"the reason to exclude {path!r} is empty" for path, reason in policy.exclude.items() if not reason.strip()
    )
    yield from (f"an exception of {each.rule} has no reason" for each in policy.exceptions if not each.reason.strip())
    unknown = [domain for domain in policy.domains.values() if domain not in DOMAINS]
    yield from (f"there is no domain {domain!r}: {', '.join(DOMAINS)}" for domain in unknown)
    allowed = (*policy.allowed.writes, *policy.allowed.versions, *policy.allowed.connections)
    for path in (*policy.exclude, *(each.path for each in policy.exceptions), *allowed, *policy.ai.paths):
        if path.startswith("/") or ".." in path.split("/") or not path.strip("*/. "):
            yield f"the path {path!r} is not one inside the folder that is checked"


def _sentence(message: str) -> str:
    what, _, place = message.partition(" - at `$")
    place = place.rstrip("`").lstrip(".")
    return f"{what.rstrip('.')}{f' in {place}' if place else ''}"
