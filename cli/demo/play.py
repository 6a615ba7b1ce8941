"""The steps of `scriptledger demo`, with their output."""

from __future__ import annotations

import tempfile
import time
from itertools import count
from pathlib import Path

from rich.console import RenderableType

from cli.client import database
from cli.client.queue import Queue
from cli.demo import screenplay
from cli.demo.move_act import bring_over
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
    """One script and one queue; each step prints what it does."""

    def __init__(self, sending: Queue) -> None:
        self._sending = sending
        self._numbers = count(1)
        self._script_id = 0

    def perform(self) -> None:
        """Run all steps."""
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
        self._bring_over()

    def _import(self) -> None:
        self._begin("Import a screenplay")
        submission = screenplay.creation(self._script_id)
        rows, _ = self._send(submission, "applied")
        lines = list(self._state().lines())
        size = f"{screen.counted(len(lines), 'line')}, about {screen.counted(pages(lines), 'page')}"
        self._print(Text(f"{screenplay.SAMPLE.name}: {size}"), *rows)

    def _ai_edit(self, imported: State) -> None:
        submission = screenplay.rewrite(self._script_id, imported)
        self._begin("An AI edits it with four commands, which apply together or not at all")
        self._print(_prompt_line(submission), Text(", ".join(command.kind() for command in submission.commands)))
        rows, answer = self._send(submission, "applied")
        self._print(*rows)
        self._begin("Deliver the same submission again")
        _, second = self._send(submission, "applied")
        if second != answer or self._state().version != answer.last_version:
            raise Ending(Exit.BUG, "The same submission took effect twice, or got two answers.")
        self._print(Text(f"The same answer and no second effect: still version {answer.last_version}."))

    def _late_ai_edit(self, seen: State) -> None:
        self._begin("Correct a line by hand, while the AI is still working on the previous version")
        rows, _ = self._send(screenplay.correction(self._script_id, seen), "applied")
        self._print(*rows)
        late = screenplay.late_rewrite(self._script_id, seen)
        self._begin("The AI's edit arrives too late")
        self._print(_prompt_line(late))
        rows, _ = self._send(late, "refused")
        self._print(*rows)

    def _proposal(self) -> None:
        act = ProposalAct(self._sending, self._script_id)
        self._begin("Request an edit in the chat and get a proposal, here from a scripted model that follows rules")
        self._print(*act.ask())
        self._begin("Correct one of these lines by hand before deciding")
        rows, _ = self._send(screenplay.second_correction(self._script_id, self._state()), "applied")
        self._print(*rows)
        self._begin("Accept one part, refuse one, and accept one too late")
        self._print(*act.decide())
        if act.proposal().state != "partly_accepted":
            raise Ending(Exit.BUG, f"The demo expected a partly accepted proposal, but it is {act.proposal().state}.")

    def _look_back(self, imported: State) -> None:
        head = self._state()
        self._begin(f"What changed from version {imported.version} to {head.version}")
        with self._sending.unit_of_work.reading() as tx:
            comparison = compare(tx, self._script_id, imported.version, head.version)
        self._print(changes(comparison), Text(sentence(tally(comparison)), "bold"))
        self._begin("The log: one version for each command, with its author")
        with self._sending.unit_of_work.reading() as tx:
            logged = list(read_log(tx, database.head_of(tx, self._script_id), after=0, limit=head.version))
        self._print(log_table(logged))

    def _prove(self) -> None:
        self._begin("Verify: the state hash of the last version, computed in three ways")
        with self._sending.unit_of_work.reading() as tx:
            head = database.head_of(tx, self._script_id)
            replayed = replay(State.empty(), tx.commands.read(self._script_id, upto=head.version))
            derived = database.state_of(tx, self._script_id)
        hashes = [state_hash_bytes(replayed.hash), state_hash_bytes(derived.hash), head.state_hash]
        sources = ("replayed from the log", "keyframe and deltas", "stored with the head")
        self._print(*(Text(f"{source:<23} {digest.hex()}") for source, digest in zip(sources, hashes, strict=True)))
        if len(set(hashes)) != 1:
            raise Ending(Exit.CORRUPT, "The three hashes differ.")
        self._print(Text("All the same.", "green"))

    def _bring_over(self) -> None:
        self._begin("Bring a small legacy database over, prove every row, and certify it")
        with tempfile.TemporaryDirectory(prefix="scriptledger-legacy-") as folder:
            self._print(*bring_over(Path(folder)))

    def _begin(self, title: str) -> None:
        screen.print_text(Text(), Text.assemble((f"{next(self._numbers)}  ", "bold cyan"), (title, "bold")))

    def _print(self, *rows: RenderableType) -> None:
        screen.print_text(*map(screen.indented, rows))

    def _send(self, submission: Submission, outcome: str) -> tuple[list[Text], Answer]:
        """Send a submission through the queue; its answer, as text with the time it took and as a value."""
        began = time.monotonic()
        answer = self._sending.send(submission, timeout=ANSWER_TIMEOUT_SECONDS)
        if answer.outcome != outcome:
            raise Ending(
                Exit.BUG, f"The demo expected {submission.submission_id} to be {outcome}, but it was {answer.outcome}."
            )
        rows = described(answer)
        rows[0].append(f"  {time.monotonic() - began:.2f} s", "dim")
        return rows, answer

    def _state(self) -> State:
        with self._sending.unit_of_work.reading() as tx:
            return database.state_of(tx, self._script_id)


def _prompt_line(submission: Submission) -> Text:
    cause = submission.cause
    return Text(f"{submission.actor} to {cause.model}: “{cause.prompt}”", "italic")
