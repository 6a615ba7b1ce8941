"""The play of the demo."""

from __future__ import annotations

import time
from itertools import count

from rich.console import RenderableType

from cli.client import database
from cli.client.queue import Queue
from cli.demo import screenplay
from cli.demo.proposal_act import ProposalAct
from cli.rendering.answers import described
from cli.rendering.diff_text import changes
from cli.rendering.log_table import log_table, read_log
from cli.rendering.screenplay_layout import pages
from cli.terminal import screen
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.screen import Text
from domain.script.hashing import state_hash_bytes
from domain.script.state import State
from domain.submissions.answer import Answer
from domain.submissions.submission import Submission
from materialization.diff.compare import compare
from materialization.diff.summary import sentence, tally
from materialization.history.fold import replay

ANSWER_TIMEOUT_SECONDS = 45.0


class Play:
    """One script, everything through one queue, told act by act."""

    def __init__(self, sending: Queue) -> None:
        self._sending = sending
        self._numbers = count(1)
        self._script_id = 0

    def perform(self) -> None:
        """All acts."""
        self._begin("Start: a broker, two workers and an SQLite ledger, in a temporary home")
        self._script_id = self._sending.new_script_id()
        self._import()
        imported = self._state()
        self._ai_edit(imported)
        edited = self._state()
        self._late_ai_edit(edited)
        self._proposal()
        self._look_back(imported)
        self._prove()

    def _import(self) -> None:
        self._begin("Import a screenplay")
        submission = screenplay.creation(self._script_id)
        told, _ = self._send(submission, "applied")
        lines = list(self._state().lines())
        size = f"{screen.counted(len(lines), 'line')}, about {screen.counted(pages(lines), 'page')}"
        self._tell(Text(f"{screenplay.SAMPLE.name}: {size}"), *told)

    def _ai_edit(self, imported: State) -> None:
        submission = screenplay.rewrite(self._script_id, imported)
        self._begin("Let an AI edit it, in four commands: all or none")
        self._tell(_asked(submission), Text(", ".join(command.kind() for command in submission.commands)))
        told, answer = self._send(submission, "applied")
        self._tell(*told)
        self._begin("Deliver the very same submission again")
        _, second = self._send(submission, "applied")
        if second != answer or self._state().version != answer.last_version:
            raise Ending(Exit.BUG, "The same submission had two effects, or two answers.")
        self._tell(Text(f"The same answer, and no second effect: still version {answer.last_version}."))

    def _late_ai_edit(self, seen: State) -> None:
        self._begin("Correct a line by hand, while the AI still works on what it saw before")
        told, _ = self._send(screenplay.correction(self._script_id, seen), "applied")
        self._tell(*told)
        late = screenplay.late_rewrite(self._script_id, seen)
        self._begin("Then its answer comes, too late")
        self._tell(_asked(late))
        told, _ = self._send(late, "refused")
        self._tell(*told)

    def _proposal(self) -> None:
        act = ProposalAct(self._sending, self._script_id)
        self._begin("Ask in the chat, and get a proposal: here a scripted model follows rules, so that none is needed")
        self._tell(*act.ask())
        self._begin("Correct one of these lines by hand before deciding")
        told, _ = self._send(screenplay.second_correction(self._script_id, self._state()), "applied")
        self._tell(*told)
        self._begin("Take a part, refuse a part, and come too late for one")
        self._tell(*act.decide())
        if act.proposal().state != "partly_accepted":
            raise Ending(Exit.BUG, f"The demo wanted its proposal partly accepted, and it is {act.proposal().state}.")

    def _look_back(self, imported: State) -> None:
        head = self._state()
        self._begin(f"What changed from version {imported.version} to {head.version}")
        with self._sending.unit_of_work.reading() as tx:
            found = compare(tx, self._script_id, imported.version, head.version)
        self._tell(changes(found), Text(sentence(tally(found)), "bold"))
        self._begin("Who did what: the log, a version for each command")
        with self._sending.unit_of_work.reading() as tx:
            logged = list(read_log(tx, database.head_of(tx, self._script_id), after=0, limit=head.version))
        self._tell(log_table(logged))

    def _prove(self) -> None:
        self._begin("Proof: three ways to the state hash of the last version")
        with self._sending.unit_of_work.reading() as tx:
            head = database.head_of(tx, self._script_id)
            replayed = replay(State.empty(), tx.commands.read(self._script_id, upto=head.version))
            read = database.state_of(tx, self._script_id)
        hashes = [state_hash_bytes(replayed.hash), state_hash_bytes(read.hash), head.state_hash]
        ways = ("replayed from the log", "keyframe and deltas", "stored with the head")
        self._tell(*(Text(f"{way:<23} {found.hex()}") for way, found in zip(ways, hashes, strict=True)))
        if len(set(hashes)) != 1:
            raise Ending(Exit.CORRUPT, "The three hashes differ.")
        self._tell(Text("All the same.", "green"))

    def _begin(self, title: str) -> None:
        screen.say(Text(), Text.assemble((f"{next(self._numbers)}  ", "bold cyan"), (title, "bold")))

    def _tell(self, *told: RenderableType) -> None:
        screen.say(*map(screen.indented, told))

    def _send(self, submission: Submission, outcome: str) -> tuple[list[Text], Answer]:
        """Send a submission through the queue and say what became of it, and in what time."""
        began = time.monotonic()
        answer = self._sending.send(submission, timeout=ANSWER_TIMEOUT_SECONDS)
        if answer.outcome != outcome:
            raise Ending(
                Exit.BUG, f"The demo wanted {submission.submission_id} {outcome}, and it was {answer.outcome}."
            )
        told = described(answer)
        told[0].append(f"  {time.monotonic() - began:.2f} s", "dim")
        return told, answer

    def _state(self) -> State:
        with self._sending.unit_of_work.reading() as tx:
            return database.state_of(tx, self._script_id)


def _asked(submission: Submission) -> Text:
    cause = submission.cause
    return Text(f"{submission.actor} asked {cause.model}: “{cause.prompt}”", "italic")
