"""Every verb and what it prints."""

from __future__ import annotations

from msgspec import Struct

from cli.documents.deriving import OneRun, Projected, Pruned, Rebuilt, Runs, Staleness, Verification
from cli.documents.document import Pending
from cli.documents.looking_up import Kinds, Roundtrip, Schemas, Upgraded
from cli.documents.reading import Blame, Exported, Log, Rejected, Scripts, ShownScript
from domain.answer import Answer

DOCUMENTS: dict[str, tuple[type[Struct], ...]] = {
    "import": (Answer,),
    "submit": (Answer, Pending),
    "outcome": (Answer, Pending),
    "undo": (Answer,),
    "scripts": (Scripts,),
    "show": (ShownScript,),
    "log": (Log,),
    "blame": (Blame,),
    "export": (Exported,),
    "rejected": (Rejected,),
    "verify": (Verification,),
    "materialize run": (OneRun, Projected),
    "materialize status": (Runs, Staleness),
    "rebuild": (Rebuilt, Pruned),
    "db upgrade": (Upgraded,),
    "db current": (Schemas,),
    "kinds": (Kinds,),
    "roundtrip": (Roundtrip,),
}
"""The documents of each verb, one of which it prints; any may be `Failed` instead."""
