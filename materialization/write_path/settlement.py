"""Settlement: turns pending submissions of a script into commands, versions and answers for one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from domain.commands.kinds.script_create import ScriptCreate
from domain.errors import Rejected
from domain.log.entry import LogEntry, written_at
from domain.log.version import KeyframeRow, VersionRow
from domain.refusals import (
    BadId,
    Misaddressed,
    PredecessorRefused,
    PredecessorUnknown,
    SameIdOtherContent,
    ScriptBeingBackfilled,
    UnknownOwner,
)
from domain.script.state import State
from domain.script.work_limit import MAX_WORK, WorkCount
from domain.submissions.answer import Answer, Refusal, encode_rest
from domain.submissions.submission import Submission, content_hash, decode_submission
from materialization.access import require_still_allowed
from materialization.submissions.backfill_mode import require_in_order
from materialization.write_path.ai_limits import USUAL, AiLimits, Losses
from materialization.write_path.arrivals import (
    Arrival,
    as_declared,
    reason_not_to_read,
    unapplied,
    unread,
    without_name,
)
from materialization.write_path.decide import answer_for, decide
from materialization.write_path.log_rows import LogRows, build_log_rows, require_room
from materialization.write_path.refusal_explanations import RefusalExplanations
from repos.locked_scripts import LockedScript
from repos.log.heads import InboxRow
from repos.log.scripts import StoredScript
from repos.submissions.answers import Answered
from repos.submissions.dead_letters import DeadLetter

MAX_COMMANDS_PER_TRANSACTION = 2_000
MAX_BYTES_PER_TRANSACTION = 4 << 20
# After this much work a unit of work takes no other submission. Including its last one, it spends at most a quarter
# more than a single submission may.
MAX_UNIT_WORK = MAX_WORK // 4


class Settlement:
    """One unit of work on one script: decides submission by submission, then writes everything at once.

    The state advances with every accepted submission; a refused one leaves it unchanged. Nothing is written
    before `write`; `head` is then the head to commit, `first_version` the first version this unit of work may add.
    `done` holds the answered inbox rows and `arrived` their times, `answered` the new answers, `work` the units spent.
    """

    def __init__(self, tx: LockedScript, state: State, now: int, *, limits: AiLimits = USUAL) -> None:
        self.state = state
        self.head = tx.head
        self.first_version = tx.head.version + 1
        self.answers: dict[str, Answer] = {}
        self.done: list[int] = []
        self.arrived: list[int] = []
        self.answered: list[Answered] = []
        self.work = 0
        self._tx = tx
        self._start = state
        self._now = now
        self._limits = limits
        self._losses: Losses | None = None
        self._bytes = 0
        self._kept_bytes = 0
        self._entries: list[LogEntry] = []
        self._sent = 0  # entries that the database has already
        self._versions: list[VersionRow] = []
        self._keyframes: list[KeyframeRow] = []
        self._rejected: list[DeadLetter] = []
        self._accepted: list[tuple[int, Answer]] = []
        self._explanations: RefusalExplanations | None = None

    def apply_inbox(self, rows: Sequence[InboxRow], instead: Refusal | None = None) -> None:
        """Apply inbox submissions in order, or refuse them `instead`, as many as fit into one unit of work."""
        for stored in rows:
            row = as_declared(stored)
            size = self._tx.inbox.size(row.id) if row.payload is None else len(row.payload)
            if not self.has_room(size):
                return
            if instead is None:
                self._apply_row(row, size)
            elif (nameless := without_name(self._tx, row, size)) is not None:
                self._keep(nameless, instead)
            else:
                self._refuse_unread(unapplied(self._tx, row, size), instead, row.answered)
            self.done.append(row.id)
            self.arrived.append(row.enqueued_at)

    def apply(self, submission: Submission, payload: bytes) -> None:
        """Apply a submission that did not come through the inbox; `payload` is its canonical encoding."""
        self._tx.require_room("submission", len(payload))
        self._apply(submission, Arrival(submission.submission_id, payload, sha256(payload).digest()))

    def has_room(self, more: int = 0) -> bool:
        """Whether this unit of work takes another submission of `more` bytes. It always takes the first."""
        size = self._bytes + self._kept_bytes + more
        return not self.done or (
            len(self._entries) < MAX_COMMANDS_PER_TRANSACTION
            and size <= MAX_BYTES_PER_TRANSACTION
            and self.work < MAX_UNIT_WORK
        )

    @property
    def weight(self) -> int:
        """The bytes added to the log."""
        return self._bytes

    def write(self) -> None:
        """Write everything through the unit of work."""
        tx = self._tx
        if self._entries:
            tx.append(self._entries[self._sent :], self._versions, self._keyframes)
            if self.state.metadata is not self._start.metadata:
                self._project()
        if self._losses is not None:
            self._losses.write()
        for proposal_id, answer in self._accepted:
            tx.hunks.record(proposal_id, answer, self._now)
        tx.submissions.put(self.answered)
        if self._rejected:
            tx.rejected.put(self._rejected)
        if self.done:
            tx.inbox.remove(self.done)
        if self._entries:
            tx.heads.advance(self.head, self._start.version)
        elif self.head.provisional:
            tx.heads.remove_unborn(tx.script_id)
        elif self.answered or self.done:
            tx.heads.touch(tx.head)

    def _apply_row(self, row: InboxRow, size: int) -> None:
        if (nameless := without_name(self._tx, row, size)) is not None:
            self._keep(nameless, Refusal.of(BadId(field="submission_id", value=nameless.submission_id)))
            return
        if (reason := reason_not_to_read(self._tx, row, size)) is not None:
            self._refuse_unread(unread(self._tx, row, size), Refusal.of(reason), row.answered)
            return
        payload = self._tx.inbox.payload(row.id) if row.payload is None else row.payload
        if row.answered is not None and row.answered == sha256(payload).digest() and b"proposal_id" not in payload:
            return
        submission: Submission | None = None
        try:
            submission = decode_submission(payload)
        except Rejected as refusal:
            arrival = Arrival(row.submission_id, payload, sha256(payload).digest(), row.user_id, row.account)
            if row.answered is None:
                self._refuse(arrival, Refusal.of(refusal))
        else:
            arrival = Arrival(row.submission_id, payload, content_hash(submission), row.user_id, row.account)
            if row.answered is None:
                self._apply(submission, arrival, row)
        if row.answered is not None:
            self._apply_repeated(arrival, row.answered, submission)

    def _refuse_unread(self, arrival: Arrival, refusal: Refusal, answered: bytes | None) -> None:
        if answered is None:
            answer = self._refuse(arrival, refusal)
        elif answered != arrival.digest:
            answer = self._refused(arrival.submission_id, refusal)
            self._keep(arrival, refusal)
        else:
            return
        # The payload was not decoded, so a proposal's hunk is recognized by its submission id.
        proposal_id = self._tx.hunks.proposal_of(self._tx.script_id, arrival.submission_id)
        if proposal_id is not None:
            self._accepted.append((proposal_id, answer))

    def _apply_repeated(self, arrival: Arrival, answered: bytes, submission: Submission | None) -> None:
        """The first answer stands; later, different content under the same id is kept in the dead letters."""
        refusal = None
        if answered != arrival.digest:
            refusal = Refusal.of(SameIdOtherContent(submission=arrival.submission_id))
            self._keep(arrival, refusal)
        if submission is None or submission.cause.proposal_id is None:
            return
        # A person may have accepted it as a hunk, so its proposal needs the answer.
        if refusal is not None:
            answer = self._refused(arrival.submission_id, refusal)
        elif (found := self._tx.submissions.get(self._tx.script_id, arrival.submission_id)) is not None:
            answer = found.answer
        else:
            return
        self._accepted.append((submission.cause.proposal_id, answer))

    def _apply(self, submission: Submission, arrival: Arrival, row: InboxRow | None = None) -> None:
        try:
            if row is not None:
                self._require_address(submission, row)
                if row.user_id is not None or row.account is not None:
                    require_still_allowed(self._tx, self.state, submission, row)
            if submission.after_submission is not None:
                self._require_predecessor(submission, submission.after_submission)
            if self.head.health == "backfilling" and submission.author != "backfill":
                raise ScriptBeingBackfilled(script=self._tx.script_id)
            require_in_order(submission, self.head, self._now)
            if isinstance(first := submission.commands[0], ScriptCreate) and first.owner is not None:
                self._require_owner(first.owner, deleted_too=submission.author == "backfill")
            work = WorkCount()
            try:
                verdict = decide(submission, self.state, self.head, work)
            finally:
                self.work += work.units
            explained = self._explained().explain_all(verdict.refused) if verdict.refused else {}
            answer = answer_for(submission, self.state, verdict, explained)
            growth = build_log_rows(self.head, submission, verdict.applied, self._now)
            require_room(self._tx, growth, answer)
            if submission.author == "ai":
                self._counted_losses().count(submission, self.state, verdict)
        except Rejected as refusal:
            answer = self._refuse(arrival, self._explained().explain(refusal))
        else:
            if answer.refusal is not None:
                self._keep(arrival, answer.refusal)
            self._take(growth, verdict.state)
            self._answer(answer, arrival)
        if submission.cause.proposal_id is not None:
            self._accepted.append((submission.cause.proposal_id, answer))

    def _require_address(self, submission: Submission, row: InboxRow) -> None:
        if (submission.script_id, submission.submission_id) != (self._tx.script_id, row.submission_id):
            raise Misaddressed(script=submission.script_id, submission=submission.submission_id)

    def _require_predecessor(self, submission: Submission, after: str) -> None:
        answer = self.answers.get(after)
        if answer is None:
            found = self._tx.submissions.get(submission.script_id, after)
            if found is None:
                raise PredecessorUnknown(after=after)
            answer = found.answer
        if answer.outcome == "refused":
            raise PredecessorRefused(after=after, reason=answer.refusal.code if answer.refusal else "refused")

    def _require_owner(self, owner: int, *, deleted_too: bool) -> None:
        if not self._tx.scripts.owner_exists(owner, deleted_too=deleted_too):
            raise UnknownOwner(owner=owner)

    def _counted_losses(self) -> Losses:
        # Created on first use, like the next: most units of work hold no submission of an AI.
        if self._losses is None:
            self._losses = Losses(self._tx, self._limits, self._now)
        return self._losses

    def _explained(self) -> RefusalExplanations:
        # Created on first use: most units of work refuse nothing.
        if self._explanations is None:
            self._explanations = RefusalExplanations(self._tx, self._start.version, self._entries)
        return self._explanations

    def _take(self, growth: LogRows, state: State) -> None:
        self.state = state
        self.head = growth.head
        self._entries += growth.entries
        self._versions += growth.versions
        self._keyframes += growth.keyframes
        self._bytes += growth.weight

    def _refuse(self, arrival: Arrival, refusal: Refusal) -> Answer:
        self._keep(arrival, refusal)
        answer = self._refused(arrival.submission_id, refusal)
        if len(encode_rest(answer)) > self._tx.room.for_bytes:
            # The text of a line may be too large for this database; the answer then omits it.
            answer = self._refused(arrival.submission_id, Refusal(refusal.code, refusal.message))
        self._answer(answer, arrival)
        return answer

    def _refused(self, submission_id: str, refusal: Refusal) -> Answer:
        script_id = self._tx.script_id
        return Answer(script_id=script_id, submission_id=submission_id, outcome="refused", refusal=refusal)

    def _keep(self, arrival: Arrival, refusal: Refusal) -> None:
        self._rejected.append(arrival.dead_letter(self._tx.script_id, refusal, self._now))
        self._kept_bytes += len(arrival.payload)

    def _answer(self, answer: Answer, arrival: Arrival) -> None:
        self.answers[answer.submission_id] = answer
        account_id = None if arrival.account is None else self._tx.sending_accounts.find(arrival.account).id
        self.answered.append(Answered(answer, arrival.digest, self._now, account_id))

    def _project(self) -> None:
        # A backfilled script keeps the times of the legacy application.
        first = self._entries[0]
        created_at = written_at(first.author, first.occurred_at, first.recorded_at)
        row = StoredScript.of(self._tx.script_id, self.state, created_at)
        before = StoredScript.of(self._tx.script_id, self._start, created_at)
        if not self._start.exists:
            self._tx.scripts.add(row)
            self._tx.script_ids.take(row.id)
        elif (row.title, row.status, row.archived) != (before.title, before.status, before.archived):
            self._tx.scripts.project(row)
