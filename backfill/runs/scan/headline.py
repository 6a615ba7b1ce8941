"""The headline of a scan: what was lost, where it still is, and what blocks the move, in a few sentences."""

from __future__ import annotations

from datetime import date

from backfill.recognition.recognise import NO_SCRIPTS
from backfill.runs.scan.scan import Scanned
from backfill.scanning.finding import Loss

MAX_LOSSES = 5


def headline(scanned: Scanned) -> list[str]:
    """The sentences, the worst first."""
    sentences = [_of_loss(loss) for loss in sorted(scanned.losses, key=_severity)[:MAX_LOSSES]]
    if (more := len(scanned.losses) - MAX_LOSSES) > 0:
        sentences.append(f"{_counted(more, 'more save')} lost most of {'its' if more == 1 else 'their'} lines.")
    if scanned.overwritten_saves:
        sentences.append(
            f"{_counted(scanned.overwritten_saves, 'save')} of {_counted(scanned.overwritten_scripts, 'script')} "
            "were overwritten by later ones and cannot be recovered from this database."
        )
    counts = scanned.findings.counts()
    if cut := sum(count for decision, count in counts.get("L10", {}).items() if decision != "report"):
        ends = "text probably ends" if cut == 1 else "texts probably end"
        sentences.append(f"{cut:,} {ends} in the middle, cut off at 64 KB.")
    has_scripts = any(table.target == "scripts" for table in scanned.tables)
    if not has_scripts:
        sentences.append(NO_SCRIPTS)
    blocking = scanned.findings.blocking
    if blocking:
        sentences.append(
            f"The move is blocked until {', '.join(blocking)} {'is' if len(blocking) == 1 else 'are'} decided."
        )
    elif not has_scripts:
        sentences.append("Nothing else blocks the move.")
    elif counts:
        sentences.append("Nothing blocks the move.")
    else:
        sentences.append("Nothing is wrong, and nothing blocks the move.")
    return sentences


def day_in_words(at: str) -> str:
    """The day of a time, as in 6 February 2023."""
    try:
        day = date.fromisoformat(at[:10])
    except ValueError:
        return "an unknown day"
    return f"{day.day} {day:%B} {day.year}"


def _of_loss(loss: Loss) -> str:
    again = f", and {loss.restored} has them again" if loss.restored is not None else ""
    lines = _counted(loss.lines, "line")
    return f"Script {loss.script} lost {lines} on {day_in_words(loss.at)}; {loss.last_good} has them{again}."


def _severity(loss: Loss) -> tuple[bool, int, str]:
    """Losses without a repair come first, then the largest."""
    return loss.restored is not None, -loss.lines, loss.script


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
