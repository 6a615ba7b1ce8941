"""A whole file of submissions, sent and answered: `submit --many`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cli.client.bulk.bulk_run import BulkRun, Pace
from cli.client.bulk.submission_lines import Line, Pipe, opened, read_lines
from cli.client.queue import Queue, queue
from cli.rendering.operate.bulk import BulkReport
from cli.terminal import screen
from cli.terminal.bounded_file import STANDARD_INPUT
from cli.terminal.exit_status import Ending, Exit
from domain.counting import counted, does
from domain.errors import Conflict
from repos.database.driver_errors import DriverError
from workers.producers.bulk_sender import Outgoing, Result

CONTINUES = "Nothing is lost: the same command continues, and repeats nothing."


class Many(NamedTuple):
    """The report of a file, and whether lines are left that were not sent."""

    report: BulkReport
    stopped: bool


def batch_name(path: Path, batch: str) -> str:
    """The name that ids of lines without one follow from: the file's, unless another is given."""
    return batch or ("stdin" if path == STANDARD_INPUT else path.name)


def send_file(path: Path, batch: str, pace: Pace, *, stop_on_error: bool) -> Many:
    """Send every line of a file, and wait for the answers.

    Raises:
        Ending: interrupted, or the broker cannot be used; what was sent is safe.
    """
    report = BulkReport("line")
    with opened(path) as source, queue() as sending:
        lines = read_lines(source.file, batch_name(path, batch))
        run = BulkRun(sending, pace, lambda result: count_result(report, result))
        if isinstance(source.file, Pipe):
            source.file.tick = run.tick
        reader = _Reader(lines, report, stop_on_error=stop_on_error)
        try:
            run.send_all(reader, total=source.lines, stopped=lambda: stop_on_error and report.has_refusals)
        except KeyboardInterrupt:
            sentence = (
                f"Interrupted after {counted(run.sent, 'submission')} {does(run.sent, 'were')} sent and "
                f"{run.answered:,} answered. {CONTINUES}"
            )
            raise Ending(Exit.INTERRUPTED, sentence) from None
        except (Conflict, *DriverError):
            screen.warn(f"{counted(run.sent, 'submission')} {does(run.sent, 'were')} sent. {CONTINUES}", style="yellow")
            raise
        report.pending(run.pending)
        if run.pending and pace.wait:
            explain_pending(sending, run)
    return Many(report, stopped=run.stopped or not reader.ended)


class _Reader:
    """The submissions of the lines; `ended` is whether every line was read and sent."""

    def __init__(self, lines: Iterator[Line], report: BulkReport, *, stop_on_error: bool) -> None:
        self._lines = lines
        self._report = report
        self._stop_on_error = stop_on_error
        self.ended = False

    def __iter__(self) -> Iterator[Outgoing]:
        for line in self._lines:
            if line.submission is not None:
                yield Outgoing.of(line.number, line.submission)
                continue
            assert line.refusal is not None  # noqa: S101 - a line is either
            self._report.invalid(line.number, line.refusal)
            if self._stop_on_error:
                return
        self.ended = True


def count_result(report: BulkReport, result: Result) -> None:
    """Count what became of a submission."""
    if result.answer is not None:
        report.answered(result.key, result.answer, before=result.before)
    elif result.refusal is not None:
        report.invalid(result.key, result.refusal, result.name)


def explain_pending(sending: Queue, run: BulkRun) -> None:
    """Warn with the reason why submissions are pending at the end."""
    why = sending.paused or "because their scripts are quarantined, or because no worker runs"
    screen.warn(f"{screen.counted(run.pending, 'submission')} not answered yet, {why}. {CONTINUES}", style="yellow")
