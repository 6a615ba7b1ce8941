"""Metadata of a script that its row in the source has changed since it was brought over."""

from __future__ import annotations

from collections.abc import Mapping

from backfill.scripts.legacy_script import LegacyScript
from backfill.scripts.migrated_saves import first_edit
from domain.commands.kinds.script_create import ScriptCreate
from domain.script.metadata import changed_fields
from domain.script.state import Value
from domain.submissions.answer import Refusal
from materialization.history.state_at import state_at
from repos.unit_of_work import RecordsTransaction

EDITED = Refusal("script_edited", "The row changed in the source, and its script was edited here since.")
OTHER_OWNER = Refusal("owner_changed", "The script has another owner in the source now, whom no command changes here.")


def changed_metadata(current: Mapping[str, Value], script: LegacyScript) -> dict[str, Value | None]:
    """The fields in which a script differs from its row, with the values of the row; None removes a field."""
    return changed_fields(current, ScriptCreate(title=script.title, metadata=script.metadata).named_fields())


def metadata_refusal(tx: RecordsTransaction, script: LegacyScript) -> Refusal | None:
    """Why a change of the row of a migrated script cannot be brought over, if so."""
    head = tx.heads.get(script.script_id)
    if head is None or not head.version:
        return None
    edit = first_edit(tx, script, head.version)
    before = state_at(tx, script.script_id, edit - 1 if edit else None)
    if before.metadata.get("owner") != script.owner:
        return OTHER_OWNER
    archived_on_one_side = before.archived != (script.archived_at is not None)
    return EDITED if edit and (archived_on_one_side or changed_metadata(before.metadata, script)) else None
