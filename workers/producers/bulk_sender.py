"""The bulk sender: puts many submissions into the inbox in few statements, and reads their answers in batches.

It holds the name and the hash of each submission that has no answer yet, and nothing of the others. Everything is
idempotent: what is sent again after a crash is found answered or pending, and has no second effect.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, MutableMapping, Sequence
from functools import partial
from hashlib import sha256
from itertools import islice
from typing import NamedTuple, Protocol, TypeVar

from msgspec import Struct

from domain.errors import Rejected
from domain.refusals import SameIdOtherContent
from domain.submissions.answer import Answer
from domain.submissions.submission import Submission, encode_submission
from materialization.clock import system_clock
from materialization.retry import with_retries
from repos.database.driver_errors import DuplicateKey, TooLargeForDatabase
from repos.submissions.answers import Answered
from repos.unit_of_work import UnitOfWork
from workers.producers.producer import Addressed, put_once, same_content

# Rows of one transaction, and the bytes of their payloads. A larger payload goes alone.
MAX_ROWS, MAX_BYTES = 500, 2 << 20
# Answers that one look reads, of those that have waited longest.
ANSWERS_PER_LOOK = 400
# Another program may put the same submissions at the same moment.
PUT_ATTEMPTS = 5

Name = tuple[int, str]


class _Waiting(Protocol):
    """What the answer to a submission is compared with."""

    @property
    def digest(self) -> bytes: ...

    @property
    def keys(self) -> list[int]: ...


_T = TypeVar("_T", bound=_Waiting)


class Outgoing(NamedTuple):
    """A valid submission with its payload; `key` is the number the caller knows it by."""

    key: int
    submission: Submission
    payload: bytes
    user_id: int | None = None

    @property
    def name(self) -> Name:
        """The script and the id of the submission."""
        return self.submission.script_id, self.submission.submission_id

    @classmethod
    def of(cls, key: int, submission: Submission, user_id: int | None = None) -> Outgoing:
        """A submission with its canonical payload."""
        return cls(key, submission, encode_submission(submission), user_id)


class Result(NamedTuple):
    """What became of a submission: its answer, or the reason why it was not taken.

    `before` is whether it was answered before this sender put it.
    """

    key: int
    name: Name
    answer: Answer | None
    refusal: Rejected | None = None
    before: bool = False


class BulkSender:
    """Sends many submissions, and knows which of them have no answer yet; `ring_all` rings for scripts."""

    def __init__(
        self,
        unit_of_work: UnitOfWork,
        ring_all: Callable[[Iterable[int]], object],
        *,
        clock: Callable[[], int] = system_clock,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._ring_all = ring_all
        self._clock = clock
        self._outstanding: OrderedDict[Name, _Outstanding] = OrderedDict()

    @property
    def outstanding(self) -> int:
        """How many submissions have no answer yet, as far as is known."""
        return len(self._outstanding)

    def put(self, batch: Sequence[Outgoing]) -> list[Result]:
        """Put submissions into the inbox and ring for their scripts; returns those that need not be waited for.

        Raises:
            Conflict: the database is away; the same batch can be put again.
        """
        results: list[Result] = []
        fresh: dict[Name, _Fresh] = {}
        repeated: list[tuple[_Outstanding, int]] = []
        for item in batch:
            digest = sha256(item.payload).digest()
            known = self._outstanding.get(item.name) or fresh.get(item.name)
            if known is None:
                fresh[item.name] = _Fresh(item, digest, [item.key])
            elif known.digest != digest:
                results.append(_other_content(item.key, item.name))
            elif isinstance(known, _Fresh):
                known.keys.append(item.key)
            else:
                repeated.append((known, item.key))
        results += self._forget(fresh, with_retries(partial(self._answered, list(fresh))), before=True)
        refused = self._put(list(fresh.values()))
        for name, refusal in refused.items():
            results += [Result(key, name, None, refusal) for key in fresh.pop(name).keys]
        for known, key in repeated:
            known.keys.append(key)
        for name, each in fresh.items():
            self._outstanding[name] = _Outstanding(each.digest, each.keys)
        self._ring_all(dict.fromkeys(script_id for script_id, _ in fresh))
        return results

    def collect(self) -> list[Result]:
        """Read answers of those submissions that have waited longest since the last look; returns what was answered."""
        names = list(islice(self._outstanding, ANSWERS_PER_LOOK))
        if not names:
            return []
        found = with_retries(partial(self._answered, names))
        results = list(self._forget(self._outstanding, found, before=False))
        for name in names:
            if name in self._outstanding:
                self._outstanding.move_to_end(name)
        return results

    def give_up(self, scripts: Collection[int] | None = None) -> list[int]:
        """Wait no longer for the submissions of these scripts, or for any; returns their keys. They stay pending."""
        names = [name for name in self._outstanding if scripts is None or name[0] in scripts]
        return [key for name in names for key in self._outstanding.pop(name).keys]

    def _answered(self, names: Iterable[Name]) -> list[Answered]:
        with self._unit_of_work.reading() as tx:
            return tx.submissions.among(list(names))

    def _forget(
        self, waiting: MutableMapping[Name, _T], answered: Iterable[Answered], *, before: bool
    ) -> Iterator[Result]:
        """Take what is answered out of those that wait."""
        for found in answered:
            name = found.answer.script_id, found.answer.submission_id
            waited = waiting.pop(name, None)
            if waited is None:
                continue
            for key in waited.keys:
                if found.content_hash == waited.digest:
                    yield Result(key, name, found.answer, before=before)
                else:
                    yield _other_content(key, name)

    def _put(self, items: list[_Fresh]) -> dict[Name, Rejected]:
        """Put what is not pending yet; returns those that were not taken, each with the reason."""
        refused: dict[Name, Rejected] = {}
        for _ in range(PUT_ATTEMPTS):
            if not items:
                return refused
            try:
                if with_retries(partial(self._insert, items)):
                    return refused
            except TooLargeForDatabase:
                break
            pending = with_retries(partial(self._pending, items, refused))
            items = [each for each in items if each.item.name not in pending]
        for each in items:
            try:
                with_retries(partial(self._insert_one, each))
            except Rejected as refusal:
                refused[each.item.name] = refusal
        return refused

    def _insert(self, items: list[_Fresh]) -> bool:
        """Insert all; False, and none is inserted, if one is pending already."""
        now = self._clock()
        rows = [(*each.item.name, each.item.payload, now) for each in items]
        try:
            with self._unit_of_work.records() as tx:
                tx.inbox.put_all(rows, [each.item.user_id for each in items])
        except DuplicateKey:
            return False
        return True

    def _pending(self, items: list[_Fresh], refused: dict[Name, Rejected]) -> set[Name]:
        """Those that are pending already; the ones with other content are added to `refused`."""
        with self._unit_of_work.reading() as tx:
            pending = tx.inbox.held_among([each.item.name for each in items])
        for each in items:
            held = pending.get(each.item.name)
            if held is None:
                continue
            is_other_user = each.item.user_id is not None and held.user_id not in (None, each.item.user_id)
            if is_other_user or not same_content(held.payload, each.item.payload):
                refused[each.item.name] = SameIdOtherContent(submission=each.item.name[1])
            elif each.item.user_id is None and held.user_id is not None:
                with self._unit_of_work.records() as tx:
                    tx.inbox.release(*each.item.name)
        return set(pending)

    def _insert_one(self, each: _Fresh) -> None:
        with self._unit_of_work.records() as tx:
            addressed = Addressed(*each.item.name, each.item.payload)
            put_once(tx, addressed, self._clock(), user_id=each.item.user_id)


class _Outstanding(Struct):
    """A submission without an answer: the hash of its content, and the keys under which the caller knows it."""

    digest: bytes
    keys: list[int]


class _Fresh(NamedTuple):
    """A submission that is about to be put."""

    item: Outgoing
    digest: bytes
    keys: list[int]


def _other_content(key: int, name: Name) -> Result:
    return Result(key, name, None, SameIdOtherContent(submission=name[1]))
