"""Points in the history of a script, as a user names them: a version, a time or a draft."""

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

Version = Annotated[int | None, typer.Option(metavar="N", min=1, help="At this version; by default at the head.")]
At = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="As it was at this time: ISO 8601, local without a zone.", show_default=False),
]
Label = Annotated[str | None, typer.Option(metavar="NAME", help="At the version of the draft of this name.")]

ABOUT_TIMES = """A TIME is ISO 8601, like 2026-11-23T09:30:00Z or 2026-11-23T10:30+01:00. Without Z or an offset it is
the local time of this machine. It includes the whole of its last unit: a date the whole day, a time without seconds the
whole minute. It is compared with the time at which a version was recorded."""


class NotATime(Rejected):
    """{text!r} is not a time: write ISO 8601, like 2026-11-23, 2026-11-23T09:30 or 2026-11-23T09:30:00Z."""


class UnknownPoint(Rejected):
    """{text!r} is neither a version of script {script}, nor a time, nor the name of one of its drafts."""


class OtherScript(Rejected):
    """{text!r} belongs to script {other}, but a diff compares versions of one script, here {script}; export both."""


_TIME = re.compile(r"\d{4}-\d\d(-\d\d([T ].*)?)?|\d{4}-?W\d\d.*|\d{8}T.*")
_CLOCK = re.compile(r"[T ](?P<hour>\d\d)(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?P<fraction>[.,]\d+)?)?)?")
_OTHER_SCRIPT = re.compile(r"(\d+)[:/@]\S+")


def chosen(
    tx: RecordsTransaction, script: int, *, version: int | None = None, at: str | None = None, label: str | None = None
) -> int:
    """The version that --version, --at or --label name; the head if none is given.

    Raises:
        Rejected: it does not exist.
    """
    head = database.head_of(tx, script)
    if sum(option is not None for option in (version, at, label)) > 1:
        raise typer.BadParameter("give only one of --version, --at and --label")
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
        Rejected: it does not exist, or belongs to another script.
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
        if match := _OTHER_SCRIPT.fullmatch(text):
            raise OtherScript(text=text, other=match[1], script=script) from None
        raise UnknownPoint(text=text, script=script) from None


def end_of(text: str) -> int:
    """The last microsecond of a time: of its day, minute or second, depending on its precision.

    Raises:
        NotATime: the text is not a time.
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
    """Microseconds since 1970 UTC. A local time that occurs twice, when clocks are set back, means the first."""
    whole = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return whole // timedelta(microseconds=1)


def _require(script: int, version: int, head: int) -> int:
    if not 1 <= version <= head:
        raise UnknownVersion(script=script, version=version, head=head)
    return version
