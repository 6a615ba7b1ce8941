"""The two units of work. Leaving the block commits, raising rolls back; there is no `commit()` to call.

with unit_of_work.script(7) as tx:      # the head of script 7 is locked before anything is read
    tx.commands.append(entries)
with unit_of_work.records() as tx:      # users, the inbox, reading; never a head
    tx.inbox.put(...)
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType

from sqlalchemy import Engine

from domain.head import Head
from repos.answers import Answers
from repos.behind import ScriptsBehind
from repos.bells import Bells
from repos.chat_messages import ChatMessages
from repos.chat_usage import ChatUsage
from repos.commands import AppendableCommands, Commands
from repos.failures import HeadLocked
from repos.generations import Generations
from repos.heads import Heads, LockedHead, Waiting
from repos.inbox import LOOK_AGAIN, DrainableInbox, Inbox, SharedInbox, look_again_at
from repos.keyframe_upkeep import KeyframeUpkeep
from repos.keyframes import Keyframes, WritableKeyframes
from repos.leases import Leases
from repos.materialization_items import MaterializationItems
from repos.materialization_runs import MaterializationRuns
from repos.projected_lines import ProjectedLines
from repos.projected_things import ProjectedThings
from repos.projections import Projections, ProjectionWork
from repos.proposals import Proposals
from repos.provenance import Provenance
from repos.quarantines import Quarantines
from repos.rebuilds import Rebuilds, RebuildWork
from repos.rejected import Rejected
from repos.run_losses import RunLosses
from repos.script_ids import ScriptIds
from repos.scripts import ProjectedScripts, Scripts
from repos.seals import Seals
from repos.session import Session
from repos.settled_hunks import SettledHunks
from repos.sign_ins import SignIns
from repos.slots import Slots
from repos.submissions import Submissions, WritableSubmissions
from repos.tips import Tips
from repos.users import Users
from repos.verifications import Verifications
from repos.versions import Versions, WritableVersions
from repos.ways import Ways


class ScriptWork:
    """Work on one script whose head is locked: the only place where its log grows.

    `head` is the locked head and `waiting` what the inbox held when it was locked. After the block, `more` says
    whether anything waits now.
    """

    def __init__(
        self, session: Session, script_id: int, head: Head, waiting: list[Waiting], inbox: DrainableInbox
    ) -> None:
        self.script_id = script_id
        self.head = head
        self.waiting = waiting
        self.inbox = inbox
        self.commands = AppendableCommands(session)
        self.versions = WritableVersions(session)
        self.submissions = WritableSubmissions(session)
        self.heads = LockedHead(session)
        self.require_room = session.require_room
        self.more = False
        self._session = session

    # What most work does not need is made where it is asked for.

    @property
    def keyframes(self) -> WritableKeyframes:
        return WritableKeyframes(self._session)

    @property
    def rejected(self) -> Rejected:
        return Rejected(self._session)

    @property
    def tips(self) -> Tips:
        return Tips(self._session)

    @property
    def keyframe_upkeep(self) -> KeyframeUpkeep:
        return KeyframeUpkeep(self._session)

    @property
    def rebuilds(self) -> Rebuilds:
        return Rebuilds(self._session)

    @property
    def quarantines(self) -> Quarantines:
        return Quarantines(self._session)

    @property
    def hunks(self) -> SettledHunks:
        return SettledHunks(self._session)

    @property
    def run_losses(self) -> RunLosses:
        return RunLosses(self._session)

    @property
    def scripts(self) -> ProjectedScripts:
        return ProjectedScripts(self._session)


class ScriptsWork:
    """Work on those of several scripts whose heads are there and were free, committed together."""

    def __init__(self, session: Session, script_ids: Sequence[int]) -> None:
        session.merge_inserts()
        self.inbox = SharedInbox(session)
        self.tips = Tips(session)
        found = LockedHead(session).start_together(script_ids)
        self.works = [ScriptWork(session, script_id, *locked, self.inbox) for script_id, locked in found.items()]


class RecordsWork:
    """Work that touches no head: users, the inbox, the reconciler's memory, and reading everything."""

    def __init__(self, session: Session) -> None:
        self.users = Users(session)
        self.sign_ins = SignIns(session)
        self.chat = ChatMessages(session)
        self.chat_usage = ChatUsage(session)
        self.proposals = Proposals(session)
        self.inbox = Inbox(session)
        self.bells = Bells(session)
        self.leases = Leases(session)
        self.slots = Slots(session)
        self.scripts = Scripts(session)
        self.heads = Heads(session)
        self.commands = Commands(session)
        self.versions = Versions(session)
        self.keyframes = Keyframes(session)
        self.ways = Ways(session)
        self.submissions = Submissions(session)
        self.rejected = Rejected(session)
        self.projections = Projections(session)
        self.lines = ProjectedLines(session)
        self.things = ProjectedThings(session)
        self.behind = ScriptsBehind(session)
        self.runs = MaterializationRuns(session)
        self.run_items = MaterializationItems(session)
        self.rebuilds = Rebuilds(session)
        self.generations = Generations(session)
        self.provenance = Provenance(session)
        self.answers = Answers(session)
        self.script_ids = ScriptIds(session)
        self.seals = Seals(session)
        self.quarantines = Quarantines(session)
        self.verifications = Verifications(session)
        self._after_commit: list[Callable[[], object]] = []

    def after_commit(self, call: Callable[[], object]) -> None:
        """Call once the transaction is committed, and not at all if it is not: how bells ring."""
        self._after_commit.append(call)

    def committed(self) -> list[Callable[[], object]]:
        """What to call now that the transaction is committed."""
        return self._after_commit


