"""Guard triggers: what no account may do to the log, not even one that was granted too much.

They leave what the program does: commands, versions, answers and seals are added; versions and keyframes of a
generation that is not the active one are removed, and keyframes are thinned out. Nor does a sender choose a number.
"""

from __future__ import annotations

from typing import Final, NamedTuple

# The number and the beginning of the message of an error raised by a guard.
SIGNALLED: Final = 1644
MESSAGE: Final = "scriptledger guard: "


class Guard(NamedTuple):
    """A trigger: its name, its table, its event, and its body."""

    name: str
    table: str
    event: str
    body: str

    @property
    def sql(self) -> str:
        """The statement that creates it, after CREATE and a definer."""
        return f"TRIGGER `{self.name}` BEFORE {self.event} ON `{self.table}` FOR EACH ROW {self.body}"


def _signal(sentence: str) -> str:
    return f"SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = {SIGNALLED}, MESSAGE_TEXT = '{MESSAGE}{sentence}'"


def _never(table: str, event: str, thing: str) -> Guard:
    verb = "changed" if event == "UPDATE" else "deleted"
    return Guard(f"guard_{table}_{event.lower()}", table, event, _signal(f"{thing} is never {verb}"))


def _checked(table: str, *, is_mariadb: bool) -> Guard:
    # A session may turn off foreign keys, and on MariaDB checks: then a version could be added without its command.
    # It runs for each row of the log, so it compares nothing: each variable is 1 or 0.
    on = ["@@SESSION.foreign_key_checks", "@@SESSION.unique_checks"]
    if is_mariadb:
        on.append("@@SESSION.check_constraint_checks")
    sentence = "this session has turned foreign_key_checks, unique_checks or check_constraint_checks off"
    body = f"IF NOT ({' AND '.join(on)}) THEN {_signal(sentence)}; END IF"
    return Guard(f"guard_{table}_insert", table, "INSERT", body)


def _numbered_by_server(table: str, thing: str) -> Guard:
    # A session variable chooses the next number in spite of the grants on columns; the highest would end all inserts.
    sentence = f"the server numbers {thing}, and this session has set insert_id"
    return Guard(
        f"guard_{table}_insert", table, "INSERT", f"IF @@SESSION.insert_id <> 0 THEN {_signal(sentence)}; END IF"
    )


def _active_only(table: str, thing: str) -> Guard:
    active = "(SELECT generation FROM script_heads WHERE script_id = OLD.script_id)"
    sentence = f"{thing} of the active generation is not deleted"
    return Guard(
        f"guard_{table}_delete",
        table,
        "DELETE",
        f"IF OLD.generation = {active} THEN {_signal(sentence)}; END IF",
    )


def guards(*, is_mariadb: bool) -> tuple[Guard, ...]:
    """The guards of a server."""
    return (
        _checked("script_commands", is_mariadb=is_mariadb),
        _never("script_commands", "UPDATE", "a command"),
        _never("script_commands", "DELETE", "a command"),
        _checked("script_versions", is_mariadb=is_mariadb),
        _never("script_versions", "UPDATE", "a version"),
        _active_only("script_versions", "a version"),
        _checked("script_keyframes", is_mariadb=is_mariadb),
        _numbered_by_server("submission_inbox", "a submission"),
        _numbered_by_server("script_ids", "a script"),
        _numbered_by_server("rejected_submissions", "a dead letter"),
        _never("script_keyframes", "UPDATE", "a keyframe"),
        _never("submissions", "UPDATE", "an answer"),
        _never("submissions", "DELETE", "an answer"),
        _never("script_seals", "UPDATE", "a seal"),
        _never("script_seals", "DELETE", "a seal"),
    )


GUARD_NAMES: Final = frozenset(guard.name for guard in guards(is_mariadb=True))
