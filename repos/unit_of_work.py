"""The units of work. Leaving the block commits, raising rolls back; there is no `commit()` to call.

with unit_of_work.script(7) as tx:      # the head of script 7 is locked before anything is read
    tx.commands.append(entries)
with unit_of_work.records() as tx:      # users, the inbox, reading; never a head
    tx.inbox.put(...)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import Engine

from repos.accounts.bulk_accounts import BulkAccounts
from repos.accounts.bulk_chat import BulkChat
from repos.accounts.chat_messages import ChatMessages
from repos.accounts.chat_usage import ChatUsage
from repos.accounts.sessions import SignIns
from repos.accounts.users import Users
from repos.backfill.items import BackfillItems
from repos.backfill.legacy_keys import LegacyKeys
from repos.backfill.legacy_rows import LegacyRows
from repos.backfill.legacy_versions import LegacyVersions
from repos.backfill.quarantined_rows import QuarantinedRows
from repos.backfill.runs import BackfillRuns
from repos.database.lazy_repository import LazyRepository
from repos.database.session import Session
from repos.integrity.quarantines import Quarantines
from repos.integrity.rebuilds import Generations, Rebuilds, RebuildWork
from repos.integrity.seals import Seals
from repos.integrity.verifications import Verifications
from repos.locked_scripts import LockedScript, LockedScripts, LockedScriptTransaction
from repos.log.authorship import Provenance
from repos.log.commands import Commands
from repos.log.heads import Heads
from repos.log.keyframes import Keyframes
from repos.log.path_to_version import PathsToVersion
from repos.log.scripts import ScriptIds, Scripts
from repos.log.versions import Versions
from repos.projections.projected_elements import ProjectedThings
from repos.projections.projected_lines import ProjectedLines
from repos.projections.projections import Projections, ProjectionWork
from repos.proposals.proposals import Proposals
from repos.scheduling.activity_counts import ActivityCounts
from repos.scheduling.backlog import Backlog
from repos.scheduling.bell_rings import BellRings
from repos.scheduling.drain_pauses import DrainPauses
from repos.scheduling.leases import Leases
from repos.scheduling.materialization_items import MaterializationItems
from repos.scheduling.materialization_runs import MaterializationRuns
from repos.scheduling.outdated_scripts import OutdatedScripts
from repos.scheduling.role_heartbeats import RoleHeartbeats
from repos.scheduling.schedule_slots import Slots
from repos.submissions.answers import Answers, Submissions
from repos.submissions.cluster_nodes import catch_up
from repos.submissions.database_accounts import SendingAccounts
from repos.submissions.dead_letter_search import DeadLetterSearch
from repos.submissions.dead_letters import DeadLetters
from repos.submissions.inbox import Inbox, inbox_recheck
from repos.submissions.pending_scripts import PendingScripts
from repos.submissions.pending_search import PendingSearch


class RecordsTransaction:
    """Work that locks no head: users, the inbox, the reconciler's records, and reading everything."""

    users = LazyRepository(Users)
    sign_ins = LazyRepository(SignIns)
    bulk_accounts = LazyRepository(BulkAccounts)
    chat = LazyRepository(ChatMessages)
    bulk_chat = LazyRepository(BulkChat)
    chat_usage = LazyRepository(ChatUsage)
    proposals = LazyRepository(Proposals)
    inbox = LazyRepository(Inbox)
    pending = LazyRepository(PendingSearch)
    pending_scripts = LazyRepository(PendingScripts)
    bells = LazyRepository(BellRings)
    drain_pauses = LazyRepository(DrainPauses)
    leases = LazyRepository(Leases)
    slots = LazyRepository(Slots)
    scripts = LazyRepository(Scripts)
    heads = LazyRepository(Heads)
    commands = LazyRepository(Commands)
    versions = LazyRepository(Versions)
    keyframes = LazyRepository(Keyframes)
    paths = LazyRepository(PathsToVersion)
    submissions = LazyRepository(Submissions)
    rejected = LazyRepository(DeadLetters)
    rejected_search = LazyRepository(DeadLetterSearch)
    sending_accounts = LazyRepository(SendingAccounts)
    projections = LazyRepository(Projections)
    lines = LazyRepository(ProjectedLines)
    things = LazyRepository(ProjectedThings)
    outdated = LazyRepository(OutdatedScripts)
    runs = LazyRepository(MaterializationRuns)
    run_items = LazyRepository(MaterializationItems)
    rebuilds = LazyRepository(Rebuilds)
    generations = LazyRepository(Generations)
    provenance = LazyRepository(Provenance)
    answers = LazyRepository(Answers)
    script_ids = LazyRepository(ScriptIds)
    seals = LazyRepository(Seals)
    quarantines = LazyRepository(Quarantines)
    verifications = LazyRepository(Verifications)
    backfill_runs = LazyRepository(BackfillRuns)
    backfill_items = LazyRepository(BackfillItems)
    quarantined_rows = LazyRepository(QuarantinedRows)
    legacy_keys = LazyRepository(LegacyKeys)
    legacy_versions = LazyRepository(LegacyVersions)
    legacy_rows = LazyRepository(LegacyRows)
    heartbeats = LazyRepository(RoleHeartbeats)
    activity = LazyRepository(ActivityCounts)
    backlog = LazyRepository(Backlog)

    def __init__(self, session: Session) -> None:
        self._session = session
        self._after_commit: list[Callable[[], object]] = []

    def flush_ahead(self) -> None:
        """Send the gathered writes, which the server works on while the caller prepares the next ones."""
        self._session.flush_ahead()

    def after_commit(self, call: Callable[[], object]) -> None:
        """Register a call for after the commit; dropped if the transaction fails. Bells ring this way."""
        self._after_commit.append(call)

    def committed(self) -> list[Callable[[], object]]:
        """The registered calls, to be made after the commit."""
        return self._after_commit