def nobody_listens(versions: Mapping[int, int]) -> None:
    """What is called with new versions where nobody wants to know."""


class UnitOfWork:
    """Opens units of work on one engine.

    `advanced` is called with new versions, by script, once the COMMIT that made them is answered. It raises nothing.
    """

    def __init__(self, engine: Engine, *, advanced: Callable[[Mapping[int, int]], object] = nobody_listens) -> None:
        self._engine = engine
        self._advanced = advanced

    def script(self, script_id: int, *, wait: bool = False) -> _WorkOnScript:
        """Lock the head of a script, then work on it; a script without a head gets one for the time being.

        Raises:
            HeadLocked: another worker holds the head, and `wait` is false.
            Conflict: the transaction is lost and left no trace; run it again, from the start.
        """
        return _WorkOnScript(self._engine, script_id, wait, self._tell_of)

    @contextmanager
    def scripts(self, script_ids: Sequence[int]) -> Iterator[ScriptsWork]:
        """Lock the heads of several scripts, those that are there and free, then work on them; all commit or none.

        Nobody waits for a lock here, so those who hold several cannot wait for each other.

        Raises:
            Conflict: the transaction is lost and left no trace.
        """
        with Session(self._engine) as session:
            tx = ScriptsWork(session, script_ids)
            yield tx
            tx.inbox.remove_all()
            names = {f"script_{position}": script_id for position, script_id in enumerate(script_ids)}
            waiting = {row[0] for row in session.commit(look_again_at(len(script_ids)), **names)}
        for work in tx.works:
            work.more = work.script_id in waiting
        self._tell_of(*tx.works)

    @contextmanager
    def projection(self, script_id: int) -> Iterator[ProjectionWork]:
        """Lock the projections of a script, then work on them; its head is read and never locked.

        Raises:
            ProjectionLocked: another worker has them.
        """
        with Session(self._engine) as session:
            yield ProjectionWork(session, script_id)
            session.commit()

    @contextmanager
    def rebuild(self, script_id: int, generation: int) -> Iterator[RebuildWork]:
        """Lock a rebuild of a script, then write to its generation; the head is read and never locked.

        Raises:
            RebuildLocked: another worker is at it.
        """
        with Session(self._engine) as session:
            yield RebuildWork(session, script_id, generation)
            session.commit()

    @contextmanager
    def records(self) -> Iterator[RecordsWork]:
        """Work on everything but scripts."""
        with Session(self._engine) as session:
            session.start()
            work = RecordsWork(session)
            yield work
            session.commit()
        for call in work.committed():
            call()

    @contextmanager
    def statement(self) -> Iterator[RecordsWork]:
        """Write with one statement, which is a transaction of its own: a third of the round trips."""
        with Session(self._engine) as session:
            work = RecordsWork(session)
            yield work
        for call in work.committed():
            call()

    @contextmanager
    def reading(self) -> Iterator[RecordsWork]:
        """Read, statement by statement, without a transaction."""
        with Session(self._engine) as session:
            yield RecordsWork(session)

    def _tell_of(self, *works: ScriptWork) -> None:
        if self._advanced is nobody_listens:
            return
        if versions := {work.script_id: work.heads.advanced_to for work in works if work.heads.advanced_to}:
            self._advanced(versions)


class _WorkOnScript:
    """The block of a unit of work on one script. A generator would cost each command more than a class does."""

    __slots__ = ("_engine", "_script_id", "_session", "_tell_of", "_wait", "_work")

    def __init__(self, engine: Engine, script_id: int, wait: bool, tell_of: Callable[[ScriptWork], object]) -> None:
        self._engine = engine
        self._script_id = script_id
        self._wait = wait
        self._tell_of = tell_of

    def __enter__(self) -> ScriptWork:
        self._session = session = Session(self._engine)
        try:
            head, waiting = _locked(session, self._script_id, self._wait)
            self._work = work = ScriptWork(session, self._script_id, head, waiting, DrainableInbox(session))
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
        with session:
            # Nobody else writes to SQLite meanwhile: where nothing waited, nothing waits.
            look = LOOK_AGAIN if work.waiting or not session.is_sqlite else None
            work.more = bool(session.commit(look, script=self._script_id))
        self._tell_of(work)


def _locked(session: Session, script_id: int, wait: bool) -> tuple[Head, list[Waiting]]:
    heads = LockedHead(session)
    head, waiting = heads.start(script_id, wait=wait)
    if head is not None:
        return head, waiting
    # Who waits for the lock found none to wait for: if another makes the head meanwhile, `create` waits for that.
    if not wait and heads.exists(script_id):
        raise HeadLocked(f"the head of script {script_id} is held by another worker")
    return heads.create(script_id)
