"""The report of a file of submissions: problems as they come, and a summary by outcome."""

from __future__ import annotations

import time
from collections import Counter

from cli.json_documents.operate.bulk import LineProblem, ManySubmitted
from cli.terminal import screen
from cli.terminal.exit_status import Exit
from domain.errors import Rejected
from domain.submissions.answer import Answer, Refusal

# Problems in a JSON document, and refusals that are printed one by one. Lines that are no submission are all printed.
MAX_PROBLEMS, MAX_PRINTED = 1_000, 20
PROBLEMS = ("refused", "partly", "invalid")


class BulkReport:
    """Counts what became of the lines of a file, and prints problems on standard error."""

    def __init__(self, file: str) -> None:
        self.outcomes: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self.answered_before = 0
        self._file = file
        self._problems: list[LineProblem] = []
        self._printed = 0
        self._began = time.monotonic()

    @property
    def has_problems(self) -> bool:
        """Whether a line was not applied whole."""
        return any(self.outcomes[outcome] for outcome in PROBLEMS)

    @property
    def has_refusals(self) -> bool:
        """Whether a submission was refused, in part or whole."""
        return bool(self.outcomes["refused"] or self.outcomes["partly"])

    def answered(self, line: int, answer: Answer, *, before: bool) -> None:
        """Count the answer to the submission of a line."""
        self.outcomes[answer.outcome] += 1
        self.answered_before += before
        if answer.outcome == "refused" and answer.refusal is not None:
            self._refused(line, answer, answer.refusal)
        elif answer.outcome == "partly":
            first = next(command.refusal for command in answer.commands if command.refusal is not None)
            self._refused(line, answer, first)

    def invalid(self, line: int, refusal: Rejected, name: tuple[int | None, str | None] = (None, None)) -> None:
        """Count a line that is no submission, or whose id was used for other content."""
        self.outcomes["invalid"] += 1
        self.codes[refusal.code] += 1
        self._add(LineProblem(line, *name, refusal.code, refusal.message))
        screen.warn(f"line {line}: {refusal.code}: {refusal.message}", style="yellow")

    def pending(self, count: int) -> None:
        """Count lines whose submissions have no answer yet."""
        if count:
            self.outcomes["pending"] += count

    def status(self, *, waited: bool) -> Exit:
        """The exit status: pending submissions first, because the same command continues with them."""
        if waited and self.outcomes["pending"]:
            return Exit.NOT_ANSWERED
        return Exit.REFUSED if self.has_problems else Exit.DONE

    def document(self, *, stopped: bool) -> ManySubmitted:
        """The report as a document."""
        return ManySubmitted(
            file=self._file,
            lines=self.outcomes.total(),
            answered_before=self.answered_before,
            outcomes=dict(self.outcomes),
            codes=dict(self.codes),
            problems=self._problems,
            stopped=stopped,
            seconds=round(time.monotonic() - self._began, 3),
        )

    def print(self) -> None:
        """Print the summary."""
        seconds = max(time.monotonic() - self._began, 0.001)
        total = self.outcomes.total()
        screen.print_text(
            f"{screen.counted(total, 'line')} in {seconds:.1f} s, {total / seconds:,.0f} lines/s"
            + (f"; {self.answered_before:,} had been answered before." if self.answered_before else ".")
        )
        rows = [(outcome.replace("_", "-"), f"{count:,}", "") for outcome, count in self.outcomes.most_common()]
        rows += [("", f"{count:,}", code) for code, count in self.codes.most_common()]
        if rows:
            screen.print_text(screen.table(("outcome", "lines", "code"), rows, right=("lines",)))

    def _refused(self, line: int, answer: Answer, refusal: Refusal) -> None:
        self.codes[refusal.code] += 1
        self._add(LineProblem(line, answer.script_id, answer.submission_id, refusal.code, refusal.message))
        self._printed += 1
        if self._printed <= MAX_PRINTED:
            screen.warn(f"line {line}: {answer.outcome}: {refusal.code}: {refusal.message}", style="yellow")
        elif self._printed == MAX_PRINTED + 1:
            screen.warn("Further refusals are counted; `scriptledger rejected` lists them.", style="yellow")

    def _add(self, problem: LineProblem) -> None:
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(problem)
