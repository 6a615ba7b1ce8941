"""The catalog of verbs and their JSON documents."""

from __future__ import annotations

from msgspec import Struct

from cli.json_documents.accounts import SignedIn, SignedOut, SignIns, User, Users
from cli.json_documents.backfill import (
    BackfillCertificate,
    BackfillMoved,
    BackfillRetried,
    BackfillStatus,
    QuarantinedLegacyRow,
    QuarantinedLegacyRows,
)
from cli.json_documents.base import Pending
from cli.json_documents.database_accounts import GatesStatus, Installation
from cli.json_documents.diff import Diff
from cli.json_documents.drift import Drift, Frozen
from cli.json_documents.gates import GateCheck, TouchpointInventory
from cli.json_documents.legacy import LegacyInspection, MappingCheck, MappingDrafted, SampleWritten
from cli.json_documents.legacy_scan import LegacyScan
from cli.json_documents.lookup import Kinds, Roundtrip, Schemas, Upgraded
from cli.json_documents.maintenance import (
    AllPruned,
    AllRebuilt,
    OneRun,
    OutOfService,
    Projected,
    Pruned,
    Quarantines,
    Rebuilt,
    Reopened,
    Runs,
    Staleness,
    Verification,
)
from cli.json_documents.operate.bulk import CancelledMany, ManySubmitted, ReplayedAll
from cli.json_documents.operate.diagnosis import Diagnosis
from cli.json_documents.operate.drains import DrainsChanged, DrainsStatus
from cli.json_documents.operate.status import Status
from cli.json_documents.proposals import Accepted, Chat, Estimate, Message, Proposal, Proposals, TurnedDown
from cli.json_documents.read import (
    Blame,
    Exported,
    ExportedHistory,
    ImportedHistory,
    Labels,
    Log,
    Refused,
    Rejected,
    Scripts,
    ShownScript,
)
from domain.submissions.answer import Answer

# A verb prints one of its documents, or `Failed`.
DOCUMENTS: dict[str, tuple[type[Struct], ...]] = {
    "import": (Answer,),
    "submit": (Answer, Pending, ManySubmitted),
    "cancel": (CancelledMany,),
    "outcome": (Answer, Pending),
    "undo": (Answer,),
    "redo": (Answer,),
    "restore": (Answer,),
    "label": (Answer,),
    "chat say": (Message,),
    "chat list": (Chat,),
    "propose": (Proposal, Estimate),
    "proposals list": (Proposals,),
    "proposals show": (Proposal,),
    "proposals accept": (Accepted,),
    "proposals reject": (TurnedDown,),
    "scripts": (Scripts,),
    "show": (ShownScript,),
    "log": (Log,),
    "diff": (Diff,),
    "blame": (Blame,),
    "labels": (Labels,),
    "export": (Exported,),
    "history export": (ExportedHistory,),
    "history import": (ImportedHistory,),
    "rejected": (Rejected,),
    "rejected list": (Rejected,),
    "rejected show": (Refused,),
    "rejected replay": (Answer, ReplayedAll),
    "status": (Status,),
    "verify": (Verification,),
    "materialize run": (OneRun, Projected),
    "materialize status": (Runs, Staleness),
    "rebuild": (Rebuilt, Pruned, AllRebuilt, AllPruned),
    "drains pause": (DrainsChanged,),
    "drains resume": (DrainsChanged,),
    "drains status": (DrainsStatus,),
    "quarantine list": (OutOfService,),
    "quarantine show": (Quarantines,),
    "quarantine reopen": (Reopened,),
    "doctor": (Diagnosis,),
    "db upgrade": (Upgraded,),
    "db current": (Schemas,),
    "db drift": (Drift,),
    "gates install": (Installation,),
    "gates status": (GatesStatus,),
    "legacy freeze": (Frozen,),
    "legacy drift": (Drift,),
    "users add": (User,),
    "users list": (Users,),
    "users rename": (User,),
    "users move": (User,),
    "users delete": (User,),
    "sessions open": (SignedIn,),
    "sessions list": (SignIns,),
    "sessions revoke": (SignedOut,),
    "legacy inspect": (LegacyInspection,),
    "legacy map": (MappingDrafted, MappingCheck),
    "legacy scan": (LegacyScan,),
    "legacy sample": (SampleWritten,),
    "backfill run": (BackfillStatus,),
    "backfill certify": (BackfillCertificate,),
    "backfill status": (BackfillStatus,),
    "backfill pause": (BackfillMoved,),
    "backfill resume": (BackfillMoved,),
    "backfill cancel": (BackfillMoved,),
    "backfill retry": (BackfillRetried,),
    "backfill quarantine list": (QuarantinedLegacyRows,),
    "backfill quarantine show": (QuarantinedLegacyRow,),
    "gates inventory": (TouchpointInventory,),
    "gates check": (GateCheck,),
    "kinds": (Kinds,),
    "roundtrip": (Roundtrip,),
}
