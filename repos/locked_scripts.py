"""Units of work on scripts whose heads are locked: the only place where a log grows."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import TracebackType

from sqlalchemy import Engine

from domain.log.entry import LogEntry
from domain.log.head import Head
from domain.log.version import KeyframeRow, VersionRow
from repos.backfill.items import BackfillItems
from repos.backfill.legacy_keys import LegacyKeys
from repos.backfill.legacy_rows import LegacyRows
from repos.backfill.legacy_versions import LegacyVersions
from repos.backfill.quarantined_rows import QuarantinedRows
from repos.database.driver_errors import HeadLocked
from repos.database.lazy_repository import LazyRepository
from repos.database.session import Session
from repos.integrity.quarantines import Quarantines
from repos.integrity.rebuilds import Rebuilds
from repos.log.commands import AppendableCommands
from repos.log.deltas_to_head import HeadDeltas
from repos.log.heads import InboxRow, LockedHead
from repos.log.keyframes import KeyframeUpkeep, WritableKeyframes
from repos.log.scripts import ProjectedScripts, ScriptIds
from repos.log.versions import WritableVersions
from repos.proposals.ai_deletions import RunLosses
from repos.proposals.ai_writings import AiWritings
from repos.proposals.hunk_outcomes import HunkOutcomes
from repos.submissions.answers import Answers, WritableSubmissions
from repos.submissions.database_accounts import SendingAccounts
from repos.submissions.dead_letters import DeadLetters
from repos.submissions.drainable_inbox import DrainableInbox, SharedInbox
from repos.submissions.inbox import INBOX_RECHECK


class LockedScript:
    """Work on one script whose head is locked.

    `head` is the locked head, `waiting` the pending submissions at the time of the lock. After the block, `more` is
    whether any submissions are pending.
    """

    # Rarely used repositories are created on access.
    keyframes = LazyRepository(WritableKeyframes)
    rejected = LazyRepository(DeadLetters)
    head_deltas = LazyRepository(HeadDeltas)
    keyframe_upkeep = LazyRepository(KeyframeUpkeep)
    rebuilds = LazyRepository(Rebuilds)
    quarantines = LazyRepository(Quarantines)
    hunks = LazyRepository(HunkOutcomes)
    ai_writings = LazyRepository(AiWritings)
    run_losses = LazyRepository(RunLosses)
    answers = LazyRepository(Answers)
    sending_accounts = LazyRepository(SendingAccounts)
    scripts = LazyRepository(ProjectedScripts)
    script_ids = LazyRepository(ScriptIds)
    backfill_items = LazyRepository(BackfillItems)
    quarantined_rows = LazyRepository(QuarantinedRows)
    legacy_keys = LazyRepository(LegacyKeys)
    legacy_versions = LazyRepository(LegacyVersions)
    legacy_rows = LazyRepository(LegacyRows)

    def __init__(
        self, session: Session, heads: LockedHead, locked: tuple[Head, list[InboxRow]], inbox: DrainableInbox
    ) -> None:
        self.head, self.waiting = locked
        self.script_id = self.head.script_id
        self.inbox = inbox
        self.commands = AppendableCommands(session)
        self.versions = WritableVersions(session)
        self.submissions = WritableSubmissions(session)
        self.heads = heads
        self.require_room = session.room.require
        self.flush = session.flush
        self.flush_ahead = session.flush_ahead
        self.room = session.room
        self.more = False
        self._session = session

    def append(
        self, entries: Sequence[LogEntry], versions: Sequence[VersionRow], keyframes: Sequence[KeyframeRow]
    ) -> None:
        """Add commands to the log, with their versions and the keyframes due; the head is advanced separately."""
        generation = self.head.generation
        self.commands.append(entries)
        self.versions.put(self.script_id, generation, versions)
        if keyframes:
            self.keyframes.put(self.script_id, generation, keyframes)


class LockedScripts:
    """Work on those of several scripts whose heads exist and were unlocked, committed together."""

    def __init__(self, session: Session, script_ids: Sequence[int]) -> None:
        session.merge_inserts()
        self.inbox = SharedInbox(session)
        self.head_deltas = HeadDeltas(session)
        locked_heads = LockedHead(session).start_together(script_ids)
        self.works = [LockedScript(session, LockedHead(session), locked, self.inbox) for locked in locked_heads]


class LockedScriptTransaction:
    """The context manager of a unit of work on one script; as a class it is cheaper per command than a generator."""

    __slots__ = ("_engine", "_notify", "_script_id", "_session", "_wait", "_work")

    def __init__(self, engine: Engine, script_id: int, wait: bool, notify: Callable[[LockedScript], object]) -> None:
        self._engine = engine
        self._script_id = script_id
        self._wait = wait
        self._notify = notify

    def __enter__(self) -> LockedScript:
        self._session = session = Session(self._engine)
        heads = LockedHead(session)
        try:
            locked = heads.start(self._script_id, wait=self._wait) or _create_head(heads, self._script_id, self._wait)
            self._work = work = LockedScript(session, heads, locked, DrainableInbox(session))
        except BaseException:
            session.__exit__(*sys.exc_info())
            raise
        return work

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        session, work = self._session, self._work
        if error is not None:
            session.__exit__(kind, error, trace)
            return
        heads = work.heads
        try:
            if session.wrote and not heads.written:
                heads.touch(work.head)
            # SQLite has no other writer during the transaction: an inbox that was empty is still empty.
            recheck = INBOX_RECHECK if work.waiting or not session.is_sqlite else None
            work.more = bool(session.commit(recheck, script=self._script_id))
            if heads.left is not None and not work.more:
                session.remember(heads.left)
        except BaseException:
            session.__exit__(*sys.exc_info())
            raise
        session.close()
        self._notify(work)


def _create_head(heads: LockedHead, script_id: int, wait: bool) -> tuple[Head, list[InboxRow]]:
    # With `wait`, the head did not exist. If another worker creates it in the meantime, `create` waits for that worker.
    if not wait and heads.exists(script_id):
        raise HeadLocked(f"the head of script {script_id} is held by another worker")
    return heads.create(script_id)
