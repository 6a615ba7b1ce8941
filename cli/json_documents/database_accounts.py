"""JSON documents of `gates install` and `gates status`."""

from __future__ import annotations

from typing import Literal

from cli.json_documents.base import Document


class NewPassword(Document, frozen=True):
    """The password of an account that was created: in a file, or here and nowhere else."""

    account: str
    file: str | None
    password: str | None


class Installation(Document, frozen=True):
    """What was done, or with `--dry-run` would be; `gaps`: guards that the server did not allow, accounts left."""

    database: str
    dry_run: bool
    steps: list[str]
    passwords: list[NewPassword]
    gaps: list[str]


class InstalledAccount(Document, frozen=True):
    """A listed account."""

    account: str
    role: str


class GateGap(Document, frozen=True):
    """One difference: the account or guard it is about, its kind, and the sentence."""

    about: str
    kind: Literal["missing", "excess", "changed"]
    sentence: str


class GatesStatus(Document, frozen=True):
    """The listed accounts and what differs; `notes` name other accounts that may change the log."""

    database: str
    accounts: list[InstalledAccount]
    gaps: list[GateGap]
    notes: list[str]
