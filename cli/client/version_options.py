"""Points in the history of a script, as people name them: a version, a moment, a draft."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer

from cli.client import database
from domain.errors import Rejected
from domain.refusals import UnknownLabel, UnknownVersion
from materialization.history.version_lookup import version_at, version_of_label
from repos.unit_of_work import RecordsTransaction

HEAD = "head"
MAX_DIGITS = 18

Version = Annotated[int | None, typer.Option(metavar="N", min=1, help="At this version; else at the head.")]
At = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="As it was at this time: ISO 8601, local without a zone.", show_default=False),
]
Label = Annotated[str | None, typer.Option(metavar="NAME", help="As the draft of this name has it.")]

ABOUT_TIMES = """A TIME is ISO 8601, like 2026-11-23T09:30:00Z or 2026-11-23T10:30+01:00. Without Z or an offset it is
the local time of this machine. It includes all of the last unit it names: a date all of its day, a time without seconds
all of its minute. It is compared with the time at which a version was recorded."""


class NotATime(Rejected):
    """{text!r} is no time: write ISO 8601, like 2026-11-23, 2026-11-23T09:30 or 2026-11-23T09:30:00Z."""


class UnknownPoint(Rejected):
    """{text!r} is neither a version of script {script} nor a time, and no draft of it has that name."""


class OtherScript(Rejected):
    """{text!r} is of script {other}, but a diff is of one script; export both to compare script {script} with it."""


_TIME = re.compile(r"\d{4}-\d\d(-\d\d([T ].*)?)?|\d{4}-?W\d\d.*|\d{8}T.*")
_CLOCK = re.compile(r"[T ](?P<hour>\d\d)(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?P<fraction>[.,]\d+)?)?)?")
_OTHER_SCRIPT = re.compile(r"(\d+)[:/@]\S+")


def chosen(
    tx: RecordsTransaction, script: int, *, version: int | None = None, at: str | None = None, label: str | None = None
) -> int:
    """The version that --version, --at or --label name; the head where none is given.

    Raises:
        Rejected: it does not exist.
    """
    head = database.head_of(tx, script)
    if sum(each is not None for each in (version, at, label)) > 1:
        raise typer.BadParameter("say one of --version, --at and --label")
    if at is not None:
        return version_at(tx, script, end_of(at))
    if label is not None:
        return version_of_label(tx, script, label)
    if version is None:
        return head.version
    return _require(script, version, head.version)


def named(tx: RecordsTransaction, script: int, text: str) -> int:
    """The version a point of a diff names: a number, a time, a label, or `head`; `label:7` is the draft called 7.

    Raises:
        Rejected: it does not exist, or is of another script.
    """
    head = database.head_of(tx, script)
    sort, _, rest = text.partition(":")
    number = rest if sort == "version" else text
    if text == HEAD:
        return head.version
    if number.isdecimal() and len(number) <= MAX_DIGITS:
        return _require(script, int(number), head.version)
    if sort == "at" and rest:
        return version_at(tx, script, end_of(rest))
    try:
        return version_of_label(tx, script, rest if sort == "label" and rest else text)
    except UnknownLabel:
        if sort == "label":
            raise
        if _TIME.fullmatch(text):
            return version_at(tx, script, end_of(text))
        if found := _OTHER_SCRIPT.fullmatch(text):
            raise OtherScript(text=text, other=found[1], script=script) from None
        raise UnknownPoint(text=text, script=script) from None


def end_of(text: str) -> int:
    """The last microsecond of a time: of the day, the minute or the second, as exactly as it is written.

    Raises:
        NotATime: it is none.
    """
    try:
        if "T" not in text and " " not in text.strip():
            return _micros(datetime.combine(date.fromisoformat(text) + timedelta(days=1), datetime.min.time())) - 1
        moment = datetime.fromisoformat(text)
        clock = _CLOCK.search(text)
        if clock is None or clock["fraction"]:
            return _micros(moment)
        unit = timedelta(seconds=1) if clock["second"] else timedelta(minutes=1 if clock["minute"] else 60)
        return _micros(moment + unit) - 1
    except (ValueError, OverflowError) as error:
        raise NotATime(text=text[:80]) from error


def _micros(moment: datetime) -> int:
    """Since 1970 UTC. Of a local time that comes twice, as clocks are put back, the first is meant."""
    whole = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return whole // timedelta(microseconds=1)


def _require(script: int, version: int, head: int) -> int:
    if not 1 <= version <= head:
        raise UnknownVersion(script=script, version=version, head=head)
    return version
