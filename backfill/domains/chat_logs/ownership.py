"""Whose a chat row is: its script and its user with us, or why it is set aside. It is never given to another user."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from backfill.domains.base import BackfillContext
from backfill.domains.chat_logs.log_rows import TARGET, LogRow
from backfill.domains.flat.other_spellings import with_spelling
from backfill.domains.flat.references import References, script_owners
from backfill.translate.row_keys import row_key, whole_key
from backfill.translate.source_rows import Problem, decision
from repos.unit_of_work import RecordsTransaction

NO_SCRIPT = "Its script does not exist."
NO_USER = "Its user does not exist, or did not come over."
USER_ZERO = "Its user is 0, which a server writes where no user was given."
OTHER_OWNER = "Its user is not the owner of its script."


class Owned(NamedTuple):
    """The script and the user of a row with us; or why it is set aside, or neither if the mapping skips it."""

    script_id: int | None = None
    user_id: int | None = None
    problem: Problem | None = None
    skipped: bool = False


class Ownership:
    """Looks up scripts and users."""

    def __init__(self, context: BackfillContext) -> None:
        self._context = context
        self._tables = context.tables_for(TARGET)
        self._users, self._scripts = References(context, "users"), References(context, "scripts")
        self._knows_scripts = bool(context.tables_for("scripts"))
        self._gives_numbers = any(table.rule.keys == "assigned" for table in context.tables_for("scripts"))
        self._owners = script_owners(context)

    def find(self, tx: RecordsTransaction, rows: Sequence[LogRow]) -> list[Owned]:
        """The owners of rows."""
        users = self._users.find(tx, [row.chat.user for row in rows])
        scripts = self._scripts.find(tx, [row.chat.script for row in rows]) if self._gives_numbers else {}
        # Most rows share their script and user with others; what is decided for one row is not shared.
        shared: dict[tuple[Any, Any], Owned] = {}
        found = []
        for row in rows:
            pair = row.chat.script, row.chat.user
            owned = shared.get(pair)
            if owned is None:
                is_shared, owned = self._owned(tx, row, users, scripts)
                if is_shared:
                    shared[pair] = owned
            found.append(owned)
        return found

    def _owned(
        self, tx: RecordsTransaction, row: LogRow, users: dict[str, int], scripts: dict[str, int]
    ) -> tuple[bool, Owned]:
        """The owner of a row, and whether every row with the same script and user has it."""
        table, script, user = self._tables[row.table], row.chat.script, row.chat.user
        script_id = user_id = owner = None
        if script is not None:
            script_id = scripts.get(row_key((script,))) if self._gives_numbers else whole_key(script)
            owner = self._owners.owner(script)
            if not script_id or script_id < 0 or (self._knows_scripts and owner is None):
                reason = with_spelling(self._context, "scripts", script, NO_SCRIPT)
                return False, self._decided(tx, row, Problem("L05", reason, table.column("script_id")), Owned())
        if user is not None:
            user_id = users.get(row_key((user,)))
            column = table.column("user_id")
            if user_id is None:
                problem = Problem("L05", with_spelling(self._context, "users", user, NO_USER), column)
                if whole_key(user) == 0:
                    problem = Problem("L30", USER_ZERO, column)
                return False, self._decided(tx, row, problem, Owned(script_id))
            if self._owners.conflict(owner, user):
                problem = Problem("L06", OTHER_OWNER, column)
                return False, self._decided(tx, row, problem, Owned(script_id, user_id))
        return True, Owned(script_id, user_id)

    def _decided(self, tx: RecordsTransaction, row: LogRow, problem: Problem, known: Owned) -> Owned:
        table = self._tables[row.table]
        do, chosen = decision(self._context.mapping, table, problem.code, row.finding)
        if do == "skip":
            return Owned(skipped=True)
        is_user = problem.column is not None and problem.column == table.column("user_id")
        assigned = self._users.named(tx, chosen.to) if is_user and do == "assign" and chosen is not None else None
        if assigned is not None:
            return known._replace(user_id=assigned)
        # Only a conflict leaves both sides known.
        if problem.code == "L06" and do in ("accept", "report", "repair"):
            return known
        return Owned(problem=problem)
