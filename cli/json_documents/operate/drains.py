"""JSON documents of the verbs that pause and resume drains."""

from __future__ import annotations

from cli.json_documents.base import Document


class Pause(Document, frozen=True):
    """One pause of all drains; `resumed_at` and `resumed_by` are null while it lasts."""

    paused_at: str
    paused_by: str
    reason: str
    resumed_at: str | None
    resumed_by: str | None


class DrainsChanged(Document, frozen=True):
    """Whether drains are paused now, and whether this command changed it; `pause` is the current or the last pause."""

    paused: bool
    changed: bool
    pending_scripts: int
    pause: Pause | None


class DrainsStatus(Document, frozen=True):
    """Whether drains are paused, how many scripts have pending submissions, and the latest pauses, newest first."""

    paused: bool
    pending_scripts: int
    pauses: list[Pause]