def ignore_advances(versions: Mapping[int, int]) -> None:
    """The default listener for new versions: does nothing."""


class UnitOfWork:
    """Opens units of work on one engine.

    `advanced` is called with new versions, by script, once their COMMIT is answered. It must not raise.
    """

    def __init__(self, engine: Engine, *, advanced: Callable[[Mapping[int, int]], object] = ignore_advances) -> None:
        self._engine = engine
        self._advanced = advanced

    def script(self, script_id: int, *, wait: bool = False) -> LockedScriptTransaction:
        """Lock the head of a script, then work on it; a script without a head gets a provisional one.

        Raises:
            HeadLocked: another worker holds the head, and `wait` is false.
            Conflict: the transaction was lost and changed nothing; retry it from the start.
        """
        return LockedScriptTransaction(self._engine, script_id, wait, self._notify)

    @contextmanager
    def scripts(self, script_ids: Sequence[int]) -> Iterator[LockedScripts]:
        """Lock those of several heads that exist and are unlocked, then work on their scripts; all commit or none.

        There is no waiting for a lock here, so holders of several locks cannot deadlock.

        Raises:
            Conflict: the transaction was lost and changed nothing.
        """
        with Session(self._engine) as session:
            tx = LockedScripts(session, script_ids)
            yield tx
            tx.inbox.remove_all()
            names = {f"script_{position}": script_id for position, script_id in enumerate(script_ids)}
            waiting = {row[0] for row in session.commit(inbox_recheck(len(script_ids)), **names)}
        for work in tx.works:
            work.more = work.script_id in waiting
        self._notify(*tx.works)

    @contextmanager
    def projection(self, script_id: int) -> Iterator[ProjectionWork]:
        """Lock the projections of a script, then work on them; its head is read but not locked.

        Raises:
            ProjectionLocked: another worker holds them.
        """
        with Session(self._engine) as session:
            yield ProjectionWork(session, script_id)
            session.commit()

    @contextmanager
    def rebuild(self, script_id: int, generation: int) -> Iterator[RebuildWork]:
        """Lock a rebuild of a script, then write to its generation; the head is read but not locked.

        Raises:
            RebuildLocked: another worker holds it.
        """
        with Session(self._engine) as session:
            yield RebuildWork(session, script_id, generation)
            session.commit()

    @contextmanager
    def records(self) -> Iterator[RecordsTransaction]:
        """Work that locks no head, in one transaction."""
        with Session(self._engine) as session:
            session.start()
            work = RecordsTransaction(session)
            yield work
            session.commit()
        for call in work.committed():
            call()

    @contextmanager
    def statement(self) -> Iterator[RecordsTransaction]:
        """Write with a single autocommitted statement: a third of the round trips."""
        with Session(self._engine) as session:
            work = RecordsTransaction(session)
            yield work
        for call in work.committed():
            call()

    @contextmanager
    def reading(self) -> Iterator[RecordsTransaction]:
        """Read, statement by statement, without a transaction."""
        with Session(self._engine) as session:
            yield RecordsTransaction(session)

    def catch_up(self) -> None:
        """Wait until this database node shows what the other nodes, if any, have committed.

        Raises:
            Conflict: the node did not catch up in time.
        """
        catch_up(self._engine)

    def _notify(self, *works: LockedScript) -> None:
        if self._advanced is ignore_advances:
            return
        if versions := {work.script_id: work.heads.advanced_to for work in works if work.heads.advanced_to}:
            self._advanced(versions)
