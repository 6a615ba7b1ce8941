"""The report of many submissions: problems as they come, and a summary by outcome."""

from __future__ import annotations

import time
from collections import Counter
from typing import NamedTuple

from cli.terminal import screen
from cli.terminal.exit_status import Exit
from domain.errors import Rejected
from domain.submissions.answer import Answer, Refusal

# Problems in a JSON document, and refusals that are printed one by one. Lines that are no submission are all printed.
MAX_PROBLEMS, MAX_PRINTED = 1_000, 20
PROBLEMS = ("refused", "partly", "invalid")


class Problem(NamedTuple):
    """A submission that was not applied whole, or what is none, by the number it has for the user."""

    number: int
    script_id: int | None
    submission_id: str | None
    code: str
    message: str


class BulkReport:
    """Counts what became of many submissions, and prints problems on standard error.

    A problem is named by its place: a line, or the number of a dead letter. The summary counts things, which are places
    if they have no other name.
    """

    def __init__(self, place: str, thing: str = "") -> None:
        self.outcomes: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self.answered_before = 0
        self.problems: list[Problem] = []
        self._place = place
        self._thing = thing or place
        self._printed = 0
        self._not_taken = 0
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """The time since it was made."""
        return round(time.monotonic() - self._began, 3)

    @property
    def has_problems(self) -> bool:
        """Whether something was not applied whole."""
        return any(self.outcomes[outcome] for outcome in PROBLEMS)

    @property
    def has_refusals(self) -> bool:
        """Whether a submission was refused, in part or whole, or was not taken."""
        return bool(self.outcomes["refused"] or self.outcomes["partly"] or self._not_taken)

    def answered(self, number: int, answer: Answer, *, before: bool) -> None:
        """Count an answer."""
        self.outcomes[answer.outcome] += 1
        self.answered_before += before
        if answer.outcome == "refused" and answer.refusal is not None:
            self._refused(number, answer, answer.refusal)
        elif answer.outcome == "partly":
            first = next(command.refusal for command in answer.commands if command.refusal is not None)
            self._refused(number, answer, first)

    def invalid(self, number: int, refusal: Rejected, name: tuple[int | None, str | None] = (None, None)) -> None:
        """Count what is no submission, or has an id that was used for other content."""
        self.outcomes["invalid"] += 1
        self.codes[refusal.code] += 1
        self._not_taken += name != (None, None)
        self._add(Problem(number, *name, refusal.code, refusal.message))
        screen.warn(f"{self._place} {number}: {refusal.code}: {refusal.message}", style="yellow")

    def pending(self, count: int) -> None:
        """Count submissions without an answer yet."""
        if count:
            self.outcomes["pending"] += count

    def status(self, *, waited: bool) -> Exit:
        """The exit status: pending submissions first, because the same command continues with them."""
        if waited and self.outcomes["pending"]:
            return Exit.NOT_ANSWERED
        return Exit.REFUSED if self.has_problems else Exit.DONE

    def print(self) -> None:
        """Print the summary."""
        seconds = max(self.seconds, 0.001)
        total = self.outcomes.total()
        screen.print_text(
            f"{screen.counted(total, self._thing)} in {seconds:.1f} s, {total / seconds:,.0f} {self._thing}s/s"
            + (f"; {self.answered_before:,} had been answered before." if self.answered_before else ".")
        )
        rows = [(outcome.replace("_", "-"), f"{count:,}", "") for outcome, count in self.outcomes.most_common()]
        rows += [("", f"{count:,}", code) for code, count in self.codes.most_common()]
        if rows:
            screen.print_text(screen.table(("outcome", "count", "code"), rows, right=("count",)))

    def _refused(self, number: int, answer: Answer, refusal: Refusal) -> None:
        self.codes[refusal.code] += 1
        self._add(Problem(number, answer.script_id, answer.submission_id, refusal.code, refusal.message))
        self._printed += 1
        if self._printed <= MAX_PRINTED:
            screen.warn(f"{self._place} {number}: {answer.outcome}: {refusal.code}: {refusal.message}", style="yellow")
        elif self._printed == MAX_PRINTED + 1:
            screen.warn("Further refusals are counted; `scriptledger rejected` lists them.", style="yellow")

    def _add(self, problem: Problem) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)
