"""JSON documents of `gates inventory` and `gates check`."""

from __future__ import annotations

from typing import Literal

from cli.json_documents.base import Document

TouchpointAccess = Literal["read", "write", "unknown", "connection"]


class GateTouchpoint(Document, frozen=True):
    """One place that reaches the database.

    `access` is `unknown` where it may be a write: SQL made at run time, or that no parser reads. `table` is null if
    the code does not say; `text_line` is where the SQL text begins, if on another line. `confident` is false where the
    code leaves something open.
    """

    file: str
    line: int
    end_line: int
    function: str
    access: TouchpointAccess
    table: str | None
    domain: str
    kind: Literal["call", "sql", "sql text", "caller", "pass-through", "connection", "unread"]
    rule: str
    api: str
    message: str
    code: str
    confident: bool
    text_line: int | None


class UnreadCode(Document, frozen=True):
    """A file, or a part of one, that was not read, and why."""

    file: str
    line: int
    code: str
    sentence: str


class SkippedPath(Document, frozen=True):
    """A path that was left out, and why."""

    path: str
    reason: str


class DomainTouchpoints(Document, frozen=True):
    """The number of touchpoints of one domain."""

    domain: str
    reads: int
    writes: int
    unknown: int
    connections: int


class TouchpointInventory(Document, frozen=True):
    """Every place of a tree that reaches the database; nothing is known about what is in `unread`.

    `texts` is the SQL that code only keeps and shows, like messages and examples: no touchpoints.
    `other_stores` are the calls of MongoDB: no touchpoints either, unless `gates.toml` has `check_other_stores = true`.
    """

    root: str
    files: int
    lines: int
    domains: list[DomainTouchpoints]
    touchpoints: list[GateTouchpoint]
    texts: list[GateTouchpoint]
    other_stores: list[GateTouchpoint]
    unread: list[UnreadCode]
    skipped: list[SkippedPath]


class GateFinding(Document, frozen=True):
    """One finding of a check. `key` stays the same when lines move: a baseline knows a finding by it."""

    rule: str
    level: Literal["error", "warning", "note"]
    file: str
    line: int
    end_line: int
    function: str
    table: str | None
    domain: str
    message: str
    code: str
    key: str


class GateCheck(Document, frozen=True):
    """A check of a tree: the findings that are not in the baseline.

    `known` is the number of findings that are, `gone` that of entries without a finding, `excused` that of findings
    the policy makes an exception for. `texts` is the number of texts with SQL that code only keeps and shows, and
    `other_stores` that of calls of MongoDB: `gates inventory` lists both.
    """

    root: str
    policy: str
    baseline: str | None
    files: int
    lines: int
    passed: bool
    findings: list[GateFinding]
    known: int
    gone: int
    excused: int
    notes: list[str]
    texts: int
    other_stores: int
    skipped: list[SkippedPath]
