"""Exit statuses that scripts can branch on, and the exception that carries one with a message."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit status."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    NOT_ANSWERED = 3
    UNREACHABLE = 4
    CORRUPT = 5
    BUG = 70
    INTERRUPTED = 130
    UNREAD = 141


MEANINGS = {
    Exit.DONE: "done",
    Exit.REFUSED: "refused: an edit, all or part of it, a file, or a query for something that does not exist",
    Exit.USAGE: "the command line is wrong, a port is taken, or a file cannot be read or written",
    Exit.NOT_ANSWERED: "not answered in time, the submission is safe and pending; or no worker answers",
    Exit.UNREACHABLE: "the database or the broker is unreachable or unusable, or the schema is not the one needed",
    Exit.CORRUPT: "the stored data is inconsistent",
    Exit.BUG: "a bug in scriptledger; SCRIPTLEDGER_DEBUG=1 shows where",
    Exit.INTERRUPTED: "interrupted by Ctrl-C; nothing is lost",
    Exit.UNREAD: "standard output was closed by the reader (SIGPIPE), e.g. by `head`",
}


class Ending(Exception):
    """The end of a command that failed; `code` is the reason in JSON."""

    def __init__(self, status: Exit, sentence: str, *, code: str = "") -> None:
        self.status = status
        self.code = code or status.name.lower()
        super().__init__(sentence)
