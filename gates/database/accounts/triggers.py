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
    def interim(self) -> Guard:
        """The same under another name."""
        return self._replace(name=f"{self.name}_interim")

    @property
    def sql(self) -> str:
        """The statement that creates it, after CREATE and a definer."""
        return f"TRIGGER `{self.name}` BEFORE {self.event} ON `{self.table}` FOR EACH ROW {self.body}"


def _signal(sentence: str) -> str:
    return f"SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = {SIGNALLED}, MESSAGE_TEXT = '{MESSAGE}{sentence}'"


def _never(table: str, event: str, thing: str) -> Guard:
    verb = "changed" if event == "UPDATE" else "deleted"
    return Guard(f"guard_{table}_{event.lower()}", table, event, _signal(f"{thing} is never {verb}"))


def _checked(name: str, table: str, *variables: str) -> Guard:
    # A session may turn off foreign keys, and on MariaDB checks: then a version could be added without its command.
    # It runs for each row of the log, so it is what costs least: no NOT, no comparison, and a short name, which the
    # server hashes twice for each statement. And it runs before the row is written: an error afterwards removes the
    # statement's rows, but not in a function that ignores errors.
    on = " AND ".join(f"@@SESSION.{variable}" for variable in variables)
    sentence = f"this session has turned {' or '.join(variables)} off"
    return Guard(name, table, "INSERT", f"IF {on} THEN BEGIN END; ELSE {_signal(sentence)}; END IF")


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
    checks = ("check_constraint_checks",) if is_mariadb else ()
    return (
        _checked("guard_c", "script_commands", "foreign_key_checks", "unique_checks", *checks),
        _never("script_commands", "UPDATE", "a command"),
        _never("script_commands", "DELETE", "a command"),
        # These have neither a check nor a second unique key; InnoDB compares primary keys in any session.
        _checked("guard_v", "script_versions", "foreign_key_checks"),
        _checked("guard_k", "script_keyframes", "foreign_key_checks"),
        _never("script_versions", "UPDATE", "a version"),
        _active_only("script_versions", "a version"),
        _numbered_by_server("submission_inbox", "a submission"),
        _numbered_by_server("script_ids", "a script"),
        _numbered_by_server("rejected_submissions", "a dead letter"),
        _never("script_keyframes", "UPDATE", "a keyframe"),
        _never("submissions", "UPDATE", "an answer"),
        _never("submissions", "DELETE", "an answer"),
        _never("script_seals", "UPDATE", "a seal"),
        _never("script_seals", "DELETE", "a seal"),
    )


# Guards that an installation removes once the guard that takes their place is there: those of earlier versions, and on
# MySQL the second guard that holds while one is replaced.
REPLACED_BY: Final = {
    "guard_script_commands_insert": "guard_c",
    "guard_script_versions_insert": "guard_v",
    "guard_script_keyframes_insert": "guard_k",
    **{guard.interim.name: guard.name for guard in guards(is_mariadb=False)},
}
GUARD_NAMES: Final = frozenset({*REPLACED_BY, *REPLACED_BY.values()})
